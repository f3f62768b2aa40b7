//! How a log is read, in parts, in either kind of database.

use crate::db::Conn;
use crate::{Dialect, Envelope, Error, FromRow, Row, Timestamp, Value, outbox};

/// Rows that are read through in one statement at the most.
pub(super) const PART: u32 = 5_000;
/// On PostgreSQL an event and its number are in two tables.
const JOIN: &str = "JOIN tidings_outbox o ON o.id = n.outbox_id";
/// Before everything.
pub(super) const ALWAYS: Timestamp = Timestamp::from_micros(i64::MIN);

/// What a log is read along.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The positions of a service (SQLite), or of one of its streams (PostgreSQL).
    Positions { stream: Option<&'static str> },
    /// The sequences of one slot: of a key, or one of a stream that has no order of its own.
    Slot { stream: &'static str, slot: u16 },
    /// The rows of one flow.
    Flow,
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
            // Not the bare column: PostgreSQL would read the log from its end, hoping for a few of
            // the flow (200 ms of a million events where there are none).
            (Way::Flow, dialect) => outbox::order_of_few(dialect),
            (Way::Positions { .. }, _) => "n.position",
        }
    }

    /// Where its rows are, with what says that they are its own, which ends in AND.
    pub(super) fn rows(&self, values: &mut Vec<Value>) -> String {
        let from = match self.dialect {
            Dialect::Sqlite => "tidings_outbox n".to_owned(),
            Dialect::Postgres => format!("tidings_numbers n {JOIN}"),
        };
        let mut own = |column: &str, value: Value| {
            values.push(value);
            format!("{column} = ${} AND", values.len())
        };
        let own = match self.way {
            Way::Positions { stream: None } | Way::Flow => String::new(),
            Way::Positions {
                stream: Some(stream),
            } => own("n.stream", stream.into()),
            Way::Slot { stream, slot } => {
                let stream = own("n.stream", stream.into());
                format!("{stream} {}", own("n.slot", slot.into()))
            }
        };
        format!("FROM {from} WHERE {own}")
    }

    pub(super) async fn last(&self, conn: &mut Conn) -> Result<i64, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        let sql = format!("SELECT {mark} {rows} {mark} > 0 ORDER BY {mark} DESC LIMIT 1");
        let last: Option<(i64,)> = conn.query_opt(&sql, &values).await?;
        Ok(last.map_or(0, |(last,)| last))
    }

    /// The lowest mark of a part of the log before a mark, whether it is the last part, and how
    /// far back it reaches.
    pub(super) async fn part(
        &self,
        conn: &mut Conn,
        before: i64,
        part: u32,
    ) -> Result<(i64, bool, Timestamp), Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.rows(&mut values), self.mark());
        values.push(before.into());
        let (before, over) = (values.len(), part.saturating_sub(1));
        let end = format!("{mark} < ${before} ORDER BY {mark} DESC LIMIT 1 OFFSET {over}");
        let sql = match self.dialect {
            Dialect::Sqlite => format!("SELECT {mark}, time {rows} {end}"),
            // What is only counted is not looked up in the other table.
            Dialect::Postgres => {
                let counted = rows.replace(JOIN, "");
                format!("SELECT {mark}, time FROM (SELECT n.* {counted} {end}) n {JOIN}")
            }
        };
        let low: Option<(i64, Timestamp)> = conn.query_opt(&sql, &values).await?;
        Ok(low.map_or((0, true, ALWAYS), |(low, time)| (low, false, time)))
    }

    /// The last mark of a part of the log behind a mark.
    pub(super) async fn part_on(&self, conn: &mut Conn, after: i64) -> Result<i64, Error> {
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
    pub(super) async fn before(
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
    pub(super) async fn after(
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
