//! Tells people of alerts: once when one opens, again while nobody takes it on, once when it is
//! closed.
//!
//! One worker of a process tells of the alerts of all services that run in it, several at once in
//! one [`Letter`]. What was told is stored after it was, in the database of the alert: a crash in
//! between tells it once more. Of several instances one tells, because it takes a lease first;
//! one that dies with it is replaced when the lease is over. It needs no event, job or command:
//! these may be what is broken.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{AlertRow, Letter, Told};
use crate::failure::{Hindered, backoff};
use crate::{Clock, Error, Handle, Timestamp, Tx, chain, params};

/// How often it is looked whether there is something to tell.
const OFTEN: Duration = Duration::from_secs(5);
/// For one letter.
const LETTER_LIMIT: Duration = Duration::from_secs(60);
/// Longer than a letter takes.
const LEASE: Duration = Duration::from_secs(120);
/// Between two letters: what opens meanwhile goes together.
const PACE: Duration = Duration::from_secs(60);
const BACKOFF_FIRST: Duration = Duration::from_secs(10);
const BACKOFF_MOST: Duration = Duration::from_secs(30 * 60);
/// What was opened and closed so long ago is not told any more.
const STALE: Duration = Duration::from_secs(86_400);
/// Alerts of one service that are told at once at the most.
const MOST: u32 = 500;
const REMIND: Duration = Duration::from_secs(24 * 3600);

/// A way to tell people.
pub trait Channel: Send + Sync {
    /// Its name in tables and logs; of several ways of one kind, each its own.
    fn name(&self) -> &str;

    /// Tells once. What was not told is told later, with what has come since.
    ///
    /// # Errors
    /// A text for the log and for operators, without passwords.
    fn tell<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), String>>;
}

/// Whom alerts are told, and how often.
#[derive(Clone)]
pub struct Notices {
    /// By which ways; with none, alerts are logged and shown.
    pub channels: Vec<Arc<dyn Channel>>,
    /// After how long people are told again of an alert that nobody has taken on.
    pub remind: Duration,
    /// Where people read on.
    pub url: Option<String>,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            channels: Vec::new(),
            remind: REMIND,
            url: None,
        }
    }
}

/// The part of a process that tells people.
pub(crate) struct Notifier {
    services: Vec<Handle>,
    clock: Clock,
    notices: Notices,
    next: Option<Timestamp>,
    /// Ways that have their rows.
    known: BTreeSet<String>,
}

/// What a service has to tell by one way.
struct Owed {
    service: Handle,
    opened: Vec<AlertRow>,
    reminded: Vec<AlertRow>,
    closed: Vec<AlertRow>,
}

impl Notifier {
    pub(crate) fn new(services: Vec<Handle>, clock: Clock, notices: Notices) -> Self {
        Self {
            services,
            clock,
            notices,
            next: None,
            known: BTreeSet::new(),
        }
    }

    pub(crate) fn pause(&self) -> Duration {
        let next = self.next.map(|next| next.since(self.clock.now()));
        next.unwrap_or_default().min(OFTEN)
    }

