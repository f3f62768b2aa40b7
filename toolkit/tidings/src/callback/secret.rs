//! The secret with which an owner's callbacks are signed.

use std::time::Duration;

use super::signature::Secret;
use crate::db::Conn;
use crate::{Error, Timestamp, Tx, Uuid, params};

/// How long callbacks carry a signature of the old secret too, after a new one was made.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// A secret as it is shown, once.
#[derive(Clone, serde::Serialize)]
pub(crate) struct NewSecret {
    pub(crate) secret: String,
    /// Until when the one before signs as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous_until: Option<Timestamp>,
}

/// Makes sure that there is one: a callback is never sent without a signature.
pub(super) async fn ensure(tx: &mut Tx, owner: Uuid) -> Result<(), Error> {
    let now = tx.now();
    let find = "SELECT owner FROM tidings_callback_secrets WHERE owner = $1";
    let known: Option<(String,)> = tx.query_opt(find, params![owner]).await?;
    if known.is_none() {
        insert(tx, owner, &Secret::generate()?, now).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, owner: Uuid, secret: &Secret, now: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO tidings_callback_secrets (owner, secret, created_at)
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let stored = tx.execute(sql, params![owner, secret.text(), now]).await?;
    Ok(stored == 1)
}

/// Makes an owner's secret, or another one in its place. For a day, callbacks are signed with
/// both; a third one within that day ends the first.
pub(crate) async fn rotate(tx: &mut Tx, owner: Uuid) -> Result<NewSecret, Error> {
    let now = tx.now();
    let secret = Secret::generate()?;
    let mut previous_until = None;
    if !insert(tx, owner, &secret, now).await? {
        let until = now.plus(OVERLAP);
        let sql = "UPDATE tidings_callback_secrets
            SET previous = secret, previous_until = $3, secret = $2, created_at = $4
            WHERE owner = $1";
        let row = params![owner, secret.text(), until, now];
        tx.execute(sql, row).await?;
        previous_until = Some(until);
    }
    Ok(NewSecret {
        secret: secret.text().to_owned(),
        previous_until,
    })
}

/// The secrets that sign now: the new one first.
pub(super) async fn current(
    conn: &mut Conn,
    owner: Uuid,
    now: Timestamp,
) -> Result<Vec<Secret>, Error> {
    let sql = "SELECT secret, previous, previous_until FROM tidings_callback_secrets
        WHERE owner = $1";
    let found: Option<(String, Option<String>, Option<Timestamp>)> =
        conn.query_opt(sql, params![owner]).await?;
    let Some((secret, previous, until)) = found else {
        return Ok(Vec::new());
    };
    let previous = previous.filter(|_| until.is_some_and(|until| now < until));
    let both = std::iter::once(secret).chain(previous);
    Ok(both.map(Secret::stored).collect())
}
