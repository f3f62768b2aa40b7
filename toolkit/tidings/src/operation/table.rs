//! The table of operations. It knows nothing of jobs but the identifier: whatever carries an
//! operation begins and ends it here.

use std::time::Duration;

use crate::db::{Conn, Migration};
use crate::{Error, FromRow, Row, Timestamp, Tx, Uuid, callback, params};

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0006_operations",
    "CREATE TABLE tidings_operations (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued'
            CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
        progress BIGINT NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
        cancelling BOOLEAN NOT NULL DEFAULT FALSE,
        revision BIGINT NOT NULL DEFAULT 1,
        result TEXT,
        problem TEXT,
        client_ref TEXT,
        callback_url TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        finished_at BIGINT
    );
    CREATE INDEX tidings_operations_own ON tidings_operations (owner, created_at, id);
    CREATE INDEX tidings_operations_recent ON tidings_operations (created_at, id);
    CREATE INDEX tidings_operations_finished ON tidings_operations (finished_at)
        WHERE finished_at IS NOT NULL;",
);

/// How long an operation that has ended can be asked for.
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);

/// Why an operation has failed, as its owner is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OperationProblem {
    /// For programs: stable, in snake case.
    pub code: String,
    /// For people.
    pub message: String,
}

/// An operation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OperationRow {
    /// Its identifier, and that of the job that carries it.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// The account that it is for.
    pub owner: Uuid,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`; the last three for ever.
    pub state: String,
    /// How far it says it is, in percent; never falls.
    pub progress: u8,
    /// Whether it was asked to stop and has not stopped yet.
    pub cancelling: bool,
    /// Rises with every change.
    #[serde(skip)]
    pub revision: u64,
    /// What it gave, as JSON text.
    #[serde(skip)]
    pub result: Option<String>,
    /// Why it has failed.
    pub problem: Option<OperationProblem>,
    /// What its owner calls it.
    pub client_ref: Option<String>,
    /// Where its end is told. Only its owner should see it: an address may hold a secret.
    #[serde(skip)]
    pub callback_url: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl OperationRow {
    /// Whether it has ended, and so never changes again.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }

    /// Where the outside finds it.
    pub(crate) fn path(&self, service: &str) -> String {
        path(service, self.id)
    }
}

pub(super) fn path(service: &str, id: Uuid) -> String {
    format!("/api/operations/{service}/{id}")
}

impl FromRow for OperationRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let problem: Option<String> = row.get("problem")?;
        let problem = problem.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("kind")?,
            owner: row.get("owner")?,
            state: row.get("state")?,
            progress: row.get("progress")?,
            cancelling: row.get("cancelling")?,
            revision: row.get("revision")?,
            result: row.get("result")?,
            problem: problem.map_err(|error| Error::Decode {
                what: "column problem".to_owned(),
                reason: error.to_string(),
            })?,
            client_ref: row.get("client_ref")?,
            callback_url: row.get("callback_url")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

/// What is accepted.
pub(super) struct NewOperation<'a> {
    pub(super) id: Uuid,
    pub(super) kind: &'a str,
    pub(super) owner: Uuid,
    pub(super) client_ref: Option<&'a str>,
    pub(super) callback_url: Option<&'a str>,
}

pub(super) async fn insert(tx: &mut Tx, operation: NewOperation<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_operations (id, kind, owner, client_ref, callback_url,
            created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)";
    let now = tx.now();
    let row = params![
        operation.id,
        operation.kind,
        operation.owner,
        operation.client_ref,
        operation.callback_url,
        now,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Notes that it runs. `false` when it has ended already.
pub(super) async fn begin(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let sql = "UPDATE tidings_operations
        SET state = 'running', updated_at = $2, revision = revision + 1
        WHERE id = $1 AND state IN ('queued', 'running')";
    let now = tx.now();
    Ok(tx.execute(sql, params![id, now]).await? == 1)
}

/// Says how far it is. A lower number than before changes nothing.
pub(super) async fn progress(tx: &mut Tx, id: Uuid, percent: u8) -> Result<(), Error> {
    let sql = "UPDATE tidings_operations
        SET progress = $2, updated_at = $3, revision = revision + 1
        WHERE id = $1 AND state IN ('queued', 'running') AND progress < $2";
    let now = tx.now();
    tx.execute(sql, params![id, percent.min(100), now]).await?;
    Ok(())
}

/// Notes that it was asked to stop.
pub(super) async fn set_cancelling(tx: &mut Tx, id: Uuid) -> Result<(), Error> {
    let sql = "UPDATE tidings_operations
        SET cancelling = TRUE, updated_at = $2, revision = revision + 1
        WHERE id = $1 AND state IN ('queued', 'running')";
    let now = tx.now();
    tx.execute(sql, params![id, now]).await?;
    Ok(())
}

/// How an operation ends.
pub(super) enum End {
    /// With this result, as JSON.
    Succeeded(String),
    Failed(OperationProblem),
    Cancelled,
}

/// Ends an operation, and tells whom it was asked to tell. Nothing happens to one that has
/// ended already.
pub(super) async fn end(tx: &mut Tx, id: Uuid, end: End) -> Result<(), Error> {
    let (state, result, problem) = match end {
        End::Succeeded(result) => ("succeeded", Some(result), None),
        End::Failed(problem) => ("failed", None, Some(problem)),
        End::Cancelled => ("cancelled", None, None),
    };
    let problem = problem.map(|problem| serde_json::to_string(&problem));
    let problem = problem.transpose().map_err(|source| Error::Encode {
        what: "a problem".to_owned(),
        source,
    })?;
    let sql = "UPDATE tidings_operations
        SET state = $2, result = $3, problem = $4, cancelling = FALSE,
            progress = CASE WHEN $2 = 'succeeded' THEN 100 ELSE progress END,
            updated_at = $5, finished_at = $5, revision = revision + 1
        WHERE id = $1 AND state IN ('queued', 'running') RETURNING *";
    let now = tx.now();
    let row = params![id, state, result, problem, now];
    let ended: Option<OperationRow> = tx.query_opt(sql, row).await?;
    match ended {
        Some(operation) => match operation.callback_url.clone() {
            Some(url) => callback::announce(tx, &operation, &url).await,
            None => Ok(()),
        },
        None => Ok(()),
    }
}

pub(super) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<OperationRow>, Error> {
    let sql = "SELECT * FROM tidings_operations WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// Which operations are asked for; those of everybody, in any state, of any kind, if nothing
/// is said.
#[derive(Clone, Debug, Default)]
pub struct OperationFilter {
    /// Those of one account.
    pub owner: Option<Uuid>,
    /// Those in one state.
    pub state: Option<String>,
    /// Those of one kind.
    pub kind: Option<String>,
}

pub(super) async fn list(
    conn: &mut Conn,
    filter: &OperationFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<OperationRow>, Error> {
    // Written out where it is given, so that the index of an owner's own serves.
    let owner = match filter.owner {
        Some(_) => "owner = $1",
        None => "$1 = ''",
    };
    let sql = format!(
        "SELECT * FROM tidings_operations
         WHERE {owner} AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3)
            AND (created_at < $4 OR created_at = $4 AND id < $5)
         ORDER BY created_at DESC, id DESC LIMIT $6"
    );
    let (time, id) = after.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::nil()));
    let row = params![
        filter
            .owner
            .map(|owner| owner.to_string())
            .unwrap_or_default(),
        filter.state.clone().unwrap_or_default(),
        filter.kind.clone().unwrap_or_default(),
        time,
        id,
        limit,
    ];
    conn.query(&sql, row).await
}

/// Deletes some of those that ended long ago, with their callbacks.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    let before = tx.now().minus(KEEP).as_micros();
    // A number of ours, so it may stand in the text: the callbacks' table asks the same.
    let old = format!(
        "SELECT id FROM tidings_operations WHERE finished_at < {before}
            ORDER BY finished_at, id LIMIT 1000"
    );
    callback::sweep_of(tx, &old).await?;
    let sql = format!("DELETE FROM tidings_operations WHERE id IN ({old})");
    let deleted = tx.execute(&sql, &[]).await?;
    callback::close_alerts(tx).await?;
    Ok(deleted)
}
