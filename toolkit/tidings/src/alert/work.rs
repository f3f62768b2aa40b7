//! What waits for a person, and what should be under way and is not.

use std::time::Duration;

use super::Alert;
use super::watch::Seen;
use crate::db::Conn;
use crate::{Dialect, Error, EventId, Handle, SubscriptionInfo, Timestamp, Uuid, params};

pub(super) const DEAD: &str = "dead";
pub(super) const JOB: &str = "job";
pub(super) const LATE: &str = "late";
pub(super) const RUN: &str = "run";
pub(super) const OPERATION: &str = "operation";
pub(super) const NUMBERS: &str = "numbers";
pub(super) const BREAKER: &str = "breaker";
pub(super) const PAUSED: &str = "paused";

/// Events that an alert names at the most.
const NAMED: usize = 5;
/// Rows that are looked at for one kind of alert at the most.
const ROWS: u32 = 1000;
/// Runs and operations with an alert of their own at the most.
const SUBJECTS: u32 = 50;

/// Events of one subscription that wait for a person.
pub(super) async fn dead_events(
    conn: &mut Conn,
    of: &SubscriptionInfo,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    let sql = "SELECT slot, sequence, type FROM tidings_parked
        WHERE subscription = $1 AND stream = $2 AND state = 'dead' AND last_failed_at <= $3
        ORDER BY last_failed_at LIMIT $4";
    let most = u32::try_from(NAMED + 1).unwrap_or(u32::MAX);
    let rows: Vec<(u16, u64, String)> = conn
        .query(sql, params![of.name, of.stream, before, most])
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let names = rows.iter().take(NAMED).map(|(slot, sequence, name)| {
        let id = EventId {
            stream: of.stream.to_owned(),
            slot: *slot,
            sequence: *sequence,
        };
        format!("{id} ({name})")
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let (more, wait) = match rows.len() {
        1 => ("", "waits"),
        n if n > NAMED => (" and others", "wait"),
        _ => ("", "wait"),
    };
    let text = format!("{names}{more} could not be applied and {wait} for a person");
    let subject = format!("{} {}", of.name, of.stream);
    seen.found(Alert::of(DEAD, &subject, text));
    Ok(())
}

/// The paused subscriptions: name, since when, and a sentence.
pub(super) async fn paused(conn: &mut Conn) -> Result<Vec<(String, Timestamp, String)>, Error> {
    let sql = "SELECT subscription, at, actor, note FROM tidings_paused ORDER BY subscription";
    let rows: Vec<(String, Timestamp, String, String)> = conn.query(sql, &[]).await?;
    let words = |(name, at, actor, note): (_, Timestamp, String, String)| {
        let text = format!("{actor} has paused it {}: {note}", at.in_words_exact());
        (name, at, text)
    };
    Ok(rows.into_iter().map(words).collect())
}

/// Jobs that wait for a person.
pub(super) async fn dead_jobs(
    conn: &mut Conn,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    // One that carries a run of a workflow has left it stuck, which is told of already.
    let sql = "SELECT kind, count(*), min(id) FROM (
            SELECT kind, id FROM tidings_jobs j
            WHERE state = 'dead' AND (finished_at IS NULL OR finished_at <= $1)
                AND NOT EXISTS (SELECT 1 FROM tidings_workflows w WHERE w.job_id = j.id)
            LIMIT $2) AS dead
        GROUP BY kind ORDER BY kind";
    let rows: Vec<(String, u64, String)> = conn.query(sql, params![before, ROWS]).await?;
    for (kind, count, first) in rows {
        let text = match count {
            1 => format!("job {first} has failed too often and waits for a person"),
            _ => format!("{first} and other jobs have failed too often and wait for a person"),
        };
        seen.found(Alert::of(JOB, &kind, text));
    }
    Ok(())
}

/// Jobs that are due and that nobody takes, or whose worker gives no sign of life.
pub(super) async fn late_jobs(
    conn: &mut Conn,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    let sql = "SELECT kind, state, min(run_at) FROM (
            SELECT kind, state, run_at FROM tidings_jobs
            WHERE state IN ('ready', 'running') AND run_at < $1 ORDER BY run_at LIMIT $2) AS late
        GROUP BY kind, state ORDER BY kind, state DESC";
    let rows: Vec<(String, String, Timestamp)> = conn.query(sql, params![before, ROWS]).await?;
    for (kind, state, since) in rows {
        let since = since.in_words_exact();
        let text = match state.as_str() {
            "running" => format!("the worker of a job has given no sign of life since {since}"),
            _ => format!("a job is due since {since} and nobody has taken it"),
        };
        // Silent workers are told of first: they are the reason when both are there.
        if !seen.has(LATE, &kind) {
            seen.found(Alert::of(LATE, &kind, text));
        }
    }
    Ok(())
}

