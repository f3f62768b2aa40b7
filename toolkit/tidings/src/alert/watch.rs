//! Looks for what has gone wrong in one service, every few seconds, and keeps its alerts.
//!
//! Instances of a service look one after the other: whoever does not get the lock passes. They
//! may disagree for a moment about what only memory knows (a breaker); about what is stored they
//! cannot, and one opening is one row, whoever opens it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::behind::{BEHIND, Behind};
use super::work::{BREAKER, DEAD, JOB, LATE, NUMBERS, OPERATION, PAUSED, RUN};
use super::{Alert, AlertRules, Detector, close, open_one, put, work};
use crate::failure::Hindered;
use crate::{Dialect, Error, Handle, SubscriptionInfo, Timestamp, chain, params};

const OFTEN: Duration = Duration::from_secs(5);
/// What takes a longer look, and detectors.
const SELDOM: Duration = Duration::from_secs(30);
const DETECTOR: &str = "detector";
/// By it instances take turns on PostgreSQL; no row is written for that.
const LOCK: i64 = 0x7469_6469_6e67_7301;

/// What was found at one look.
#[derive(Default)]
pub(super) struct Seen {
    found: Vec<Alert>,
    /// Kind, and what the subject begins with: alerts that stay as they are.
    kept: Vec<(&'static str, String)>,
}

impl Seen {
    pub(super) fn found(&mut self, alert: Alert) {
        self.found.push(alert);
    }

    /// What is open of this stays open: nothing shows that its cause is gone.
    pub(super) fn keep(&mut self, kind: &'static str, prefix: String) {
        self.kept.push((kind, prefix));
    }

    pub(super) fn has(&self, kind: &str, subject: &str) -> bool {
        let mut found = self.found.iter();
        found.any(|one| one.kind == kind && one.subject == subject)
    }

    fn stays(&self, open: &Alert) -> bool {
        let mut kept = self.kept.iter();
        self.has(&open.kind, &open.subject)
            || kept.any(|(kind, prefix)| open.kind == *kind && open.subject.starts_with(prefix))
    }
}

/// The part of a service that looks after it.
pub(crate) struct Watch {
    service: Handle,
    subscriptions: Vec<SubscriptionInfo>,
    behind: Vec<Behind>,
    detectors: Vec<Detector>,
    rules: AlertRules,
    next: Option<Timestamp>,
    next_long: Option<Timestamp>,
    /// Detectors of which it was said that they fail.
    failing: BTreeSet<&'static str>,
}

impl Watch {
    pub(crate) fn new(
        service: Handle,
        subscriptions: Vec<SubscriptionInfo>,
        detectors: Vec<Detector>,
        rules: AlertRules,
    ) -> Self {
        Self {
            behind: subscriptions.iter().cloned().map(Behind::new).collect(),
            subscriptions,
            service,
            detectors,
            rules,
            next: None,
            next_long: None,
            failing: BTreeSet::new(),
        }
    }

    /// When the next look is due.
    pub(crate) fn pause(&self) -> Duration {
        let next = self.next.map(|next| next.since(self.service.now()));
        next.unwrap_or_default().min(OFTEN)
    }

    /// Looks, if it is time, and says whether anything has changed.
    pub(crate) async fn step(&mut self) -> Result<bool, Hindered> {
        let now = self.service.now();
        if self.next.is_some_and(|next| now < next) {
            return Ok(false);
        }
        self.next = Some(now.plus(OFTEN));
        // Not at the start: what comes from others is on its way then.
        let is_long = self.next_long.is_some_and(|next| now >= next);
        if is_long || self.next_long.is_none() {
            self.next_long = Some(now.plus(SELDOM));
        }
        let looked = self.look(now, is_long).await;
        if looked.is_err() {
            // A step that does nothing would count as one that works.
            self.next = None;
        }
        Ok(looked?)
    }

    async fn look(&mut self, now: Timestamp, is_long: bool) -> Result<bool, Error> {
        if self.service.db().dialect() == Dialect::Sqlite {
            return self.look_alone(now, is_long).await;
        }
        let lock = "SELECT pg_try_advisory_xact_lock($1 # hashtext(current_schema())::bigint)";
        let db = self.service.db().clone();
        let (conn, locked) = db.begin_asking::<(bool,)>(lock, params![LOCK]).await?;
        let changed = match locked.first() {
            Some((true,)) => self.look_alone(now, is_long).await,
            _ => Ok(false),
        };
        db.commit(conn).await?;
        changed
    }

    async fn look_alone(&mut self, now: Timestamp, is_long: bool) -> Result<bool, Error> {
        let mut seen = Seen::default();
        let mut kinds = vec![BEHIND, PAUSED, DEAD, JOB, LATE, OPERATION, NUMBERS, BREAKER];
        self.look_at_subscriptions(now, &mut seen).await?;
        self.look_at_work(now, &mut seen).await?;
        if is_long {
            kinds.extend([RUN, DETECTOR]);
            self.take_a_long_look(now, &mut seen).await?;
        }
        self.settle(&kinds, &seen).await
    }