    /// Tells what there is to tell, and says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Hindered> {
        let now = self.clock.now();
        if self.next.is_some_and(|next| now < next) {
            return Ok(false);
        }
        let mut told = false;
        for channel in self.notices.channels.clone() {
            told |= self.tell(&*channel, now).await?;
        }
        // Not before: a step that does nothing would count as one that works.
        self.next = Some(now.plus(OFTEN));
        Ok(told)
    }

    async fn tell(&mut self, channel: &dyn Channel, now: Timestamp) -> Result<bool, Error> {
        let name = channel.name();
        if !self.known.contains(name) {
            for service in &self.services {
                enter(service, name, now).await?;
            }
            self.known.insert(name.to_owned());
        }
        let mut owed = Vec::new();
        for service in &self.services {
            // One service whose database is away keeps nobody from hearing of the others.
            match self.owed(service, name, now, false).await {
                Ok(one) if one.is_empty() => {}
                Ok(_) => {
                    if lease(service, name, now).await? {
                        // Once more: another instance may have told it before we had the lease.
                        owed.push(self.owed(service, name, now, true).await?);
                    }
                }
                Err(error) => {
                    let (service, error) = (service.name(), chain(&error));
                    tracing::debug!(service, error, "its alerts cannot be read");
                }
            }
        }
        let letter = self.letter(&owed, now);
        let outcome = match letter.is_empty() {
            true => Ok(()),
            false => self.send(channel, &letter).await,
        };
        for one in &owed {
            one.store(name, &outcome, now).await?;
        }
        match &outcome {
            Ok(()) if letter.is_empty() => Ok(false),
            Ok(()) => {
                let (opened, closed) = (letter.opened.len(), letter.closed.len());
                tracing::info!(channel = name, opened, closed, "people were told of alerts");
                Ok(true)
            }
            Err(error) => {
                tracing::error!(
                    channel = name,
                    error,
                    "people could not be told of alerts; it is tried again"
                );
                Ok(true)
            }
        }
    }

    async fn send(&self, channel: &dyn Channel, letter: &Letter) -> Result<(), String> {
        tokio::select! {
            biased;
            told = channel.tell(letter) => told,
            () = self.clock.sleep(LETTER_LIMIT) => Err("it took too long".to_owned()),
        }
    }

    /// What is to be told; nothing while somebody else is at it, or a pause is not over.
    async fn owed(
        &self,
        service: &Handle,
        channel: &str,
        now: Timestamp,
        is_ours: bool,
    ) -> Result<Owed, Error> {
        let mut conn = service.read().await?;
        let mut owed = Owed {
            service: service.clone(),
            opened: Vec::new(),
            reminded: Vec::new(),
            closed: Vec::new(),
        };
        let sql = "SELECT since, next_at, leased_until FROM tidings_channels WHERE channel = $1";
        let row: Option<(Timestamp, Timestamp, Timestamp)> =
            conn.query_opt(sql, params![channel]).await?;
        let since = match row {
            Some((since, next, leased)) if is_ours || (next <= now && leased <= now) => since,
            _ => return Ok(owed),
        };
        let columns = "a.id, kind, subject, text, opened_at, acknowledged_at, acknowledged_by,
            note, closed_at, told_at AS notified_at";
        let from = format!(
            "SELECT {columns} FROM tidings_alerts a
             LEFT JOIN tidings_notices n ON n.alert = a.id AND n.channel = $1"
        );
        let opened = format!(
            "{from} WHERE closed_at IS NULL AND told_at IS NULL AND acknowledged_at IS NULL
             ORDER BY opened_at LIMIT $2"
        );
        owed.opened = conn.query(&opened, params![channel, MOST]).await?;
        let reminded = format!(
            "{from} WHERE closed_at IS NULL AND acknowledged_at IS NULL AND reminded_at <= $3
             ORDER BY opened_at LIMIT $2"
        );
        let due = now.minus(self.notices.remind);
        owed.reminded = conn.query(&reminded, params![channel, MOST, due]).await?;
        let closed = format!(
            "SELECT {columns} FROM tidings_notices n JOIN tidings_alerts a ON a.id = n.alert
             WHERE n.channel = $1 AND closed_told_at IS NULL AND closed_at IS NOT NULL
             ORDER BY closed_at LIMIT $2"
        );
        owed.closed = conn.query(&closed, params![channel, MOST]).await?;
        // Opened and closed before anybody could be told; not what was so before there was this way.
        let missed =
            format!("{from} WHERE closed_at > $3 AND told_at IS NULL ORDER BY closed_at LIMIT $2");
        let recent = since.max(now.minus(STALE));
        let missed: Vec<AlertRow> = conn.query(&missed, params![channel, MOST, recent]).await?;
        let is_quiet = |row: &AlertRow| row.acknowledged_at.is_some();
        owed.closed
            .extend(missed.into_iter().filter(|row| !is_quiet(row)));
        Ok(owed)
    }

    fn letter(&self, owed: &[Owed], now: Timestamp) -> Letter {
        let all = |of: fn(&Owed) -> &Vec<AlertRow>| {
            let told = owed.iter().flat_map(|one| {
                of(one).iter().map(|alert| Told {
                    service: one.service.name().to_owned(),
                    alert: alert.clone(),
                })
            });
            told.collect()
        };
        Letter {
            at: now,
            opened: all(|one| &one.opened),
            reminded: all(|one| &one.reminded),
            closed: all(|one| &one.closed),
            url: self.notices.url.clone(),
        }
    }
}

