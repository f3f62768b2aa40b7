//! Sessions: all their SQL.

use contracts::UserId;
use tidings::{Conn, Error, FromRow, Timestamp, Tx, params};

use super::account;
use crate::account::Account;
use crate::session::Session;
use crate::token::Token;

pub(crate) async fn insert_session_in_tx(
    tx: &mut Tx,
    token: &Token,
    id: UserId,
) -> Result<(), Error> {
    let sql = "INSERT INTO sessions (token_digest, account_id, created_at, seen_at)
        VALUES ($1, $2, $3, $3)";
    let now = tx.now();
    tx.execute(sql, params![token.digest(), id, now]).await?;
    Ok(())
}

#[derive(FromRow)]
struct SessionRow {
    account_id: UserId,
    created_at: Timestamp,
    seen_at: Timestamp,
}

/// A session and its account, whether or not they still hold.
pub(crate) async fn session(
    conn: &mut Conn,
    token: &Token,
) -> Result<Option<(Session, Account)>, Error> {
    let sql = "SELECT account_id, created_at, seen_at FROM sessions WHERE token_digest = $1";
    let Some(row) = conn
        .query_opt::<SessionRow>(sql, params![token.digest()])
        .await?
    else {
        return Ok(None);
    };
    let session = Session {
        created_at: row.created_at,
        seen_at: row.seen_at,
    };
    let account = account(conn, row.account_id).await?;
    Ok(account.map(|account| (session, account)))
}

/// Notes that a session is used; never backwards, so that a late request does no harm.
pub(crate) async fn note_use_in_tx(tx: &mut Tx, token: &Token) -> Result<(), Error> {
    let sql = "UPDATE sessions SET seen_at = $1 WHERE token_digest = $2 AND seen_at < $1";
    let now = tx.now();
    tx.execute(sql, params![now, token.digest()]).await?;
    Ok(())
}

pub(crate) async fn delete_session_in_tx(tx: &mut Tx, token: &Token) -> Result<(), Error> {
    let sql = "DELETE FROM sessions WHERE token_digest = $1";
    tx.execute(sql, params![token.digest()]).await?;
    Ok(())
}

pub(crate) async fn delete_sessions_in_tx(tx: &mut Tx, id: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM sessions WHERE account_id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// The sessions of an account, the newest first, each with its secret's digest.
pub(crate) async fn sessions_of(
    conn: &mut Conn,
    id: UserId,
) -> Result<Vec<(Session, String)>, Error> {
    let sql = "SELECT created_at, seen_at, token_digest FROM sessions WHERE account_id = $1
        ORDER BY created_at DESC, token_digest LIMIT 100";
    let rows: Vec<(Timestamp, Timestamp, String)> = conn.query(sql, params![id]).await?;
    let session = |(created_at, seen_at, digest)| {
        let session = Session {
            created_at,
            seen_at,
        };
        (session, digest)
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Ends all sessions of an account but one, if that is known.
pub(crate) async fn delete_other_sessions_in_tx(
    tx: &mut Tx,
    id: UserId,
    but: Option<&Token>,
) -> Result<(), Error> {
    let sql = "DELETE FROM sessions WHERE account_id = $1 AND token_digest <> $2";
    let digest = but.map(Token::digest).unwrap_or_default();
    tx.execute(sql, params![id, digest]).await?;
    Ok(())
}
