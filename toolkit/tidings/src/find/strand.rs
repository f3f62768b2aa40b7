//! One log, or the part of it that a search is about, read from its end or on from a mark.

use std::collections::VecDeque;

use super::bounds::Bounds;
use super::log::{ALWAYS, Log, Way};
use super::{FoundEvent, Marks, Search};
use crate::handle::Handle;
use crate::stream::slot_of;
use crate::{Dialect, Envelope, Error, Installation, Timestamp, Value};

/// Events to read first: most logs have nothing to the newest fifty.
const FIRST: u32 = 4;

/// A log on its way.
pub(super) struct Strand {
    handle: Handle,
    pub(super) name: String,
    pub(super) way: Way,
    /// Backwards, everything from here on has been read; onwards, everything up to here.
    pub(super) mark: i64,
    found: VecDeque<(i64, Envelope)>,
    /// What was read ends here.
    reached: Timestamp,
    looks: u32,
    is_over: bool,
}

const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

impl Strand {
    fn new(handle: &Handle, name: String, way: Way) -> Self {
        Self {
            handle: handle.clone(),
            name,
            way,
            mark: i64::MAX,
            found: VecDeque::new(),
            reached: NEVER,
            looks: 0,
            is_over: false,
        }
    }

    pub(super) fn service(&self) -> &'static str {
        self.handle.name()
    }

    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.found.clear();
    }

    /// Whether it has nothing more to give.
    pub(super) fn is_over(&self) -> bool {
        self.is_over && self.found.is_empty()
    }

    pub(super) fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// When the next of its events was published, or the one at which the reading stands.
    pub(super) fn reaches(&self) -> Timestamp {
        match self.found.front() {
            Some((_, event)) => event.time,
            None if self.is_over => ALWAYS,
            None => self.reached,
        }
    }

    pub(super) fn take(&mut self) -> Option<FoundEvent> {
        let service = self.service();
        let (_, event) = self.found.pop_front()?;
        Some(FoundEvent { service, event })
    }

    /// Where the next answer begins, of which what is left here is the first.
    pub(super) fn next_mark(&self) -> i64 {
        self.found.front().map_or(self.mark, |(mark, _)| mark + 1)
    }

    pub(super) fn next_mark_on(&self) -> i64 {
        self.found.front().map_or(self.mark, |(mark, _)| mark - 1)
    }

    /// The log's last mark.
    pub(super) async fn last_mark(&self) -> Result<i64, Error> {
        let mut conn = self.handle.read().await?;
        let log = Log::of(&self.way, conn.dialect());
        log.last(&mut conn).await
    }

    /// Reads a part backwards; says how many rows were read through.
    pub(super) async fn look(
        &mut self,
        search: &Search,
        limit: u32,
        part: u32,
    ) -> Result<u32, Error> {
        let mut conn = self.handle.read().await?;
        let log = Log::of(&self.way, conn.dialect());
        if self.mark == i64::MAX && search.until.is_some() && log.is_by_time() {
            let bounds = Bounds::of(&log, &mut conn).await?;
            self.mark = bounds.until(&mut conn, search.until).await?;
        }
        let rest = rest(search, &log);
        let most = match self.looks {
            0 => FIRST.min(limit),
            _ => limit,
        };
        self.looks += 1;
        let is_sifted = !rest.is_empty() && log.is_by_time();
        if is_sifted && self.mark == i64::MAX {
            self.mark = log.last(&mut conn).await? + 1;
        }
        let begun = self.mark;
        let (low, is_last, reached) = match is_sifted {
            true => log.part(&mut conn, self.mark, part).await?,
            false => (0, true, ALWAYS),
        };
        let rows = log.before(&mut conn, &rest, (low, self.mark), most).await?;
        let is_cut = rows.len() >= most as usize;
        match rows.last() {
            Some((mark, event)) if is_cut => {
                self.mark = *mark;
                self.reached = event.time;
            }
            _ => {
                self.mark = low;
                self.reached = reached;
                self.is_over = is_last;
            }
        }
        if let Some(from) = search.from.filter(|_| log.is_by_time())
            && self.reached < Bounds::slack(from)
        {
            self.is_over = true;
        }
        self.found.extend(rows);
        let read = u32::try_from(begun - low).unwrap_or(part).min(part);
        Ok(if is_sifted { read } else { most })
    }

    /// Reads on from the mark.
    pub(super) async fn look_on(&mut self, search: &Search, limit: u32) -> Result<(), Error> {
        let mut conn = self.handle.read().await?;
        let log = Log::of(&self.way, conn.dialect());
        if self.mark == Marks::END {
            self.mark = log.last(&mut conn).await?;
            return Ok(());
        }
        // Before the rows: what is published in between comes with the next question.
        let high = log.part_on(&mut conn, self.mark).await?;
        let rest = rest(search, &log);
        let rows = log
            .after(&mut conn, &rest, (self.mark, high), limit)
            .await?;
        self.mark = match rows.last() {
            Some((mark, _)) if rows.len() >= limit as usize => *mark,
            _ => high,
        };
        self.found.extend(rows);
        Ok(())
    }
}

