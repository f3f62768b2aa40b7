//! Which commands somebody wants at hand.

use contracts::{CommandId, UserId};
use tidings::{Error, Tx, params};

/// Keeps a command at hand for somebody; doing so again changes nothing.
pub(crate) async fn insert(tx: &mut Tx, user_id: UserId, id: CommandId) -> Result<(), Error> {
    let sql = "INSERT INTO favourites (user_id, command_id, at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, command_id) DO NOTHING";
    let now = tx.now();
    tx.execute(sql, params![user_id, id, now]).await?;
    Ok(())
}

/// Puts it away; doing so again changes nothing.
pub(crate) async fn delete(tx: &mut Tx, user_id: UserId, id: CommandId) -> Result<(), Error> {
    let sql = "DELETE FROM favourites WHERE user_id = $1 AND command_id = $2";
    tx.execute(sql, params![user_id, id]).await?;
    Ok(())
}
