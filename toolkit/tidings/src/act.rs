//! What operators have done: who, when, to what, and why.

use serde::Serialize;

use crate::db::Migration;
use crate::handle::Handle;
use crate::{Error, FromRow, Timestamp, Tx, Uuid, params};

/// What a decision was about, as it was then, is kept with it for ever. Failed events are found
/// by their state and by what they failed of; the latter is a number of the error's kind, because
/// an error may say what operators are not shown.
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0016_repair",
    "ALTER TABLE tidings_acts ADD COLUMN detail TEXT;
    ALTER TABLE tidings_parked ADD COLUMN error_class TEXT;
    CREATE INDEX tidings_parked_shown
        ON tidings_parked (state, last_failed_at, subscription, stream, slot, sequence);
    CREATE INDEX tidings_parked_alike
        ON tidings_parked (subscription, error_class, last_failed_at)
        WHERE state = 'dead';
    CREATE TABLE tidings_paused (
        subscription TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, note TEXT NOT NULL
    );",
);

/// Something that an operator has done to a service.
#[derive(Clone, Debug, PartialEq, Serialize, FromRow)]
pub struct ActRow {
    /// Its identifier; they sort as they were made.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who: `user:<id>`.
    pub actor: String,
    /// What: `retry`, `edit`, `discard`, `pause` …
    pub act: String,
    /// To what: a subscription and an event, `job:<id>`, …
    pub subject: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// What it was done to, as it was then: JSON text with everything that is in it, so mask it
    /// before it is shown.
    pub detail: Option<String>,
}

/// Which acts are asked for; all where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Acts {
    /// Those of this name: `discard`.
    pub act: Option<String>,
    /// Those of one person: `user:<id>`.
    pub actor: Option<String>,
    /// Those whose subject has this text in it.
    pub subject: Option<String>,
    /// Those before this one, for the next page.
    pub before: Option<Uuid>,
}

/// What was done to a service, newest first.
///
/// # Errors
/// As statements.
pub async fn list(service: &Handle, which: &Acts, limit: u32) -> Result<Vec<ActRow>, Error> {
    let mut conn = service.read().await?;
    let has = conn
        .dialect()
        .pick("instr(subject, $3)", "strpos(subject, $3)");
    let sql = format!(
        "SELECT * FROM tidings_acts WHERE ($1 = '' OR act = $1) AND ($2 = '' OR actor = $2)
            AND ($3 = '' OR {has} > 0) AND ($4 = '' OR id < $4)
        ORDER BY id DESC LIMIT $5"
    );
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let before = which.before.map(|id| id.to_string()).unwrap_or_default();
    let row = params![
        text(&which.act),
        text(&which.actor),
        text(&which.subject),
        before,
        limit
    ];
    conn.query(&sql, row).await
}

/// Records an act in the transaction that does it.
pub(crate) async fn record(
    tx: &mut Tx,
    act: &str,
    subject: &str,
    note: Option<&str>,
) -> Result<(), Error> {
    record_with(tx, act, subject, note, None::<&()>).await
}

/// As [`record`], with what it was done to.
pub(crate) async fn record_with(
    tx: &mut Tx,
    act: &str,
    subject: &str,
    note: Option<&str>,
    detail: Option<&impl Serialize>,
) -> Result<(), Error> {
    let detail = detail.map(serde_json::to_string).transpose();
    let detail = detail.map_err(|source| Error::Encode {
        what: format!("the record of {act}"),
        source,
    })?;
    let sql = "INSERT INTO tidings_acts (id, at, actor, act, subject, note, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let now = tx.now();
    let actor = tx.context().actor.clone();
    let row = params![crate::uuid_at(now), now, actor, act, subject, note, detail];
    tx.execute(sql, row).await?;
    Ok(())
}
