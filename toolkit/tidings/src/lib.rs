//! Services that talk by events.
//!
//! A service commits a change and its event in one transaction; every subscriber
//! applies it once, in order per key, whatever crashes in between, or it is on the
//! list of parked and dead events by its name.
//!
//! - [`Stream`]: the events about one kind of entity, as an enum with a derive.
//! - [`Service`]: a definition: what it stores, publishes, subscribes to, and how it is asked.
//! - [`Tx`]: the transaction, in which a change, its events and its jobs become real together.
//! - [`Setup`] and [`Installation`]: services running in one process, on SQLite or PostgreSQL.
//!
//! Delivery is at least once; effects in the subscriber's database are applied
//! once, because the subscription's cursor moves in the handler's transaction.
//! Calls to the outside are jobs with a stable key, at least once.

#![warn(missing_docs)]

extern crate self as tidings;

mod act;
pub mod alert;
pub mod callback;
pub mod catalog;
pub mod client;
mod cloudevent;
mod command;
pub mod crash;
mod db;
mod error;
mod event;
mod failure;
mod feed;
pub mod find;
pub mod flight;
mod handle;
mod history;
mod housekeeping;
mod http;
mod id;
mod identity;
pub mod inspect;
mod installation;
mod instance;
mod job;
pub mod lag;
mod mark;
mod mask;
pub mod meters;
mod moving;
pub mod operation;
mod outages;
mod outbox;
mod process;
pub mod projection;
mod publisher;
pub mod schema;
mod sequencer;
mod service;
mod setup;
pub mod spans;
mod stream;
mod subscription;
mod time;
pub mod trace;
mod tx;
mod upcast;
mod words;
mod worker;
pub mod workflow;

pub use alert::Alert;
pub use callback::CallbackPolicy;
pub use catalog::Catalog;
pub use client::{BreakerState, CallError, CallStatus, Calls, Client};
pub use cloudevent::{BadCloudEvent, CLOUDEVENT, CLOUDEVENT_BATCH};
pub use command::{
    Answer, AnswerHandler, Command, CommandHandler, CommandId, CommandOutcome, Received, Sending,
};
pub use db::{Conn, Db, Dialect, FromRow, FromValue, Migration, Row, SchemaDifference, Value};
pub use error::{Cause, Error, Fate, Fault, chain};
pub use event::{Context, Envelope, Event, EventId};
pub use feed::{
    Bus, Feed, FeedPage, HttpFeed, HttpTransport, LocalFeed, Receiver, Standing, Transport,
};
pub use handle::Handle;
pub use history::Start;
pub use http::{
    CORRELATION_HEADER, CallingService, CorrelationId, FieldError, Form, Fragment, Json, List,
    Paging, Path, Place, Problem, Query, RequestContext, Seen, SignedIn, follow, follow_all,
};
pub use id::uuid_at;
pub use identity::{BadKey, Claims, Identity, Rejected, ServiceTokens, Signer, Verifier};
pub use installation::{Installation, Running, SubscriptionInfo};
pub use job::{
    Enqueue, Job, JobCount, JobHandler, JobRow, JobRun, Missed, OutsideJobHandler, Schedule,
    ScheduleRow,
};
pub use mark::Marked;
pub use mask::Mask;
pub use moving::{Copied, MovedService, MovedTable};
pub use operation::{Accept, Accepted, Operation, OperationHandler, OperationRun};
pub use outages::{Attempts, Outages};
pub use process::Elsewhere;
pub use projection::{Projection, View};
pub use service::Service;
pub use setup::{MakeTransport, Setup, Storage};
pub use stream::{EventType, Kind, Stream, StreamInfo, slot_of};
pub use subscription::{BatchHandler, DeadEvent, EventHandler};
pub use tidings_derive::{FromRow, Stream};
pub use time::{Clock, Timestamp};
pub use tx::{MESSAGE_BYTES_MAX, Tx};
pub use worker::Worker;
pub use workflow::{Call, Flow, Found, Message, Outcome, StepFailed, Workflow};

pub use schemars;
pub use serde;
pub use uuid::Uuid;

/// What operators see of jobs and schedules, and what they decide.
pub mod jobs {
    pub use crate::job::{cancel, children, counts, get, list, retire, schedules};
}

/// What has become of the commands that a service waits for replies to.
pub mod commands {
    pub use crate::command::{CommandCount, CommandRow, counts, list};
}

/// What operators do with events and jobs that have failed.
pub mod dead {
    pub use crate::job::{cancel as cancel_job, dead as jobs, retry as retry_job};
    pub use crate::subscription::{
        Alike, DeadPlace, DryRun, Edited, RetriedAll, RetriedEvent, RowChange, STATES, TableChange,
        Which, WouldEnqueue, WouldPublish, alike, discard, dry_run, edit, get, list,
        parked as events, retried, retry, retry_all,
    };
}

/// Subscriptions that operators stop and let go on.
pub mod subscriptions {
    pub use crate::subscription::{Paused, pause, paused, resume};
}

/// What operators have done.
pub mod acts {
    pub use crate::act::{ActRow, Acts, list};
}

/// What the derives call.
#[doc(hidden)]
pub use serde_json::{Error as JsonError, to_string as to_json};

/// What the derives call.
#[doc(hidden)]
pub use upcast::upcast;

/// What the derives call.
#[doc(hidden)]
pub fn from_json<T: serde::de::DeserializeOwned>(data: &str) -> Result<T, String> {
    serde_json::from_str(data).map_err(|error| error.to_string())
}

/// The guide to the history of streams, its example compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/history.md")]
struct History;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