/// The logs in which a search looks for the newest.
pub(super) fn backwards(installation: &Installation, search: &Search) -> Vec<Strand> {
    if search.correlation_id.is_none() {
        return forwards(installation, search);
    }
    let writers = installation.handles().iter();
    let writers = writers.filter(|handle| !handle.0.streams.is_empty());
    writers
        .map(|handle| Strand::new(handle, format!("~{}", handle.name()), Way::Flow))
        .collect()
}

/// The logs in the order of their numbers.
pub(super) fn forwards(installation: &Installation, search: &Search) -> Vec<Strand> {
    let mut strands = Vec::new();
    for handle in installation.handles() {
        let streams = handle.0.streams.iter().filter(|info| {
            let is_asked = |name: &String| name == info.name;
            search.stream.as_ref().is_none_or(is_asked)
                && (search.event_type.as_ref()).is_none_or(|name| {
                    // Names of commands are not known to their streams.
                    info.types.is_empty() || info.types.iter().any(|one| one.name == name)
                })
        });
        let streams: Vec<_> = streams.collect();
        let is_whole = streams.len() == handle.0.streams.len();
        let is_sqlite = handle.db().dialect() == Dialect::Sqlite;
        if search.key.is_none() && is_sqlite && is_whole && !streams.is_empty() {
            // One log for all: a service has one table in the order of its numbers.
            let way = Way::Positions { stream: None };
            strands.push(Strand::new(handle, format!("@{}", handle.name()), way));
            continue;
        }
        for info in streams {
            let stream = info.name;
            let slots = match &search.key {
                Some(key) => slot_of(key, info.slots)..=slot_of(key, info.slots),
                // Of one stream it has no order but that of its slots.
                None if is_sqlite => 0..=info.slots.saturating_sub(1),
                None => {
                    let way = Way::Positions {
                        stream: Some(stream),
                    };
                    strands.push(Strand::new(handle, stream.to_owned(), way));
                    continue;
                }
            };
            strands.extend(slots.map(|slot| {
                let way = Way::Slot { stream, slot };
                Strand::new(handle, format!("{stream}.{slot}"), way)
            }));
        }
    }
    strands
}

/// What of a search the way does not see to.
fn rest(search: &Search, log: &Log) -> Vec<(&'static str, Value)> {
    let of_key = matches!(log.way, Way::Slot { .. });
    let of_flow = matches!(log.way, Way::Flow);
    let texts = [
        ("n.stream = ", search.stream.as_ref().filter(|_| of_flow)),
        ("key = ", search.key.as_ref().filter(|_| of_key || of_flow)),
        ("type = ", search.event_type.as_ref()),
        ("correlation_id = ", search.correlation_id.as_ref()),
        ("actor = ", search.actor.as_ref()),
    ];
    let texts = texts.into_iter();
    let texts = texts.filter_map(|(column, text)| Some((column, Value::from(text?.as_str()))));
    let times = [("time >= ", search.from), ("time < ", search.until)];
    let times = times.into_iter();
    let times = times.filter_map(|(column, time)| Some((column, Value::from(time?))));
    texts.chain(times).collect()
}
