//! What a reader of a feed asks for, as its query says it.

use std::time::Duration;

use serde::Deserialize;

use crate::{EventId, Problem, Start, StreamInfo};

const LIMIT: u32 = 100;
/// Events of one page at the most.
pub(super) const LIMIT_MAX: u32 = 1000;
/// The gateway gives a request up after 30 seconds; the answer must be there before.
pub(super) const PATIENCE_MAX: Duration = Duration::from_secs(25);

/// The query, before it is understood. What is misspelt is refused: a `lasteventid` that is
/// passed over would begin from the beginning, and nobody would know why.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "lastEventId")]
    last_event_id: Option<String>,
    limit: Option<String>,
    timeout: Option<String>,
    after: Option<String>,
    cursors: Option<String>,
    position: Option<String>,
}

/// Where a page of one slot begins.
pub(super) enum SlotFrom {
    /// After an event: somebody who would not notice that something is missing.
    Event(EventId),
    /// After a number: a reader that minds `tidings-covered` and `tidings-gone`.
    Sequence(u64),
}

/// Where a page of the whole stream begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamFrom {
    Beginning,
    /// After this event, in the order of numbering.
    After(EventId),
    /// Before the first event that one of these slots has not applied.
    Cursors(Vec<(u16, u64)>),
    /// Where a page before has ended.
    Position(i64),
}

impl Asked {
    /// How many events there may be in the page.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = &self.limit else {
            return Ok(LIMIT);
        };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                let text = format!("limit is a number from 1 to {LIMIT_MAX}.");
                Problem::field("bad_limit", "limit", text)
            })
    }

    /// How long an answer may wait for the first event.
    pub(super) fn patience(&self) -> Result<Duration, Problem> {
        let Some(text) = &self.timeout else {
            return Ok(Duration::ZERO);
        };
        let millis = text.parse().map_err(|_| {
            let text = "timeout is a number of milliseconds.";
            Problem::field("bad_timeout", "timeout", text)
        })?;
        Ok(Duration::from_millis(millis).min(PATIENCE_MAX))
    }

    /// Where a reader of one slot goes on.
    pub(super) fn slot_from(&self, stream: &StreamInfo, slot: u16) -> Result<SlotFrom, Problem> {
        if self.cursors.is_some() || self.position.is_some() {
            let text = "cursors and position are for the whole stream.";
            return Err(Problem::field("bad_feed_start", "cursors", text));
        }
        match (self.last_event(stream)?, &self.after) {
            (None, None) => Ok(SlotFrom::Sequence(0)),
            (None, Some(text)) => sequence(text).map(SlotFrom::Sequence),
            (Some(id), None) if id.slot == slot => Ok(SlotFrom::Event(id)),
            (Some(id), None) => {
                let text = format!("{id} is an event of slot {}, not of slot {slot}.", id.slot);
                Err(Problem::field("bad_event_id", "lastEventId", text))
            }
            (Some(_), Some(_)) => Err(two_starts()),
        }
    }

    /// Where a reader of the whole stream goes on.
    pub(super) fn stream_from(&self, stream: &StreamInfo) -> Result<StreamFrom, Problem> {
        if self.after.is_some() {
            let text = "after is for one slot.";
            return Err(Problem::field("bad_feed_start", "after", text));
        }
        match (self.last_event(stream)?, &self.cursors, &self.position) {
            (None, None, None) => Ok(StreamFrom::Beginning),
            (Some(id), None, None) => Ok(StreamFrom::After(id)),
            (None, Some(text), None) => places(stream, "cursors", text).map(StreamFrom::Cursors),
            (None, None, Some(text)) => position(text).map(StreamFrom::Position),
            _ => Err(two_starts()),
        }
    }

    fn last_event(&self, stream: &StreamInfo) -> Result<Option<EventId>, Problem> {
        let wrong = |text| Problem::field("bad_event_id", "lastEventId", text);
        // The published conventions allow "null" for "none yet".
        let text = self.last_event_id.as_deref();
        let Some(text) = text.filter(|text| !["", "null"].contains(text)) else {
            return Ok(None);
        };
        let id: EventId = text.parse().map_err(|reason| wrong(format!("{reason}.")))?;
        if id.stream != stream.name {
            let text = format!("{id} is not an event of the stream {}.", stream.name);
            return Err(wrong(text));
        }
        check_slot(stream, id.slot).map_err(|_| {
            let text = format!(
                "{id} cannot be: {} has {} slots.",
                stream.name, stream.slots
            );
            wrong(text)
        })?;
        Ok(Some(id))
    }
}

/// Slots are counted from 0.
pub(super) fn check_slot(stream: &StreamInfo, slot: u16) -> Result<(), Problem> {
    if slot < stream.slots {
        return Ok(());
    }
    let last = stream.slots.saturating_sub(1);
    let text = format!("The slots of {} are 0 to {last}.", stream.name);
    Err(Problem::field("bad_slot", "slot", text))
}

/// Slots, each with a number: `0:17,3:4`.
pub(super) fn places(
    stream: &StreamInfo,
    name: &str,
    text: &str,
) -> Result<Vec<(u16, u64)>, Problem> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (slot, sequence) = pair.split_once(':')?;
        let slot = slot.parse().ok().filter(|slot| *slot < stream.slots)?;
        Some((slot, sequence.parse().ok()?))
    });
    pairs.collect::<Option<_>>().ok_or_else(|| {
        let text = format!("{name} are slot:sequence, with a comma between two: 0:17,3:4.");
        Problem::field("bad_cursors", name, text)
    })
}

/// Where a new reader wants to begin.
pub(super) fn start(text: &str) -> Result<Start, Problem> {
    let read = text.parse();
    read.map_err(|reason: String| {
        Problem::field("bad_feed_start", "starts", format!("starts: {reason}."))
    })
}

fn two_starts() -> Problem {
    let text = "lastEventId, after, cursors and position each say where to begin. Send one.";
    Problem::field("bad_feed_start", "lastEventId", text)
}

fn sequence(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| {
        let text = "after is the sequence of an event.";
        Problem::field("bad_position", "after", text)
    })
}

fn position(text: &str) -> Result<i64, Problem> {
    let position = text.parse().ok().filter(|position| *position >= 0);
    position.ok_or_else(|| {
        let text = "position is what the header tidings-position of the last answer said.";
        Problem::field("bad_position", "position", text)
    })
}
