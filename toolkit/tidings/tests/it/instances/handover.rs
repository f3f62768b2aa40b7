//! How a slot goes from one instance to another, step by step, each on a clock of its own.

use std::time::Duration;

use tidings::params;

use super::words::{SLOTS, all, done, done_by, give, services, shares};
use crate::bed::{Bed, Stage, on_both};

const BEAT: Duration = Duration::from_secs(2);

/// Lets everybody beat so often, in turn.
async fn beats(stages: &mut [&mut Stage], times: u32) {
    for _ in 0..times {
        for stage in stages.iter_mut() {
            stage.advance(BEAT).await;
        }
    }
}

on_both!(two_instances_in_turn_apply_each_event_once_and_in_order);

async fn two_instances_in_turn_apply_each_event_once_and_in_order(bed: Bed) {
    let mut one = bed.stage(services::<1>()).await;
    let mut two = bed.stage(services::<2>()).await;
    let giver = one.handle("giver");
    for turn in 0..12 {
        give(&giver, 30, turn).await;
        one.advance(Duration::from_millis(700)).await;
        two.advance(Duration::from_millis(700)).await;
    }
    beats(&mut [&mut one, &mut two], 4).await;
    assert_eq!(done(&one.handle("worker")).await, all(30, 12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_comes_takes_its_part_when_the_others_have_let_go() {
    let bed = Bed::postgres().await;
    let mut one = bed.stage(services::<1>()).await;
    one.settle().await;
    assert_eq!(shares(&one.installation).await, [SLOTS]);
    let mut two = bed.stage(services::<2>()).await;
    two.settle().await;
    // The first has not looked yet: all is still its own, and the second waits for its part.
    assert_eq!(shares(&one.installation).await[1], SLOTS);
    let (giver, worker) = (one.handle("giver"), one.handle("worker"));
    give(&giver, 100, 0).await;
    two.settle().await;
    assert_eq!(done_by(&worker, 0).await, [].into());
    one.settle().await;
    assert_eq!(done_by(&worker, 0).await, [(1, 100)].into());
    beats(&mut [&mut one, &mut two], 2).await;
    let now = shares(&one.installation).await;
    assert!(now[0] >= 10 && now[0] + now[1] == SLOTS, "{now:?}");
    give(&giver, 100, 1).await;
    one.settle().await;
    two.settle().await;
    let by = done_by(&worker, 1).await;
    assert!(
        by[&1] >= 5 && by[&2] >= 5 && by[&1] + by[&2] == 100,
        "{by:?}"
    );
    assert_eq!(done(&worker).await, all(100, 2));
    let conflicts = [&one, &two].map(|stage| stage.handle("worker").conflicts());
    assert_eq!(conflicts, [0, 0]);
}

/// F-53: paused for longer than the expiry, its clock too, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_was_paused_is_fenced_and_comes_back() {
    let bed = Bed::postgres().await;
    let mut one = bed.stage(services::<1>()).await;
    let mut two = bed.stage(services::<2>()).await;
    beats(&mut [&mut one, &mut two], 4).await;
    assert_eq!(shares(&one.installation).await.len(), 2);
    let (giver, worker) = (one.handle("giver"), one.handle("worker"));
    give(&giver, 100, 0).await;
    one.settle().await;
    two.settle().await;
    // The first stands still; the second takes it for gone after ten seconds.
    beats(&mut [&mut two], 4).await;
    assert_eq!(shares(&two.installation).await.len(), 2);
    beats(&mut [&mut two], 2).await;
    assert_eq!(shares(&two.installation).await, [SLOTS]);
    give(&giver, 100, 1).await;
    two.settle().await;
    assert_eq!(done_by(&worker, 1).await, [(2, 100)].into());
    // The first goes on as if nothing had been, and everything it does is thrown away.
    give(&giver, 100, 2).await;
    two.settle().await;
    one.settle().await;
    assert!(one.handle("worker").conflicts() > 0);
    assert_eq!(done_by(&worker, 1).await, [(2, 200)].into());
    beats(&mut [&mut one, &mut two], 4).await;
    assert_eq!(shares(&one.installation).await.len(), 2);
    give(&giver, 100, 3).await;
    one.settle().await;
    two.settle().await;
    assert_eq!(done_by(&worker, 3).await.len(), 2);
    assert_eq!(done(&worker).await, all(100, 4));
}

/// Somebody on another machine who was killed: nobody can know before the beat is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_of_one_who_ended_without_a_word_are_read_after_the_expiry() {
    let bed = Bed::postgres().await;
    let mut one = bed.stage(services::<1>()).await;
    let (giver, worker) = (one.handle("giver"), one.handle("worker"));
    let mut tx = worker.begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_instances (id, process, started_at, seen_at, beats, members)
        VALUES ('ghost', 'elsewhere', 0, 0, 7, 'ghost')";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
    give(&giver, 100, 0).await;
    one.settle().await;
    for _ in 0..4 {
        one.advance(BEAT).await;
        assert_eq!(done(&worker).await, [].into());
    }
    one.advance(BEAT).await;
    one.settle().await;
    assert_eq!(done(&worker).await, all(100, 1));
    assert_eq!(shares(&one.installation).await, [SLOTS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_dropped_in_this_process_is_not_waited_for() {
    let bed = Bed::postgres().await;
    for turn in 0..3 {
        let mut stage = bed.stage(services::<1>()).await;
        give(&stage.handle("giver"), 20, turn).await;
        stage.settle().await;
        assert_eq!(done(&stage.handle("worker")).await, all(20, turn + 1));
        assert_eq!(shares(&stage.installation).await, [SLOTS]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_about_a_slot_is_left_to_the_one_who_reads_it() {
    let bed = Bed::postgres().await;
    let mut one = bed.stage(services::<1>()).await;
    let mut two = bed.stage(services::<2>()).await;
    beats(&mut [&mut one, &mut two], 4).await;
    let worker = one.handle("worker");
    let mut tx = worker.begin_own().await.unwrap();
    let ahead = "UPDATE tidings_cursors SET sequence = 1000";
    tx.execute(ahead, &[]).await.unwrap();
    tx.commit().await.unwrap();
    drop((one, two));
    let mut one = bed.stage(services::<1>()).await;
    let mut two = bed.stage(services::<2>()).await;
    beats(&mut [&mut one, &mut two], 6).await;
    let open = tidings::alert::open(&one.handle("worker")).await.unwrap();
    assert_eq!(open.len(), usize::from(SLOTS));
}
