//! How many calls are under way at once.

use std::time::Duration;

use futures_util::future::join_all;
use tidings::CallError;
use tidings::client::Outcome;
use tokio::task::JoinSet;

use super::target::{Does, Line, Place, both_ways};

both_ways!(
    a_storm_reaches_the_target_32_at_a_time,
    a_caller_who_goes_away_makes_room,
);

async fn a_storm_reaches_the_target_32_at_a_time(place: Place) {
    let line = Line::open(place).await;
    line.target.always(Does::Hold);
    let mut storm = JoinSet::new();
    for _ in 0..200 {
        storm.spawn(line.client.get("/x").send());
    }
    line.target.has_seen(32).await;
    a_turn_for_everybody().await;
    assert_eq!(line.client.status().in_flight, 32);
    line.clock.advance(Duration::from_millis(100));
    a_turn_for_everybody().await;
    line.target.open_gate();
    let ends = storm.join_all().await;
    let full = |end: &&Result<_, _>| matches!(end, Err(CallError::Full { .. }));
    assert_eq!(ends.iter().filter(full).count(), 168);
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 32);
    assert_eq!((line.target.peak(), line.target.count()), (32, 32));
    let status = line.client.status();
    assert_eq!((status.in_flight, status.failures), (0, 0));
    assert_eq!(status.outcomes[&Outcome::Full], 168);
}

/// Who waits in the queue has come there, and who leaves it has left.
async fn a_turn_for_everybody() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

async fn a_caller_who_goes_away_makes_room(place: Place) {
    let line = Line::open(place).await;
    line.target.always(Does::Hold);
    for round in 1..=3 {
        let storm = join_all((0..32).map(|_| line.client.get("/x").send()));
        tokio::select! {
            _ = storm => unreachable!(),
            () = line.target.has_seen(32 * round) => {}
        }
        assert_eq!(line.client.status().in_flight, 0);
    }
}
