//! What a flow leaves behind itself: the spans in which its work is done, and how they are linked.
//!
//! Every piece of work runs inside a span of the target [`WORK`], so that each line that is
//! logged meanwhile says what it belongs to, whoever writes the logs:
//!
//! | span | of | fields |
//! | --- | --- | --- |
//! | `request` | an HTTP request | `method`, `route`, `path`, `correlation_id` |
//! | `call` | a call to another service | `from`, `to`, `method`, `path`, `correlation_id` |
//! | `process` | an event in a handler | `service`, `subscription`, `event`, `attempt`, `correlation_id`, `causation_id`, `actor` |
//! | `park` | an event that is put aside | as `process` |
//! | `job` | one run of a job | `service`, `job`, `kind`, `attempt`, `correlation_id`, `causation_id`, `actor` |
//! | `step` | one try of a workflow's step | `workflow`, `step`, `attempt` |
//! | `callback` | one try of a callback | `host`, `callback` |
//!
//! Spans of the target [`LINKS`] (`publish`, `enqueue`, `processed`) are for traces alone, and
//! exist only while somebody exports them.
//!
//! A trace needs no room in events and jobs. Its id is the correlation id, which is a UUID and so
//! has its 128 bits. The span that has published an event is named by what the event says of
//! itself, and the one that has enqueued a job by the job's id: whoever processes them knows its
//! parent without having been told.

mod remote;

use tracing::Span;

pub use remote::{Remote, trace_id};
pub(crate) use remote::{TRACEPARENT, traceparent};

use crate::failure::Failure;
use crate::job::JobRow;
use crate::outbox::NewEvent;
use crate::stream::fnv1a;
use crate::{Context, Envelope, Timestamp, Uuid};

/// The target of the spans of work.
pub const WORK: &str = "tidings::work";
/// The target of spans that only a trace has a use for.
pub const LINKS: &str = "tidings::links";

/// What is said of each event that a handler has done with.
pub(crate) const EVENT_PROCESSED: &str = "an event is processed";

/// Of an event, its producer's span: from what is known before it has a number, and never
/// changes. Not from its data, which a person may have corrected.
struct Origin<'a> {
    stream: &'a str,
    key: &'a str,
    name: &'a str,
    time: Timestamp,
    context: &'a Context,
}

impl Origin<'_> {
    fn span_id(&self) -> u64 {
        let texts = [
            self.stream,
            self.key,
            self.name,
            &self.context.correlation_id,
            self.context.causation_id.as_deref().unwrap_or_default(),
        ];
        let texts = texts.into_iter().flat_map(|text| text.bytes().chain([0]));
        // No span has the id zero.
        fnv1a(texts.chain(self.time.as_micros().to_be_bytes())).max(1)
    }
}

/// The span that has published an event.
pub(crate) fn publish_id(event: &Envelope) -> u64 {
    Origin {
        stream: &event.id.stream,
        key: &event.key,
        name: &event.name,
        time: event.time,
        context: &event.context,
    }
    .span_id()
}

/// The span that has enqueued a job.
fn enqueue_id(job: Uuid) -> u64 {
    let (high, low) = job.as_u64_pair();
    (high ^ low).max(1)
}

/// Events that are being published; kept until their commit is known.
pub(crate) fn publish(service: &str, of: Option<Delivery>, events: &[NewEvent]) -> Vec<Span> {
    if !tracing::enabled!(target: LINKS, tracing::Level::DEBUG) {
        return Vec::new();
    }
    let spans = events.iter().map(|event| {
        let origin = Origin {
            stream: event.stream,
            key: &event.key,
            name: event.event_type.name,
            time: event.time,
            context: &event.context,
        };
        tracing::debug_span!(
            target: LINKS, "publish", service, stream = event.stream, slot = event.slot,
            event_type = event.event_type.name, bytes = event.data.len(),
            correlation_id = event.context.correlation_id, actor = event.context.actor,
            otel.span_id = origin.span_id(), otel.cause_id = cause_id(service, of, &event.context),
            error = tracing::field::Empty
        )
    });
    spans.collect()
}

/// A job that is being enqueued.
pub(crate) fn enqueue(
    service: &str,
    of: Option<Delivery>,
    (kind, job): (&str, Uuid),
    context: &Context,
) -> Span {
    tracing::debug_span!(
        target: LINKS, "enqueue", service, kind, job = %job,
        correlation_id = context.correlation_id, otel.span_id = enqueue_id(job),
        otel.cause_id = cause_id(service, of, context)
    )
}

/// Whose work it is that an event is processed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) subscription: &'static str,
    pub(crate) attempt: u32,
}

/// An event's try in a handler. What comes of it is published when the try is over, in the same
/// transaction, and knows its parent by what has caused it.
fn try_id(service: &str, of: Delivery, event: &str) -> u64 {
    let texts = [service, of.subscription, event].into_iter();
    let texts = texts.flat_map(|text| text.bytes().chain([0]));
    fnv1a(texts.chain(of.attempt.to_be_bytes())).max(1)
}

/// The try of the event that has caused something.
fn cause_id(service: &str, of: Option<Delivery>, context: &Context) -> Option<u64> {
    let event = context.causation_id.as_deref()?;
    Some(try_id(service, of?, event))
}

