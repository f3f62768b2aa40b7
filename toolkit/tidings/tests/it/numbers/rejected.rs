//! The usual outbox queries, in schedules where they fail; so nobody need try them again.

use std::time::Duration;

use super::commit_order::Late;
use super::{A, neighbour_of_a, numbered};
use crate::bed::{Bed, add, client, producer, publish};

async fn poll(bed: &Bed, condition: &str) -> Vec<(i64, String)> {
    let sql = format!("SELECT id, data FROM producer.tidings_outbox WHERE {condition}");
    let rows = client(bed.url()).await.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// 1. A inserts its event (id 1) and takes its time; B inserts (id 2) and commits.
/// 2. The poller reads `id > 0`: it finds B and remembers 2.
/// 3. A commits. The poller reads `id > 2`: nothing, for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_by_id_would_skip_the_late_commit() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    let mut late = Late::begin(&bed, A, 1);
    late.inserted().await;
    publish(&service, &neighbour_of_a(), 2).await;
    let found = poll(&bed, "id > 0 ORDER BY id").await;
    let last = found.last().unwrap().0;
    late.commit();
    let found = poll(&bed, &format!("id > {last} ORDER BY id")).await;
    assert_eq!(found, [], "A's event was skipped");
    stage.settle().await;
    assert_eq!(
        numbered(&service).await.len(),
        2,
        "the sequencer skips nothing"
    );
}

/// 1. A draws its transaction id and works.
/// 2. B publishes version 1 of the key and commits: the gate stays shut, because A is open.
/// 3. A publishes version 2 of the key and commits: the gate opens, and A's lower
///    transaction id puts version 2 before version 1.
#[tokio::test]
async fn the_gate_of_xmin_would_stall_and_turn_a_key_round() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    let mut a = service.begin_own().await.unwrap();
    let begin = "SELECT pg_current_xact_id()::text";
    a.query::<(String,)>(begin, &[]).await.unwrap();
    publish(&service, A, 1).await;
    let gate = "xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id";
    assert_eq!(poll(&bed, gate).await, [], "stalled behind A");
    stage.settle().await;
    assert_eq!(numbered(&service).await, [(A.to_owned(), 1)]);

    a.publish(add(A, 2)).unwrap();
    a.commit().await.unwrap();
    // Snapshots are the cluster's, so the other tests' transactions keep the gate shut too.
    let opened = async {
        loop {
            let versions = poll(&bed, gate).await;
            if versions.len() == 2 {
                return versions;
            }
        }
    };
    let versions = tokio::time::timeout(Duration::from_secs(20), opened).await;
    let versions = versions.expect("the gate opens when nobody is left before it");
    let order: Vec<i64> = versions.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [2, 1], "version 2 first");
    stage.settle().await;
    let kept = [1, 2].map(|number| (A.to_owned(), number));
    assert_eq!(numbered(&service).await, kept);
}
