//! Which streams commands and replies travel on, and who reads them.
//!
//! A stream for each sender and receiver, so that a stream has one writer, and what waits for
//! one receiver says nothing about another.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::code::{CommandCode, Dispatch, Sends};
use super::reply::{AnswerCode, Answers};
use crate::alert::{self, Alert};
use crate::handle::Handle;
use crate::id::interned;
use crate::schema::EventSchema;
use crate::subscription::Subscription;
use crate::{Error, EventType, Kind, Service, Start, StreamInfo};

/// Fewer than other streams have: a stream of commands is read by one service only.
pub(super) const SLOTS: u16 = 16;

const UNHANDLED: &str = "unhandled";

/// The stream of what one service asks another for.
pub(super) fn commands(sender: &str, target: &str) -> &'static str {
    interned(format!("commands.{sender}.{target}"))
}

/// The stream of the replies to it.
pub(super) fn replies(target: &str, sender: &str) -> &'static str {
    interned(format!("replies.{target}.{sender}"))
}

/// The one service that reads a stream of commands or replies which `writer` writes.
pub(crate) fn reader_of<'a>(stream: &'a str, writer: &str) -> Option<&'a str> {
    let kinds = ["commands.", "replies."].into_iter();
    let rest = kinds.filter_map(|kind| stream.strip_prefix(kind)).next()?;
    rest.strip_prefix(writer)?.strip_prefix('.')
}

/// What a service declares about commands.
#[derive(Default)]
pub(crate) struct Declared {
    sends: Vec<Sends>,
    pub(super) handles: Vec<Arc<dyn CommandCode>>,
    pub(super) awaits: Vec<Arc<dyn AnswerCode>>,
}

impl Declared {
    pub(super) fn declare(&mut self, sends: Sends) {
        let has = |own: &Sends| (own.target, own.event_type) == (sends.target, sends.event_type);
        if !self.sends.iter().any(has) {
            self.sends.push(sends);
        }
    }

    pub(super) fn sends(&self, name: &str) -> bool {
        self.sends.iter().any(|sends| sends.event_type.name == name)
    }

    pub(crate) fn awaits(&self, name: &str) -> bool {
        self.awaits.iter().any(|code| code.name() == name)
    }

    /// What it sends, as it was declared.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Sends> {
        self.sends.iter()
    }

    /// The names of what it carries out.
    pub(crate) fn handled(&self) -> impl Iterator<Item = &'static str> {
        self.handles.iter().map(|code| code.name())
    }

    fn handles(&self, name: &str) -> bool {
        self.handles.iter().any(|code| code.name() == name)
    }

    fn targets(&self) -> BTreeSet<&'static str> {
        self.sends.iter().map(|sends| sends.target).collect()
    }

    fn answers_of(&self, target: Option<&str>) -> Answers {
        let mine = |code: &&Arc<dyn AnswerCode>| target.is_none_or(|of| of == code.target());
        let found = self.awaits.iter().filter(mine);
        Answers(found.map(|code| (code.name(), Arc::clone(code))).collect())
    }
}

/// Gives every service the streams and subscriptions that its commands and replies need.
///
/// # Errors
/// [`Error::Unsafe`] when declarations contradict each other.
pub(crate) fn wire(services: Vec<Service>) -> Result<Vec<Service>, Error> {
    for service in &services {
        refuse_contradictions(service)?;
    }
    let mut services = services;
    for sender in 0..services.len() {
        for target in services[sender].commands.targets() {
            let name = services[sender].name;
            let sends = services[sender].commands.sends.iter();
            let sends = sends.filter(|sends| sends.target == target);
            let sends: Vec<Sends> = sends.copied().collect();
            let types: Vec<EventType> = sends.iter().map(|sends| sends.event_type).collect();
            let stream = StreamInfo {
                schemas: schemas_of(&sends),
                ..implicit(commands(name, target), &types)
            };
            services[sender].streams.push(stream);
            if let Some(receiver) = services.iter().position(|of| of.name == target) {
                connect(&mut services, sender, receiver, stream);
            }
        }
    }
    let timed = |service: Service| match service.commands.awaits.is_empty() {
        true => service,
        false => {
            let answers = service.commands.answers_of(None);
            service.job(answers)
        }
    };
    Ok(services.into_iter().map(timed).collect())
}

