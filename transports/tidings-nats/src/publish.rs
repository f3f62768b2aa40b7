//! Hands events over, many at a time, and waits until the broker has stored them all.

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tidings::{Envelope, Error};

use crate::connection::{Shared, bus};
use crate::{message, names};

pub(crate) enum Failed {
    /// Somebody has deleted the stream, or the server has lost it.
    NoStream,
    Error(Error),
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NoStream => bus("the JetStream stream is gone as soon as it is made"),
            Failed::Error(error) => error,
        }
    }
}

impl From<PublishError> for Failed {
    fn from(error: PublishError) -> Self {
        match error.kind() {
            PublishErrorKind::StreamNotFound => Failed::NoStream,
            _ => Failed::Error(bus(error)),
        }
    }
}

/// Hands over events in their order, with a window of those that are under way.
///
/// All acknowledgements are awaited, also when one of them is bad: those of a batch that was
/// given up would hold the client's places for the next.
pub(crate) async fn all(shared: &Shared, stream: &str, events: &[Envelope]) -> Result<(), Failed> {
    let mut outcome = Ok(());
    let mut under_way = FuturesUnordered::new();
    for event in events {
        match send(shared, stream, event).await {
            Ok(acknowledged) => under_way.extend(acknowledged.map(IntoFuture::into_future)),
            Err(failed) => outcome = Err(failed),
        }
        if under_way.len() >= shared.settings.in_flight_max
            && let Some(Err(error)) = under_way.next().await
        {
            outcome = Err(error.into());
        }
        if outcome.is_err() {
            break;
        }
    }
    while let Some(acknowledged) = under_way.next().await {
        if let Err(error) = acknowledged {
            outcome = outcome.and(Err(error.into()));
        }
    }
    outcome
}

/// Sends one event; nothing when it is too large for this broker.
async fn send(
    shared: &Shared,
    stream: &str,
    event: &Envelope,
) -> Result<Option<PublishAckFuture>, Failed> {
    let (headers, data) = message::of(event, &shared.seal).map_err(Failed::Error)?;
    let subject = names::subject(&shared.settings.prefix, stream, event.id.slot);
    let message = PublishMessage::build()
        .headers(headers)
        .payload(data.into());
    match shared.jetstream.send_publish(subject, message).await {
        Ok(acknowledged) => Ok(Some(acknowledged)),
        Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
            // Trying again would never help, and everything behind it would wait for ever.
            tracing::warn!(
                event = %event.id,
                %error,
                "an event is larger than the broker allows; readers get it from its producer"
            );
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
