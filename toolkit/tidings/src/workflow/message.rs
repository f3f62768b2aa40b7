//! Messages to runs: left in a transaction, taken in order.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Workflow;
use crate::job;
use crate::{Error, Stream, Tx, Uuid, params, tx};

/// Something that a run can be told; see [`Tx::tell`].
///
/// The events of a stream need no more: every [`Stream`] can be told.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Approved {
///     by: String,
/// }
///
/// impl tidings::Message for Approved {
///     const NAME: &'static str = "approved";
/// }
/// ```
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the table; a literal, never derived from the type.
    const NAME: &'static str;
}

/// What runs can be told: messages, and events of streams. `M` says which and is inferred.
pub trait Told<M>: Sized + Send + Sync + 'static {
    /// The name in the table.
    const NAME: &'static str;
    /// As text.
    ///
    /// # Errors
    /// When a field cannot be written as JSON.
    fn write(&self) -> Result<String, serde_json::Error>;
    /// Back from text.
    ///
    /// # Errors
    /// When the text is not what this build knows.
    fn read(text: &str) -> Result<Self, String>;
}

/// Says that a type is told as a [`Message`].
pub struct AsMessage;
/// Says that a type is told as an event of a [`Stream`].
pub struct AsEvent;

impl<T: Message> Told<AsMessage> for T {
    const NAME: &'static str = <T as Message>::NAME;

    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
struct EventText {
    #[serde(rename = "type")]
    name: String,
    version: u16,
    /// As text in text: the data keeps every digit of its numbers.
    data: String,
}

impl<S: Stream> Told<AsEvent> for S {
    const NAME: &'static str = <S as Stream>::NAME;

    fn write(&self) -> Result<String, serde_json::Error> {
        let event_type = self.event_type();
        serde_json::to_string(&EventText {
            name: event_type.name.to_owned(),
            version: event_type.version,
            data: self.encode()?,
        })
    }

    fn read(text: &str) -> Result<Self, String> {
        let event: EventText = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let EventText {
            name,
            version,
            data,
        } = event;
        let decoded = S::decode(&name, version, &data)?;
        decoded.ok_or_else(|| format!("this build does not know {name}"))
    }
}

impl Tx {
    /// Leaves a message for the run of a workflow with this key, and wakes it. `false` says
    /// that there is no run that could still read it: none was started, or it has ended, or
    /// it is being undone.
    ///
    /// It becomes real with this transaction's commit, so a handler of events tells each
    /// event once and in order. Messages to one run are numbered in commit order.
    ///
    /// ```
    /// # use tidings::{Error, Event, Flow, StepFailed, Tx, Workflow};
    /// # #[derive(tidings::Stream)]
    /// # #[stream(name = "payments", key = "order_id")]
    /// # enum PaymentEvent { #[event("payment.settled")] Settled { order_id: uuid::Uuid } }
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Hold;
    /// # impl Workflow for Hold { const NAME: &'static str = "hold"; }
    /// async fn payments(event: Event<PaymentEvent>, tx: &mut Tx) -> Result<(), Error> {
    ///     let PaymentEvent::Settled { order_id } = &event.data;
    ///     tx.tell::<Hold, _>(order_id, &event.data).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Encode`] and [`Error::TooLarge`], and as statements.
    pub async fn tell<W: Workflow, M>(
        &mut self,
        key: impl std::fmt::Display + Send,
        message: &impl Told<M>,
    ) -> Result<bool, Error> {
        let told = tell(self, W::NAME, &key.to_string(), message).await;
        self.note(told)
    }

    /// Whether a message waits for the run of a workflow with this key that no wait has taken.
    ///
    /// In a step of that run the answer is exact: a message is told before the step, and seen
    /// by it, or after the step. So a step that follows a wait which has timed out can leave
    /// undone what must not happen once the message has come:
    ///
    /// ```
    /// # use tidings::{Error, Tx, Workflow};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Hold;
    /// # impl Workflow for Hold { const NAME: &'static str = "hold"; }
    /// async fn expire(order_id: String, tx: &mut Tx) -> Result<(), Error> {
    ///     if tx.has_message::<Hold>(&order_id).await? {
    ///         return Ok(());
    ///     }
    ///     tx.execute("UPDATE orders SET expired = TRUE WHERE id = $1", tidings::params![order_id])
    ///         .await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As statements.
    pub async fn has_message<W: Workflow>(
        &mut self,
        key: impl std::fmt::Display + Send,
    ) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM tidings_workflow_messages m
            JOIN tidings_workflows w ON w.id = m.workflow_id
            WHERE w.name = $1 AND w.key = $2 AND m.taken_by IS NULL";
        let key = key.to_string();
        let (count,): (i64,) = self.query_one(sql, params![W::NAME, key]).await?;
        Ok(count > 0)
    }
}

async fn tell<T: Told<M>, M>(
    tx: &mut Tx,
    workflow: &str,
    key: &str,
    message: &T,
) -> Result<bool, Error> {
    let data = message.write().map_err(|source| Error::Encode {
        what: T::NAME.to_owned(),
        source,
    })?;
    tx::check_size(T::NAME, data.len())?;
    let sql = "SELECT id, job_id FROM tidings_workflows WHERE name = $1 AND key = $2";
    let run: Option<(Uuid, Option<Uuid>)> = tx.query_opt(sql, params![workflow, key]).await?;
    let Some((id, job)) = run else {
        return Ok(false);
    };
    let now = tx.now();
    // The job before the run: a step holds its job first, too.
    if let Some(job) = job {
        job::wake(tx, job, now).await?;
    }
    let sql = "UPDATE tidings_workflows SET messages = messages + 1
        WHERE id = $1 AND state IN ('running', 'stuck') AND ends_as IS NULL RETURNING messages";
    let number: Option<(i64,)> = tx.query_opt(sql, params![id]).await?;
    let Some((number,)) = number else {
        return Ok(false);
    };
    let sql = "INSERT INTO tidings_workflow_messages (workflow_id, number, name, data, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![id, number, T::NAME, data, now])
        .await?;
    Ok(true)
}