/// The receiver reads the commands; the sender, if it waits for any, the replies.
fn connect(services: &mut [Service], sender: usize, receiver: usize, stream: StreamInfo) {
    let (from, to) = (services[sender].name, services[receiver].name);
    let handles = services[receiver].commands.handles.iter();
    let code: HashMap<_, _> = handles
        .map(|code| (code.name(), Arc::clone(code)))
        .collect();
    services[receiver]
        .subscriptions
        .push(Arc::new(Subscription {
            name: "commands",
            stream,
            start: Start::default(),
            handler: Box::new(Dispatch {
                sender: from,
                target: to,
                code,
            }),
            is_projection: false,
        }));
    let answers = services[sender].commands.answers_of(Some(to));
    if answers.0.is_empty() {
        return;
    }
    let sends = services[sender].commands.sends.iter();
    let answered = sends.filter(|sends| answers.0.contains_key(sends.event_type.name));
    let types: Vec<EventType> = answered.map(|sends| sends.event_type).collect();
    let stream = implicit(replies(to, from), &types);
    services[receiver].streams.push(stream);
    services[sender].subscriptions.push(Arc::new(Subscription {
        name: "replies",
        stream,
        start: Start::default(),
        handler: Box::new(answers),
        is_projection: false,
    }));
}

fn implicit(name: &'static str, types: &[EventType]) -> StreamInfo {
    StreamInfo {
        name,
        slots: SLOTS,
        kind: Kind::Command,
        types: kept(types),
        schemas: &|| Vec::new(),
    }
}

type Schemas = dyn Fn() -> Vec<EventSchema> + Send + Sync;

/// As [`interned`], for what the commands of a stream say of their data.
fn schemas_of(sends: &[Sends]) -> &'static Schemas {
    static KNOWN: Mutex<BTreeMap<Vec<TypeId>, &'static Schemas>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let of = sends.iter().map(|sends| sends.of).collect();
    let schemas = sends.iter().map(|sends| sends.schema).collect::<Vec<_>>();
    *known.entry(of).or_insert_with(|| {
        Box::leak(Box::new(move || {
            schemas.iter().filter_map(|schema| schema()).collect()
        }))
    })
}

/// As [`interned`], for the types of a stream.
fn kept(types: &[EventType]) -> &'static [EventType] {
    static KNOWN: Mutex<Vec<&'static [EventType]>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|found| **found == types) {
        return found;
    }
    let kept: &'static [EventType] = types.to_vec().leak();
    known.push(kept);
    kept
}

fn refuse_contradictions(service: &Service) -> Result<(), Error> {
    let of = service.name;
    let mut names = BTreeSet::new();
    for code in &service.commands.handles {
        let (name, target) = (code.name(), code.target());
        if target != of {
            let text = format!("{of} handles the command {name}, which is for {target}");
            return Err(Error::Unsafe(text));
        }
        if !names.insert(name) {
            return Err(Error::Unsafe(format!(
                "there are two of command {of}/{name}"
            )));
        }
    }
    names.clear();
    for code in &service.commands.awaits {
        let name = code.name();
        if !names.insert(name) {
            let text = format!("there are two of the replies to {name} in {of}");
            return Err(Error::Unsafe(text));
        }
    }
    Ok(())
}

/// The alerts about commands that nobody handles, by the service that sends them.
///
/// Of a service that runs elsewhere the definition says what it handles; one without a
/// definition here is asked for nothing more than an address.
pub(crate) fn unhandled(
    services: &[Service],
    remotes: &HashMap<String, String>,
) -> BTreeMap<&'static str, Vec<Alert>> {
    let of = |service: &Service| {
        let sends = service.commands.sends.iter();
        let sends = sends.filter(|sends| {
            let is_known = services.iter().any(|of| of.name == sends.target);
            is_known || !remotes.contains_key(sends.target)
        });
        let alerts = sends.filter_map(|sends| unhandled_alert(service.name, *sends, services));
        (service.name, alerts.collect())
    };
    services.iter().map(of).collect()
}

fn unhandled_alert(sender: &str, sends: Sends, services: &[Service]) -> Option<Alert> {
    let (name, target) = (sends.event_type.name, sends.target);
    let text = match services.iter().find(|service| service.name == target) {
        None => format!(
            "{sender} sends {name} to {target}, which is not installed: its commands wait in the \
             outbox of {sender}; install {target}, and they will be carried out"
        ),
        Some(found) if !found.commands.handles(name) => format!(
            "{sender} sends {name} to {target}, which has no handler for it: its commands are \
             dead on arrival; run a version of {target} that handles them, then retry the dead"
        ),
        Some(_) => return None,
    };
    Some(Alert::new(UNHANDLED, name, text))
}

/// Opens the alerts about commands that nobody handles, and closes those about commands that
/// somebody handles now, or that are sent no more.
pub(crate) async fn alert_unhandled(service: &Handle, alerts: &[Alert]) -> Result<(), Error> {
    alert::replace_kind(service, UNHANDLED, alerts).await
}
