//! Workflows: what they promise, step by step, on real databases (P-11, X-20).

mod bank;
mod calls;
mod ends;
mod fits;
mod hanging;
mod killed;
mod must;
mod steps;
mod trip;
mod waits;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::workflow::{self, RunState, StepRow, WorkflowRow};
use tidings::{Error, Fate, Fault, Handle, Migration, Service, Tx, Workflow, alert, params};

use crate::bed::{Bed, Stage};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A second line of one step would be there for all to see: nothing here is idempotent.
const BOOK: &[Migration] = &[Migration::new(
    "0001_book",
    "CREATE TABLE book (place BIGINT NOT NULL, line TEXT NOT NULL)",
)];

/// What the stories' workflows are started with: what is to go wrong.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Story {
    name: String,
    /// The line that cannot be written.
    refused: Option<String>,
}

impl Workflow for Story {
    const NAME: &'static str = "story";
    const ATTEMPTS_MAX: u32 = 4;
}

impl Story {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            refused: None,
        }
    }

    fn line(&self, text: &str) -> Line {
        Line {
            refused: self.refused.as_deref() == Some(text),
            text: text.to_owned(),
            failures: (0, Fate::Retry.into()),
        }
    }
}

/// A line to be written into the book.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    refused: bool,
    /// How often it fails at first, and how.
    failures: (u32, Fates),
}

#[derive(Clone, Copy, Debug)]
struct Fates(Fate);

impl From<Fate> for Fates {
    fn from(fate: Fate) -> Self {
        Self(fate)
    }
}

fn line(text: impl Into<String>) -> Line {
    Line {
        text: text.into(),
        refused: false,
        failures: (0, Fates(Fate::Retry)),
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("write {0}: it is refused")]
    Refused(String),
    #[error("write {0}: not yet")]
    Later(String, Fate),
}

impl Fault for Trouble {
    fn fate(&self) -> Fate {
        match self {
            Trouble::Store(error) => error.fate(),
            Trouble::Refused(_) => Fate::Fail,
            Trouble::Later(_, fate) => *fate,
        }
    }
}

/// How often something was tried, in this process.
fn tries(what: &str) -> u32 {
    static TRIES: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);
    let mut tries = TRIES.lock().unwrap();
    let tries = tries.entry(what.to_owned()).or_default();
    *tries += 1;
    *tries
}

/// A name that no other test has, for what the process counts.
fn own_name() -> String {
    uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).to_string()
}

/// Writes the line, and says how many there are; fails after it has written.
async fn write(line: Line, tx: &mut Tx) -> Result<i64, Trouble> {
    let sql = "INSERT INTO book (place, line) SELECT count(*), $1 FROM book";
    tx.execute(sql, params![&line.text]).await?;
    if line.refused {
        return Err(Trouble::Refused(line.text));
    }
    let (failures, Fates(fate)) = line.failures;
    if failures > 0 && tries(&line.text) <= failures {
        return Err(Trouble::Later(line.text, fate));
    }
    let (count,) = tx.query_one("SELECT count(*) FROM book", &[]).await?;
    Ok(count)
}

/// As [`write`], for what undoes.
async fn unwrite(line: Line, tx: &mut Tx) -> Result<(), Trouble> {
    write(line, tx).await.map(|_| ())
}

async fn book(service: &Handle) -> Vec<String> {
    let sql = "SELECT line FROM book ORDER BY place";
    let mut conn = service.read().await.unwrap();
    let lines: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    lines.into_iter().map(|(line,)| line).collect()
}

fn teller() -> Service {
    Service::new("teller").migrations(BOOK)
}

async fn stage(bed: &Bed, service: Service) -> Stage {
    bed.stage([service]).await
}

/// Starts a run, and lets happen what is due.
async fn begin(stage: &mut Stage, story: &Story) {
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.start(story, &story.name).await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
}

async fn run_of(service: &Handle, name: &str) -> WorkflowRow {
    let mut conn = service.read().await.unwrap();
    let found = workflow::find(&mut conn, Story::NAME, name).await.unwrap();
    found.expect("a run")
}

async fn state_of(service: &Handle, name: &str) -> RunState {
    run_of(service, name).await.state
}

async fn steps_of(service: &Handle, name: &str) -> Vec<StepRow> {
    let run = run_of(service, name).await;
    let mut conn = service.read().await.unwrap();
    workflow::steps(&mut conn, run.id).await.unwrap()
}

/// Each step in a few words.
async fn told(service: &Handle, name: &str) -> Vec<String> {
    let steps = steps_of(service, name).await;
    steps
        .iter()
        .map(|step| format!("{} {} {}", step.kind, step.name, step.state))
        .collect()
}

async fn alerts(service: &Handle) -> Vec<String> {
    let open = alert::open(service).await.unwrap();
    open.into_iter().map(|alert| alert.text).collect()
}

/// An operator's act on a run.
macro_rules! operate {
    ($service:expr, $name:expr, |$tx:ident, $id:ident| $act:expr) => {{
        let $id = crate::workflows::run_of(&$service, $name).await.id;
        let mut $tx = $service.begin_own().await.unwrap();
        let done = $act.await.unwrap();
        $tx.commit().await.unwrap();
        done
    }};
}
use operate;

/// Every test ends so: nobody is left waiting, and no alert is open.
async fn nothing_is_left(service: &Handle) {
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM tidings_workflows WHERE finished_at IS NULL),
        (SELECT count(*) FROM tidings_jobs WHERE state IN ('ready', 'running', 'dead'))";
    let left: (i64, i64) = conn.query_one(sql, &[]).await.unwrap();
    drop(conn);
    assert_eq!(left, (0, 0), "runs and jobs that are left");
    assert_eq!(alerts(service).await, [""; 0]);
}
