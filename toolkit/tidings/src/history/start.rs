//! Where a new subscription begins.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::floor;
use crate::db::Conn;
use crate::feed::Feed;
use crate::handle::Handle;
use crate::subscription::{Subscription, cursor};
use crate::{Error, Service, Timestamp, outbox};

/// Where a new subscription begins.
///
/// Decided once, when its cursors are made, and kept with them: a restart changes nothing, and a
/// crash before they are committed has decided nothing. A subscription that has cursors goes on
/// from there, whatever is said later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the first event that the producer still has.
    #[default]
    Beginning,
    /// With the first event after the subscription was first opened.
    Now,
    /// With the first event of each slot that was published at that moment or later, by the
    /// producer's clock. Every such event is delivered; one that is a little older may be too,
    /// because a transaction that began earlier may have committed later.
    At(Timestamp),
}

/// Written as `beginning`, `now`, or the moment: `2026-03-14T16:00:07Z`.
impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning => f.write_str("beginning"),
            Self::Now => f.write_str("now"),
            Self::At(time) => write!(f, "{time}"),
        }
    }
}

impl FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "beginning" => Ok(Self::Beginning),
            "now" => Ok(Self::Now),
            time => time.parse().map(Self::At).map_err(|_| {
                "beginning, now, or a moment like 2026-03-14T16:00:07Z was expected".to_owned()
            }),
        }
    }
}

impl Service {
    /// Says where a subscription of that name begins, on all its streams, when it is new. Without
    /// it, at the beginning.
    ///
    /// ```
    /// use tidings::{Error, Event, Service, Start, Tx};
    /// # #[derive(tidings::Stream)]
    /// # #[stream(name = "orders", key = "order_id")]
    /// # enum OrderEvent { #[event("order.created")] Created { order_id: String } }
    ///
    /// async fn greet(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> { Ok(()) }
    ///
    /// let service = Service::new("greetings")
    ///     .subscribes("greet", greet)
    ///     .starts("greet", Start::Now);
    /// # let _ = service;
    /// ```
    ///
    /// A name that no subscription of the service has is refused when the installation opens.
    #[must_use]
    pub fn starts(mut self, subscription: &'static str, start: Start) -> Self {
        self.history.starts.push((subscription, start));
        self
    }
}

/// Gives the subscriptions of a service their starts.
pub(crate) fn apply_starts(service: &mut Service) -> Result<(), Error> {
    for &(name, start) in &service.history.starts {
        let mut found = false;
        for subscription in &mut service.subscriptions {
            if subscription.name == name
                && let Some(subscription) = Arc::get_mut(subscription)
            {
                subscription.start = start;
                found = true;
            }
        }
        if !found {
            let text = format!("{} has no subscription {name} to start", service.name);
            return Err(Error::Unsafe(text));
        }
    }
    Ok(())
}

/// Makes the cursors of a new subscription where it begins.
///
/// The producer is asked before the transaction: it may be far away, and no lock waits for it.
/// Of two instances that do this at once one makes all of them.
pub(crate) async fn make_cursors(
    service: &Handle,
    of: &Subscription,
    feed: &dyn Feed,
) -> Result<(), Error> {
    let Subscription { name, stream, .. } = of;
    let known = cursor::count(&mut service.read().await?, name, stream.name).await?;
    if known >= u64::from(stream.slots) {
        return Ok(());
    }
    let starts: BTreeMap<u16, u64> = match known {
        0 => feed
            .starts(stream.name, of.start)
            .await?
            .into_iter()
            .collect(),
        // Slots of a stream that has got more of them since.
        _ => BTreeMap::new(),
    };
    let mut tx = service.begin_own().await?;
    cursor::create(&mut tx, name, stream, &starts).await?;
    tx.commit().await
}

/// For every slot the last number that a reader who starts there does not get, by this outbox;
/// slots of which he gets everything are left out.
pub(crate) async fn starts(
    conn: &mut Conn,
    stream: &str,
    start: Start,
) -> Result<Vec<(u16, u64)>, Error> {
    match start {
        Start::Beginning => floor::gone(conn, stream).await,
        Start::Now => outbox::heads(conn, stream).await,
        Start::At(time) => {
            let mut starts: BTreeMap<u16, u64> =
                outbox::heads(conn, stream).await?.into_iter().collect();
            for (slot, first) in outbox::first_since(conn, stream, time).await? {
                starts.insert(slot, first - 1);
            }
            Ok(starts.into_iter().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_as_it_is_written_and_what_it_can_be_is_told() {
        let moment = "2026-03-14T16:00:07Z".parse().unwrap();
        for start in [Start::Beginning, Start::Now, Start::At(moment)] {
            assert_eq!(start.to_string().parse(), Ok(start));
        }
        let told = "soon".parse::<Start>().unwrap_err();
        assert!(told.contains("beginning, now, or a moment"), "{told}");
    }
}
