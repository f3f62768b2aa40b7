//! Jobs from enqueue to done: ours, a hand-written claim loop, and a peer, in turns.

mod by_hand;
mod ours;

use std::time::Instant;

use tidings::Storage;

use crate::peer::Peers;
use crate::report::{Report, Turn};
use crate::{Outcome, Place, ROUNDS};

/// Jobs of one turn.
const JOBS: u64 = 5_000;
/// Jobs enqueued in one transaction when a backlog is made.
const BATCH: usize = 100;
const PER_SECOND: u64 = 200;

/// What a job does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One row in the database.
    Transactional,
    /// Nothing: what is left is the cost of a job that calls outside.
    Outside,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Transactional => "transactional",
            Kind::Outside => "outside",
        }
    }
}

/// Jobs a second: enqueued, and done of a backlog.
struct Rates {
    enqueued: f64,
    done: f64,
}

impl Rates {
    fn since(enqueueing: Instant, draining: Instant) -> Self {
        let enqueued = draining.duration_since(enqueueing).as_secs_f64();
        Self {
            enqueued: JOBS as f64 / enqueued,
            done: JOBS as f64 / draining.elapsed().as_secs_f64(),
        }
    }
}

/// Milliseconds from before the enqueueing transaction until the handler began.
struct Waits {
    p50: f64,
    p99: f64,
}

impl Waits {
    fn of(mut waits: Vec<f64>) -> Outcome<Self> {
        waits.sort_by(f64::total_cmp);
        let last = waits.len().checked_sub(1).ok_or("no job was begun")?;
        Ok(Self {
            p50: waits[last / 2],
            p99: waits[last * 99 / 100],
        })
    }
}

pub(crate) async fn run(report: &mut Report, place: &mut Place, peers: &Peers) -> Outcome<()> {
    for kind in [Kind::Transactional, Kind::Outside] {
        for _ in 0..ROUNDS {
            backlog(report, place, peers, kind).await?;
        }
    }
    for _ in 0..ROUNDS {
        latency(report, place, peers).await?;
    }
    Ok(())
}

async fn backlog(report: &mut Report, place: &mut Place, peers: &Peers, kind: Kind) -> Outcome<()> {
    let ours = ours::backlog(place.fresh().await?, kind).await?;
    let hand = match place.fresh().await? {
        Storage::Postgres(url) => by_hand::postgres_backlog(&url, kind).await?,
        Storage::Sqlite(path) => by_hand::sqlite_backlog(&path.join("hand.db"), kind)?,
        Storage::Memory => return Err("nothing to measure".into()),
    };
    let peer = peers.jobs(&place.fresh().await?, kind.word(), JOBS)?;
    let enqueued = Turn {
        ours: ours.enqueued,
        hand: Some(hand.enqueued),
        peer: Some(peer.get("enqueued")?),
    };
    let done = Turn {
        ours: ours.done,
        hand: Some(hand.done),
        peer: Some(peer.get("done")?),
    };
    let word = kind.word();
    report.add(place.word(), "jobs/s enqueued, 100 a transaction", enqueued);
    report.add(
        place.word(),
        &format!("{word} jobs/s done of a backlog"),
        done,
    );
    Ok(())
}

async fn latency(report: &mut Report, place: &mut Place, peers: &Peers) -> Outcome<()> {
    let jobs = PER_SECOND * 5;
    let ours = ours::latency(place.fresh().await?, jobs).await?;
    let hand = match place.fresh().await? {
        Storage::Postgres(url) => by_hand::postgres_latency(&url, jobs).await?,
        Storage::Sqlite(path) => by_hand::sqlite_latency(&path.join("hand.db"), jobs).await?,
        Storage::Memory => return Err("nothing to measure".into()),
    };
    // On SQLite the peer, once idle, often begins jobs only with its heartbeat, after 30 s:
    // surely not what it can do.
    let peer = match place.fresh().await? {
        Storage::Sqlite(_) => None,
        storage => Some(peers.jobs(&storage, "latency", jobs)?),
    };
    for (name, ours, hand) in [("p50", ours.p50, hand.p50), ("p99", ours.p99, hand.p99)] {
        let peer = peer.as_ref().map(|peer| peer.get(name)).transpose()?;
        let hand = Some(hand);
        let turn = Turn { ours, hand, peer };
        let what = format!("ms from enqueue to start at {PER_SECOND} jobs/s, {name}");
        report.add(place.word(), &what, turn);
    }
    Ok(())
}