/// An event in a handler.
pub(crate) fn process(service: &str, of: Option<Delivery>, event: &Envelope) -> Span {
    tracing::error_span!(
        target: WORK, "process", service, subscription = of.map(|of| of.subscription),
        event = %event.id, event_type = event.name, attempt = of.map(|of| of.attempt),
        correlation_id = event.context.correlation_id,
        causation_id = event.context.causation_id, actor = event.context.actor,
        otel.parent_id = publish_id(event),
        otel.span_id = of.map(|of| try_id(service, of, &event.id.to_string())),
        error = tracing::field::Empty
    )
}

/// An event that is put aside.
pub(crate) fn park(service: &str, of: Delivery, event: &Envelope) -> Span {
    tracing::error_span!(
        target: WORK, "park", service, subscription = of.subscription, event = %event.id,
        event_type = event.name, attempt = of.attempt,
        correlation_id = event.context.correlation_id,
        causation_id = event.context.causation_id, actor = event.context.actor,
        otel.parent_id = publish_id(event)
    )
}

/// Several events that one call of a handler gets. They belong to several flows, so the call is
/// named by the first and the last of them; each flow's own share is in [`LINKS`].
pub(crate) struct Batch {
    pub(crate) span: Span,
    _shares: Vec<Span>,
}

impl Batch {
    pub(crate) fn of_one(span: Span) -> Self {
        let _shares = Vec::new();
        Self { span, _shares }
    }
}

/// Events that one call of a handler gets, at least two.
pub(crate) fn batch(service: &str, of: Option<Delivery>, events: &[&Envelope]) -> Batch {
    let (first, last) = (events.first(), events.last());
    let one = first.map(|event| &event.context).filter(|one| {
        let flows = events.iter().map(|event| &event.context.correlation_id);
        flows.clone().all(|flow| *flow == one.correlation_id)
    });
    let (subscription, attempt) = (of.map(|of| of.subscription), of.map(|of| of.attempt));
    let span = tracing::error_span!(
        target: WORK, "process", service, subscription, attempt, batch = events.len(),
        first = first.map(|event| tracing::field::display(&event.id)),
        last = last.map(|event| tracing::field::display(&event.id)),
        correlation_id = one.map(|one| &*one.correlation_id),
        actor = one.map(|one| &*one.actor), otel.parent_id = one.and(first.map(|one| publish_id(one))),
        error = tracing::field::Empty
    );
    let shares = match tracing::enabled!(target: LINKS, tracing::Level::DEBUG) {
        true => events.iter().map(|event| {
            tracing::debug_span!(
                target: LINKS, "processed", service, subscription, event = %event.id,
                event_type = event.name, attempt, batch = events.len(),
                correlation_id = event.context.correlation_id,
                actor = event.context.actor, otel.parent_id = publish_id(event),
                otel.span_id = of.map(|of| try_id(service, of, &event.id.to_string()))
            )
        }),
        false => {
            return Batch {
                span,
                _shares: Vec::new(),
            };
        }
    };
    Batch {
        _shares: shares.collect(),
        span,
    }
}

/// One run of a job.
pub(crate) fn job(service: &str, row: &JobRow) -> Span {
    tracing::error_span!(
        target: WORK, "job", service, job = %row.id, kind = row.kind, attempt = row.attempts,
        correlation_id = row.context.correlation_id, causation_id = row.context.causation_id,
        actor = row.context.actor, otel.parent_id = enqueue_id(row.id),
        error = tracing::field::Empty
    )
}

/// One try of a workflow's step.
pub(crate) fn step(workflow: Uuid, name: &str, attempt: u32) -> Span {
    tracing::error_span!(
        target: WORK, "step", workflow = %workflow, step = name, attempt,
        error = tracing::field::Empty
    )
}

/// One try of a callback.
pub(crate) fn callback(id: &str, host: &str, correlation_id: &str, span_id: u64) -> Span {
    tracing::error_span!(
        target: WORK, "callback", callback = id, host, correlation_id,
        otel.span_id = span_id, status = tracing::field::Empty, error = tracing::field::Empty
    )
}

/// Notes on a span how its work has ended.
pub(crate) fn ended<T>(span: &Span, what: &'static str, outcome: &Result<T, Failure>) {
    match outcome {
        Ok(_) => done(span, what),
        Err(failure) => failed(span, &failure.error),
    }
}

/// Says that the work of a span is done.
pub(crate) fn done(span: &Span, what: &'static str) {
    span.in_scope(|| tracing::debug!("{what}"));
}

/// Events that are committed.
pub(crate) fn published(service: &str, events: &[NewEvent]) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    for event in events {
        let (stream, event_type, key) = (event.stream, event.event_type.name, &event.key);
        let Context {
            actor,
            correlation_id,
            causation_id,
        } = &event.context;
        tracing::debug!(
            service,
            stream,
            event_type,
            key,
            correlation_id,
            causation_id,
            actor,
            "an event is published"
        );
    }
}

/// Notes on a span why its work has failed, for traces; logs have it in lines of their own.
pub(crate) fn failed(span: &Span, error: &str) {
    span.record("error", error);
}
