//! Takes one message to the mail server.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Job, JobRun, Uuid};

use crate::letter::letter;
use crate::link::{self, Asked};
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
    let text = match link::ask(run.service(), &message).await {
        Asked::None => message.body.clone(),
        Asked::Link(link) => message.body_with(&link),
        Asked::Gone => return record(&job, &run, Ended::Gone).await,
        Asked::NotNow(reason) => return record(&job, &run, Ended::NotNow(reason)).await,
    };
    let ended = send(&run, &message, text).await?;
    record(&job, &run, ended).await
}

/// How a try ended.
enum Ended {
    Sent,
    /// There is no mail server: this is the text to be read.
    Kept(String),
    Refused(String),
    NotNow(String),
    /// There is nothing to tell any more.
    Gone,
}

async fn send(run: &JobRun, message: &Message, text: String) -> Result<Ended, Error> {
    let settings = run.service().resource::<Settings>()?;
    let Some(server) = &settings.server else {
        return Ok(Ended::Kept(text));
    };
    let letter = match letter(&settings.from, message, &text) {
        Ok(letter) => letter,
        Err(error) => return Ok(Ended::Refused(error.to_string())),
    };
    let outcome = tokio::select! {
        biased;
        outcome = server.send(letter) => outcome,
        () = run.service().clock().sleep(CALL_LIMIT) => {
            Outcome::NotNow("the mail server took too long".to_owned())
        }
    };
    Ok(match outcome {
        Outcome::Sent => Ended::Sent,
        Outcome::Refused(reason) => Ended::Refused(reason),
        Outcome::NotNow(reason) => Ended::NotNow(reason),
    })
}

fn is_ours(job: &Deliver, message: &Message) -> bool {
    message.state == State::Queued && message.resends == job.resends
}

/// Records how a try ended; while the message waits on, with an error that has the job
/// tried again.
async fn record(job: &Deliver, run: &JobRun, ended: Ended) -> Result<(), Error> {
    let waits = matches!(ended, Ended::NotNow(_));
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
    let mut result = Ok(());
    (message.state, message.reason) = match ended {
        Ended::Sent => {
            message.via = Some("smtp".to_owned());
            (State::Sent, None)
        }
        Ended::Kept(text) => {
            message.via = Some("mailbox".to_owned());
            message.body = text;
            (State::Sent, None)
        }
        Ended::Refused(reason) => (State::Failed, Some(reason)),
        Ended::Gone => {
            let reason = "its link leads nowhere any more";
            (State::Skipped, Some(reason.to_owned()))
        }
        Ended::NotNow(reason) if now.since(message.queued_at) >= GIVE_UP_AFTER => {
            let reason = format!("given up after five days: {reason}");
            (State::Failed, Some(reason))
        }
        Ended::NotNow(reason) => {
            result = Err(Error::NotNow(reason.clone()));
            (State::Queued, Some(reason))
        }
    };
    message.ended_at = (message.state != State::Queued).then_some(now);
    store::update(&mut tx, &message).await?;
    link::tell(&mut tx, &message)?;
    tx.commit().await?;
    result
}
