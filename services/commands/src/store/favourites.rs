//! The commands that somebody has given a star.

use contracts::{CommandId, UserId};
use tidings::{Error, Tx, params};

/// Somebody likes a command; doing so again changes nothing.
pub(crate) async fn add(tx: &mut Tx, of: UserId, id: CommandId) -> Result<(), Error> {
    let sql = "INSERT INTO favourites (user_id, command_id, at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, command_id) DO NOTHING";
    let row = params![of, id, tx.now()];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Somebody does not like it any more.
pub(crate) async fn remove(tx: &mut Tx, of: UserId, id: CommandId) -> Result<(), Error> {
    let sql = "DELETE FROM favourites WHERE user_id = $1 AND command_id = $2";
    tx.execute(sql, params![of, id]).await?;
    Ok(())
}