    async fn look_at_subscriptions(
        &mut self,
        now: Timestamp,
        seen: &mut Seen,
    ) -> Result<(), Error> {
        let paused = self.look_at_pauses(now, seen).await?;
        for behind in &mut self.behind {
            // It is not behind: somebody wants it so.
            if paused.contains(behind.name()) {
                continue;
            }
            let after = self
                .rules
                .of_subscription(self.service.name(), behind.name());
            if let Some(after) = after {
                behind.look(after, seen).await?;
            }
        }
        if let Some(after) = self.rules.of_kind(DEAD) {
            let mut conn = self.service.read().await?;
            for of in &self.subscriptions {
                work::dead_events(&mut conn, of, now.minus(after), seen).await?;
            }
        }
        Ok(())
    }

    /// The paused subscriptions; of those that are so for long it is told.
    async fn look_at_pauses(
        &self,
        now: Timestamp,
        seen: &mut Seen,
    ) -> Result<BTreeSet<String>, Error> {
        let mut conn = self.service.read().await?;
        let all = work::paused(&mut conn).await?;
        if let Some(after) = self.rules.of_kind(PAUSED) {
            for (name, at, text) in &all {
                if now.since(*at) > after {
                    seen.found(Alert::of(PAUSED, name, text.clone()));
                }
            }
        }
        Ok(all.into_iter().map(|(name, ..)| name).collect())
    }

    async fn look_at_work(&self, now: Timestamp, seen: &mut Seen) -> Result<(), Error> {
        let before = |kind| Some(now.minus(self.rules.of_kind(kind)?));
        let mut conn = self.service.read().await?;
        if let Some(before) = before(JOB) {
            work::dead_jobs(&mut conn, before, seen).await?;
        }
        if let Some(before) = before(LATE) {
            work::late_jobs(&mut conn, before, seen).await?;
        }
        if let Some(before) = before(OPERATION) {
            work::standing_operations(&mut conn, before, seen).await?;
        }
        if let Some(before) = before(NUMBERS) {
            work::not_numbered(&self.service, &mut conn, before, seen).await?;
        }
        if let Some(after) = self.rules.of_kind(BREAKER) {
            work::open_breakers(&self.service, after, seen);
        }
        Ok(())
    }

    async fn take_a_long_look(&mut self, now: Timestamp, seen: &mut Seen) -> Result<(), Error> {
        if let Some(after) = self.rules.of_kind(RUN) {
            let mut conn = self.service.read().await?;
            work::lost_runs(&mut conn, now.minus(after), seen).await?;
        }
        for detector in &self.detectors {
            let name = self.service.name();
            let after = self.rules.of_detector(name, detector.name, detector.after);
            let Some(after) = after else { continue };
            let conn = self.service.read().await?;
            match detector.look(conn, now, after).await {
                Ok(found) => {
                    self.failing.remove(detector.name);
                    for one in found {
                        let subject = format!("{}{}", detector.prefix(), one.subject);
                        seen.found(Alert::of(DETECTOR, &subject, one.text));
                    }
                }
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    // One that fails hides nothing that it has found, and no other detector.
                    seen.keep(DETECTOR, detector.prefix());
                    if self.failing.insert(detector.name) {
                        let (detector, error) = (detector.name, chain(&error));
                        tracing::error!(service = name, detector, error, "a detector fails");
                    }
                }
            }
        }
        Ok(())
    }

    /// Opens what is new, closes what is gone; writes nothing where nothing has changed.
    async fn settle(&self, kinds: &[&str], seen: &Seen) -> Result<bool, Error> {
        let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL";
        let mut open: Vec<Alert> = self.service.read().await?.query(sql, &[]).await?;
        open.retain(|one| kinds.contains(&one.kind.as_str()));
        let is_same =
            |one: &Alert, other: &Alert| one.kind == other.kind && one.subject == other.subject;
        let gone: Vec<&Alert> = open.iter().filter(|one| !seen.stays(one)).collect();
        let new: Vec<&Alert> = seen
            .found
            .iter()
            .filter(|one| !open.iter().any(|other| is_same(one, other)))
            .collect();
        let reworded: Vec<&Alert> = seen
            .found
            .iter()
            .filter(|one| {
                let mut open = open.iter();
                open.any(|other| is_same(one, other) && one.text != other.text)
            })
            .collect();
        if gone.is_empty() && new.is_empty() && reworded.is_empty() {
            return Ok(false);
        }
        let mut tx = self.service.begin_own().await?;
        for alert in gone {
            close(&mut tx, &alert.kind, &alert.subject).await?;
        }
        for alert in new {
            open_one(&mut tx, alert).await?;
        }
        for alert in reworded {
            put(&mut tx, alert).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
