//! A database that was dumped in one cluster and loaded into another.

use super::{A, numbered};
use crate::bed::words::by_key;
use crate::bed::{Bed, client, producer, publish};

/// What a dump leaves behind: transaction ids and a snapshot far ahead of the new cluster's.
const MOVE: &str = "SET search_path = producer;
    UPDATE tidings_outbox SET xid = '999999999000';
    UPDATE tidings_ticks SET cluster = cluster + 1,
        snapshot = '999999999999:999999999999:';";

#[tokio::test]
async fn a_database_from_another_cluster_begins_a_new_epoch_and_goes_on_counting() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    for number in 0..5 {
        publish(&service, A, number).await;
    }
    stage.settle().await;
    // Dumped before it was numbered.
    publish(&service, A, 5).await;
    drop((stage, service));
    let postgres = client(bed.url()).await;
    postgres.batch_execute(MOVE).await.unwrap();

    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    for number in 6..9 {
        publish(&service, A, number).await;
    }
    stage.settle().await;
    let all = by_key(numbered(&service).await);
    assert_eq!(all[A], (0..9).collect::<Vec<_>>());

    let epoch = "SELECT epoch FROM producer.tidings_ticks";
    let epoch: i64 = postgres.query_one(epoch, &[]).await.unwrap().get(0);
    assert_eq!(epoch, 2);
}

#[tokio::test]
async fn an_ordinary_restart_stays_in_its_epoch() {
    let bed = Bed::postgres().await;
    drop(bed.stage([producer()]).await);
    drop(bed.stage([producer()]).await);
    let epoch = "SELECT epoch FROM producer.tidings_ticks";
    let epoch: i64 = client(bed.url())
        .await
        .query_one(epoch, &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(epoch, 1);
}
