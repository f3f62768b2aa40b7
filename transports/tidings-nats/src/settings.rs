//! What an operator chooses, with what is good for most.

use std::path::PathBuf;
use std::time::Duration;

/// How the bus uses a NATS server or cluster.
///
/// ```
/// use std::time::Duration;
/// use tidings_nats::NatsSettings;
///
/// let settings = NatsSettings {
///     replicas: 3,
///     max_age: Duration::from_secs(24 * 3600),
///     ..NatsSettings::default()
/// };
/// ```
#[derive(Clone)]
pub struct NatsSettings {
    /// What subjects begin with, and in capitals the names of JetStream streams. Two
    /// installations that share an account must differ in it. `tidings`
    pub prefix: String,
    /// On how many servers of a cluster each message is stored. 1
    pub replicas: usize,
    /// How long the broker keeps a message. 7 days
    pub max_age: Duration,
    /// How many messages of a stream the broker keeps at the most. No limit
    pub messages_max: Option<u64>,
    /// How many bytes of a stream the broker keeps at the most. No limit
    pub bytes_max: Option<u64>,
    /// For how long the broker recognises an event that is handed over again. 2 minutes
    pub duplicate_window: Duration,
    /// How many events are under way to the broker at the most; batches have 500. 500
    pub in_flight_max: usize,
    /// How many events a subscription has waiting in memory at the most, and never more than
    /// 4 MB of them. 1000
    pub buffer_max: usize,
    /// How far the broker may be behind before readers ask the producer. 1 second
    pub patience: Duration,
    /// How long the broker may take for an answer. 5 seconds
    pub answer_limit: Duration,
    /// How often the broker says that it is there when there are no events; a reader that
    /// misses two in a row begins anew. 5 seconds
    pub heartbeat: Duration,
    /// A file with a user's JWT and seed, as `nsc` writes it. None; a name and a password or a
    /// token may stand in the URL
    pub credentials: Option<PathBuf>,
    /// A file with the certificates (PEM) of who vouches for the server. The machine's own
    pub root_certificates: Option<PathBuf>,
    /// What producers and readers share, so that readers take no event that another client of
    /// the broker has made or changed; at least 32 bytes. None: only accidents are noticed
    pub secret: Option<Vec<u8>>,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            prefix: "tidings".to_owned(),
            replicas: 1,
            max_age: Duration::from_hours(7 * 24),
            messages_max: None,
            bytes_max: None,
            duplicate_window: Duration::from_mins(2),
            in_flight_max: 500,
            buffer_max: 1000,
            patience: Duration::from_secs(1),
            answer_limit: Duration::from_secs(5),
            heartbeat: Duration::from_secs(5),
            credentials: None,
            root_certificates: None,
            secret: None,
        }
    }
}
