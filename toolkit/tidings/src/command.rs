//! Commands: requests to one service to do something, and its replies.

mod code;
mod handler;
mod reply;
mod table;
mod wiring;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use handler::{AnswerHandler, CommandHandler};
pub use table::{CommandCount, CommandRow, counts, list};
pub(crate) use table::{MIGRATION, sweep};
pub(crate) use wiring::{Declared, alert_unhandled, reader_of, unhandled, wire};

use crate::outbox::NewEvent;
use crate::schema::{Compatibility, EventSchema};
use crate::{Context, Enqueue, Error, EventType, Timestamp, Tx, job, stream, tx};

crate::typed_id! {
    /// Names one command that was sent.
    pub struct CommandId;
}

/// A request to one service to do something, named in the imperative (X-01).
///
/// An event tells whoever listens; a command has one receiver, which is named in its type.
/// It is sent with a transaction ([`Tx::send`]) and travels as an event does: through the
/// sender's outbox, in the order of its key, applied once in the receiver's database, parked
/// when it fails, dead when it cannot succeed.
///
/// ```
/// use tidings::{Command, Error, Received, Service, Tx};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct SendEmail {
///     to: String,
///     text: String,
/// }
///
/// impl Command for SendEmail {
///     const NAME: &'static str = "notifications.send_email";
///     const TARGET: &'static str = "notifications";
///     type Reply = ();
///
///     fn key(&self) -> String {
///         self.to.clone()
///     }
/// }
///
/// async fn send_email(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
///     tx.execute("INSERT INTO messages (id, recipient) VALUES ($1, $2)",
///         tidings::params![command.id, &command.data.to]).await?;
///     Ok(())
/// }
///
/// let notifications = Service::new("notifications").handles(send_email);
/// let orders = Service::new("orders").sends::<SendEmail>();
/// ```
pub trait Command: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name on the wire: `notifications.send_email`; a literal, never derived from the type.
    const NAME: &'static str;
    /// The service that carries it out.
    const TARGET: &'static str;
    /// The version of its data, counted from 1.
    const VERSION: u16 = 1;
    /// Which changes of its data are allowed without a new version.
    const COMPATIBILITY: Compatibility = Compatibility::Full;
    /// What the receiver answers; `()` when there is nothing to say.
    type Reply: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Commands of one sender with the same key are carried out in the order in which they
    /// were sent; one that fails holds up those behind it.
    fn key(&self) -> String;

    /// Makes the data of a command of version `from` that of the next version. It is called
    /// for each version from the sender's up to [`Command::VERSION`], so that a sender may be
    /// older than the receiver; see the versions of a [`Stream`](crate::Stream#versions).
    ///
    /// # Errors
    /// By default for every version: only the newest is known. The command is refused then.
    fn upcast(from: u16, command: serde_json::Value) -> Result<serde_json::Value, String> {
        let _ = command;
        Err(unknown_version(from))
    }

    /// What the data may be, for catalogues and for the contracts that are kept beside the code.
    /// A type that derives `JsonSchema` (of [`crate::schemars`]) says so in one line:
    ///
    /// ```
    /// # use tidings::Command;
    /// use tidings::schema::EventSchema;
    /// use tidings::schemars::{self, JsonSchema};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
    /// struct SendEmail {
    ///     #[schemars(extend("x-sensitive" = true))]
    ///     to: String,
    /// }
    ///
    /// impl Command for SendEmail {
    /// #   const NAME: &'static str = "notifications.send_email";
    /// #   const TARGET: &'static str = "notifications";
    /// #   type Reply = ();
    /// #   fn key(&self) -> String { self.to.clone() }
    ///     // …
    ///     fn schema() -> Option<EventSchema> {
    ///         Some(EventSchema::of_command::<Self>())
    ///     }
    /// }
    /// ```
    #[must_use]
    fn schema() -> Option<EventSchema> {
        None
    }
}

/// What is said of a version that nothing makes the next.
pub(crate) fn unknown_version(from: u16) -> String {
    format!("version {from} is not known to this build")
}

