//! What a transport's author gives to the suite.

use std::pin::Pin;
use std::sync::Arc;

use tidings::{Cause, Feed, Installation, Setup, Transport};

/// Work that is being done.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a subscriber elsewhere reads the producer's streams.
#[derive(Clone)]
pub struct Route {
    pub(super) feed: Arc<dyn Feed>,
    pub(super) transport: Arc<dyn Transport>,
}

impl Route {
    /// A route whose truth is `feed`, and on which `transport` brings events nearer.
    #[must_use]
    pub fn new(feed: impl Feed + 'static, transport: impl Transport + 'static) -> Self {
        Self::shared(Arc::new(feed), Arc::new(transport))
    }

    /// A route of what others hold too.
    #[must_use]
    pub fn shared(feed: Arc<dyn Feed>, transport: Arc<dyn Transport>) -> Self {
        Self { feed, transport }
    }

    /// The feed and the transport, for who puts something around one of them.
    #[must_use]
    pub fn parts(self) -> (Arc<dyn Feed>, Arc<dyn Transport>) {
        (self.feed, self.transport)
    }
}

/// Something that can be done to a carrier from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// What it keeps for its readers is lost: a broker's storage, a cache.
    LoseStorage,
    /// Nobody reaches it any more; connections end.
    Cut,
    /// It can be reached again, with what it had.
    Mend,
    /// It stops and starts anew.
    Restart,
}

/// The transport under test, and what is around it: servers, sockets, a broker.
///
/// The suite opens the producer's installation as [`Carrier::prepare`] wants it, starts it, and
/// calls [`Carrier::carry`]; then it opens subscribers over [`Carrier::route`]. In the story of a
/// producer that stops, [`Carrier::leave`] comes before its end and [`Carrier::carry`] again
/// after its return, while subscribers keep the route that they had.
pub trait Carrier: Send + Sync + 'static {
    /// Changes how the producer is set up: a broker is given to it here.
    fn prepare(&self, producer: Setup) -> Setup {
        producer
    }

    /// The producer is open and started: begins to carry its streams. An HTTP feed binds its
    /// socket here, to the address of the last time if there was one.
    ///
    /// # Errors
    /// Whatever keeps the carrier from working; the case fails with it.
    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>>;

    /// The producer is about to stop. An HTTP feed closes its socket here.
    fn leave(&self) -> Doing<'_, ()> {
        Box::pin(async {})
    }

    /// The way to the streams, for a subscriber that opens now.
    ///
    /// # Errors
    /// When nothing is carried yet.
    fn route(&self) -> Result<Route, Cause>;

    /// Whether every event comes by the transport while nothing goes wrong. Say no only of a
    /// transport that loses on purpose: the feed would hide that it brings nothing at all.
    fn is_complete(&self) -> bool {
        true
    }

    /// Does this to the carrier. What does not apply (there is no storage, nothing to cut) is
    /// passed over; the story around it is told all the same.
    ///
    /// # Errors
    /// When it applies and could not be done; the case fails with it.
    fn disturb(&self, _how: Disturbance) -> Doing<'_, Result<(), Cause>> {
        Box::pin(async { Ok(()) })
    }
}
