//! Waits until nothing moves any more.

use std::time::{Duration, Instant};

use super::SERVICES;
use crate::{Books, Failure, pause};

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// One look could fall between an event and what follows from it.
const CALM_LOOKS: u32 = 3;

/// A hold may wait for its order, if it has begun to and the order's end was not told yet.
const RUNS_ON_THEIR_WAY: &str = "SELECT name, key, state, waiting_for FROM tidings_workflows w
    WHERE state IN ('running', 'compensating') AND (name <> 'hold' OR waiting_for IS NULL
        OR EXISTS (SELECT 1 FROM tidings_workflow_messages m
            WHERE m.workflow_id = w.id AND m.taken_by IS NULL))";

/// Waits until every event is applied, every job and workflow that has to run has run, and
/// every alert is closed. Holds that still have minutes to go stay as they are.
///
/// # Errors
/// When it does not come to rest within the limit, with what is still going on.
pub async fn come_to_rest(books: &Books, limit: Duration) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut calm = 0;
    loop {
        let stirring = stirring(books).await?;
        calm = if stirring.is_empty() { calm + 1 } else { 0 };
        if calm == CALM_LOOKS {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > limit {
            return Err(format!("not at rest after {limit:?}:\n{}", stirring.join("\n")).into());
        }
        pause(LOOK_EVERY).await;
    }
}

async fn stirring(books: &Books) -> Result<Vec<String>, Failure> {
    let mut stirring = lagging(books).await?;
    for service in SERVICES {
        let sql = "SELECT subscription, stream, key, state, error FROM tidings_parked";
        for line in books.read(service, sql).await? {
            stirring.push(format!("{service}: set aside {line:?}"));
        }
        // Events to come, and what waits for an hour of the night, wait for longer than any test.
        let sql = "SELECT kind, state, data, error FROM tidings_jobs
            WHERE state = 'running'
                OR (state = 'ready' AND kind IN ('deliver', 'shuffle_tasks'))";
        for line in books.read(service, sql).await? {
            stirring.push(format!("{service}: job {line:?}"));
        }
        let sql = "SELECT kind, subject, text FROM tidings_alerts WHERE closed_at IS NULL";
        for line in books.read(service, sql).await? {
            stirring.push(format!("{service}: alert {line:?}"));
        }
        for line in books.read(service, RUNS_ON_THEIR_WAY).await? {
            stirring.push(format!("{service}: workflow {line:?}"));
        }
    }
    Ok(stirring)
}

async fn lagging(books: &Books) -> Result<Vec<String>, Failure> {
    let mut heads = Vec::new();
    let mut lagging = Vec::new();
    for service in SERVICES {
        let sql = "SELECT stream, slot, sequence FROM tidings_heads";
        heads.extend(books.read(service, sql).await?);
        if let Books::Postgres(_) = books {
            let sql = "SELECT (SELECT count(*) FROM tidings_outbox)
                - (SELECT count(*) FROM tidings_numbers)";
            let without_number = books.count(service, sql).await?;
            if without_number != 0 {
                lagging.push(format!("{service}: {without_number} events have no number"));
            }
        }
    }
    for service in SERVICES {
        let sql = "SELECT stream, slot, sequence, subscription FROM tidings_cursors";
        for cursor in books.read(service, sql).await? {
            let of_slot = |head: &&crate::Line| {
                head.text(0) == cursor.text(0) && head.text(1) == cursor.text(1)
            };
            let head = heads
                .iter()
                .find(of_slot)
                .map_or(Ok(0), |head| head.number(2))?;
            if cursor.number(2)? != head {
                lagging.push(format!("{service}: {cursor:?} is not yet at {head}"));
            }
        }
    }
    Ok(lagging)
}
