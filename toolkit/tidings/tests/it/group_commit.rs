//! How much group commit gives on this disk. Figures are printed, not judged.

use std::time::Instant;

use tidings::Handle;

use crate::bed::{Bed, producer, publish};

async fn commits(service: &Handle, writers: usize, each: usize) -> f64 {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let service = service.clone();
        tasks.spawn(async move {
            for number in 0..each {
                publish(&service, &format!("k{writer}"), number as i64).await;
            }
        });
    }
    tasks.join_all().await;
    (writers * each) as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_commit_of_many_writers_is_kept() {
    let bed = Bed::sqlite();
    let service = bed.serve(producer()).await;
    let alone = commits(&service, 1, 200).await;
    let together = commits(&service, 64, 20).await;
    println!("commits/s of one event, synced: {alone:.0} alone, {together:.0} with 64 writers");
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT count(*) FROM tidings_outbox";
    let (kept,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(kept, 200 + 64 * 20);
}
