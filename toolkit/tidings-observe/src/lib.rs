//! What a process tells of its work.
//!
//! - `line.rs`, `text.rs`, `json.rs`: log lines, each with what it belongs to;
//! - `otlp`: traces for a collector.
//!
//! Both listen to `tracing`, and know the spans in which the toolkit works
//! ([`tidings::spans`]). Nothing of it is needed for services to run, and any other subscriber of
//! `tracing` sees the same spans.

#![warn(missing_docs)]

mod fields;
mod json;
mod line;
pub mod otlp;
mod text;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

pub use line::{Format, Lines, Sink};
pub use otlp::Otlp;

/// Writes log lines to stderr from now on, and hands spans to an exporter if there is one.
///
/// `filter` is what `TIDINGS_LOG` says, in the words of `tracing`: `info`, `warn,orders=debug`.
/// Whatever it leaves out, lines say what they belong to.
///
/// A process has one log: later calls change nothing.
pub fn init(filter: &str, format: Format, otlp: Option<&Otlp>) {
    let is_colourful = format == Format::Text && std::io::stderr().is_terminal();
    let lines = Lines::new(format, Sink::stderr()).colourful(is_colourful);
    let registry = tracing_subscriber::registry()
        .with(otlp.map(Otlp::layer))
        .with(lines.with_filter(with_spans(filter)));
    // Somebody was faster, in a test.
    let _ = registry.try_init();
}

/// A filter that lets spans through, so that a line about a failure says of which flow it is
/// also where only warnings are logged.
#[must_use]
pub fn with_spans(filter: &str) -> EnvFilter {
    let spans = [
        (tidings::spans::WORK, "error"),
        // For traces alone.
        (tidings::spans::LINKS, "off"),
    ];
    spans
        .into_iter()
        .filter_map(|(target, level)| format!("{target}={level}").parse().ok())
        .fold(EnvFilter::new(filter), EnvFilter::add_directive)
}
