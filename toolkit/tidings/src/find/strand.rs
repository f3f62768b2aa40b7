//! One log, or the part of it that a search is about, read from its end or on from a mark.

use std::collections::VecDeque;

use super::bounds::Bounds;
use super::{FoundEvent, Marks, Search};
use crate::db::Conn;
use crate::handle::Handle;
use crate::stream::slot_of;
use crate::{Dialect, Envelope, Error, FromRow, Installation, Row, Timestamp, Value, outbox};

/// Rows that are read through in one statement.
const PART: u32 = 5_000;
/// Events to read first: most logs have nothing to the newest fifty.
const FIRST: u32 = 8;

/// What a log is read along.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The positions of a service (SQLite), or of one of its streams.
    Positions { stream: Option<&'static str> },
    /// The sequences of one slot, in which a key is.
    Slot { stream: &'static str, slot: u16 },
    /// The rows of one flow.
    Flow,
}

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
const ALWAYS: Timestamp = Timestamp::from_micros(i64::MIN);

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

    /// Reads on backwards; says how many rows were read through.
    pub(super) async fn look(&mut self, search: &Search, limit: u32) -> Result<u32, Error> {
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
        let (low, is_last, reached) = match rest.is_empty() || !log.is_by_time() {
            true => (0, true, ALWAYS),
            false => log.part(&mut conn, self.mark).await?,
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
        Ok(match rest.is_empty() {
            true => most,
            false => PART,
        })
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
        if let Some(key) = &search.key {
            strands.extend(streams.iter().map(|info| {
                let slot = slot_of(key, info.slots);
                let way = Way::Slot {
                    stream: info.name,
                    slot,
                };
                Strand::new(handle, format!("{}.{slot}", info.name), way)
            }));
            continue;
        }
        let is_whole = streams.len() == handle.0.streams.len();
        match handle.db().dialect() {
            // One log for all: a service has one table in the order of its numbers.
            Dialect::Sqlite if is_whole && !streams.is_empty() => {
                let way = Way::Positions { stream: None };
                strands.push(Strand::new(handle, format!("@{}", handle.name()), way));
            }
            _ => strands.extend(streams.iter().map(|info| {
                let stream = Some(info.name);
                let way = Way::Positions { stream };
                Strand::new(handle, info.name.to_owned(), way)
            })),
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

/// How a way is read in one kind of database.
pub(super) struct Log {
    pub(super) way: Way,
    dialect: Dialect,
}

impl Log {
    pub(super) fn of(way: &Way, dialect: Dialect) -> Self {
        let way = way.clone();
        Self { way, dialect }
    }

    /// Whether its rows come in about the order of their times, and may be very many.
    pub(super) fn is_by_time(&self) -> bool {
        !matches!(self.way, Way::Flow)
    }

    pub(super) fn mark(&self) -> &'static str {
        match (&self.way, self.dialect) {
            (Way::Slot { .. }, _) => "n.sequence",
            (Way::Flow, Dialect::Postgres) => "o.id",
            (Way::Flow | Way::Positions { .. }, _) => "n.position",
        }
    }

    /// Where its rows are, with what says that they are its own, which ends in AND.
    pub(super) fn rows(&self, values: &mut Vec<Value>) -> String {
        let from = self.dialect.pick(
            "tidings_outbox n",
            "tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
        );
        let mut own = |column: &str, value: Value| {
            values.push(value);
            format!("{column} = ${} AND", values.len())
        };
        let own = match self.way {
            Way::Positions { stream: None } | Way::Flow => String::new(),
            Way::Positions {
                stream: Some(stream),
            } => {
                // The plus keeps SQLite from reading the whole stream by its address.
                let column = self.dialect.pick("+n.stream", "n.stream");
                own(column, stream.into())
            }
            Way::Slot { stream, slot } => {
                let stream = own("n.stream", stream.into());
                format!("{stream} {}", own("n.slot", slot.into()))
            }
        };
        format!("FROM {from} WHERE {own}")
    }

    async fn last(&self, conn: &mut Conn) -> Result<i64, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        let sql = format!("SELECT {mark} {rows} {mark} > 0 ORDER BY {mark} DESC LIMIT 1");
        let last: Option<(i64,)> = conn.query_opt(&sql, &values).await?;
        Ok(last.map_or(0, |(last,)| last))
    }

    /// The lowest mark of a part of the log before a mark, whether it is the last part, and how
    /// far back it reaches.
    async fn part(&self, conn: &mut Conn, before: i64) -> Result<(i64, bool, Timestamp), Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        values.push(before.into());
        let sql = format!(
            "SELECT {mark}, time {rows} {mark} < ${} ORDER BY {mark} DESC LIMIT 1 OFFSET {}",
            values.len(),
            PART - 1
        );
        let low: Option<(i64, Timestamp)> = conn.query_opt(&sql, &values).await?;
        Ok(low.map_or((0, true, ALWAYS), |(low, time)| (low, false, time)))
    }

    /// The last mark of a part of the log behind a mark.
    async fn part_on(&self, conn: &mut Conn, after: i64) -> Result<i64, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        values.push(after.into());
        let sql = format!(
            "SELECT {mark} {rows} {mark} > ${} ORDER BY {mark} LIMIT 1 OFFSET {}",
            values.len(),
            PART - 1
        );
        let high: Option<(i64,)> = conn.query_opt(&sql, &values).await?;
        match high {
            Some((high,)) => Ok(high),
            None => Ok(self.last(conn).await?.max(after)),
        }
    }

    /// The newest rows from one mark to before another.
    async fn before(
        &self,
        conn: &mut Conn,
        rest: &[(&str, Value)],
        (from, before): (i64, i64),
        limit: u32,
    ) -> Result<Vec<(i64, Envelope)>, Error> {
        let mark = self.mark();
        let range = |low: usize| format!("{mark} >= ${low} AND {mark} < ${}", low + 1);
        self.read(conn, rest, range, (from, before), ("DESC", limit))
            .await
    }

    /// The first rows after one mark and up to another.
    async fn after(
        &self,
        conn: &mut Conn,
        rest: &[(&str, Value)],
        (after, upto): (i64, i64),
        limit: u32,
    ) -> Result<Vec<(i64, Envelope)>, Error> {
        let mark = self.mark();
        let range = |low: usize| format!("{mark} > ${low} AND {mark} <= ${}", low + 1);
        self.read(conn, rest, range, (after, upto), ("", limit))
            .await
    }

    async fn read(
        &self,
        conn: &mut Conn,
        rest: &[(&str, Value)],
        range: impl Fn(usize) -> String,
        (low, high): (i64, i64),
        (order, limit): (&str, u32),
    ) -> Result<Vec<(i64, Envelope)>, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        let range = range(values.len() + 1);
        values.extend([Value::from(low), Value::from(high)]);
        let mut and = String::new();
        for (column, value) in rest {
            values.push(value.clone());
            and += &format!(" AND {column}${}", values.len());
        }
        let columns = outbox::columns(self.dialect);
        let sql = format!(
            "SELECT {columns}, {mark} AS mark {rows} {range}{and} ORDER BY {mark} {order} LIMIT {limit}"
        );
        let rows: Vec<Row> = conn.query(&sql, &values).await?;
        let rows = rows.iter();
        rows.map(|row| Ok((row.get("mark")?, Envelope::from_row(row)?)))
            .collect()
    }
}
