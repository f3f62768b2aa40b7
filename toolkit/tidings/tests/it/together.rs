//! Two instances of everything on one PostgreSQL database, both running.

use std::collections::BTreeMap;
use std::time::Duration;

use tidings::{Clock, Error, Event, Installation, Tx};

use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, consumer, effects_by_key, producer, publish_all};

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

async fn instance(bed: &Bed) -> Installation {
    let setup = bed.setup(&Clock::system());
    let setup = setup.service(producer());
    let consumer = consumer().subscribes("count", count);
    setup.service(consumer).open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_apply_each_event_once_and_in_order() {
    const EACH: i64 = 60;
    let bed = Bed::postgres().await;
    let mut instances = [instance(&bed).await, instance(&bed).await];
    let running = instances.each_mut().map(Installation::start);
    let mut writers = tokio::task::JoinSet::new();
    for (number, instance) in instances.iter().enumerate() {
        let service = instance.handle("producer").unwrap();
        writers.spawn(async move {
            let keys = [0, 1, 2].map(|key| format!("w{number}-{key}"));
            for turn in 0..EACH {
                let events = keys.each_ref().map(|key| (key.as_str(), turn));
                publish_all(&service, &events).await;
            }
        });
    }
    writers.join_all().await;

    let all: Vec<i64> = (0..EACH).collect();
    let keys = (0..2).flat_map(|number| (0..3).map(move |key| format!("w{number}-{key}")));
    let expected: BTreeMap<String, Vec<i64>> = keys.map(|key| (key, all.clone())).collect();
    let consumer = instances[0].handle("consumer").unwrap();
    let owed = 6 * EACH as usize;
    let done = async {
        while effects_by_key(&consumer)
            .await
            .values()
            .map(Vec::len)
            .sum::<usize>()
            < owed
        {
            Clock::system().sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), done).await;
    for running in running {
        running.stop().await;
    }
    assert_eq!(effects_by_key(&consumer).await, expected);
    in_time.unwrap();
    let mut conn = consumer.read().await.unwrap();
    let sql = "SELECT count(*) FROM tidings_parked";
    let (parked,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(parked, 0);
}
