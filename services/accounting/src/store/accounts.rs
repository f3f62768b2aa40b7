//! People and their balances.

use std::collections::{BTreeMap, BTreeSet};

use contracts::UserId;
use contracts::calendar::BillingDay;
use contracts::users::{User, called};
use serde_json::{Value as Json, json};
use tidings::{Conn, Error, Paging, Place, Tx, Uuid, params};

/// Somebody's account.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Account {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) disabled: bool,
    pub(crate) balance_minor: i64,
    pub(crate) movements: u64,
}

impl Account {
    /// Of somebody of whom the books have not heard yet.
    pub(crate) fn new(id: UserId, email: String) -> Self {
        Self {
            id,
            name: String::new(),
            email,
            disabled: false,
            balance_minor: 0,
            movements: 0,
        }
    }

    /// What to call its owner, who may not have been told of yet (B-24).
    pub(crate) fn called(&self) -> String {
        called(&self.name, &self.email, self.id)
    }
}

/// What was in an account at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Balance {
    pub(crate) account_id: UserId,
    pub(crate) balance_minor: i64,
}

/// Where an account stands in the list: those who owe most come first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByBalance(i64, Uuid);

impl ByBalance {
    pub(crate) fn of(account: &Account) -> Self {
        Self(account.balance_minor, account.id.uuid())
    }
}

impl Place for ByBalance {
    fn read(text: &str) -> Option<Self> {
        let (balance, id) = text.split_once('_')?;
        Some(Self(balance.parse().ok()?, Uuid::try_parse(id).ok()?))
    }

    fn write(&self) -> String {
        format!("{}_{}", self.0, self.1)
    }
}

/// Takes over the public record of a person, unless a newer one is known. An account that was
/// posted to before gets its name (B-24).
pub(crate) async fn keep_user(tx: &mut Tx, user: &User) -> Result<(), Error> {
    let sql = "INSERT INTO accounts (id, email, name, is_listed, disabled, user_version,
            balance_minor, movements, revision)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 1)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name,
            is_listed = excluded.is_listed, disabled = excluded.disabled,
            user_version = excluded.user_version, revision = accounts.revision + 1
        WHERE accounts.user_version < excluded.user_version";
    let row = params![
        user.user_id,
        &user.email,
        &user.name,
        user.is_dealt_to(),
        user.disabled,
        i64::try_from(user.version).unwrap_or(i64::MAX),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// What some accounts are to gain, and in how many movements.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Added {
    pub(crate) delta_minor: i64,
    pub(crate) movements: u32,
}

/// What is in some accounts; those that nobody has heard of are missing.
pub(crate) async fn balances(
    tx: &mut Tx,
    ids: &BTreeSet<UserId>,
) -> Result<BTreeMap<UserId, i64>, Error> {
    let sql = format!(
        "SELECT id, balance_minor FROM accounts WHERE id IN ({})",
        super::texts_of_json(tx)
    );
    let rows: Vec<(UserId, i64)> = tx.query(&sql, params![json!(ids).to_string()]).await?;
    Ok(rows.into_iter().collect())
}

/// Adds to accounts, which are made if nobody has heard of them (B-24), and takes the same from
/// management's.
pub(crate) async fn add_all(tx: &mut Tx, added: &BTreeMap<UserId, Added>) -> Result<(), Error> {
    let sum: i64 = added.values().map(|one| one.delta_minor).sum();
    let sql = "UPDATE books SET management_minor = management_minor - $1";
    tx.execute(sql, params![sum]).await?;
    let rows = added.iter().map(
        |(id, one)| json!({ "id": id, "delta_minor": one.delta_minor, "movements": one.movements }),
    );
    let rows = Json::Array(rows.collect()).to_string();
    let sql = format!(
        "INSERT INTO accounts (id, email, name, is_listed, disabled, user_version,
            balance_minor, movements, revision)
        SELECT r.value ->> 'id', '', '', FALSE, FALSE, 0,
            CAST(r.value ->> 'delta_minor' AS BIGINT), CAST(r.value ->> 'movements' AS BIGINT), 1
        FROM {} WHERE TRUE
        ON CONFLICT (id) DO UPDATE SET
            balance_minor = accounts.balance_minor + excluded.balance_minor,
            movements = accounts.movements + excluded.movements,
            revision = accounts.revision + 1",
        super::rows_of_json(tx)
    );
    tx.execute(&sql, params![rows]).await?;
    Ok(())
}

