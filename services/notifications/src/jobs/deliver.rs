//! Takes one message to the mail server.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Job, JobRun, Uuid};

use crate::letter::letter;
use crate::mail_server::Outcome;
use crate::message::{GIVE_UP_AFTER, Message, State};
use crate::{Error, Settings, store};

/// A try takes no longer, and is over before another worker takes the job up.
const CALL_LIMIT: Duration = Duration::from_secs(90);

/// Sends a message; `resends` names the time that it was queued.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deliver {
    message_id: Uuid,
    resends: u32,
}

impl Deliver {
    pub(crate) fn of(message: &Message) -> Self {
        Self {
            message_id: message.id,
            resends: message.resends,
        }
    }
}

impl Job for Deliver {
    const KIND: &'static str = "deliver";
    /// Never reached: a message is given up by its age, and says so.
    const ATTEMPTS_MAX: u32 = 10_000;
    const LEASE: Duration = Duration::from_secs(120);
    const BACKOFF_FIRST: Duration = Duration::from_secs(10);
    const BACKOFF_MOST: Duration = Duration::from_secs(1800);
    /// Mail servers shut out who comes with too many connections.
    const CONCURRENCY: Option<u32> = Some(8);
}

/// Tries once. A crash, or a connection that breaks, after the server has taken the message
/// and before we know it, sends it a second time with the same `Message-ID`.
pub(crate) async fn deliver(job: Deliver, run: JobRun) -> Result<(), Error> {
    let message = store::load(&mut run.service().read().await?, job.message_id).await?;
    let message = message.filter(|message| is_ours(&job, message));
    let Some(message) = message else {
        return Ok(());
    };
    let settings = run.service().resource::<Settings>()?;
    let (outcome, via) = match &settings.server {
        None => (Outcome::Sent, "mailbox"),
        Some(server) => match letter(&settings.from, &message) {
            Err(error) => (Outcome::Refused(error.to_string()), "smtp"),
            Ok(letter) => {
                let outcome = tokio::select! {
                    biased;
                    outcome = server.send(letter) => outcome,
                    () = run.service().clock().sleep(CALL_LIMIT) => {
                        Outcome::NotNow("the mail server took too long".to_owned())
                    }
                };
                (outcome, "smtp")
            }
        },
    };
    record(&job, &run, outcome, via).await
}

fn is_ours(job: &Deliver, message: &Message) -> bool {
    message.state == State::Queued && message.resends == job.resends
}

/// Records how a try ended; while the message waits on, with an error that has the job
/// tried again.
async fn record(job: &Deliver, run: &JobRun, outcome: Outcome, via: &str) -> Result<(), Error> {
    let waits = matches!(outcome, Outcome::NotNow(_));
    let now = run.service().now();
    let mut tx = match waits {
        true => run.begin().await?,
        false => run.finish().await?,
    };
    let found = store::load_for_update(&mut tx, job.message_id).await?;
    let Some(mut message) = found.filter(|message| is_ours(job, message)) else {
        return Ok(tx.commit().await?);
    };
    message.attempts += 1;
    let result = match outcome {
        Outcome::Sent => {
            (message.state, message.reason) = (State::Sent, None);
            message.via = Some(via.to_owned());
            Ok(())
        }
        Outcome::Refused(reason) => {
            (message.state, message.reason) = (State::Failed, Some(reason));
            Ok(())
        }
        Outcome::NotNow(reason) if now.since(message.queued_at) >= GIVE_UP_AFTER => {
            let reason = format!("given up after five days: {reason}");
            (message.state, message.reason) = (State::Failed, Some(reason));
            Ok(())
        }
        Outcome::NotNow(reason) => {
            message.reason = Some(reason.clone());
            Err(Error::NotNow(reason))
        }
    };
    message.ended_at = (message.state != State::Queued).then_some(now);
    store::update(&mut tx, &message).await?;
    tx.commit().await?;
    result
}
