//! Where in a JetStream stream a reader must begin, found without anything stored about it.
//!
//! A subscription's cursors tell the last event applied of each slot. Of every slot the broker
//! is asked for the last message; what is not newer than the cursor needs nothing. Of the others
//! the first that is newer is looked for by halves. The reader begins at the first of them all;
//! what it gets twice it drops, and what is not there any more comes from the producer.

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{DirectGetErrorKind, Info, Stream};
use futures_util::{StreamExt, TryStreamExt, stream};
use tidings::{Error, StreamInfo};

use crate::connection::{Shared, bus};
use crate::{message, names};

/// Slots that are looked at side by side.
const SIDE_BY_SIDE: usize = 16;

/// The sequence in the JetStream stream with which to begin.
pub(crate) async fn of(
    shared: &Shared,
    found: &Stream<Info>,
    stream: &str,
    cursors: &[(u16, u64)],
) -> Result<u64, Error> {
    let state = &found.cached_info().state;
    // What comes after this look is read in any case.
    let after_all = state.last_sequence + 1;
    let first = state.first_sequence.max(1);
    let starts = stream::iter(cursors.to_vec()).map(|(slot, cursor)| {
        let subject = names::subject(&shared.settings.prefix, stream, slot);
        async move { of_slot(found, &subject, cursor, first).await }
    });
    starts
        .buffer_unordered(SIDE_BY_SIDE)
        .try_fold(after_all, |start, of_slot| async move {
            Ok(of_slot.map_or(start, |of_slot| start.min(of_slot)))
        })
        .await
}

/// Where the first message of a slot is that is newer than the cursor; none when none is.
async fn of_slot(
    found: &Stream<Info>,
    subject: &str,
    cursor: u64,
    first: u64,
) -> Result<Option<u64>, Error> {
    let last = found.direct_get_last_for_subject(subject).await;
    let Some(last) = there(last)? else {
        return Ok(None);
    };
    let is_newer =
        |headers: &HeaderMap| message::sequence(headers).is_none_or(|sequence| sequence > cursor);
    if !is_newer(&last.headers) {
        return Ok(None);
    }
    let (mut low, mut start) = (first, last.sequence);
    let mut high = start;
    // Most subscriptions are new or nearly there, so both ends are tried before the middle.
    let mut at = low;
    while low < high {
        let next = found.direct_get_next_for_subject(subject, Some(at)).await;
        let Some(next) = there(next)? else {
            break;
        };
        if next.sequence >= start || is_newer(&next.headers) {
            (high, start) = (at, start.min(next.sequence));
        } else {
            low = next.sequence + 1;
        }
        at = low + high.saturating_sub(low) / 2;
    }
    Ok(Some(start))
}

/// The number of the last message of every slot that has one.
pub(crate) async fn heads(shared: &Shared, info: &StreamInfo) -> Result<Vec<(u16, u64)>, Error> {
    let prefix = &shared.settings.prefix;
    let name = names::stream(prefix, info.name);
    let Some(found) = &crate::stream::find(shared, &name).await? else {
        return Ok(Vec::new());
    };
    let heads = stream::iter(0..info.slots).map(|slot| async move {
        let subject = names::subject(prefix, info.name, slot);
        let last = there(found.direct_get_last_for_subject(subject).await)?;
        let sequence = last.and_then(|last| message::sequence(&last.headers));
        Ok::<_, Error>(sequence.map(|sequence| (slot, sequence)))
    });
    let heads: Vec<_> = heads.buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    Ok(heads.into_iter().flatten().collect())
}

fn there<T>(
    answer: Result<T, async_nats::error::Error<DirectGetErrorKind>>,
) -> Result<Option<T>, Error> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(bus(error)),
    }
}
