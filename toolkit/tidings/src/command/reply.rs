//! The sender's side: replies, and the end of the time for them.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::handler::AnswerHandler;
use super::table::{self, End};
use super::{Answer, Command, CommandId, CommandOutcome, code};
use crate::failure::Failure;
use crate::job::{self, JobHandler};
use crate::spans::{self, EVENT_PROCESSED};
use crate::subscription::{Erased, Failed, caused_by};
use crate::{Envelope, Fate, Fault, Job, Tx};

/// A reply on its way.
#[derive(Serialize, Deserialize)]
pub(super) struct Replied<R> {
    pub(super) command_id: CommandId,
    pub(super) outcome: Ended<R>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended<R> {
    Done(R),
    Failed { code: String, message: String },
}

/// The code that learns what becomes of one kind of command, its type forgotten.
pub(crate) trait AnswerCode: Send + Sync {
    fn name(&self) -> &'static str;
    fn target(&self) -> &'static str;
    /// Whether this build can read a reply.
    fn reads(&self, envelope: &Envelope) -> Result<(), String>;
    /// Takes a reply.
    fn replied<'a>(
        &'a self,
        envelope: &'a Envelope,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>>;
    /// The time for a reply is over.
    fn timed_out<'a>(&'a self, id: CommandId, tx: &'a mut Tx)
    -> BoxFuture<'a, Result<(), Failure>>;
}

pub(super) struct Awaits<C, E, H>(pub(super) H, pub(super) PhantomData<fn(C) -> E>);

impl<C, E, H> Awaits<C, E, H>
where
    C: Command,
    E: Fault,
    H: for<'a> AnswerHandler<'a, C, E>,
{
    async fn tell(&self, answer: Answer<C>, tx: &mut Tx) -> Result<(), Failure> {
        let told = self.0.call(answer, tx).await;
        told.map_err(|error| Failure::of(&error))
    }
}

impl<C, E, H> AnswerCode for Awaits<C, E, H>
where
    C: Command,
    E: Fault,
    H: for<'a> AnswerHandler<'a, C, E>,
{
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn target(&self) -> &'static str {
        C::TARGET
    }

    fn reads(&self, envelope: &Envelope) -> Result<(), String> {
        code::decode::<Replied<C::Reply>>(envelope, C::VERSION).map(|_| ())
    }

    fn replied<'a>(
        &'a self,
        envelope: &'a Envelope,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let replied: Replied<C::Reply> =
                code::decode(envelope, C::VERSION).map_err(Failure::hopeless)?;
            let command_id = replied.command_id;
            let (end, outcome) = match replied.outcome {
                Ended::Done(reply) => (End::Done, CommandOutcome::Done(reply)),
                Ended::Failed { code, message } => {
                    (End::Failed, CommandOutcome::Failed { code, message })
                }
            };
            let Some(key) = table::end(tx, command_id, end).await? else {
                table::late(tx, command_id).await?;
                tracing::warn!(
                    service = tx.shared().name, command = C::NAME, %command_id,
                    "a reply has come after its time and goes no further"
                );
                return Ok(());
            };
            let now = tx.now();
            job::forget(tx, TimeOut::KIND, &command_id.to_string(), now).await?;
            let answer = Answer {
                command_id,
                key,
                outcome,
            };
            self.tell(answer, tx).await
        })
    }

    fn timed_out<'a>(
        &'a self,
        command_id: CommandId,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Some(key) = table::end(tx, command_id, End::TimedOut).await? else {
                return Ok(());
            };
            let answer = Answer {
                command_id,
                key,
                outcome: CommandOutcome::TimedOut,
            };
            self.tell(answer, tx).await
        })
    }
}

/// All code of a service that learns what becomes of commands.
#[derive(Clone)]
pub(super) struct Answers(pub(super) HashMap<&'static str, Arc<dyn AnswerCode>>);

impl Answers {
    fn of(&self, name: &str) -> Result<&dyn AnswerCode, Failure> {
        let found = self.0.get(name).map(|code| &**code);
        let error = || format!("learn what has become of {name}: there is no handler for replies");
        found.ok_or_else(|| Failure::hopeless(error()))
    }
}

impl Erased for Answers {
    fn apply<'a>(
        &'a self,
        events: &'a [&'a Envelope],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<u64, Failed>> {
        Box::pin(async move {
            for (index, envelope) in events.iter().enumerate() {
                tx.set_context(caused_by(envelope));
                let span = spans::process(tx.shared().name, tx.delivery, envelope);
                let told = match self.of(&envelope.name) {
                    Ok(code) => code.replied(envelope, tx).instrument(span.clone()).await,
                    Err(failure) => Err(failure),
                };
                spans::ended(&span, EVENT_PROCESSED, &told);
                told.map_err(|failure| Failed {
                    index: Some(index),
                    failure,
                    answer: None,
                })?;
            }
            Ok(0)
        })
    }

    fn reads(&self, envelope: &Envelope) -> Result<Option<String>, String> {
        let code = self.of(&envelope.name).map_err(|failure| failure.error)?;
        code.reads(envelope).map(|()| None)
    }
}

/// The end of the time for a reply.
#[derive(Serialize, Deserialize)]
pub(super) struct TimeOut {
    command_id: CommandId,
    command: String,
}

impl TimeOut {
    pub(super) fn of(command_id: CommandId, command: &str) -> Self {
        let command = command.to_owned();
        Self {
            command_id,
            command,
        }
    }
}

impl Job for TimeOut {
    const KIND: &'static str = "tidings.reply_timeout";
}

impl<'a> JobHandler<'a, TimeOut, Untold> for Answers {
    type Future = BoxFuture<'a, Result<(), Untold>>;

    fn call(&self, job: TimeOut, tx: &'a mut Tx) -> Self::Future {
        let answers = self.clone();
        Box::pin(async move {
            let code = answers.of(&job.command)?;
            Ok(code.timed_out(job.command_id, tx).await?)
        })
    }
}

/// Why a handler could not be told that the time is over.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Untold {
    fate: Fate,
    error: String,
}

impl From<Failure> for Untold {
    fn from(Failure { fate, error, .. }: Failure) -> Self {
        Self { fate, error }
    }
}

impl Fault for Untold {
    fn fate(&self) -> Fate {
        self.fate
    }
}
