//! The connection to the broker, and the bus on it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectOptions, Event};
use futures_util::future::BoxFuture;
use tidings::{Bus, Cause, Clock, Envelope, Error, Outages, Receiver, StreamInfo, Transport};
use tokio::sync::watch;

use crate::message::Seal;
use crate::settings::NatsSettings;
use crate::told::Told;
use crate::{account, follow, names, publish, start, stream};

const SECRET_BYTES_MIN: usize = 32;
const RECONNECT_MOST: Duration = Duration::from_secs(2);

/// A bus on NATS JetStream.
///
/// Cheap to clone; all clones share one connection, which comes back by itself.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidings::{Service, Setup, Storage};
/// use tidings_nats::{Nats, NatsSettings};
///
/// # async fn example() -> Result<(), tidings::Error> {
/// let nats = Nats::connect("nats://127.0.0.1:4222", NatsSettings::default()).await?;
/// let setup = Setup::new(Storage::Memory)
///     .service(Service::new("orders"))
///     .bus(Arc::new(nats));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Nats(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) settings: NatsSettings,
    pub(crate) seal: Seal,
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    /// Rises with every connection.
    pub(crate) connections: watch::Sender<u64>,
    /// What the server has said by itself.
    pub(crate) told: Told,
    /// What cannot be done just now although there is a connection.
    pub(crate) outages: Outages,
    /// The streams that are known to be as they should.
    checked: Mutex<HashSet<&'static str>>,
}

impl Nats {
    /// Begins to connect. A broker that is down is tried again for ever: the outbox waits, and
    /// readers ask the producer.
    ///
    /// The URL is `nats://host:4222` or `tls://host:4222`, several separated by commas; a name
    /// and a password, or a token, may stand before the host.
    ///
    /// # Errors
    /// When the settings or the URL cannot be used, or a file that they name cannot be read.
    pub async fn connect(url: &str, settings: NatsSettings) -> Result<Self, Error> {
        check(&settings)?;
        let connections = watch::Sender::new(0);
        let outages = Outages::new(&Clock::system());
        let told = Told::new(&outages, url);
        let options = options(&settings, connections.clone(), told.clone()).await?;
        let servers: Vec<&str> = url.split(',').map(str::trim).collect();
        let options = account::sign_in(options, url);
        let client = options.connect(servers).await.map_err(bus)?;
        let jetstream = ContextBuilder::new()
            .timeout(settings.answer_limit)
            .ack_timeout(settings.answer_limit)
            .max_ack_inflight(settings.in_flight_max.saturating_mul(2))
            .build(client.clone());
        Ok(Self(Arc::new(Shared {
            seal: Seal::new(settings.secret.as_deref()),
            settings,
            client,
            jetstream,
            connections,
            told,
            outages,
            checked: Mutex::default(),
        })))
    }

    /// Whether there is a connection now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }
}

fn check(settings: &NatsSettings) -> Result<(), Error> {
    let wrong = |text: &str| Err(Error::Unsafe(format!("NATS: {text}")));
    if settings.prefix.is_empty() {
        return wrong("the prefix is empty");
    }
    if settings.replicas == 0 || settings.in_flight_max == 0 || settings.buffer_max == 0 {
        return wrong("replicas, in_flight_max and buffer_max must be at least 1");
    }
    if settings.duplicate_window > settings.max_age {
        return wrong("duplicate_window is longer than max_age");
    }
    if settings
        .secret
        .as_ref()
        .is_some_and(|secret| secret.len() < SECRET_BYTES_MIN)
    {
        return wrong("the secret has less than 32 bytes");
    }
    Ok(())
}

async fn options(
    settings: &NatsSettings,
    connections: watch::Sender<u64>,
    told: Told,
) -> Result<ConnectOptions, Error> {
    let mut options = ConnectOptions::new()
        .name("tidings")
        .retry_on_initial_connect()
        .ping_interval(Duration::from_secs(10))
        .request_timeout(Some(settings.answer_limit))
        .reconnect_delay_callback(|attempt| {
            let doubled = 2_u32.saturating_pow(u32::try_from(attempt).unwrap_or(u32::MAX).min(10));
            Duration::from_millis(50)
                .saturating_mul(doubled)
                .min(RECONNECT_MOST)
        })
        .event_callback(move |event| {
            told.hear(&event);
            if matches!(event, Event::Connected) {
                connections.send_modify(|count| *count += 1);
            }
            async {}
        });
    if let Some(file) = &settings.credentials {
        options = options
            .credentials_file(file)
            .await
            .map_err(|error| unreadable(file, error))?;
    }
    if let Some(file) = &settings.root_certificates {
        options = options.add_root_certificates(file.clone());
    }
    Ok(options)
}

fn unreadable(file: &Path, error: std::io::Error) -> Error {
    Error::Unsafe(format!("NATS: {} cannot be read: {error}", file.display()))
}

pub(crate) fn bus(error: impl Into<Cause>) -> Error {
    Error::Bus(error.into())
}

impl Shared {
    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Does something with the broker. Who may not do it gets no answer, only silence, and the
    /// reason by another way: an error tells of both.
    async fn explained<T>(
        &self,
        stream: &str,
        doing: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let before = self.told.refusals();
        match doing.await {
            Err(Error::Bus(cause)) => Err(Error::Bus(self.told.explain(before, stream, cause))),
            other => other,
        }
    }

    /// Makes sure, once, that the stream is there and as it should be.
    async fn prepare(&self, info: &StreamInfo) -> Result<(), Error> {
        if self.checked().contains(info.name) {
            return Ok(());
        }
        stream::prepare(self, info).await?;
        self.checked().insert(info.name);
        Ok(())
    }

    fn checked(&self) -> std::sync::MutexGuard<'_, HashSet<&'static str>> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish(&self, info: &StreamInfo, events: &[Envelope]) -> Result<(), Error> {
        if !self.is_connected() {
            // Else the client would keep them until there is one, and send them beside those
            // that the publisher hands over again.
            return Err(bus("there is no connection to NATS"));
        }
        self.prepare(info).await?;
        let mut outcome = publish::all(self, info.name, events).await;
        if matches!(outcome, Err(publish::Failed::NoStream)) {
            self.checked().remove(info.name);
            self.prepare(info).await?;
            outcome = publish::all(self, info.name, events).await;
        }
        outcome.map_err(|failed| {
            // Whoever has changed the stream may have changed more.
            self.checked().remove(info.name);
            failed.into()
        })
    }
}

impl Bus for Nats {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    fn publish<'a>(
        &'a self,
        stream: &'a StreamInfo,
        events: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(
            self.0
                .explained(stream.name, self.0.publish(stream, events)),
        )
    }

    fn heads<'a>(
        &'a self,
        stream: &'a StreamInfo,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(self.0.explained(stream.name, start::heads(&self.0, stream)))
    }

    fn forget<'a>(&'a self, stream: &'a StreamInfo) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Emptied only, it would still take the next events for those that it has had.
            let name = names::stream(&self.0.settings.prefix, stream.name);
            self.0.jetstream.delete_stream(name).await.map_err(bus)?;
            self.0.checked().remove(stream.name);
            Ok(())
        })
    }
}

impl Transport for Nats {
    /// Never fails: a broker that is away brings nothing, and the reader asks the producer.
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        let receiver: Box<dyn Receiver> = Box::new(follow::Following::begin(
            Arc::clone(&self.0),
            stream,
            cursors,
        ));
        Box::pin(async { Ok(receiver) })
    }

    fn patience(&self) -> Duration {
        self.0.settings.patience
    }
}
