//! Alerts: what an operator must know, by name, until its cause is gone.
//!
//! Every opening is a row that stays: it opens, people are told of it ([`Channel`]), somebody
//! may [take it on](acknowledge), and it closes by itself when its cause is gone. An alert that
//! opens again is another row. At most one of a kind and subject is open at a time.
//!
//! - `kinds.rs`: which kinds there are, what they mean and what is to be done;
//! - `table.rs`: the rows, their history, and who has taken one on;
//! - `standstill.rs`: slots that stand still until a person decides;
//! - `rules.rs`: from when on something is an alert;
//! - `watch.rs`, `behind.rs`, `work.rs`, `detector.rs`: what every service looks for by itself;
//! - `notify.rs`, `letter.rs`, `webhook.rs`: telling people.

mod behind;
mod detector;
mod kinds;
mod letter;
mod notify;
mod rules;
mod standstill;
mod table;
mod watch;
mod webhook;
mod work;

use std::collections::BTreeMap;

use crate::db::Conn;
use crate::handle::Handle;
use crate::{Error, FromRow, Marked, Row, Timestamp, Tx, params};

pub(crate) use detector::Detector;
pub use detector::{Finding, Look};
pub use kinds::{KINDS, Kind, kind};
pub use letter::{Letter, Told};
pub(crate) use notify::Notifier;
pub use notify::{Channel, Notices};
pub(crate) use rules::refuse_unknown;
pub use rules::{AlertRules, Rule, Watched};
pub use standstill::{settle, settle_slots, starts, stopped};
pub use table::{AlertRow, Asked, acknowledge, get, list};
pub(crate) use table::{MIGRATION, MIGRATION_NOTICES, sweep};
pub(crate) use watch::Watch;
pub use webhook::{BadWebhook, Webhook};

/// The kind of alert that only a person closes.
pub(crate) const AHEAD: &str = "ahead";
/// Events that were deleted by age before a subscription had applied them; only a person closes it.
pub(crate) const GONE: &str = "gone";
/// A run of a workflow that cannot go on.
pub(crate) const STUCK: &str = "stuck";
/// A call of a run that has been asked about for long, in vain.
pub(crate) const UNKNOWN: &str = "unknown";

/// Something that does not mend itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Alert {
    /// What kind: one of [`KINDS`].
    pub kind: String,
    /// What it is about: `subscription stream.slot`, a workflow and the identifier of a run,
    /// a command's name. One of a kind is open at a time.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Since when; unset before it is stored.
    pub opened_at: Option<Timestamp>,
}

impl Alert {
    pub(crate) fn new(kind: &str, subject: &str, text: String) -> Self {
        Self {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text,
            opened_at: None,
        }
    }

    /// Numbers that the producer has given and cannot show.
    pub(crate) fn gap(subscription: &str, stream: &str, slot: u16, first: u64, head: u64) -> Self {
        let text = format!(
            "the producer cannot give {stream}.{slot}.{first}, although it has numbered events up \
             to {head}; the slot stands still until it can"
        );
        Self {
            kind: "gap".to_owned(),
            subject: format!("{subscription} {stream}.{slot}"),
            text,
            opened_at: None,
        }
    }

    /// A cursor that is ahead of the producer: its database went back in time.
    pub(crate) fn ahead(
        subscription: &str,
        stream: &str,
        slot: u16,
        cursor: u64,
        head: u64,
    ) -> Self {
        let text = format!(
            "{stream}.{slot}.{cursor} was applied, but the producer ends at {head}: its database \
             went back in time; the slot stands still until a person has decided"
        );
        Self {
            kind: AHEAD.to_owned(),
            subject: format!("{subscription} {stream}.{slot}"),
            text,
            opened_at: None,
        }
    }

    /// An event that was applied, and that the producer has replaced: its database went back in
    /// time and has been written to since.
    pub(crate) fn rewritten(
        subscription: &str,
        stream: &str,
        ours: Marked,
        theirs: u64,
        head: u64,
    ) -> Self {
        let Marked {
            slot,
            sequence,
            mark,
        } = ours;
        let text = format!(
            "{stream}.{slot}.{sequence} was applied with the mark {mark:016x}, but the producer has \
             another event under that number ({theirs:016x}) and ends at {head}: its database went \
             back in time and was written to since; the slot stands still until a person has \
             decided"
        );
        Self {
            kind: AHEAD.to_owned(),
            subject: format!("{subscription} {stream}.{slot}"),
            text,
            opened_at: None,
        }
    }

    /// Events that were deleted by age before they were applied.
    pub(crate) fn gone(subscription: &str, stream: &str, slot: u16, first: u64, last: u64) -> Self {
        let text = format!(
            "{stream}.{slot}.{first} to {stream}.{slot}.{last} were deleted by age before they \
             were applied; the slot stands still until a person has decided where it goes on"
        );
        Self::of(GONE, &format!("{subscription} {stream}.{slot}"), text)
    }

