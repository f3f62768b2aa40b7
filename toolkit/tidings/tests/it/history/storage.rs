//! What events cost PostgreSQL besides themselves.

use std::time::Duration;

use tidings::Handle;
use tokio_postgres::Client;

use super::counting;
use crate::bed::{Bed, client, producer};

const EVENTS: i64 = 2000;

/// Rows written, changed, deleted and dead, of a table.
async fn written(client: &Client, table: &str) -> [i64; 4] {
    let sql = "SELECT n_tup_ins, n_tup_upd, n_tup_del, n_dead_tup FROM pg_stat_user_tables
        WHERE schemaname || '.' || relname = $1";
    let row = client.query_one(sql, &[&table]).await.unwrap();
    [0, 1, 2, 3].map(|column| row.get(column))
}

async fn publish_many(service: &Handle) {
    for batch in 0..EVENTS / 10 {
        let mut tx = service.begin_own().await.unwrap();
        for number in 0..10 {
            let key = format!("{:0>250}", (batch * 10 + number) % 333);
            tx.publish(crate::bed::add(&key, number)).unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// Dead rows are what turns an open transaction somewhere into an outage: they cannot be
/// cleaned away, and every look reads them again. So an event is inserted, numbered by another
/// insert, and never touched again; and what does change with it, changes in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_published_and_applied_leave_no_dead_rows() {
    let bed = Bed::postgres().await;
    let mut stage = bed.stage([producer(), counting()]).await;
    let client = client(bed.url()).await;
    for table in ["producer.tidings_outbox", "producer.tidings_numbers"] {
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        client.batch_execute(&sql).await.unwrap();
    }
    let service = stage.handle("producer");
    publish_many(&service).await;
    stage.settle().await;
    // The server's sessions report what they have done when they end.
    drop((stage, service));
    for table in ["producer.tidings_outbox", "producer.tidings_numbers"] {
        let mut seen = written(&client, table).await;
        for _ in 0..300 {
            if seen[0] == EVENTS {
                break;
            }
            tidings::Clock::system()
                .sleep(Duration::from_millis(100))
                .await;
            seen = written(&client, table).await;
        }
        assert_eq!(seen, [EVENTS, 0, 0, 0], "{table}");
    }
}
