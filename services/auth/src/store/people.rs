//! Accounts as those who administer them see them.

use contracts::UserId;
use tidings::{Conn, Error, FromRow, Timestamp, Tx, Uuid, Value, params};

use super::AccountRow;
use crate::account::{Account, Role, Standing};

/// An account with when it was made.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) account: Account,
    pub(crate) created_at: Timestamp,
}

impl FromRow for Listed {
    fn from_row(row: &tidings::Row) -> Result<Self, Error> {
        Ok(Self {
            account: AccountRow::from_row(row)?.into(),
            created_at: row.get("created_at")?,
        })
    }
}

/// What narrows a list of accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrowed {
    /// Words that all must be in name or address.
    pub(crate) q: String,
    pub(crate) role: Option<Role>,
    pub(crate) standing: Option<Standing>,
}

const WORDS_MAX: usize = 6;

/// Part of the accounts, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    narrowed: &Narrowed,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let mut sql = "SELECT * FROM accounts WHERE 1 = 1".to_owned();
    let mut values: Vec<Value> = Vec::new();
    let mut put = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let words = narrowed.q.to_lowercase();
    for word in words.split_whitespace().take(WORDS_MAX) {
        sql += &format!(r" AND words LIKE {} ESCAPE '\'", put(like(word).into()));
    }
    if let Some(role) = narrowed.role {
        let pattern = format!("% {} %", role.name());
        sql += &format!(" AND (' ' || roles || ' ') LIKE {}", put(pattern.into()));
    }
    sql += match narrowed.standing {
        None => "",
        Some(Standing::Active) => " AND NOT disabled AND NOT invited",
        Some(Standing::Invited) => " AND NOT disabled AND invited",
        Some(Standing::Disabled) => " AND disabled",
    };
    if let Some((time, id)) = after {
        let (time, id) = (put(time.into()), put(id.into()));
        sql += &format!(" AND (created_at, id) < ({time}, {id})");
    }
    sql += &format!(
        " ORDER BY created_at DESC, id DESC LIMIT {}",
        put(limit.into())
    );
    conn.query(&sql, &values).await
}

fn like(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

pub(crate) async fn find(conn: &mut Conn, id: UserId) -> Result<Option<Listed>, Error> {
    let sql = "SELECT * FROM accounts WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// How many admins can still sign in; whoever asks this holds all of them until their
/// transaction has ended, so that two who demote each other at once are one after the other.
pub(crate) async fn count_admins_for_update(tx: &mut Tx) -> Result<usize, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!(
        "SELECT * FROM accounts WHERE (' ' || roles || ' ') LIKE '% admin %' ORDER BY id {lock}"
    );
    let rows: Vec<AccountRow> = tx.query(&sql, &[]).await?;
    let admins = rows.into_iter().map(Account::from);
    Ok(admins.filter(Account::is_active_admin).count())
}

/// One line of what was done to an account.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Deed {
    pub(crate) at: Timestamp,
    /// `user:<id>`, `service:auth`.
    pub(crate) actor: String,
    /// The address of who did it, where it was somebody with an account.
    pub(crate) by: Option<String>,
    pub(crate) action: String,
    pub(crate) detail: String,
}

/// What was done to an account, newest first.
pub(crate) async fn deeds(conn: &mut Conn, id: UserId) -> Result<Vec<Deed>, Error> {
    let sql = "SELECT l.at, l.actor, a.email AS by, l.action, l.detail FROM audit_log l
        LEFT JOIN accounts a ON l.actor = 'user:' || a.id
        WHERE l.account_id = $1 ORDER BY l.at DESC, l.id DESC LIMIT 50";
    conn.query(sql, params![id]).await
}