/// The row of a way in a service's database; what was closed before it was there is not told.
async fn enter(service: &Handle, channel: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "SELECT since FROM tidings_channels WHERE channel = $1";
    let known: Option<(Timestamp,)> = service
        .read()
        .await?
        .query_opt(sql, params![channel])
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let mut tx = service.begin_own().await?;
    let sql = "INSERT INTO tidings_channels (channel, since) VALUES ($1, $2)
        ON CONFLICT DO NOTHING";
    tx.execute(sql, params![channel, now]).await?;
    tx.commit().await
}

/// Takes the right to tell of this service's alerts for a while.
async fn lease(service: &Handle, channel: &str, now: Timestamp) -> Result<bool, Error> {
    let mut tx = service.begin_own().await?;
    let sql = "UPDATE tidings_channels SET leased_until = $2
        WHERE channel = $1 AND leased_until <= $3 AND next_at <= $3";
    let until = now.plus(LEASE);
    let is_ours = tx.execute(sql, params![channel, until, now]).await? == 1;
    tx.commit().await?;
    Ok(is_ours)
}

impl Owed {
    fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.reminded.is_empty() && self.closed.is_empty()
    }

    /// Stores what came of it, and gives the lease back.
    async fn store(
        &self,
        channel: &str,
        outcome: &Result<(), String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.service.begin_own().await?;
        match outcome {
            Ok(()) => {
                self.note(&mut tx, channel, now).await?;
                let sql = "UPDATE tidings_channels SET leased_until = 0, failures = 0,
                        next_at = $2, error = NULL WHERE channel = $1";
                let next = match self.is_empty() {
                    true => now,
                    false => now.plus(PACE),
                };
                tx.execute(sql, params![channel, next]).await?;
            }
            Err(error) => {
                let sql = "SELECT failures FROM tidings_channels WHERE channel = $1";
                let (failures,): (u32,) = tx.query_one(sql, params![channel]).await?;
                let failures = failures.saturating_add(1);
                let chance = tx.shared().chance();
                let pause = backoff(failures, BACKOFF_FIRST, BACKOFF_MOST, chance);
                let sql = "UPDATE tidings_channels SET leased_until = 0, failures = $2,
                        next_at = $3, error = $4 WHERE channel = $1";
                let row = params![channel, failures, now.plus(pause), error];
                tx.execute(sql, row).await?;
            }
        }
        tx.commit().await
    }

    async fn note(&self, tx: &mut Tx, channel: &str, now: Timestamp) -> Result<(), Error> {
        let sql =
            "INSERT INTO tidings_notices (alert, channel, told_at, reminded_at, closed_told_at)
            VALUES ($1, $2, $3, $3, $4)
            ON CONFLICT (alert, channel) DO UPDATE SET reminded_at = excluded.reminded_at,
                closed_told_at = excluded.closed_told_at";
        for alert in self.opened.iter().chain(&self.reminded) {
            let not_yet: Option<Timestamp> = None;
            tx.execute(sql, params![alert.id, channel, now, not_yet])
                .await?;
        }
        for alert in &self.closed {
            tx.execute(sql, params![alert.id, channel, now, Some(now)])
                .await?;
        }
        Ok(())
    }
}
