//! Whether a producer still has the past that a subscription has applied.

use std::collections::{BTreeMap, BTreeSet};

use super::cursor::{Cursors, Move};
use crate::db::Conn;
use crate::feed::Feed;
use crate::outbox::as_i64;
use crate::{Error, Marked, StreamInfo, Tx, params};

/// Runs of the producer that are kept in mind. More instances of one service are not heard of.
const RUNS_MAX: usize = 64;
/// Marks that are asked for at once.
const PLACES_MAX: usize = 256;

/// The marks of one subscription on one stream, and which runs of the producer know them.
#[derive(Default)]
pub(super) struct Marks {
    of: BTreeMap<u16, Marked>,
    /// What was applied since the last look at the producer. A bus may bring events of another
    /// past before that look, and then the last mark alone would tell nothing.
    since: Vec<Marked>,
    compared: bool,
    /// The producer may have several instances, which answer in turns.
    runs: BTreeSet<u64>,
}

/// What a comparison has shown.
#[derive(Default)]
pub(super) struct Compared {
    /// Slots where the producer has another event under a number that was applied: ours, and
    /// the mark of theirs.
    pub(super) other: BTreeMap<u16, (Marked, u64)>,
    /// Marks at cursors that had none yet.
    pub(super) found: Vec<Marked>,
}

impl Marks {
    /// Reads the marks; slots that have none yet are missing.
    pub(super) async fn load(
        conn: &mut Conn,
        subscription: &str,
        stream: &StreamInfo,
    ) -> Result<Self, Error> {
        let sql = "SELECT slot, marked, mark FROM tidings_cursors
            WHERE subscription = $1 AND stream = $2 AND marked IS NOT NULL AND mark IS NOT NULL";
        let names = params![subscription, stream.name];
        let rows: Vec<(u16, u64, i64)> = conn.query(sql, names).await?;
        let marked = |(slot, sequence, mark): (u16, u64, i64)| {
            let mark = mark.cast_unsigned();
            let marked = Marked {
                slot,
                sequence,
                mark,
            };
            (slot, marked)
        };
        Ok(Self {
            of: rows.into_iter().map(marked).collect(),
            ..Self::default()
        })
    }

    /// Those of some slots: what is known of the others is for their readers to compare.
    pub(super) fn of_slots(mut self, slots: &BTreeSet<u16>) -> Self {
        self.of.retain(|slot, _| slots.contains(slot));
        self
    }

    /// Notes the marks of what was applied.
    pub(super) fn remember(&mut self, moves: &[Move]) {
        for one in moves {
            let marked = Marked {
                slot: one.slot,
                sequence: one.new,
                mark: one.mark,
            };
            // Where the one before was applied since the last look, it is among these already.
            self.since.extend(self.of.insert(one.slot, marked));
        }
    }

    /// Whether the producer must be asked: never before, or it is another run of it, which may
    /// have opened another database.
    pub(super) fn is_due(&self, run: Option<u64>) -> bool {
        !self.compared || run.is_some_and(|run| !self.runs.contains(&run))
    }

    /// Notes that a known run of the producer was met: all that was applied is of its past.
    pub(super) fn are_of(&mut self, run: Option<u64>) {
        self.since.clear();
        if self.runs.len() >= RUNS_MAX {
            self.runs.clear();
        }
        self.runs.extend(run);
    }

    /// Asks the producer for the marks of what was applied, and compares. Where it has the event
    /// no longer, nothing can be said.
    pub(super) async fn compare(
        &mut self,
        feed: &dyn Feed,
        stream: &str,
        cursors: &Cursors,
        run: Option<u64>,
    ) -> Result<Compared, Error> {
        let known: BTreeMap<(u16, u64), Marked> = self
            .of
            .values()
            .chain(&self.since)
            .map(|ours| ((ours.slot, ours.sequence), *ours))
            .collect();
        let unknown = cursors
            .iter()
            .map(|(slot, cursor)| (*slot, *cursor))
            .filter(|(slot, cursor)| *cursor > 0 && !self.of.contains_key(slot));
        let places: Vec<(u16, u64)> = known.keys().copied().chain(unknown).collect();
        let mut compared = Compared::default();
        for theirs in ask(feed, stream, &places).await? {
            match known.get(&(theirs.slot, theirs.sequence)) {
                Some(ours) if ours.mark != theirs.mark => {
                    compared.other.insert(theirs.slot, (*ours, theirs.mark));
                }
                Some(_) => {}
                None => compared.found.push(theirs),
            }
        }
        self.compared = true;
        self.are_of(run);
        let found = compared.found.iter().map(|found| (found.slot, *found));
        self.of.extend(found);
        Ok(compared)
    }
}

/// Asks in parts, because a feed may have to put them into an address.
async fn ask(feed: &dyn Feed, stream: &str, places: &[(u16, u64)]) -> Result<Vec<Marked>, Error> {
    let mut marks = Vec::with_capacity(places.len());
    for part in places.chunks(PLACES_MAX) {
        marks.extend(feed.marks(stream, part).await?);
    }
    Ok(marks)
}

/// Stores marks of cursors that had none: they were moved by an older version, or by hand.
pub(super) async fn adopt(
    tx: &mut Tx,
    subscription: &str,
    stream: &str,
    found: &[Marked],
) -> Result<(), Error> {
    for one in found {
        let sql = "UPDATE tidings_cursors SET marked = sequence, mark = $5
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
                AND marked IS NULL";
        let (sequence, mark) = (as_i64(one.sequence), one.mark.cast_signed());
        let row = params![subscription, stream, one.slot, sequence, mark];
        tx.execute(sql, row).await?;
    }
    Ok(())
}
