//! The tables of workflows, and their rows as consoles and the code itself read them.

use serde::Serialize;

use crate::db::Migration;
use crate::{Context, Error, FromRow, FromValue, Row, Timestamp, Uuid, Value};

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0005_workflows",
    "CREATE TABLE tidings_workflows (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        key TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('running', 'compensating', 'done', 'failed', 'compensated', 'cancelled', 'stuck')),
        ends_as TEXT CHECK (ends_as IN ('failed', 'cancelled')),
        cancel BOOLEAN NOT NULL DEFAULT FALSE,
        input TEXT NOT NULL,
        error TEXT,
        stuck_by TEXT,
        waiting_for TEXT,
        messages BIGINT NOT NULL DEFAULT 0,
        job_id TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        finished_at BIGINT,
        actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT,
        UNIQUE (name, key)
    );
    CREATE INDEX tidings_workflows_state ON tidings_workflows (state, id);
    CREATE INDEX tidings_workflows_job ON tidings_workflows (job_id);
    CREATE INDEX tidings_workflows_finished ON tidings_workflows (finished_at)
        WHERE finished_at IS NOT NULL;
    CREATE TABLE tidings_steps (
        workflow_id TEXT NOT NULL,
        position BIGINT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        result TEXT,
        error TEXT,
        attempts BIGINT NOT NULL,
        asks BIGINT NOT NULL,
        job_id TEXT,
        due_at BIGINT,
        started_at BIGINT NOT NULL,
        finished_at BIGINT,
        PRIMARY KEY (workflow_id, position)
    );
    CREATE TABLE tidings_workflow_messages (
        workflow_id TEXT NOT NULL,
        number BIGINT NOT NULL,
        name TEXT NOT NULL,
        data TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        taken_by BIGINT,
        PRIMARY KEY (workflow_id, number)
    );",
);

/// An enum that is stored and shown as a word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The word in the table.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!("{other:?} is no {}", stringify!($name))),
                }
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, String> {
                String::from_value(value)?.parse()
            }
        }

        impl From<$name> for Value {
            fn from(word: $name) -> Value {
                Value::from(word.word())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// Where a run is.
    RunState {
        /// On its way, or waiting for what comes next.
        Running = "running",
        /// Undoing what it has done.
        Compensating = "compensating",
        /// Ended as it was meant to.
        Done = "done",
        /// Ended with an error; there was nothing to undo.
        Failed = "failed",
        /// Ended with an error; everything that it had done is undone.
        Compensated = "compensated",
        /// Ended because somebody asked for it; everything that it had done is undone.
        Cancelled = "cancelled",
        /// Cannot go on: a person must decide. There is an alert.
        Stuck = "stuck",
    }
}

words! {
    /// What a step does.
    StepKind {
        /// A transaction of the service.
        Step = "step",
        /// A call outside.
        Call = "call",
        /// A pause.
        Sleep = "sleep",
        /// A message that is waited for.
        Wait = "wait",
        /// A job that is waited for.
        Job = "job",
        /// The undoing of a step by a transaction.
        Undo = "undo",
        /// The undoing of a step by a call outside.
        UndoCall = "undo_call",
    }
}

words! {
    /// Where a step is.
    StepState {
        /// Begun: a call that may have been made, or a transaction that is tried again later.
        Started = "started",
        /// Waits for its time, a message or a job.
        Waiting = "waiting",
        /// A call of which nobody here knows whether it has happened.
        Unknown = "unknown",
        /// A call that is made again when the run goes on.
        Again = "again",
        /// Ended well.
        Done = "done",
        /// Ended with an error.
        Failed = "failed",
        /// Not begun, or given up, because the run was cancelled here.
        Cancelled = "cancelled",
    }
}

impl StepState {
    /// Whether a replay is given how it has ended.
    pub(super) fn is_recorded(self) -> bool {
        matches!(self, StepState::Done | StepState::Failed)
    }
}

/// A run of a workflow as it is stored.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowRow {
    /// Its identifier.
    pub id: Uuid,
    /// The workflow's name.
    pub name: String,
    /// The version of the code that it was started with.
    pub version: u32,
    /// What it is about: one run of a name and key.
    pub key: String,
    /// Where it is.
    pub state: RunState,
    /// How it will end once everything is undone.
    pub ends_as: Option<RunState>,
    /// Whether somebody has asked it to stop.
    pub cancel: bool,
    /// What it was started with, as JSON text.
    pub input: String,
    /// The error that its code has ended with.
    pub error: Option<String>,
    /// Why it cannot go on, while it is stuck.
    pub stuck_by: Option<String>,
    /// What it waits for, in words.
    pub waiting_for: Option<String>,
    /// The job that carries it.
    pub job_id: Option<Uuid>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last did something.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who started it, and what it belongs to.
    pub context: Context,
}

impl FromRow for WorkflowRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            version: row.get("version")?,
            key: row.get("key")?,
            state: row.get("state")?,
            ends_as: row.get("ends_as")?,
            cancel: row.get("cancel")?,
            input: row.get("input")?,
            error: row.get("error")?,
            stuck_by: row.get("stuck_by")?,
            waiting_for: row.get("waiting_for")?,
            job_id: row.get("job_id")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            finished_at: row.get("finished_at")?,
            context: Context::from_row(row)?,
        })
    }
}

impl WorkflowRow {
    /// What its alerts are about.
    pub(super) fn subject(&self) -> String {
        format!("{} {}", self.name, self.id)
    }
}

/// A step of a run as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct StepRow {
    /// Its place, counted from 0.
    pub position: u32,
    /// Its name in the code.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// Where it is.
    pub state: StepState,
    /// What came out, as JSON text.
    pub result: Option<String>,
    /// Why it failed, or why nobody knows how it ended.
    pub error: Option<String>,
    /// How often it was tried or called.
    pub attempts: u32,
    /// How often the other side was asked what has become of it.
    pub asks: u32,
    /// The job it waits for.
    pub job_id: Option<Uuid>,
    /// When it goes on by itself.
    pub due_at: Option<Timestamp>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl StepRow {
    pub(super) fn ended(&mut self, state: StepState, now: Timestamp) {
        self.state = state;
        self.due_at = None;
        self.finished_at = Some(now);
    }
}