/// A command as its handler gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Received<C> {
    /// The same however often the command is tried.
    pub id: CommandId,
    /// The service that sent it.
    pub sender: &'static str,
    /// When it was sent, by the sender's clock.
    pub time: Timestamp,
    /// Who acts, and what it belongs to.
    pub context: Context,
    /// Until when the sender waits for a reply, if it does. After that the command is still
    /// to be carried out; the sender has been told that the time is over.
    pub reply_by: Option<Timestamp>,
    /// What is to be done.
    pub data: C,
}

/// What has become of a command, as the sender's [`Service::on_reply`](crate::Service::on_reply)
/// gets it: once for each command that was sent with a wish for a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<C: Command> {
    /// The command, as [`Tx::send_with`] named it.
    pub command_id: CommandId,
    /// The command's key.
    pub key: String,
    /// What has become of it.
    pub outcome: CommandOutcome<C::Reply>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandOutcome<R> {
    /// It was carried out, and this is the reply.
    Done(R),
    /// It cannot be carried out; nothing of it has happened.
    Failed {
        /// What kind of failure, for code: [`Fault::code`](crate::Fault::code) of the error.
        code: String,
        /// Why, for people.
        message: String,
    },
    /// There was no reply in time. The command may have been carried out, or may be later.
    TimedOut,
}

/// How a command is sent; see [`Tx::send_with`].
///
/// It is not called `Send`, because that name would hide the trait of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    reply_within: Option<Duration>,
}

impl Sending {
    /// Without a wish for a reply.
    #[must_use]
    pub fn quietly() -> Self {
        Self::default()
    }

    /// The sender's [`Service::on_reply`](crate::Service::on_reply) is to be told what has
    /// become of the command, after this time at the latest.
    #[must_use]
    pub fn reply_within(span: Duration) -> Self {
        Self {
            reply_within: Some(span),
        }
    }
}

impl Tx {
    /// Sends a command with this transaction: rolled back, nothing was sent.
    ///
    /// # Errors
    /// As [`Tx::send_with`].
    pub async fn send<C: Command>(&mut self, command: &C) -> Result<CommandId, Error> {
        self.send_with(command, Sending::quietly()).await
    }

    /// Sends a command with this transaction, with a wish for a reply. Of the reply and the
    /// end of the time, the first wins; a reply that comes later is counted ([`CommandCount`])
    /// and logged, and goes no further.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the service does not send this command, or waits for a reply
    /// that it has no handler for; [`Error::Encode`] and [`Error::TooLarge`] when it cannot be
    /// sent; and as statements. The transaction can only be rolled back then.
    pub async fn send_with<C: Command>(
        &mut self,
        command: &C,
        how: Sending,
    ) -> Result<CommandId, Error> {
        let sent = send(self, command, how).await;
        self.note(sent)
    }
}

async fn send<C: Command>(tx: &mut Tx, command: &C, how: Sending) -> Result<CommandId, Error> {
    let declared = &tx.shared().commands;
    let is_declared = match how.reply_within {
        None => declared.sends(C::NAME),
        Some(_) => declared.sends(C::NAME) && declared.awaits(C::NAME),
    };
    if !is_declared {
        let of = if how.reply_within.is_some() {
            "replies to the command"
        } else {
            "the command"
        };
        return Err(Error::Undeclared {
            what: format!("{of} {}", C::NAME),
        });
    }
    let id = CommandId::new(tx.now());
    let reply_by = how.reply_within.map(|span| tx.now().plus(span));
    let key = command.key();
    let data = code::encode(C::NAME, id, reply_by, command)?;
    tx::check_size(C::NAME, data.len())?;
    if let Some(deadline) = reply_by {
        table::sent(tx, id, C::NAME, C::TARGET, &key, deadline).await?;
        let how = Enqueue::at(deadline).unique(id.to_string());
        job::enqueue_child(tx, &reply::TimeOut::of(id, C::NAME), how, None).await?;
    }
    let event = NewEvent {
        stream: wiring::commands(tx.shared().name, C::TARGET),
        slot: stream::slot_of(&key, wiring::SLOTS),
        key,
        event_type: EventType {
            name: C::NAME,
            version: C::VERSION,
        },
        data,
        time: tx.now(),
        context: tx.context().clone(),
    };
    tx.add_event(event);
    Ok(id)
}
