//! Everything that services say to each other, as one list.

use serde::Serialize;
use serde_json::Value;

use super::committed::{Finding, Findings};
use super::{Compatibility, EventSchema, check_command_name, check_event_name};
use crate::{Command, EventType, Stream};

/// What one kind of event, or one command, may say, and the rules for changing it.
#[derive(Clone, Debug, Serialize)]
pub struct Contract {
    /// The stream, or `commands.` and the service that carries the command out.
    pub stream: String,
    /// The name on the wire.
    pub name: &'static str,
    /// The version.
    pub version: u16,
    /// Whether it is the version that this build writes.
    pub is_newest: bool,
    /// Which changes are allowed without a new version.
    pub compatibility: Compatibility,
    /// Older versions that are made this one when they are read.
    pub reads: Vec<u16>,
    /// A JSON Schema of draft 2020-12; its `$id` is the event's `dataschema` on the wire.
    pub schema: Value,
}

/// The streams and commands of a program, whose schemas are committed beside its code.
///
/// A test that keeps files and code together takes three lines:
///
/// ```no_run
/// # use tidings::schema::{Contracts, Findings};
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "orders", key = "order_id", schemas)]
/// # enum OrderEvent { #[event("order.created")] Created { order_id: u64 } }
/// #[test]
/// fn schemas_are_committed() -> Result<(), Findings> {
///     Contracts::new().stream::<OrderEvent>().check("schemas".as_ref())
/// }
/// ```
///
/// and one that writes them, [`Contracts::write`]. See `docs/guides/contracts.md`.
#[derive(Clone, Debug, Default)]
pub struct Contracts {
    all: Vec<Contract>,
    /// What cannot be told from schemas.
    findings: Vec<Finding>,
    states: Vec<&'static str>,
}

impl Contracts {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the events of a stream.
    #[must_use]
    pub fn stream<S: Stream>(mut self) -> Self {
        let schemas = S::schemas();
        if schemas.is_empty() {
            self.find(
                S::NAME,
                "says no schemas: add `schemas` to its #[stream(…)]".to_owned(),
            );
        }
        for one in schemas {
            let older = S::OLDER.iter().filter(|older| older.name == one.event.name);
            let reads = older.map(|older| older.version).collect();
            self.add(S::NAME.to_owned(), S::COMPATIBILITY, one, true, reads);
        }
        let wrong = S::TYPES.iter().filter_map(|event| {
            let wrong = check_event_name(event.name).err()?;
            Some(Finding::new(event.name, wrong))
        });
        self.findings.extend(wrong);
        self
    }

    /// Adds older versions of a stream's events, from the types that they were written from.
    /// Their files are then kept to those types.
    #[must_use]
    pub fn earlier<S: Stream>(mut self) -> Self {
        for one in S::schemas() {
            self.add(S::NAME.to_owned(), S::COMPATIBILITY, one, false, Vec::new());
        }
        self
    }

    /// Adds a command.
    #[must_use]
    pub fn command<C: Command>(mut self) -> Self {
        let stream = format!("commands.{}", C::TARGET);
        match C::schema() {
            Some(schema) => {
                let reads = (1..C::VERSION).filter(|from| {
                    let refused = C::upcast(*from, Value::Null).err();
                    refused != Some(crate::command::unknown_version(*from))
                });
                let reads = reads.collect();
                self.add(stream, C::COMPATIBILITY, schema, true, reads);
            }
            None => self.find(
                C::NAME,
                "says no schema: give its Command an `fn schema()`".to_owned(),
            ),
        }
        if let Err(wrong) = check_command_name(C::NAME, C::TARGET) {
            self.find(C::NAME, wrong);
        }
        self
    }

    /// Allows an event that tells of a state rather than of a deed to be named after it.
    #[must_use]
    pub fn state(mut self, name: &'static str) -> Self {
        self.states.push(name);
        self
    }

    /// All of them, by stream, name and version.
    #[must_use]
    pub fn all(&self) -> Vec<&Contract> {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|one| (one.stream.as_str(), one.name, one.version));
        all
    }

    /// What is wrong with the names (X-01), and what says no schema.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let is_allowed = |one: &&Finding| !self.states.contains(&one.subject.as_str());
        self.findings.iter().filter(is_allowed)
    }

    /// Whether every name says what it is (X-01): events what has happened, commands what is
    /// to be done.
    ///
    /// # Errors
    /// Those that do not.
    pub fn check_names(&self) -> Result<(), Findings> {
        Findings::of(self.findings().cloned().collect())
    }

    fn find(&mut self, subject: &str, text: String) {
        self.findings.push(Finding::new(subject, text));
    }

    fn add(
        &mut self,
        stream: String,
        compatibility: Compatibility,
        of: EventSchema,
        is_newest: bool,
        reads: Vec<u16>,
    ) {
        let EventType { name, version } = of.event;
        let mut schema = of.schema;
        schema["$id"] = format!("urn:tidings:{stream}:{name}:{version}").into();
        self.all.push(Contract {
            stream,
            name,
            version,
            is_newest,
            compatibility,
            reads,
            schema,
        });
    }
}
