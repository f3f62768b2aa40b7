//! All SQL of accounts, sessions, keys and the audit log.

pub(crate) mod links;
pub(crate) mod people;
pub(crate) mod sessions;
mod tries;

use contracts::UserId;
use tidings::{Conn, Error, FromRow, Timestamp, Tx, params, uuid_at};

pub(crate) use sessions::{
    delete_session_in_tx, delete_sessions_in_tx, insert_session_in_tx, note_use_in_tx, session,
};
pub(crate) use tries::{Counted, Outcome, clear_in_tx, count_in_tx, take_back_in_tx};

use crate::account::{Account, Change};

/// How long a place stays familiar without being used.
const FAMILIAR_FOR: std::time::Duration = std::time::Duration::from_secs(90 * 24 * 60 * 60);

#[derive(FromRow)]
struct AccountRow {
    id: UserId,
    email: String,
    name: String,
    roles: String,
    disabled: bool,
    invited: bool,
    version: u64,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            roles: row
                .roles
                .split_whitespace()
                .map(ToOwned::to_owned)
                .collect(),
            disabled: row.disabled,
            invited: row.invited,
            version: row.version,
        }
    }
}

fn stored_version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// What a search for people looks through.
fn words(account: &Account) -> String {
    format!("{} {}", account.name, account.email).to_lowercase()
}

/// Stores a new account, unless somebody has its address already: says whether it was stored.
pub(crate) async fn insert_account_in_tx(
    tx: &mut Tx,
    account: &Account,
    email_key: &str,
    password_hash: &str,
) -> Result<bool, Error> {
    let sql = "INSERT INTO accounts
        (id, email, email_key, password_hash, roles, disabled, version, created_at, updated_at,
            name, words, invited)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    let values = params![
        account.id,
        account.email.as_str(),
        email_key,
        password_hash,
        account.roles.join(" "),
        account.disabled,
        stored_version(account.version),
        tx.now(),
        &account.name,
        words(account),
        account.invited
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Stores what has changed of an account; somebody else's change in between is [`Error::Overtaken`].
pub(crate) async fn update_account_in_tx(tx: &mut Tx, account: &Account) -> Result<(), Error> {
    let sql = "UPDATE accounts SET roles = $1, disabled = $2, version = $3, updated_at = $4,
            name = $7, words = $8, invited = $9
        WHERE id = $5 AND version = $6";
    let values = params![
        account.roles.join(" "),
        account.disabled,
        stored_version(account.version),
        tx.now(),
        account.id,
        stored_version(account.version - 1),
        &account.name,
        words(account),
        account.invited
    ];
    match tx.execute(sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::Overtaken),
    }
}

pub(crate) async fn account_of_email(
    conn: &mut Conn,
    email_key: &str,
) -> Result<Option<Account>, Error> {
    let sql = "SELECT * FROM accounts WHERE email_key = $1";
    let row = conn
        .query_opt::<AccountRow>(sql, params![email_key])
        .await?;
    Ok(row.map(Account::from))
}

pub(crate) async fn account(conn: &mut Conn, id: UserId) -> Result<Option<Account>, Error> {
    let sql = "SELECT * FROM accounts WHERE id = $1";
    let row = conn.query_opt::<AccountRow>(sql, params![id]).await?;
    Ok(row.map(Account::from))
}

/// The hash of an account's password; whoever was invited has none yet.
pub(crate) async fn password_hash(
    conn: &mut Conn,
    email_key: &str,
) -> Result<Option<String>, Error> {
    let sql = "SELECT password_hash FROM accounts WHERE email_key = $1 AND password_hash <> ''";
    let row = conn.query_opt::<(String,)>(sql, params![email_key]).await?;
    Ok(row.map(|(hash,)| hash))
}

/// Replaces a hash by another one, and says whether it did; loses against any other change of it.
pub(crate) async fn replace_hash_in_tx(
    tx: &mut Tx,
    id: UserId,
    old: &str,
    new: &str,
) -> Result<bool, Error> {
    let sql = "UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
    Ok(tx.execute(sql, params![new, id, old]).await? == 1)
}

/// Gives an account another password.
pub(crate) async fn set_hash_in_tx(tx: &mut Tx, id: UserId, hash: &str) -> Result<(), Error> {
    let sql = "UPDATE accounts SET password_hash = $1 WHERE id = $2";
    tx.execute(sql, params![hash, id]).await?;
    Ok(())
}

/// Which of some places the account of an address knows; an unknown address costs the same query.
pub(crate) async fn familiar_places(
    conn: &mut Conn,
    email_key: &str,
    places: [&str; 2],
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let sql = "SELECT f.place FROM familiar_places f JOIN accounts a ON a.id = f.account_id
        WHERE a.email_key = $1 AND f.place IN ($2, $3) AND f.seen_at > $4";
    let values = params![email_key, places[0], places[1], now.minus(FAMILIAR_FOR)];
    let rows = conn.query::<(String,)>(sql, values).await?;
    Ok(rows.into_iter().map(|(place,)| place).collect())
}

pub(crate) async fn note_place_in_tx(tx: &mut Tx, id: UserId, place: &str) -> Result<(), Error> {
    let sql = "INSERT INTO familiar_places (account_id, place, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, place) DO UPDATE SET seen_at = excluded.seen_at";
    let now = tx.now();
    tx.execute(sql, params![id, place, now]).await?;
    Ok(())
}

/// Deletes what has run out.
pub(crate) async fn sweep_in_tx(tx: &mut Tx, sessions_before: Timestamp) -> Result<(), Error> {
    let now = tx.now();
    let places_before = now.minus(FAMILIAR_FOR);
    tx.execute(
        "DELETE FROM sessions WHERE created_at < $1",
        params![sessions_before],
    )
    .await?;
    tx.execute("DELETE FROM tries WHERE forget_at < $1", params![now])
        .await?;
    links::sweep_in_tx(tx).await?;
    tx.execute(
        "DELETE FROM familiar_places WHERE seen_at < $1",
        params![places_before],
    )
    .await?;
    Ok(())
}

/// A signing key as it is stored.
#[derive(FromRow)]
pub(crate) struct KeyRow {
    pub(crate) generation: i64,
    pub(crate) kid: String,
    pub(crate) pkcs8: String,
}

/// All signing keys, the newest last.
pub(crate) async fn signing_keys(conn: &mut Conn) -> Result<Vec<KeyRow>, Error> {
    let sql = "SELECT generation, kid, pkcs8 FROM signing_keys ORDER BY generation";
    conn.query(sql, &[]).await
}

/// Stores a key, unless its generation has one: of two processes that start at once one wins.
pub(crate) async fn insert_key_in_tx(tx: &mut Tx, key: &KeyRow) -> Result<(), Error> {
    let sql = "INSERT INTO signing_keys (generation, kid, pkcs8, created_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let values = params![key.generation, &key.kid, &key.pkcs8, tx.now()];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Notes who changed what of an account.
pub(crate) async fn audit_in_tx(tx: &mut Tx, id: UserId, change: Change) -> Result<(), Error> {
    let context = tx.context().clone();
    let sql = "INSERT INTO audit_log
        (id, at, actor, correlation_id, action, account_id, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = params![
        uuid_at(tx.now()),
        tx.now(),
        context.actor,
        context.correlation_id,
        change.name(),
        id,
        change.detail()
    ];
    tx.execute(sql, values).await?;
    Ok(())
}
