//! What an event costs the log of PostgreSQL, each part by itself.

use tidings::{Error, Handle, Installation, Worker};

use super::child::{ready, say};
use super::event::Placed;
use crate::Outcome;

/// Events, each in a transaction of its own.
const EVENTS: i64 = 5_000;
const WRITERS: i64 = 8;

/// Publishes, numbers and applies, one after the other; the handler writes nothing.
pub(super) async fn run<const SLOTS: u16>(
    producer: &Handle,
    installations: &mut [Installation],
    sample: &Placed<SLOTS>,
) -> Outcome<()> {
    ready()?;
    let workers = installations.iter_mut().flat_map(Installation::workers);
    let workers: Vec<Worker> = workers.collect();
    let before = written(producer).await?;
    publish(producer, sample).await?;
    let published = written(producer).await?;
    let mut readers = Vec::new();
    for mut worker in workers {
        if worker.name() == "producer sequencer" {
            drain(&mut worker).await?;
        } else if worker.name() == "subscriber/orders orders" {
            readers.push(worker);
        }
    }
    let numbered = written(producer).await?;
    for mut reader in readers {
        drain(&mut reader).await?;
    }
    let applied = written(producer).await?;
    let each = |from: i64, to: i64| (to - from) as f64 / EVENTS as f64;
    say("publish", each(before, published));
    say("number", each(published, numbered));
    say("apply", each(numbered, applied));
    say("bytes", bytes(producer).await?);
    say("count", EVENTS as f64);
    Ok(())
}

async fn publish<const SLOTS: u16>(producer: &Handle, sample: &Placed<SLOTS>) -> Outcome<()> {
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (producer, sample) = (producer.clone(), sample.clone());
            tokio::spawn(async move {
                for number in (writer..EVENTS).step_by(WRITERS as usize) {
                    let mut tx = producer.begin_own().await?;
                    tx.publish(sample.numbered(number))?;
                    tx.commit().await?;
                }
                Ok::<(), Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn drain(worker: &mut Worker) -> Outcome<()> {
    while worker.step().await? {}
    Ok(())
}

/// How far the server's log has come, in bytes.
async fn written(service: &Handle) -> Outcome<i64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    let (bytes,): (i64,) = service.read().await?.query_one(sql, &[]).await?;
    Ok(bytes)
}

/// The values of an event as they lie in its row, without the row's header.
async fn bytes(service: &Handle) -> Outcome<f64> {
    let sql = "SELECT avg(pg_column_size(o.*) - 24)::float8 FROM tidings_outbox o";
    let (bytes,): (f64,) = service.read().await?.query_one(sql, &[]).await?;
    Ok(bytes)
}
