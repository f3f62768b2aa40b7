//! Order, and what ends in it.

use std::sync::Arc;

use crate::bad_transport::BadTransport;
use crate::conformance::carrier::Route;
use crate::conformance::letters::{Line, letter, page};
use crate::conformance::stage::Stage;
use crate::conformance::{Failure, Ground};
use crate::misbehaviour::{Dice, Misbehaviour};

/// A list for each writer, of lines of its own keys in turn.
fn lists(
    writers: usize,
    keys: usize,
    each: usize,
    line: fn(String, String) -> Line,
) -> Vec<Vec<Line>> {
    let of = |writer: usize| {
        let line = move |number: usize| {
            let key = format!("writer-{writer}-key-{}", number % keys);
            line(key, format!("text {number}"))
        };
        (0..keys * each).map(line).collect()
    };
    (0..writers).map(of).collect()
}

/// A hundred keys whose events are written by several writers at once, while somebody reads.
///
/// # Errors
/// What the transport has broken.
pub async fn keys_written_at_once_keep_each_its_order(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.subscribe().await?;
    stage.write_at_once(lists(4, 25, 4, letter)).await?;
    stage.finish().await
}

/// In a stream of one slot nothing overtakes anything.
///
/// # Errors
/// What the transport has broken.
pub async fn a_stream_of_one_slot_keeps_the_order_of_all_keys(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write_at_once(lists(2, 5, 20, page)).await?;
    stage.subscribe().await?;
    stage.write_at_once(lists(2, 5, 20, page)).await?;
    stage.finish().await
}

/// Every one of 64 slots is read to its end, whether it has many events or one.
///
/// # Errors
/// What the transport has broken.
pub async fn a_stream_of_many_slots_is_applied_whole(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    let line = |number: u32| {
        letter(
            format!("key-{}", number * number % 313),
            format!("{number}"),
        )
    };
    let lines: Vec<Line> = (0..500).map(line).collect();
    for part in lines[..250].chunks(25) {
        stage.write(part.to_vec()).await?;
    }
    stage.subscribe().await?;
    for part in lines[250..].chunks(25) {
        stage.write(part.to_vec()).await?;
    }
    stage.finish().await
}

/// Whatever else the way does to what the transport brings, it is applied once and in order.
///
/// # Errors
/// What the transport has broken.
pub async fn what_is_lost_doubled_late_or_out_of_order_is_applied_once_and_in_order(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    let faults_max = 500;
    let rules = Misbehaviour {
        faults_max,
        ..Misbehaviour::default()
    };
    for seed in 0..3 {
        let dice = Dice::new(seed, rules);
        let worsen = |Route { feed, transport }| {
            let (inner, dice) = (transport, Arc::clone(&dice));
            let transport = Arc::new(BadTransport { inner, dice });
            Route { feed, transport }
        };
        stage.subscribe_with(1, worsen).await?;
        stage.write_at_once(lists(2, 10, 6, letter)).await?;
        stage.settle().await?;
        stage.unsubscribe().await?;
    }
    stage.subscribe().await?;
    stage.finish().await
}
