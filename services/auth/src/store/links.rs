//! Links and their secrets: all their SQL.

use contracts::UserId;
use tidings::{Conn, Error, FromRow, Row, Tx, Uuid, Value, params};

use crate::link::{Letter, Link, Purpose};
use crate::token::Token;

/// A letter that is tried for days makes a secret at each try; the last ones are enough.
const SECRETS_MAX: u32 = 20;

impl FromRow for Link {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let purpose: String = row.get("purpose")?;
        let letter: String = row.get("letter")?;
        let reason: Option<String> = row.get("reason")?;
        Ok(Self {
            id: row.get("id")?,
            account_id: row.get("account_id")?,
            purpose: match purpose.as_str() {
                "invitation" => Purpose::Invitation,
                _ => Purpose::Reset,
            },
            created_at: row.get("created_at")?,
            ends_at: row.get("ends_at")?,
            letter: match letter.as_str() {
                "asked" => Letter::Asked,
                "sent" => Letter::Sent,
                _ => Letter::Failed(reason.unwrap_or_default()),
            },
        })
    }
}

pub(crate) async fn insert_in_tx(tx: &mut Tx, link: &Link) -> Result<(), Error> {
    let sql = "INSERT INTO links (id, account_id, purpose, created_at, ends_at)
        VALUES ($1, $2, $3, $4, $5)";
    let values = params![
        link.id,
        link.account_id,
        link.purpose.word(),
        link.created_at,
        link.ends_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Adds a secret to a link that still holds, and says what the link is for; `None` when it
/// does not hold.
pub(crate) async fn add_secret_in_tx(
    tx: &mut Tx,
    id: Uuid,
    secret: &Token,
) -> Result<Option<Purpose>, Error> {
    // An update that changes nothing keeps others from using or deleting it meanwhile.
    let sql = "UPDATE links SET ends_at = ends_at WHERE id = $1 AND ends_at > $2 RETURNING *";
    let now = tx.now();
    let link: Option<Link> = tx.query_opt(sql, params![id, now]).await?;
    let Some(link) = link else {
        return Ok(None);
    };
    let sql = "INSERT INTO link_secrets (digest, link_id, made_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![secret.digest(), id, now]).await?;
    let sql = "DELETE FROM link_secrets WHERE link_id = $1 AND digest NOT IN (SELECT digest
        FROM link_secrets WHERE link_id = $1 ORDER BY made_at DESC, digest LIMIT $2)";
    tx.execute(sql, params![id, SECRETS_MAX]).await?;
    Ok(Some(link.purpose))
}

/// The link that a secret opens, if it still holds. It is not used up (a mail program that
/// looks at links before its reader does uses up nothing).
pub(crate) async fn of_secret(
    conn: &mut Conn,
    purpose: Purpose,
    secret: &Token,
    now: tidings::Timestamp,
) -> Result<Option<Link>, Error> {
    // Found by its digest: how long that takes tells nothing of the secret.
    let sql = "SELECT l.* FROM links l JOIN link_secrets s ON s.link_id = l.id
        WHERE s.digest = $1 AND l.purpose = $2 AND l.ends_at > $3";
    conn.query_opt(sql, params![secret.digest(), purpose.word(), now])
        .await
}

/// Uses a link up: of two who come with it at once, one gets it.
pub(crate) async fn take_in_tx(
    tx: &mut Tx,
    purpose: Purpose,
    secret: &Token,
) -> Result<Option<Link>, Error> {
    let sql = "DELETE FROM links WHERE purpose = $2 AND ends_at > $3
        AND id = (SELECT link_id FROM link_secrets WHERE digest = $1) RETURNING *";
    let now = tx.now();
    let values = params![secret.digest(), purpose.word(), now];
    let link: Option<Link> = tx.query_opt(sql, values).await?;
    if let Some(link) = &link {
        let sql = "DELETE FROM link_secrets WHERE link_id = $1";
        tx.execute(sql, params![link.id]).await?;
    }
    Ok(link)
}

/// Kills all links of an account.
pub(crate) async fn delete_of_account_in_tx(tx: &mut Tx, id: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM link_secrets
        WHERE link_id IN (SELECT id FROM links WHERE account_id = $1)";
    tx.execute(sql, params![id]).await?;
    let sql = "DELETE FROM links WHERE account_id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// Notes what has become of a letter, if its link is still there.
pub(crate) async fn note_letter_in_tx(tx: &mut Tx, id: Uuid, letter: &Letter) -> Result<(), Error> {
    let sql = "UPDATE links SET letter = $2, reason = $3 WHERE id = $1";
    tx.execute(sql, params![id, letter.word(), letter.reason()])
        .await?;
    Ok(())
}

/// The invitations of some accounts.
pub(crate) async fn invitations_of(
    conn: &mut Conn,
    accounts: &[UserId],
) -> Result<Vec<Link>, Error> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let values: Vec<Value> = accounts.iter().map(|&id| id.into()).collect();
    let places: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT * FROM links WHERE purpose = 'invitation' AND account_id IN ({})",
        places.join(", ")
    );
    conn.query(&sql, &values).await
}

/// How many invitations wait for an answer.
pub(crate) async fn count_invited(conn: &mut Conn) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM accounts WHERE invited";
    let (count,): (i64,) = conn.query_one(sql, &[]).await?;
    Ok(count)
}

/// Takes back an account whose owner has not come, and says whether there was one.
pub(crate) async fn delete_invited_account_in_tx(tx: &mut Tx, id: UserId) -> Result<bool, Error> {
    let sql = "DELETE FROM accounts WHERE id = $1 AND invited";
    Ok(tx.execute(sql, params![id]).await? == 1)
}

/// Deletes what has run out. Invitations stay without their secrets: who has not come is
/// listed, and can be asked again.
pub(crate) async fn sweep_in_tx(tx: &mut Tx) -> Result<(), Error> {
    let now = tx.now();
    let sql = "DELETE FROM link_secrets
        WHERE link_id IN (SELECT id FROM links WHERE ends_at <= $1)";
    tx.execute(sql, params![now]).await?;
    let sql = "DELETE FROM links WHERE purpose = 'reset' AND ends_at <= $1";
    tx.execute(sql, params![now]).await?;
    Ok(())
}
