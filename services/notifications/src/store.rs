//! Messages, and where people are reached: all its SQL.

use contracts::UserId;
use contracts::users::User;
use tidings::{Conn, Error, FromRow, Paging, Row, Timestamp, Tx, Uuid, View, params};

use crate::message::{Message, State};

impl FromRow for Message {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let word: String = row.get("state")?;
        let state = State::ALL.into_iter().find(|state| state.word() == word);
        Ok(Self {
            id: row.get("id")?,
            sender: row.get("sender")?,
            user_id: row.get("user_id")?,
            address: row.get("address")?,
            subject: row.get("subject")?,
            body: row.get("body")?,
            link_from: row.get("link_from")?,
            state: state.ok_or_else(|| Error::Decode {
                what: "column state".to_owned(),
                reason: format!("{word} is no state"),
            })?,
            via: row.get("via")?,
            reason: row.get("reason")?,
            attempts: row.get("attempts")?,
            resends: row.get("resends")?,
            created_at: row.get("created_at")?,
            queued_at: row.get("queued_at")?,
            ended_at: row.get("ended_at")?,
        })
    }
}

/// Takes over an account's public record, unless a newer one is known.
pub(crate) async fn keep_user(view: &mut View<'_>, user: &User) -> Result<(), Error> {
    let sql = "INSERT INTO users (id, email, disabled, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email, disabled = excluded.disabled,
            version = excluded.version
        WHERE users.version < excluded.version";
    let version = i64::try_from(user.version).unwrap_or(i64::MAX);
    let row = params![user.user_id, &user.email, user.disabled, version];
    view.execute(sql, row).await?;
    Ok(())
}

/// An account's address, and whether it has been shut; `None` when nothing was heard of it.
pub(crate) async fn reach(tx: &mut Tx, user_id: UserId) -> Result<Option<(String, bool)>, Error> {
    let sql = "SELECT email, disabled FROM users WHERE id = $1";
    tx.query_opt(sql, params![user_id]).await
}

/// Stores a new message. `false` when there is one with its id already.
pub(crate) async fn insert(tx: &mut Tx, message: &Message) -> Result<bool, Error> {
    let sql = "INSERT INTO messages (id, sender, user_id, address, subject, body, state, reason,
            created_at, queued_at, ended_at, link_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    let row = params![
        message.id,
        &message.sender,
        message.user_id,
        &message.address,
        &message.subject,
        &message.body,
        message.state.word(),
        message.reason.as_deref(),
        message.created_at,
        message.queued_at,
        message.ended_at,
        message.link_from.as_deref(),
    ];
    Ok(tx.execute(sql, row).await? == 1)
}

pub(crate) async fn load(conn: &mut Conn, id: Uuid) -> Result<Option<Message>, Error> {
    let sql = "SELECT * FROM messages WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// Loads a message that is about to be changed; on PostgreSQL others wait for this transaction.
pub(crate) async fn load_for_update(tx: &mut Tx, id: Uuid) -> Result<Option<Message>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM messages WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// Stores what has changed of a message.
pub(crate) async fn update(tx: &mut Tx, message: &Message) -> Result<(), Error> {
    let sql = "UPDATE messages SET address = $2, state = $3, via = $4, reason = $5, attempts = $6,
            resends = $7, queued_at = $8, ended_at = $9, body = $10
        WHERE id = $1";
    let row = params![
        message.id,
        &message.address,
        message.state.word(),
        message.via.as_deref(),
        message.reason.as_deref(),
        message.attempts,
        message.resends,
        message.queued_at,
        message.ended_at,
        &message.body,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Part of all messages, newest first.
pub(crate) async fn list(conn: &mut Conn, paging: &Paging) -> Result<Vec<Message>, Error> {
    let last = (Timestamp::from_micros(i64::MAX), Uuid::max());
    let (time, id) = paging.after.unwrap_or(last);
    let sql = "SELECT * FROM messages WHERE created_at < $1 OR (created_at = $1 AND id < $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    let row = params![time, id, i64::from(paging.fetch())];
    conn.query(sql, row).await
}

/// Deletes some of the messages that ended before a moment.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    let sql = "DELETE FROM messages WHERE id IN (SELECT id FROM messages
        WHERE created_at < $1 AND state <> 'queued' ORDER BY created_at LIMIT 1000)";
    tx.execute(sql, params![before]).await
}
