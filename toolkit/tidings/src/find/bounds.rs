//! Where in a log a moment is: found by halving, because times have no index.

use std::time::Duration;

use super::log::Log;
use crate::db::Conn;
use crate::{Error, Timestamp};

/// Events are numbered when they are committed and have the time at which their transaction
/// began, so the order of times is a little off: by less than a transaction may take.
const SLACK: Duration = Duration::from_secs(60);
/// Halvings of the longest log that there can be.
const HALVINGS_MOST: u32 = 64;

/// The first and the last mark of a log.
pub(super) struct Bounds<'a> {
    log: &'a Log,
    first: i64,
    last: i64,
}

impl<'a> Bounds<'a> {
    pub(super) async fn of(log: &'a Log, conn: &mut Conn) -> Result<Self, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (log.rows(&mut values), log.mark());
        let mut ends = [0, 0];
        for (end, order) in ends.iter_mut().zip(["", "DESC"]) {
            let sql = format!("SELECT {mark} {rows} {mark} > 0 ORDER BY {mark} {order} LIMIT 1");
            let found: Option<(i64,)> = conn.query_opt(&sql, &values).await?;
            *end = found.map_or(0, |(mark,)| mark);
        }
        let [first, last] = ends;
        Ok(Self { log, first, last })
    }

    /// So early an event may be numbered behind those of a moment.
    pub(super) fn slack(time: Timestamp) -> Timestamp {
        time.minus(SLACK)
    }

    /// A mark behind every event that was published before a moment.
    pub(super) async fn until(
        &self,
        conn: &mut Conn,
        until: Option<Timestamp>,
    ) -> Result<i64, Error> {
        let Some(until) = until else {
            return Ok(i64::MAX);
        };
        let until = until.plus(SLACK);
        let (mut low, mut high) = (self.first, self.last + 1);
        for _ in 0..HALVINGS_MOST {
            if low >= high {
                break;
            }
            let middle = low + (high - low) / 2;
            match self.time_from(conn, middle).await? {
                Some(time) if time < until => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// When the first event at a mark or behind it was published.
    async fn time_from(&self, conn: &mut Conn, from: i64) -> Result<Option<Timestamp>, Error> {
        let mut values = Vec::new();
        let (rows, mark) = (self.log.rows(&mut values), self.log.mark());
        values.push(from.into());
        let sql = format!(
            "SELECT time {rows} {mark} >= ${} ORDER BY {mark} LIMIT 1",
            values.len()
        );
        let found: Option<(Timestamp,)> = conn.query_opt(&sql, &values).await?;
        Ok(found.map(|(time,)| time))
    }
}
