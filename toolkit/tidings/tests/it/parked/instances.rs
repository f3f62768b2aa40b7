//! Several instances of a service have the same parked events.

use std::time::Duration;

use tidings::{Clock, Error, Event, Service, Tx};

use super::{Fragile, MENDED, kept, own_key, state, states};
use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, Stage, clock, consumer, producer, publish};

/// Takes its time before it fails, so that another instance can look meanwhile.
async fn fail_slowly(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Fragile> {
    let CountEvent::Added { key, .. } = &event.data;
    write_down(&event, tx).await?;
    Clock::system().sleep(Duration::from_millis(300)).await;
    Err(Fragile::Swallow(key.clone()))
}

async fn instance(bed: &Bed, clock: &Clock) -> Stage {
    let consumer = consumer()
        .migrations(MENDED)
        .subscribes("count", fail_slowly);
    let services: [Service; 2] = [producer(), consumer];
    let setup = services
        .into_iter()
        .fold(bed.setup(clock), |setup, one| setup.service(one));
    Stage::open(setup, clock.clone()).await
}

async fn try_parked(stage: &mut Stage) -> Result<(), Error> {
    let workers = stage.workers.iter_mut();
    for worker in workers.filter(|worker| worker.name() == "consumer parked") {
        worker.step().await.unwrap();
    }
    Ok(())
}

/// Without that the second would count a try that fails with the first's, and the event would be
/// dead after a few seconds and not minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_event_is_tried_by_one_instance_at_a_time() {
    let bed = Bed::postgres().await;
    let clock = clock();
    let mut first = instance(&bed, &clock).await;
    let bad = own_key("bad");
    publish(&first.handle("producer"), &bad, 1).await;
    first.settle().await;
    let consumer = first.handle("consumer");
    assert_eq!(states(&consumer).await, [state("parked", 3, 1)]);
    let mut second = instance(&bed, &clock).await;
    clock.advance(Duration::from_secs(2));
    let late = async {
        Clock::system().sleep(Duration::from_millis(100)).await;
        try_parked(&mut second).await
    };
    let (one, other) = tokio::join!(try_parked(&mut first), late);
    one.and(other).unwrap();
    assert_eq!(states(&consumer).await, [state("parked", 4, 1)]);
    let event = kept(&consumer).await.remove(0);
    assert_eq!(event.error.unwrap(), format!("swallow {bad}"));
    assert!(
        event.next_at > clock.now(),
        "there is a pause before the next try"
    );
}