/// One account.
pub(crate) async fn account(conn: &mut Conn, id: UserId) -> Result<Option<Account>, Error> {
    let sql = "SELECT * FROM accounts WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// Part of all accounts of those to whom tasks fall and of whoever has had money moved, those who owe most first.
pub(crate) async fn accounts(
    conn: &mut Conn,
    only_negative: bool,
    paging: &Paging<ByBalance>,
) -> Result<Vec<Account>, Error> {
    let below = if only_negative { 0 } else { i64::MAX };
    let ByBalance(balance, id) = paging.after.unwrap_or(ByBalance(i64::MIN, Uuid::nil()));
    let sql = "SELECT * FROM accounts
        WHERE (movements > 0 OR is_listed) AND balance_minor < $1
            AND (balance_minor, id) > ($2, $3)
        ORDER BY balance_minor, id LIMIT $4";
    conn.query(sql, params![below, balance, id, paging.fetch()])
        .await
}

/// What was in accounts at the end of a day: what is in them less what came later.
const AT: &str = "accounts LEFT JOIN (
        SELECT account_id, SUM(delta_minor) AS delta_minor FROM entries
        WHERE billing_day > $1 GROUP BY account_id
    ) later ON later.account_id = accounts.id";

/// Accounts in which there was something at the end of a day, so many at the most.
pub(crate) async fn balances_at(
    conn: &mut Conn,
    day: BillingDay,
    limit: u32,
) -> Result<Vec<Balance>, Error> {
    let sql = format!(
        "SELECT id AS account_id,
            CAST(balance_minor - COALESCE(later.delta_minor, 0) AS BIGINT) AS balance_minor
        FROM {AT} WHERE balance_minor > COALESCE(later.delta_minor, 0) ORDER BY id LIMIT $2"
    );
    conn.query(&sql, params![day, limit]).await
}

/// What people and management owe each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Owed {
    /// How many people have something in their account.
    pub(crate) to_be_paid: u64,
    pub(crate) to_people_minor: i64,
    /// How many people owe something (B-29).
    pub(crate) in_the_red: u64,
    pub(crate) by_people_minor: i64,
}

/// What people and management owed each other at the end of a day.
pub(crate) async fn owed_at(conn: &mut Conn, day: BillingDay) -> Result<Owed, Error> {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN minor > 0 THEN 1 ELSE 0 END), 0) AS BIGINT)
                AS to_be_paid,
            CAST(COALESCE(SUM(CASE WHEN minor > 0 THEN minor ELSE 0 END), 0) AS BIGINT)
                AS to_people_minor,
            CAST(COALESCE(SUM(CASE WHEN minor < 0 THEN 1 ELSE 0 END), 0) AS BIGINT)
                AS in_the_red,
            CAST(COALESCE(SUM(CASE WHEN minor < 0 THEN -minor ELSE 0 END), 0) AS BIGINT)
                AS by_people_minor
        FROM (
            SELECT balance_minor - COALESCE(later.delta_minor, 0) AS minor FROM {AT}
        ) balances"
    );
    conn.query_one(&sql, params![day]).await
}

/// What they owe each other now.
pub(crate) async fn owed(conn: &mut Conn) -> Result<Owed, Error> {
    owed_at(conn, BillingDay::last()).await
}

/// Those who owe most, so many at the most.
pub(crate) async fn in_the_red(conn: &mut Conn, limit: u32) -> Result<Vec<Account>, Error> {
    let sql = "SELECT * FROM accounts WHERE balance_minor < 0 ORDER BY balance_minor, id LIMIT $1";
    conn.query(sql, params![limit]).await
}
