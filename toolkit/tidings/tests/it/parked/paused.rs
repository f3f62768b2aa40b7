//! Subscriptions that operators stop.

use std::time::Duration;

use tidings::{Context, Handle, lag, subscriptions};

use super::{fragile_stage, kept, mend, own_key};
use crate::bed::{Bed, Stage, clock, effects_by_key, on_both, producer, publish};

async fn pause(service: &Handle) -> bool {
    let mut tx = service.begin(operator()).await.unwrap();
    let done = subscriptions::pause(&mut tx, "count", "to look first").await;
    tx.commit().await.unwrap();
    done.unwrap()
}

async fn resume(service: &Handle) -> bool {
    let mut tx = service.begin(operator()).await.unwrap();
    let done = subscriptions::resume(&mut tx, "count", "it is mended").await;
    tx.commit().await.unwrap();
    done.unwrap()
}

fn operator() -> Context {
    Context {
        actor: "user:ann".to_owned(),
        correlation_id: "c".to_owned(),
        causation_id: None,
    }
}

const SECOND: Duration = Duration::from_secs(1);

on_both!(
    a_paused_subscription_applies_nothing_and_owes_it,
    a_pause_outlives_a_restart,
    parked_events_wait_too,
);

async fn a_paused_subscription_applies_nothing_and_owes_it(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    publish(&producer, "n1", 1).await;
    stage.settle().await;
    assert!(pause(&consumer).await);
    assert!(!pause(&consumer).await, "the second is told so");
    for number in 2..=4 {
        publish(&producer, "n1", number).await;
        stage.advance(SECOND).await;
    }
    assert_eq!(
        effects_by_key(&consumer).await,
        [("n1".to_owned(), vec![1])].into()
    );
    let status = lag::subscriptions(&stage.installation)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(status.lag, 3);
    let paused = status.paused.unwrap();
    assert_eq!(
        (&*paused.actor, &*paused.note),
        ("user:ann", "to look first")
    );
    assert!(resume(&consumer).await);
    assert!(!resume(&consumer).await);
    stage.advance(SECOND).await;
    assert_eq!(
        effects_by_key(&consumer).await,
        [("n1".to_owned(), vec![1, 2, 3, 4])].into()
    );
    let status = lag::subscriptions(&stage.installation)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((status.lag, status.paused), (0, None));
}

async fn a_pause_outlives_a_restart(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    assert!(pause(&stage.handle("consumer")).await);
    publish(&stage.handle("producer"), "n1", 1).await;
    stage.settle().await;
    drop(stage);
    let mut stage = fragile_stage(&bed).await;
    publish(&stage.handle("producer"), "n1", 2).await;
    stage.advance(60 * SECOND).await;
    let consumer = stage.handle("consumer");
    assert!(effects_by_key(&consumer).await.is_empty());
    assert!(resume(&consumer).await);
    stage.advance(SECOND).await;
    assert_eq!(
        effects_by_key(&consumer).await,
        [("n1".to_owned(), vec![1, 2])].into()
    );
}

/// Neither are they tried, nor are they gone; nor does anybody look for them without a pause.
async fn parked_events_wait_too(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    let bad = own_key("bad");
    publish(&stage.handle("producer"), &bad, 1).await;
    stage.settle().await;
    mend(&stage, &bad).await;
    assert!(pause(&consumer).await);
    stage.advance(3600 * SECOND).await;
    let event = kept(&consumer).await.remove(0);
    assert_eq!((event.state.as_str(), event.attempts), ("parked", 3));
    assert!(resume(&consumer).await);
    stage.advance(SECOND).await;
    assert_eq!(effects_by_key(&consumer).await, [(bad, vec![1])].into());
}

/// On PostgreSQL, where there may be several.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_instances_notice_a_pause() {
    let bed = Bed::postgres().await;
    let clock = clock();
    let mut stages = Vec::new();
    for _ in 0..2 {
        let setup = bed.setup(&clock).service(producer());
        let setup = setup.service(super::fragile_consumer());
        stages.push(Stage::open(setup, clock.clone()).await);
    }
    let first = stages[0].handle("consumer");
    for stage in &mut stages {
        stage.settle().await;
    }
    assert!(pause(&first).await);
    for number in 1..=8 {
        publish(&stages[0].handle("producer"), &format!("n{number}"), number).await;
        clock.advance(SECOND);
        for stage in &mut stages {
            stage.settle().await;
        }
    }
    assert!(effects_by_key(&first).await.is_empty());
    assert!(resume(&first).await);
    for _ in 0..3 {
        clock.advance(SECOND);
        for stage in &mut stages {
            stage.settle().await;
        }
    }
    assert_eq!(effects_by_key(&first).await.len(), 8);
}
