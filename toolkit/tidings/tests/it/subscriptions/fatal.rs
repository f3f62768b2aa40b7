//! An event that ends every process that tries it.

use tidings::{Error, Event, Handle, Tx, dead};
use tokio::sync::Notify;

use crate::bed::words::write_down;
use crate::bed::{
    Bed, CountEvent, consumer, effects_by_key, on_both, producer, publish, publish_all,
};

const RESTARTS_MAX: u32 = 8;

on_both!(
    an_event_that_ends_the_process_is_set_aside_however_many_come_before_it,
    an_event_that_ends_the_process_is_set_aside_while_the_others_of_its_batch_are_applied,
    what_was_applied_before_the_process_ended_is_not_to_blame_when_it_comes_again,
    what_is_set_aside_and_comes_again_is_set_aside_once_and_stops_nobody,
);

/// Out of memory, an abort: the process is gone and nothing of it is told.
async fn die_of_killer(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let CountEvent::Added { key, .. } = &event.data;
    if key.starts_with("killer") {
        tx.resource::<Notify>()?.notify_one();
        std::future::pending::<()>().await;
    }
    write_down(&event, tx).await
}

/// A key of a slot.
fn key_of(slot: u16, word: &str) -> String {
    let mut keys = (0..).map(|number| format!("{word}{number}"));
    keys.find(|key| tidings::slot_of(key, 4) == slot).unwrap()
}

/// Starts again and again; before each start so many other events are published.
async fn restart(bed: &Bed, killer: &str, others: i64) -> u32 {
    let alone = bed.stage([producer()]).await;
    publish(&alone.handle("producer"), killer, 1).await;
    drop(alone);
    let low = [key_of(0, "a"), key_of(1, "b"), key_of(2, "c")];
    for deaths in 0..RESTARTS_MAX {
        let consumer = consumer()
            .resource(Notify::new())
            .subscribes("count", die_of_killer);
        let mut stage = bed.stage([producer(), consumer]).await;
        let events: Vec<(&str, i64)> = (0..others)
            .map(|number| (low[(number % 3) as usize].as_str(), number))
            .collect();
        if !events.is_empty() {
            publish_all(&stage.handle("producer"), &events).await;
        }
        let service = stage.handle("consumer");
        let dies = service.resource::<Notify>().unwrap();
        tokio::select! {
            () = dies.notified() => continue,
            () = stage.settle() => {}
        }
        let parked = dead::events(&service, 10).await.unwrap();
        let [event] = &parked[..] else {
            panic!("one event, {parked:?}")
        };
        assert_eq!((&*event.event.key, &*event.state), (killer, "parked"));
        let error = event.error.clone().unwrap();
        assert_eq!(error, "the process has ended 3 times while it was applied");
        let applied = effects_by_key(&service).await;
        let sum: usize = applied.values().map(Vec::len).sum();
        assert_eq!(sum as i64, others * i64::from(deaths + 1));
        return deaths;
    }
    panic!("it ends every process for ever");
}

/// Each start finds more than a batch of events in lower slots, so the batch that ends the
/// process is never the first one.
async fn an_event_that_ends_the_process_is_set_aside_however_many_come_before_it(bed: Bed) {
    let deaths = restart(&bed, &key_of(3, "killer"), 600).await;
    assert_eq!(deaths, 4, "one of the batch and three of the event");
}

async fn an_event_that_ends_the_process_is_set_aside_while_the_others_of_its_batch_are_applied(
    bed: Bed,
) {
    let deaths = restart(&bed, &key_of(0, "killer"), 60).await;
    assert_eq!(deaths, 4, "one of the batch and three of the event");
}

/// The cursor is put back before each start, as a careless person would.
async fn what_was_applied_before_the_process_ended_is_not_to_blame_when_it_comes_again(bed: Bed) {
    let killer = key_of(0, "killer");
    let events = [key_of(0, "a"), key_of(0, "other"), killer.clone()];
    for start in 0..RESTARTS_MAX {
        let consumer = consumer()
            .resource(Notify::new())
            .subscribes("count", die_of_killer);
        let mut stage = bed.stage([producer(), consumer]).await;
        if start == 0 {
            let events: Vec<(&str, i64)> = events.iter().map(|key| (key.as_str(), 1)).collect();
            publish_all(&stage.handle("producer"), &events).await;
        }
        let service = stage.handle("consumer");
        put_back(&service).await;
        let dies = service.resource::<Notify>().unwrap();
        tokio::select! {
            () = dies.notified() => continue,
            () = stage.settle() => {}
        }
        assert_eq!(set_aside(&service).await, [&*killer]);
        return;
    }
    panic!("it ends every process for ever");
}

async fn put_back(service: &Handle) {
    let mut tx = service.begin_own().await.unwrap();
    let back = "UPDATE tidings_cursors SET sequence = 0";
    tx.execute(back, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// The keys of what is parked, waits or is dead.
async fn set_aside(service: &Handle) -> Vec<String> {
    let parked = dead::events(service, 10).await.unwrap();
    parked.into_iter().map(|event| event.event.key).collect()
}

async fn what_is_set_aside_and_comes_again_is_set_aside_once_and_stops_nobody(bed: Bed) {
    let setup = || {
        let consumer = consumer().subscribes("count", fail_for_killer);
        [producer(), consumer]
    };
    let (killer, other) = (key_of(0, "killer"), key_of(0, "other"));
    let mut stage = bed.stage(setup()).await;
    let producer = stage.handle("producer");
    publish_all(&producer, &[(&killer, 1), (&killer, 2)]).await;
    stage.settle().await;
    let expected = [killer.clone(), killer.clone()];
    assert_eq!(set_aside(&stage.handle("consumer")).await, expected);
    drop(stage);
    let mut stage = bed.stage(setup()).await;
    let service = stage.handle("consumer");
    put_back(&service).await;
    publish(&stage.handle("producer"), &other, 1).await;
    stage.settle().await;
    assert_eq!(set_aside(&service).await, expected);
    assert_eq!(effects_by_key(&service).await[&other], [1]);
}

async fn fail_for_killer(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let CountEvent::Added { key, .. } = &event.data;
    match key.starts_with("killer") {
        true => Err(Error::NoRow),
        false => write_down(&event, tx).await,
    }
}