/// Runs of workflows that are under way and that no job carries.
pub(super) async fn lost_runs(
    conn: &mut Conn,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    let sql = "SELECT w.name, w.id, w.updated_at FROM tidings_workflows w
        WHERE w.state IN ('running', 'compensating') AND w.updated_at < $1
            AND NOT EXISTS (SELECT 1 FROM tidings_jobs j
                WHERE j.id = w.job_id AND j.state IN ('ready', 'running'))
        ORDER BY w.id LIMIT $2";
    let rows: Vec<(String, Uuid, Timestamp)> = conn.query(sql, params![before, SUBJECTS]).await?;
    for (name, id, since) in rows {
        let since = since.in_words_exact();
        let text = format!("nothing carries it on since {since}");
        seen.found(Alert::of(RUN, &format!("{name} {id}"), text));
    }
    Ok(())
}

/// Operations that make no progress.
pub(super) async fn standing_operations(
    conn: &mut Conn,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    let sql = "SELECT kind, id, state, progress, updated_at FROM tidings_operations
        WHERE finished_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2";
    let rows: Vec<(String, Uuid, String, i64, Timestamp)> =
        conn.query(sql, params![before, SUBJECTS]).await?;
    for (kind, id, state, progress, since) in rows {
        let since = since.in_words_exact();
        let text = format!("it is {state} and stands at {progress} % since {since}");
        seen.found(Alert::of(OPERATION, &format!("{kind} {id}"), text));
    }
    Ok(())
}

/// Events that are committed and have no numbers. On SQLite they get them with the commit.
pub(super) async fn not_numbered(
    service: &Handle,
    conn: &mut Conn,
    before: Timestamp,
    seen: &mut Seen,
) -> Result<(), Error> {
    if conn.dialect() == Dialect::Sqlite || service.0.streams.is_empty() {
        return Ok(());
    }
    let sql = "SELECT o.stream, o.type, o.time FROM tidings_outbox o, tidings_ticks t
        WHERE t.id = 1 AND o.xid >= pg_snapshot_xmax(t.snapshot) ORDER BY o.xid LIMIT 1";
    let oldest: Option<(String, String, Timestamp)> = conn.query_opt(sql, &[]).await?;
    if let Some((stream, name, time)) = oldest
        && time < before
    {
        let time = time.in_words_exact();
        let text = format!("{name}, published {time}, has no number yet: nobody sees it");
        seen.found(Alert::of(NUMBERS, &stream, text));
    }
    Ok(())
}

/// Services that this one leaves alone for long because they do not answer.
pub(super) fn open_breakers(service: &Handle, after: Duration, seen: &mut Seen) {
    let Some(network) = service.0.network.upgrade() else {
        return;
    };
    let now = service.now();
    for call in network.statuses() {
        if call.from != service.name() {
            continue;
        }
        if let Some(since) = call.opened_at
            && now.since(since) > after
        {
            let since = since.in_words_exact();
            let text = format!("it does not answer and is left alone since {since}");
            seen.found(Alert::of(BREAKER, &call.to, text));
        }
    }
}
