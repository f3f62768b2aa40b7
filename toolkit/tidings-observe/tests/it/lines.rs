//! What a line says, in both formats.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tidings::spans::WORK;
use tidings_observe::{Format, Lines, Sink, with_spans};
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that work leaves behind it.
fn lines(format: Format, filter: &str, work: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let layer = Lines::new(format, Sink::new(kept.clone())).with_filter(with_spans(filter));
    let log = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(log, work);
    let bytes = kept.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

fn in_a_handler() {
    let request = tracing::error_span!(target: WORK, "request", service = "gateway", path = "/a", correlation_id = "flow-1");
    let _request = request.enter();
    let handler = tracing::error_span!(
        target: WORK, "process", service = "orders", subscription = "tickets",
        event = "tickets.1.2", attempt = 2_u32, otel.parent_id = 7_u64, correlation_id = "flow-1"
    );
    let _handler = handler.enter();
    tracing::warn!(
        error = "no \"such\"\nthing",
        elapsed_ms = 3_u128,
        "an event is parked"
    );
}

/// X-22: where only warnings are logged, too.
#[test]
fn x_22_a_line_says_what_it_belongs_to_without_being_told() {
    for filter in ["warn", "info", "tidings_observe=off,it=warn"] {
        let lines = lines(Format::Json, filter, in_a_handler);
        let [line] = lines.as_slice() else {
            panic!("{filter}: {lines:?}");
        };
        let mut line: Value = serde_json::from_str(line).unwrap();
        let at = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
        let trace_id = format!("{:032x}", tidings::spans::trace_id("flow-1"));
        let expected = serde_json::json!({
            "level": "WARN", "target": "it::lines", "message": "an event is parked",
            "error": "no \"such\"\nthing", "elapsed_ms": 3, "service": "orders",
            "subscription": "tickets", "event": "tickets.1.2", "attempt": 2,
            "correlation_id": "flow-1", "trace_id": trace_id, "path": "/a",
        });
        assert_eq!(line, expected, "{filter}");
    }
}

#[test]
fn people_read_the_message_first_and_one_line_is_one_line() {
    let lines = lines(Format::Text, "warn", in_a_handler);
    let [line] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let (_, said) = line.split_once("Z ").unwrap();
    assert_eq!(
        said,
        " WARN an event is parked error=\"no \\\"such\\\"\\nthing\" elapsed_ms=3 service=orders \
         subscription=tickets event=tickets.1.2 attempt=2 correlation_id=flow-1 path=/a (it::lines)"
    );
}

/// A name that somebody sends must not paint on an operator's terminal.
#[test]
fn what_is_logged_cannot_command_a_terminal() {
    let lines = lines(Format::Text, "warn", || {
        tracing::warn!(name = "\u{1b}[2Jgone\r", "said \u{7}");
    });
    assert!(
        lines[0].contains("said \\u{7} name=\"\\u{1b}[2Jgone\\u{d}\""),
        "{lines:?}"
    );
}

/// A field may be called like one of the line's own.
#[test]
fn a_field_does_not_hide_what_the_line_says_of_itself() {
    let lines = lines(Format::Json, "warn", || {
        tracing::warn!(level = "deep", target_ = 1, "dug");
    });
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&line["level"], &line["level_"]),
        (&"WARN".into(), &"deep".into())
    );
}

#[test]
fn lines_that_were_not_asked_for_are_not_written() {
    let lines = lines(Format::Json, "warn", || tracing::info!("all is well"));
    assert_eq!(lines, Vec::<String>::new());
}
