//! Schedules: jobs that fall due again and again, once for any number of instances.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use croner::Cron;
use jiff::tz::TimeZone;

use super::queue::{self, NewJob};
use super::{Enqueue, Job};
use crate::db::{Conn, Db};
use crate::handle::Handle;
use crate::{Error, FromRow, Timestamp, Tx, params};

/// A firing that is so late counts as missed.
const ON_TIME: Duration = Duration::from_secs(60);
/// Missed firings that are made up for in one transaction.
const SLICE: usize = 100;

/// What becomes of firings that fell due while no instance was running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are left out; one that is less than a minute late is not missed.
    Skip,
    /// One job makes up for all of them; it is given the latest moment.
    #[default]
    Once,
    /// Each gets its job, in order.
    All,
}

/// When a job falls due again and again: a cron expression in a time zone.
///
/// ```
/// use tidings::{Error, Job, Missed, Schedule, Service, Timestamp, Tx};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct CloseDay { until: Timestamp }
/// impl Job for CloseDay {
///     const KIND: &'static str = "close_day";
/// }
/// async fn close_day(job: CloseDay, tx: &mut Tx) -> Result<(), Error> { Ok(()) }
///
/// let nightly = Schedule::cron("close_day", "0 3 * * *").zone("Europe/Berlin").missed(Missed::All);
/// let service = Service::new("accounting")
///     .job(close_day)
///     .schedule(nightly, |due| CloseDay { until: due });
/// # let _ = service;
/// ```
///
/// The moment is a row: whichever instance moves it on enqueues the job in the same
/// transaction, so a firing gives one job however many instances run and whatever crashes.
/// A firing does not wait for the job of the one before; [`Job::CONCURRENCY`] of 1 puts
/// them one behind the other. A changed expression counts from the start that brings it.
/// When clocks are put forward, a time that does not exist fires at the end of the gap;
/// when they are put back, a time that comes twice fires once.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: &'static str,
    cron: String,
    zone: String,
    missed: Missed,
}

impl Schedule {
    /// Five fields (minute, hour, day of month, month, day of week), or six with seconds first.
    /// The name keeps its place in the table. UTC unless another zone is named; a wrong
    /// expression or zone is refused when the installation opens.
    #[must_use]
    pub fn cron(name: &'static str, expression: &str) -> Self {
        Self {
            name,
            cron: expression.to_owned(),
            zone: "UTC".to_owned(),
            missed: Missed::default(),
        }
    }

    /// In a time zone of the IANA database, as `Europe/Berlin`.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        zone.clone_into(&mut self.zone);
        self
    }

    /// What becomes of missed firings.
    #[must_use]
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }
}

type Make = dyn Fn(Timestamp) -> Result<NewJob, Error> + Send + Sync;

/// A schedule with the job that it makes.
#[derive(Clone)]
pub(crate) struct Scheduled {
    schedule: Schedule,
    make: Arc<Make>,
}

impl Scheduled {
    pub(crate) fn new<J: Job>(
        schedule: Schedule,
        make: impl Fn(Timestamp) -> J + Send + Sync + 'static,
    ) -> Self {
        let make = move |due| super::typed(&make(due), Enqueue::now());
        let make = Arc::new(make);
        Self { schedule, make }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.schedule.name
    }

    fn parse(&self) -> Result<Parsed, Error> {
        let Schedule {
            name, cron, zone, ..
        } = &self.schedule;
        let refuse =
            |what: &str, error: String| Error::Unsafe(format!("schedule {name}: {what:?} {error}"));
        Ok(Parsed {
            zone: TimeZone::get(zone).map_err(|error| refuse(zone, error.to_string()))?,
            cron: Cron::from_str(cron).map_err(|error| refuse(cron, error.to_string()))?,
            missed: self.schedule.missed,
        })
    }

    /// The expression and the zone.
    pub(crate) fn spec(&self) -> String {
        format!("{} {}", self.schedule.cron, self.schedule.zone)
    }
}

struct Parsed {
    cron: Cron,
    zone: TimeZone,
    missed: Missed,
}

