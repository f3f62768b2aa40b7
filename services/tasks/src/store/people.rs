//! The replica of accounts: who there is, and to whom a task may fall.

use contracts::UserId;
use contracts::users::User;
use tidings::{Conn, Error, FromRow, Tx, params};

use super::count;

/// Takes over the public record of an account, unless a newer one is known.
pub(crate) async fn keep(tx: &mut Tx, user: &User) -> Result<(), Error> {
    let sql = "INSERT INTO people (id, name, email, roles, disabled, eligible, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email,
            roles = excluded.roles, disabled = excluded.disabled,
            eligible = excluded.eligible, version = excluded.version
        WHERE people.version < excluded.version";
    let row = params![
        user.user_id,
        &user.name,
        &user.email,
        user.roles.join(" "),
        user.disabled,
        !user.disabled && user.is_dealt_to(),
        count(user.version),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Everybody to whom a task may fall now (B-10), in the order of their ids, so that a seed
/// draws the same.
pub(crate) async fn eligible(conn: &mut Conn) -> Result<Vec<UserId>, Error> {
    let sql = "SELECT id FROM people WHERE eligible ORDER BY id";
    let rows: Vec<(UserId,)> = conn.query(sql, &[]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What somebody is called: their name, or their address; nothing before it was heard.
pub(crate) async fn name(conn: &mut Conn, id: UserId) -> Result<Option<String>, Error> {
    let sql = "SELECT coalesce(nullif(name, ''), email) FROM people WHERE id = $1";
    let row: Option<(String,)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map(|(name,)| name))
}

/// What falls to somebody, for the team view.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Share {
    pub(crate) id: UserId,
    pub(crate) name: Option<String>,
    pub(crate) eligible: bool,
    pub(crate) open: i64,
    pub(crate) completed: i64,
}

/// Everybody who has a task or may get one: first who has most.
pub(crate) async fn shares(conn: &mut Conn) -> Result<Vec<Share>, Error> {
    let sql = "SELECT everybody.one AS id,
            coalesce(nullif(p.name, ''), p.email) AS name,
            coalesce(p.eligible, FALSE) AS eligible,
            coalesce(t.open, 0) AS open, coalesce(t.completed, 0) AS completed
        FROM (SELECT id AS one FROM people WHERE eligible
                UNION SELECT assignee_id FROM tasks) everybody
        LEFT JOIN people p ON p.id = everybody.one
        LEFT JOIN (SELECT assignee_id,
                sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END) AS open,
                sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS completed
            FROM tasks GROUP BY assignee_id) t ON t.assignee_id = everybody.one
        ORDER BY open DESC, completed DESC, name, id";
    conn.query(sql, &[]).await
}
