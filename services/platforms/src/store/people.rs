//! The replica of accounts.

use contracts::UserId;
use contracts::users::User;
use tidings::{Conn, Error, Tx, params};

use super::count;

/// Takes over the public record of an account, unless a newer one is known.
pub(crate) async fn keep(tx: &mut Tx, user: &User) -> Result<(), Error> {
    let sql = "INSERT INTO people (id, name, email, roles, disabled, version)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email,
            roles = excluded.roles, disabled = excluded.disabled, version = excluded.version
        WHERE people.version < excluded.version";
    let row = params![
        user.user_id,
        &user.name,
        &user.email,
        user.roles.join(" "),
        user.disabled,
        count(user.version),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// What somebody is called: their name, or their address; nothing before it was heard.
pub(crate) async fn name(conn: &mut Conn, id: UserId) -> Result<Option<String>, Error> {
    let sql = "SELECT coalesce(nullif(name, ''), email) FROM people WHERE id = $1";
    let row: Option<(String,)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map(|(name,)| name))
}
