//! Alerts: what an operator must know, by name, until its cause is gone.

use std::collections::BTreeMap;

use crate::handle::Handle;
use crate::{Error, FromRow, Row, Timestamp, params};

/// Something that does not mend itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Alert {
    /// What kind: `gap` or `ahead`.
    pub kind: String,
    /// What it is about: `subscription stream.slot`.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Since when; unset before it is stored.
    pub opened_at: Option<Timestamp>,
}

impl Alert {
    /// Numbers that the producer has given and cannot show.
    pub(crate) fn gap(subscription: &str, stream: &str, slot: u16, first: u64, head: u64) -> Self {
        Self {
            kind: "gap".to_owned(),
            subject: format!("{subscription} {stream}.{slot}"),
            text: format!(
                "the producer cannot give {stream}.{slot}.{first}, although it has numbered events \
                 up to {head}; the slot stands still until it can"
            ),
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
        Self {
            kind: "ahead".to_owned(),
            subject: format!("{subscription} {stream}.{slot}"),
            text: format!(
                "{stream}.{slot}.{cursor} was applied, but the producer ends at {head}: its database \
                 went back in time; the slot stands still until a person has decided"
            ),
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
    let mut tx = service.begin_own().await?;
    let now = tx.now();
    for alert in before
        .values()
        .filter(|alert| !after.values().any(|other| other == *alert))
    {
        let sql = "UPDATE tidings_alerts SET closed_at = $3 WHERE kind = $1 AND subject = $2";
        tx.execute(sql, params![&alert.kind, &alert.subject, now])
            .await?;
    }
    for alert in after
        .values()
        .filter(|alert| !before.values().any(|other| other == *alert))
    {
        tracing::error!(
            service = service.name(),
            subject = alert.subject,
            "{}",
            alert.text
        );
        let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (kind, subject) DO UPDATE SET text = $3, closed_at = NULL";
        tx.execute(sql, params![&alert.kind, &alert.subject, &alert.text, now])
            .await?;
    }
    tx.commit().await
}

/// The service's open alerts, oldest first.
///
/// # Errors
/// As statements.
pub async fn open(service: &Handle) -> Result<Vec<Alert>, Error> {
    let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL ORDER BY opened_at LIMIT 1000";
    service.read().await?.query(sql, &[]).await
}