impl Parsed {
    /// The first firing after a moment; `None` when there is none, as for 30 February.
    fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let moment = jiff::Timestamp::from_microsecond(moment.as_micros()).ok()?;
        let moment = moment.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&moment, false).ok()?;
        Some(Timestamp::from_micros(next.timestamp().as_microsecond()))
    }

    /// Which firings get a job now, and when the next look is due.
    fn firings(&self, due: Timestamp, now: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
        if self.missed == Missed::All {
            let firings = std::iter::successors(Some(due), |&last| self.after(last));
            let firings: Vec<_> = firings.take_while(|at| *at <= now).take(SLICE).collect();
            let next = firings.last().and_then(|&last| self.after(last));
            return (firings, next);
        }
        let latest = self.latest(due, now);
        let is_missed = now.since(latest) > ON_TIME;
        let firings = match self.missed {
            Missed::Skip if is_missed => Vec::new(),
            _ => vec![latest],
        };
        (firings, self.after(now))
    }

    /// The last firing up to now. After a long absence going from one to the next would take
    /// too long, so it looks behind ever larger steps back from now.
    fn latest(&self, due: Timestamp, now: Timestamp) -> Timestamp {
        let mut back = ON_TIME;
        while now.minus(back) > due {
            if let Some(found) = self.after(now.minus(back)).filter(|found| *found <= now) {
                return self.last_from(found, now);
            }
            back = back.saturating_mul(8);
        }
        self.last_from(due, now)
    }

    fn last_from(&self, first: Timestamp, now: Timestamp) -> Timestamp {
        let firings = std::iter::successors(Some(first), |&last| self.after(last));
        firings.take_while(|at| *at <= now).last().unwrap_or(first)
    }
}

/// A schedule as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, FromRow)]
pub struct ScheduleRow {
    /// Its name.
    pub name: String,
    /// The expression and the time zone.
    pub spec: String,
    /// When it fires next.
    pub next_at: Timestamp,
    /// When it last fired.
    pub last_at: Option<Timestamp>,
}

/// The service's schedules.
///
/// # Errors
/// As statements.
pub async fn schedules(service: &Handle) -> Result<Vec<ScheduleRow>, Error> {
    let sql = "SELECT name, spec, next_at, last_at FROM tidings_schedules ORDER BY name";
    service.read().await?.query(sql, &[]).await
}

/// Refuses schedules that cannot be read, and gives new and changed ones their first moment.
pub(crate) async fn enter(db: &Db, schedules: &[Scheduled], now: Timestamp) -> Result<(), Error> {
    let mut conn = db.begin().await?;
    for scheduled in schedules {
        let never = || Error::Unsafe(format!("schedule {} never fires", scheduled.name()));
        let next = scheduled.parse()?.after(now).ok_or_else(never)?;
        let sql = "INSERT INTO tidings_schedules (name, spec, next_at) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, next_at = excluded.next_at
            WHERE tidings_schedules.spec <> excluded.spec";
        let row = params![scheduled.name(), scheduled.spec(), next];
        conn.execute(sql, row).await?;
    }
    db.commit(conn).await
}

/// The known schedules and when they fire next.
pub(super) async fn due(
    conn: &mut Conn,
    schedules: &[Scheduled],
) -> Result<Vec<(Scheduled, Timestamp)>, Error> {
    if schedules.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT name, next_at FROM tidings_schedules";
    let rows: Vec<(String, Timestamp)> = conn.query(sql, &[]).await?;
    // One that this build does not know is a newer or older one's.
    let known = rows.into_iter().filter_map(|(name, next_at)| {
        let found = schedules.iter().find(|one| one.name() == name);
        found.map(|one| (one.clone(), next_at))
    });
    Ok(known.collect())
}

/// Fires a schedule that is due; nothing happens when another instance was faster.
pub(super) async fn fire(tx: &mut Tx, scheduled: &Scheduled, due: Timestamp) -> Result<(), Error> {
    let now = tx.now();
    let parsed = scheduled.parse()?;
    let (firings, next) = parsed.firings(due, now);
    // A cron expression with a year can end.
    let next = next.unwrap_or(Timestamp::from_micros(i64::MAX));
    let sql = "UPDATE tidings_schedules SET next_at = $3, last_at = $4
        WHERE name = $1 AND next_at = $2";
    let row = params![scheduled.name(), due, next, now];
    if tx.execute(sql, row).await? == 0 {
        return Ok(());
    }
    for firing in firings {
        let mut job = (scheduled.make)(firing)?;
        job.how.run_at = Some(now);
        queue::insert(tx, job).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
