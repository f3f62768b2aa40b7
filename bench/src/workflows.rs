//! Workflows of ten transaction steps from start to done: ours, a hand-written loop, and a
//! peer, in turns.

mod by_hand;
mod ours;

use tidings::Storage;

use crate::peer::Peers;
use crate::report::{Report, Turn};
use crate::{Outcome, Place, ROUNDS};

/// Workflows of one turn.
const WORKFLOWS: u64 = 300;
const STEPS: u64 = 10;

pub(crate) async fn run(report: &mut Report, place: &mut Place, peers: &Peers) -> Outcome<()> {
    for _ in 0..ROUNDS {
        let ours = ours::rate(place.fresh().await?).await?;
        let hand = match place.fresh().await? {
            Storage::Postgres(url) => by_hand::postgres(&url).await?,
            Storage::Sqlite(path) => by_hand::sqlite(&path.join("hand.db"))?,
            Storage::Memory => return Err("nothing to measure".into()),
        };
        let peer = peers.workflows(&place.fresh().await?, WORKFLOWS)?;
        let turn = Turn {
            ours,
            hand: Some(hand),
            peer: Some(peer.get("done")?),
        };
        report.add(place.word(), "workflows/s of 10 steps", turn);
    }
    Ok(())
}