    /// A run of a workflow that waits for a person.
    pub(crate) fn stuck(subject: &str, text: String) -> Self {
        Self::of(STUCK, subject, text)
    }

    /// A run of a workflow that has asked in vain for long.
    pub(crate) fn unknown(subject: &str, text: String) -> Self {
        Self::of(UNKNOWN, subject, text)
    }

    fn of(kind: &str, subject: &str, text: String) -> Self {
        Self {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text,
            opened_at: None,
        }
    }
}

impl FromRow for Alert {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            text: row.get("text")?,
            opened_at: row.get("opened_at")?,
        })
    }
}

/// Opens what is new and closes what is gone; does nothing when nothing has changed.
pub(crate) async fn replace(
    service: &Handle,
    before: &BTreeMap<u16, Alert>,
    after: &BTreeMap<u16, Alert>,
) -> Result<(), Error> {
    if before == after {
        return Ok(());
    }
    let same = |one: &Alert, other: &Alert| one.kind == other.kind && one.subject == other.subject;
    let mut tx = service.begin_own().await?;
    for alert in before.values() {
        if !after.values().any(|other| same(alert, other)) {
            close(&mut tx, &alert.kind, &alert.subject).await?;
        }
    }
    for alert in after.values() {
        if !before.values().any(|other| same(alert, other)) {
            log(service.name(), alert);
        }
        put(&mut tx, alert).await?;
    }
    tx.commit().await
}

/// Opens one alert in the transaction of what it is about.
pub(crate) async fn open_one(tx: &mut Tx, alert: &Alert) -> Result<(), Error> {
    log(tx.shared().name, alert);
    put(tx, alert).await
}

/// Makes these the open alerts of their kind: opens what is new and closes the others.
pub(crate) async fn replace_kind(
    service: &Handle,
    kind: &str,
    alerts: &[Alert],
) -> Result<(), Error> {
    let sql = "SELECT * FROM tidings_alerts WHERE kind = $1 AND closed_at IS NULL";
    let before: Vec<Alert> = service.read().await?.query(sql, params![kind]).await?;
    let same = |one: &Alert, other: &Alert| one.subject == other.subject && one.text == other.text;
    let is_in = |one: &Alert, all: &[Alert]| all.iter().any(|other| same(one, other));
    // One whose text alone has changed is the same alert: it stays open with the new text.
    let is_about = |one: &Alert| alerts.iter().any(|other| one.subject == other.subject);
    let gone = before.iter().filter(|alert| !is_about(alert));
    let new = alerts.iter().filter(|alert| !is_in(alert, &before));
    if gone.clone().count() + new.clone().count() == 0 {
        return Ok(());
    }
    let mut tx = service.begin_own().await?;
    for alert in gone {
        close(&mut tx, kind, &alert.subject).await?;
    }
    for alert in new {
        open_one(&mut tx, alert).await?;
    }
    tx.commit().await
}

/// By the fields a program finds it; the sentence is for people.
fn log(service: &str, alert: &Alert) {
    let (kind, subject) = (&alert.kind, &alert.subject);
    tracing::error!(service, kind, subject, "{}", alert.text);
}

/// Opens an alert, or gives an open one its new text.
async fn put(tx: &mut Tx, alert: &Alert) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_alerts (id, kind, subject, text, opened_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET text = excluded.text";
    let now = tx.now();
    let id = crate::uuid_at(now);
    let row = params![id, &alert.kind, &alert.subject, &alert.text, now];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn close(tx: &mut Tx, kind: &str, subject: &str) -> Result<bool, Error> {
    let sql = "UPDATE tidings_alerts SET closed_at = $3
        WHERE kind = $1 AND subject = $2 AND closed_at IS NULL";
    let now = tx.now();
    let was_open = tx.execute(sql, params![kind, subject, now]).await? == 1;
    if was_open {
        tracing::info!(
            service = tx.shared().name,
            kind,
            subject,
            "an alert is closed"
        );
    }
    Ok(was_open)
}

/// The open alerts about one subscription's slots of a stream.
pub(crate) async fn of_slots(
    conn: &mut Conn,
    subscription: &str,
    stream: &str,
) -> Result<BTreeMap<u16, Alert>, Error> {
    let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL";
    let open: Vec<Alert> = conn.query(sql, &[]).await?;
    let before = format!("{subscription} {stream}.");
    let slot = |alert: &Alert| alert.subject.strip_prefix(&before)?.parse().ok();
    let slots = open.into_iter().filter_map(|alert| {
        let opened_at = None;
        Some((slot(&alert)?, Alert { opened_at, ..alert }))
    });
    Ok(slots.collect())
}

/// The service's open alerts, oldest first.
///
/// # Errors
/// As statements.
pub async fn open(service: &Handle) -> Result<Vec<Alert>, Error> {
    let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL ORDER BY opened_at LIMIT 1000";
    service.read().await?.query(sql, &[]).await
}
