//! PostgreSQL: nobody knows the order of commits before they have happened.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tidings::crash::{Plan, with_plan};
use tokio::sync::oneshot;

use super::{A, count_up, counting, neighbour_of_a, numbered, tick};
use crate::bed::words::by_key;
use crate::bed::{Bed, add, client, producer, publish, publish_all};

/// A transaction whose events are inserted and whose COMMIT waits for the test's word.
pub(super) struct Late {
    inserted: oneshot::Receiver<()>,
    go: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Late {
    /// Begins it on a thread and connections of its own, through the real code.
    pub(super) fn begin(bed: &Bed, key: &str, number: i64) -> Self {
        let (tell, inserted) = oneshot::channel();
        let (go, wait) = mpsc::channel();
        let bed = Bed::at(bed.url());
        let event = add(key, number);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let service = bed.serve(producer()).await;
                let mut tx = service.begin_own().await.unwrap();
                tx.publish(event).unwrap();
                let mut tell = Some(tell);
                let plan = Plan::new(move |point| {
                    if let Some(tell) = tell.take_if(|_| point == "P2") {
                        let _ = tell.send(());
                        let _ = wait.recv();
                    }
                    false
                });
                with_plan(&plan, tx.commit()).await.unwrap().unwrap();
            });
        });
        Self {
            inserted,
            go,
            thread,
        }
    }

    pub(super) async fn inserted(&mut self) {
        (&mut self.inserted).await.unwrap();
    }

    async fn is_stuck(&mut self) -> bool {
        let waited = tokio::time::timeout(Duration::from_millis(150), &mut self.inserted);
        waited.await.is_err()
    }

    pub(super) fn commit(self) {
        self.go.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// 1. A inserts its event, and takes its time.
/// 2. B, of another key of the same slot, inserts and commits.
/// 3. The sequencer looks.
/// 4. A commits, and the sequencer looks again.
///
/// B has number 1 at once (F-34: an open transaction holds nobody up), A has number 2.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_gets_the_next_number_and_holds_nobody_up() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    let other = neighbour_of_a();
    let mut late = Late::begin(&bed, A, 1);
    late.inserted().await;
    publish(&service, &other, 2).await;
    assert!(tick(&mut stage).await);
    assert_eq!(numbered(&service).await, [(other.clone(), 2)]);
    assert!(!tick(&mut stage).await, "A is not there yet");
    late.commit();
    assert!(tick(&mut stage).await);
    assert_eq!(numbered(&service).await, [(other, 2), (A.to_owned(), 1)]);
    assert!(!tick(&mut stage).await, "everything has its number");
}

/// 1. The first writer of a key has inserted its event.
/// 2. The second one waits, a writer of another key does not.
/// 3. The first commits: the second goes on, and has the later number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_one_key_go_one_by_one_and_others_do_not_wait() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer()]).await;
    let other = neighbour_of_a();
    let mut first = Late::begin(&bed, A, 1);
    first.inserted().await;
    let mut second = Late::begin(&bed, A, 2);
    let mut stranger = Late::begin(&bed, &other, 3);
    stranger.inserted().await;
    assert!(second.is_stuck().await);
    stranger.commit();
    first.commit();
    second.inserted().await;
    second.commit();
    stage.settle().await;
    let service = stage.handle("producer");
    let numbers = by_key(numbered(&service).await);
    assert_eq!(numbers[A], [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_with_their_keys_in_opposite_order_do_not_block_each_other() {
    let bed = Bed::postgres().await;
    let stage = bed.stage([producer()]).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6 {
        let service = stage.handle("producer");
        writers.spawn(async move {
            let mut keys: Vec<String> = (0..20).map(|key| format!("k{key}")).collect();
            if writer % 2 == 0 {
                keys.reverse();
            }
            let batch: Vec<(&str, i64)> = keys.iter().map(|key| (key.as_str(), 1)).collect();
            for _ in 0..15 {
                publish_all(&service, &batch).await;
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_sequencers_at_once_number_every_event_once() {
    let bed = Bed::postgres().await;
    let service = bed.serve(counting()).await;
    let mut tickers = tokio::task::JoinSet::new();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    for _ in 0..8 {
        let mut stage = bed.stage([counting()]).await;
        let stopped = stopped.clone();
        tickers.spawn(async move {
            while !*stopped.borrow() {
                tick(&mut stage).await;
                tokio::task::yield_now().await;
            }
            stage.settle().await;
        });
    }
    let mut writers = tokio::task::JoinSet::new();
    for key in ["a", "b", "c"] {
        for _ in 0..2 {
            let service = service.clone();
            writers.spawn(async move {
                for _ in 0..25 {
                    count_up(&service, key).await;
                }
            });
        }
    }
    writers.join_all().await;
    stop.send(true).unwrap();
    tickers.join_all().await;
    let numbers = by_key(numbered(&service).await);
    let all: Vec<i64> = (1..=50).collect();
    assert!(numbers.values().all(|counts| *counts == all), "{numbers:?}");
    assert_eq!(numbers.len(), 3);
    let sql = "SELECT count(*), count(DISTINCT outbox_id) FROM producer.tidings_numbers";
    let row = client(bed.url()).await.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (150, 150));
}
