//! Listens to `tracing` for the spans of work, and gives them their places in traces.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tidings::spans::{Remote, trace_id};
use tidings::{Clock, Timestamp};
use tracing::Subscriber;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::export::Queue;
use super::span::{Face, Finished, Place};
use crate::fields::Fields;

/// A layer of `tracing` that hands spans over for export when they end.
pub struct Spans {
    queue: Arc<Queue>,
    clock: Clock,
    random: RandomState,
    count: AtomicU64,
    /// Of so many traces, from 0 to 1, each is exported.
    ratio: f64,
}

/// A span while it is open.
struct Open {
    place: Place,
    parent_id: Option<u64>,
    link: Option<Place>,
    began: Timestamp,
    service: String,
    fields: Fields,
}

impl Spans {
    pub(super) fn new(queue: Arc<Queue>, ratio: f64) -> Self {
        Self {
            queue,
            clock: Clock::system(),
            random: RandomState::new(),
            count: AtomicU64::new(0),
            ratio,
        }
    }

    fn fresh_id(&self) -> u64 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.random.hash_one(count).max(1)
    }

    /// The place of a new span: in the trace of its flow, else in its parent's, else in a new one.
    fn open<S>(&self, fields: Fields, parent: Option<SpanRef<'_, S>>) -> Open
    where
        S: for<'a> LookupSpan<'a>,
    {
        let around = parent.as_ref().map(SpanRef::extensions);
        let around = around.as_ref().and_then(|around| around.get::<Open>());
        let own = fields.text("correlation_id").map(trace_id);
        let trace_id = own.or(around.map(|around| around.place.trace_id));
        let trace_id = trace_id
            .unwrap_or_else(|| u128::from(self.fresh_id()) << 64 | u128::from(self.fresh_id()));
        let is_here = around.is_some_and(|around| around.place.trace_id == trace_id);
        let said = fields.count("otel.parent_id");
        let parent_id = said.or_else(|| around.filter(|_| is_here).map(|it| it.place.span_id));
        // After its cause, or in a batch of several.
        let parent_id = parent_id.or_else(|| fields.count("otel.cause_id"));
        // Work for one flow in the course of another's.
        let other = around
            .filter(|_| parent_id.is_none())
            .map(|around| around.place);
        let service = fields.text("service").map(ToOwned::to_owned);
        let service = service.or_else(|| around.map(|around| around.service.clone()));
        Open {
            place: Place {
                trace_id,
                span_id: fields
                    .count("otel.span_id")
                    .unwrap_or_else(|| self.fresh_id()),
            },
            parent_id,
            link: link(&fields).or(other),
            began: self.clock.now(),
            service: service.unwrap_or_default(),
            fields,
        }
    }

    /// Decided by the trace's id, so that all processes decide alike.
    fn is_sampled(&self, trace_id: u128) -> bool {
        const SIZE: f64 = 9_007_199_254_740_992.0;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "53 bits of the id are kept, which a float holds exactly"
        )]
        let place = ((trace_id as u64) >> 11) as f64;
        place < self.ratio * SIZE
    }
}

/// The sender's span of another trace than the flow's.
fn link(fields: &Fields) -> Option<Place> {
    let remote = fields.text("otel.link").and_then(Remote::parse)?;
    Some(Place {
        trace_id: remote.trace_id,
        span_id: remote.span_id,
    })
}

impl<S> Layer<S> for Spans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            let open = self.open(fields, span.parent());
            span.extensions_mut().insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(open) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        if !self.is_sampled(open.place.trace_id) {
            return;
        }
        let Face {
            name,
            kind,
            attributes,
            error,
        } = Face::of(span.name(), &open.fields);
        self.queue.put(Finished {
            place: open.place,
            parent_id: open.parent_id,
            link: open.link,
            began: open.began,
            ended: self.clock.now(),
            service: open.service,
            name,
            kind,
            attributes,
            error,
        });
    }
}
