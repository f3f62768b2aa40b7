//! The receiver's side: commands as they travel, and the code that carries them out.

use std::any::TypeId;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::Instrument;

use super::handler::CommandHandler;
use super::reply::{Ended, Replied};
use super::{Command, CommandId, Received, wiring};
use crate::failure::Failure;
use crate::outbox::NewEvent;
use crate::schema::EventSchema;
use crate::spans::EVENT_PROCESSED;
use crate::subscription::{Erased, Failed, caused_by};
use crate::{Envelope, Error, EventType, Fate, Fault, Timestamp, Tx, chain, spans, stream, tx};

/// A command that a service sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sends {
    pub(crate) target: &'static str,
    pub(crate) event_type: EventType,
    /// The command's type.
    pub(super) of: TypeId,
    pub(super) schema: fn() -> Option<EventSchema>,
}

impl Sends {
    pub(super) fn of<C: Command>() -> Self {
        Self {
            target: C::TARGET,
            event_type: EventType {
                name: C::NAME,
                version: C::VERSION,
            },
            of: TypeId::of::<C>(),
            schema: sent_schema::<C>,
        }
    }
}

/// What a command is on its way, where its own data says what it may be.
fn sent_schema<C: Command>() -> Option<EventSchema> {
    let own = C::schema()?;
    let mut whole = EventSchema::of::<Sent<Value>>(own.event, &[]);
    let mut command = own.schema;
    for name in ["description", "$defs"] {
        if let Some(said) = command.as_object_mut().and_then(|own| own.remove(name)) {
            whole.schema[name] = said;
        }
    }
    if let Some(own) = command.as_object_mut() {
        own.remove("$schema");
    }
    whole.schema["properties"]["command"] = command;
    Some(whole)
}

/// A command on its way.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
struct Sent<C> {
    command_id: CommandId,
    /// Until when the sender waits for a reply, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_by: Option<Timestamp>,
    command: C,
}

pub(super) fn encode<C: Serialize>(
    name: &str,
    command_id: CommandId,
    reply_by: Option<Timestamp>,
    command: &C,
) -> Result<String, Error> {
    let sent = Sent {
        command_id,
        reply_by,
        command,
    };
    serde_json::to_string(&sent).map_err(|source| Error::Encode {
        what: name.to_owned(),
        source,
    })
}

/// Reads what came under the name of a command: the command itself, or a reply to it.
pub(super) fn decode<T: DeserializeOwned>(envelope: &Envelope, version: u16) -> Result<T, String> {
    let Envelope { name, data, .. } = envelope;
    if envelope.version != version {
        let came = envelope.version;
        return Err(format!(
            "read {name} version {came}: only version {version} is known here"
        ));
    }
    serde_json::from_str(data).map_err(|error| format!("read {name} version {version}: {error}"))
}

/// Reads a command of any version that can be made the newest.
fn decode_command<C: Command>(envelope: &Envelope) -> Result<Sent<C>, String> {
    let Envelope { name, version, .. } = envelope;
    if *version >= C::VERSION {
        return decode(envelope, C::VERSION);
    }
    let old: Sent<Value> = decode(envelope, *version)?;
    let newest =
        (*version..C::VERSION).try_fold(old.command, |command, from| C::upcast(from, command));
    let command =
        newest.and_then(|newest| serde_json::from_value(newest).map_err(|error| error.to_string()));
    Ok(Sent {
        command_id: old.command_id,
        reply_by: old.reply_by,
        command: command.map_err(|reason| format!("read {name} version {version}: {reason}"))?,
    })
}

/// The code that carries out one kind of command, its type forgotten.
pub(crate) trait CommandCode: Send + Sync {
    fn name(&self) -> &'static str;
    fn target(&self) -> &'static str;
    /// Reads a command, and says which key it has.
    fn reads(&self, envelope: &Envelope) -> Result<String, String>;
    /// Carries out a command; gives the data of the reply if one is wanted.
    fn apply<'a>(
        &'a self,
        sender: &'static str,
        envelope: &'a Envelope,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<Option<String>, Refused>>;
}

/// A failure, and the data of the reply that tells of it, if one may.
pub(crate) struct Refused {
    failure: Failure,
    reply: Option<String>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let reply = None;
        Self { failure, reply }
    }
}

pub(super) struct Handles<C, E, H>(pub(super) H, pub(super) PhantomData<fn(C) -> E>);

