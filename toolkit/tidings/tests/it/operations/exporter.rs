//! A service with an operation that does what it is told.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::extract::State;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use tidings::{
    Accept, Accepted, Error, Fate, Fault, Handle, Job, Json, Migration, Operation, OperationRun,
    Problem, RequestContext, Service, SignedIn, operation, params,
};
use tokio::sync::Notify;

/// What a run does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Writes a line and gives a result, both in one transaction.
    Succeed,
    /// Says these numbers, run by run, and fails in all but the last.
    Say(Vec<Vec<u8>>),
    /// Tells its owner that it will not do.
    Refuse,
    /// Fails whenever it runs.
    Break,
    /// Waits for the test to let it go, then looks whether it was asked to stop.
    Wait,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) way: Way,
    pub(crate) callback_url: Option<String>,
    pub(crate) client_ref: Option<String>,
}

impl Job for Export {
    const KIND: &'static str = "export";
    const ATTEMPTS_MAX: u32 = 3;
}

impl Operation for Export {
    type Output = Exported;
}

#[derive(Serialize)]
pub(crate) struct Exported {
    pub(crate) seen: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("open the drawer with password 1234")]
    Again,
}

impl Fault for Failed {
    fn fate(&self) -> Fate {
        match self {
            Failed::Store(error) => error.fate(),
            Failed::Again => Fate::Retry,
        }
    }
}

#[derive(Default)]
pub(crate) struct Line {
    pub(crate) entered: Notify,
    pub(crate) let_go: Notify,
}

static LINES: LazyLock<Mutex<HashMap<String, Arc<Line>>>> = LazyLock::new(Mutex::default);

pub(crate) fn line(name: &str) -> Arc<Line> {
    let mut lines = LINES.lock().unwrap();
    Arc::clone(lines.entry(name.to_owned()).or_default())
}

async fn export(job: Export, run: OperationRun<Export>) -> Result<Exported, Failed> {
    let mut seen = Vec::new();
    match job.way {
        Way::Succeed => {
            let output = Exported { seen };
            let mut tx = run.succeed(&output).await?;
            let sql = "INSERT INTO exports (name) VALUES ($1)";
            tx.execute(sql, params![&job.name]).await?;
            tx.commit().await?;
            return Ok(output);
        }
        Way::Say(runs) => {
            let attempt = run.attempt() as usize;
            for percent in &runs[attempt - 1] {
                run.progress(*percent).await?;
                let row = operation::get(run.service(), run.id()).await?;
                seen.push(row.unwrap().progress);
            }
            if attempt < runs.len() {
                return Err(Failed::Again);
            }
        }
        Way::Refuse => {
            let tx = run.fail("too_big", "There are too many rows.").await?;
            tx.commit().await?;
        }
        Way::Break => return Err(Failed::Again),
        Way::Wait => {
            let line = line(&job.name);
            line.entered.notify_one();
            line.let_go.notified().await;
            run.heartbeat().await?;
        }
    }
    Ok(Exported { seen })
}

async fn ask(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Json(job): Json<Export>,
) -> Result<Accepted, Problem> {
    let mut tx = service.begin(context).await?;
    let mut how = Accept::for_user(who.user_id).maybe_callback(job.callback_url.clone());
    if let Some(text) = &job.client_ref {
        how = how.client_ref(text);
    }
    let accepted = tx.accept(&job, how).await?;
    tx.commit().await?;
    Ok(accepted)
}

pub(crate) fn exporter() -> Service {
    let table = Migration::new("0001_exports", "CREATE TABLE exports (name TEXT NOT NULL)");
    Service::new("reports")
        .migrations(&[table])
        .operation(export)
        .http(axum::Router::new().route("/api/exports", post(ask)))
}

/// What was exported.
pub(crate) async fn exports(service: &Handle) -> Vec<String> {
    let sql = "SELECT name FROM exports ORDER BY name";
    let rows: Vec<(String,)> = service.read().await.unwrap().query(sql, &[]).await.unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}
