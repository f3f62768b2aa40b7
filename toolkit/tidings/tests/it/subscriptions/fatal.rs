//! An event that ends every process that tries it.

use tidings::{Error, Event, Tx, dead};
use tokio::sync::Notify;

use crate::bed::words::write_down;
use crate::bed::{
    Bed, CountEvent, consumer, effects_by_key, on_both, producer, publish, publish_all,
};

const RESTARTS_MAX: u32 = 8;

on_both!(
    an_event_that_ends_the_process_is_set_aside_however_many_come_before_it,
    an_event_that_ends_the_process_is_set_aside_while_the_others_of_its_batch_are_applied,
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