impl<C, E, H> CommandCode for Handles<C, E, H>
where
    C: Command,
    E: Fault,
    H: for<'a> CommandHandler<'a, C, E>,
{
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn target(&self) -> &'static str {
        C::TARGET
    }

    fn reads(&self, envelope: &Envelope) -> Result<String, String> {
        let sent: Sent<C> = decode_command(envelope)?;
        Ok(sent.command.key())
    }

    fn apply<'a>(
        &'a self,
        sender: &'static str,
        envelope: &'a Envelope,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<Option<String>, Refused>> {
        Box::pin(async move {
            let sent: Sent<C> = decode_command(envelope).map_err(Failure::hopeless)?;
            let wants_reply = sent.reply_by.is_some();
            let id = sent.command_id;
            let command = Received {
                id,
                sender,
                time: envelope.time,
                context: envelope.context.clone(),
                reply_by: sent.reply_by,
                data: sent.command,
            };
            match self.0.call(command, tx).await {
                Ok(reply) if wants_reply => {
                    let reply = Replied::encode(C::NAME, id, Ended::Done(reply))?;
                    Ok(Some(reply))
                }
                Ok(_) => Ok(None),
                Err(error) if wants_reply && error.fate() == Fate::Fail => {
                    let failure = Failure::of(&error);
                    let ended: Ended<C::Reply> = Ended::Failed {
                        code: error.code().to_owned(),
                        message: chain(&error),
                    };
                    let reply = Some(Replied::encode(C::NAME, id, ended)?);
                    Err(Refused { failure, reply })
                }
                Err(error) => Err(Failure::of(&error).into()),
            }
        })
    }
}

/// Carries out what one sender sends.
pub(super) struct Dispatch {
    pub(super) sender: &'static str,
    pub(super) target: &'static str,
    pub(super) code: HashMap<&'static str, Arc<dyn CommandCode>>,
}

impl Dispatch {
    fn code_of(&self, name: &str) -> Result<&dyn CommandCode, String> {
        // Not skipped as an event of an unknown type is: somebody waits for it to be done.
        let target = self.target;
        let error = || format!("carry out {name}: {target} has no handler for this command");
        self.code.get(name).map(|code| &**code).ok_or_else(error)
    }

    async fn carry_out(&self, envelope: &Envelope, tx: &mut Tx) -> Result<(), Refused> {
        let code = self.code_of(&envelope.name).map_err(Failure::hopeless)?;
        tx.set_context(caused_by(envelope));
        if let Some(reply) = code.apply(self.sender, envelope, tx).await? {
            tx.add_event(self.reply(code.name(), envelope, reply, tx));
        }
        Ok(())
    }

    /// Of the command's key, so that replies come in the order of the commands.
    fn reply(&self, name: &'static str, envelope: &Envelope, data: String, tx: &Tx) -> NewEvent {
        NewEvent {
            stream: wiring::replies(self.target, self.sender),
            slot: stream::slot_of(&envelope.key, wiring::SLOTS),
            key: envelope.key.clone(),
            event_type: EventType {
                name,
                version: envelope.version,
            },
            data,
            time: tx.now(),
            context: caused_by(envelope),
        }
    }
}

impl Erased for Dispatch {
    fn apply<'a>(
        &'a self,
        events: &'a [&'a Envelope],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<u64, Failed>> {
        Box::pin(async move {
            for (index, envelope) in events.iter().enumerate() {
                let span = spans::process(tx.shared().name, tx.delivery, envelope);
                let carried_out = self.carry_out(envelope, tx).instrument(span.clone()).await;
                let Err(refused) = carried_out else {
                    spans::done(&span, EVENT_PROCESSED);
                    continue;
                };
                spans::failed(&span, &refused.failure.error);
                let name = self.code.get_key_value(envelope.name.as_str());
                let answer = refused
                    .reply
                    .zip(name)
                    .map(|(data, (name, _))| Box::new(self.reply(name, envelope, data, tx)));
                return Err(Failed {
                    index: Some(index),
                    failure: refused.failure,
                    answer,
                });
            }
            Ok(0)
        })
    }

    fn reads(&self, envelope: &Envelope) -> Result<Option<String>, String> {
        self.code_of(&envelope.name)?.reads(envelope).map(Some)
    }
}

impl<R: Serialize> Replied<R> {
    fn encode(name: &str, command_id: CommandId, outcome: Ended<R>) -> Result<String, Failure> {
        let replied = Self {
            command_id,
            outcome,
        };
        let data = serde_json::to_string(&replied).map_err(|source| Error::Encode {
            what: format!("the reply to {name}"),
            source,
        })?;
        tx::check_size(name, data.len())?;
        Ok(data)
    }
}
