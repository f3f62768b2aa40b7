//! Whether a producer still has the past that a subscription has applied.

use std::collections::{BTreeMap, BTreeSet};

use super::cursor::{Cursors, Move};
use crate::db::Conn;
use crate::feed::Feed;
use crate::outbox::as_i64;
use crate::{Error, StreamInfo, Tx, params};

/// Runs of the producer that are kept in mind. More instances of one service are not heard of.
const RUNS_MAX: usize = 64;

/// An event by its number in a slot, and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) sequence: u64,
    pub(super) mark: u64,
}

/// The marks of one subscription on one stream, and which runs of the producer know them.
#[derive(Default)]
pub(super) struct Marks {
    of: BTreeMap<u16, Marked>,
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
    /// Slots that had no mark yet, and the one at their cursor.
    pub(super) found: Vec<(u16, Marked)>,
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
            (slot, Marked { sequence, mark })
        };
        Ok(Self {
            of: rows.into_iter().map(marked).collect(),
            ..Self::default()
        })
    }

    /// Notes the marks of what was applied.
    pub(super) fn remember(&mut self, moves: &[Move]) {
        self.of.extend(moves.iter().map(|one| {
            let Move { new, mark, .. } = *one;
            let sequence = new;
            (one.slot, Marked { sequence, mark })
        }));
    }

    /// Whether the producer must be asked: never before, or it is another run of it, which may
    /// have opened another database.
    pub(super) fn is_due(&self, run: Option<u64>) -> bool {
        !self.compared || run.is_some_and(|run| !self.runs.contains(&run))
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
        let places: Vec<(u16, u64)> = cursors
            .iter()
            .map(|(slot, cursor)| (*slot, self.of.get(slot).map_or(*cursor, |our| our.sequence)))
            .filter(|(_, sequence)| *sequence > 0)
            .collect();
        let mut compared = Compared::default();
        if !places.is_empty() {
            let theirs = feed.marks(stream, &places).await?;
            for (slot, mark) in theirs {
                match self.of.get(&slot) {
                    Some(ours) if ours.mark != mark => {
                        compared.other.insert(slot, (*ours, mark));
                    }
                    Some(_) => {}
                    None => {
                        let sequence = cursors.get(&slot).copied().unwrap_or(0);
                        compared.found.push((slot, Marked { sequence, mark }));
                    }
                }
            }
        }
        self.compared = true;
        if self.runs.len() >= RUNS_MAX {
            self.runs.clear();
        }
        self.runs.extend(run);
        self.of.extend(compared.found.iter().copied());
        Ok(compared)
    }
}

/// Stores marks of cursors that had none: they were moved by an older version, or by hand.
pub(super) async fn adopt(
    tx: &mut Tx,
    subscription: &str,
    stream: &str,
    found: &[(u16, Marked)],
) -> Result<(), Error> {
    for (slot, Marked { sequence, mark }) in found {
        let sql = "UPDATE tidings_cursors SET marked = sequence, mark = $5
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
                AND marked IS NULL";
        let mark = mark.cast_signed();
        let row = params![subscription, stream, *slot, as_i64(*sequence), mark];
        tx.execute(sql, row).await?;
    }
    Ok(())
}
