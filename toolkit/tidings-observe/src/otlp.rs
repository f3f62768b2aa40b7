//! Traces by OTLP, the protocol of OpenTelemetry: protobuf over HTTP, to any collector.
//!
//! - `settings.rs`: where to, in the words of OpenTelemetry's standard variables;
//! - `layer.rs`, `span.rs`: spans of `tracing` become spans with OpenTelemetry's names;
//! - `proto.rs`: those in protobuf;
//! - `export.rs`: a bounded queue, and who empties it.
//!
//! It is written here and not taken from the `opentelemetry` crates, because a span of ours has
//! an id that its children in other processes know beforehand ([`tidings::spans`]), and because
//! all of it needs no crate that is not there already.

mod export;
mod layer;
mod proto;
mod settings;
mod span;

use std::sync::Arc;
use std::time::Duration;

use tidings::Clock;
use tokio::task::JoinHandle;
use tracing::Subscriber;
use tracing_subscriber::filter::{FilterFn, Filtered};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use export::{Exporter, Queue};
pub use layer::Spans;
pub use settings::{BadSettings, Settings};

/// Spans on their way to a collector.
///
/// Work never waits for it: a queue of some thousand spans lies between, and what does not fit is
/// dropped. A collector that is away costs a warning, and another line when it is back.
#[derive(Clone)]
pub struct Otlp {
    queue: Arc<Queue>,
    settings: Arc<Settings>,
}

/// Whoever sends, while it runs.
pub struct Exporting {
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

impl Otlp {
    /// Collects spans from now on; nothing is sent before [`Otlp::start`].
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            queue: Arc::new(Queue::new(settings.queue_max)),
            settings: Arc::new(settings),
        }
    }

    /// What listens to `tracing`.
    pub fn layer<S>(&self) -> Filtered<Spans, FilterFn, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let is_ours = |metadata: &tracing::Metadata<'_>| {
            let target = metadata.target();
            // Not only spans: the toolkit asks whether there is anybody for them.
            !metadata.is_event() && [tidings::spans::WORK, tidings::spans::LINKS].contains(&target)
        };
        let spans = Spans::new(Arc::clone(&self.queue), self.settings.ratio);
        spans.with_filter(FilterFn::new(is_ours))
    }

    /// Begins to send. Needs a runtime.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn start(&self) -> Result<Exporting, BadSettings> {
        let exporter = Exporter::try_new(&self.settings, Arc::clone(&self.queue))?;
        Ok(Exporting {
            queue: Arc::clone(&self.queue),
            task: tokio::spawn(exporter.run()),
        })
    }
}

impl Exporting {
    /// Sends what is left, for as long as the limit allows.
    pub async fn finish(self, limit: Duration) {
        self.queue.close();
        let clock = Clock::system();
        tokio::select! {
            _ = self.task => {}
            () = clock.sleep(limit) => {}
        }
    }
}
