//! What a broker is and keeps, for who asks whether that is enough.

use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{ErrorCode, stream};
use tidings::Error;

use crate::Nats;
use crate::connection::bus;
use crate::names;

/// A broker as it is now.
#[derive(Clone, Debug)]
pub struct NatsReport {
    /// The version of its server.
    pub version: String,
    /// The name of its cluster, when it is in one.
    pub cluster: Option<String>,
    /// The streams that were asked for.
    pub streams: Vec<NatsStream>,
}

/// What the broker has of one stream.
#[derive(Clone, Debug)]
pub struct NatsStream {
    /// The stream of events.
    pub stream: String,
    /// What there is; `None` when nothing was ever published.
    pub kept: Option<NatsKept>,
}

/// How the broker keeps a stream.
#[derive(Clone, Debug)]
pub struct NatsKept {
    /// Messages that are there now.
    pub messages: u64,
    /// On how many servers each is.
    pub replicas: usize,
    /// How long it keeps them; zero is for ever.
    pub max_age: Duration,
    /// Whether they are in files and go only by limits, as Tidings makes it.
    pub is_as_made: bool,
}

impl Nats {
    /// Asks the broker what it is and how it keeps these streams; only reads.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn report(&self, streams: &[&str]) -> Result<NatsReport, Error> {
        let shared = &self.0;
        let limit = shared.settings.answer_limit;
        let connected = self.wait_connected();
        let late = |_| bus("it does not answer");
        tokio::time::timeout(limit, connected).await.map_err(late)?;
        let info = shared.client.server_info();
        let mut report = NatsReport {
            version: info.version,
            cluster: info.cluster,
            streams: Vec::new(),
        };
        for stream in streams {
            let name = names::stream(&shared.settings.prefix, stream);
            let kept = match shared.jetstream.get_stream(&name).await {
                Ok(found) => Some(kept(found.cached_info())),
                Err(error) => match error.kind() {
                    GetStreamErrorKind::JetStream(cause)
                        if cause.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                    {
                        None
                    }
                    _ => return Err(bus(error)),
                },
            };
            let stream = (*stream).to_owned();
            report.streams.push(NatsStream { stream, kept });
        }
        Ok(report)
    }

    async fn wait_connected(&self) {
        let mut connections = self.0.connections.subscribe();
        while !self.is_connected() {
            // The sender lives as long as this does.
            if connections.changed().await.is_err() {
                return;
            }
        }
    }
}

fn kept(info: &stream::Info) -> NatsKept {
    let config = &info.config;
    let by_limits = config.retention == RetentionPolicy::Limits;
    let from_old = config.discard == DiscardPolicy::Old;
    NatsKept {
        messages: info.state.messages,
        replicas: config.num_replicas,
        max_age: config.max_age,
        is_as_made: by_limits && from_old && config.storage == StorageType::File,
    }
}
