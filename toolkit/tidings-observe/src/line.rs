//! A line of the log: what has happened, and what it belongs to.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use tidings::{Clock, Timestamp};
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::fields::{Fields, Value};
use crate::{json, text};

/// How lines are written; the names of fields are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: the message first.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Format {
    /// The name by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Format::Text, Format::Json];
        let found = all.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| format!("{name:?} is not a format of logs: say text or json"))
    }
}

/// Where lines go, each with one call of `write`, so that two processes can share a file.
#[derive(Clone)]
pub struct Sink(Arc<Mutex<dyn Write + Send>>);

impl Sink {
    /// Standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(io::stderr())
    }

    /// Anything else.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    fn write(&self, line: &[u8]) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // If nobody can read it, there is nobody to tell.
        let _ = writer.write_all(line);
    }
}

/// One line with everything that is said in it.
pub(crate) struct Line<'a> {
    pub(crate) at: Timestamp,
    pub(crate) level: Level,
    /// The part of the program that says it.
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    /// What the line says of itself, and behind it what the spans around it say, from the
    /// innermost outwards.
    pub(crate) fields: &'a [(&'static str, Value)],
}

/// A layer of `tracing` that writes a line for each of its events.
///
/// A line has the fields of all the spans that it is in: what a handler logs names the event, the
/// subscription and the flow, without a word of the handler's.
///
/// ```
/// use tidings_observe::{Format, Lines, Sink};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let log = tracing_subscriber::registry().with(Lines::new(Format::Json, Sink::stderr()));
/// tracing::subscriber::with_default(log, || tracing::info!(orders = 7, "counted"));
/// ```
pub struct Lines {
    format: Format,
    sink: Sink,
    clock: Clock,
    is_colourful: bool,
}

impl Lines {
    /// Lines of a format, without colours.
    #[must_use]
    pub fn new(format: Format, sink: Sink) -> Self {
        Self {
            format,
            sink,
            clock: Clock::system(),
            is_colourful: false,
        }
    }

    /// With the colours of a terminal, or without.
    #[must_use]
    pub fn colourful(mut self, is_colourful: bool) -> Self {
        self.is_colourful = is_colourful;
        self
    }
}

/// The message is a field like others, in `tracing`.
#[derive(Default)]
struct Said {
    message: String,
    fields: Fields,
}

impl tracing::field::Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.record_f64(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.record_i64(field, value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.record_u64(field, value);
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.fields.record_u128(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.record_bool(field, value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.fields.record_str(field, value),
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => self.fields.record_debug(field, value),
        }
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = OfSpan::default();
            attributes.record(&mut fields.0);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<OfSpan>()
        {
            values.record(&mut fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let spans = context.event_scope(event).into_iter().flatten();
        for span in spans {
            if let Some(fields) = span.extensions().get::<OfSpan>() {
                said.fields.add_outer(&fields.0);
            }
        }
        let line = Line {
            at: self.clock.now(),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message: &said.message,
            fields: &said.fields.0,
        };
        let written = match self.format {
            Format::Text => text::write(&line, self.is_colourful),
            Format::Json => json::write(&line),
        };
        self.sink.write(&written);
    }
}

/// What this layer knows of a span; another layer may know something else.
#[derive(Default)]
struct OfSpan(Fields);
