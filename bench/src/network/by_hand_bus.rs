//! The same work by hand with a broker between: a relay takes rows out of the outbox and deletes
//! them once JetStream has acknowledged all; four lanes take up to five hundred messages, skip
//! what they know, and write inbox and effects in one statement each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::{self, Context, Message, stream};
use futures_util::StreamExt;
use tokio::sync::{Notify, mpsc};
use tokio_postgres::Client;

use super::by_hand::{Applied, BATCH, EFFECTS, LANES, POLL, TABLES, TAKE, measure, number_of};
use super::child::Turn;
use crate::Outcome;
use crate::ceiling::connect;

const SUBJECT: &str = "hand";
/// Rows that the relay takes at a time.
const RELAYED: i64 = 1_000;
const DEDUP: &str = "INSERT INTO inbox SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING
    RETURNING id";
/// How long a lane listens before it asks anew.
const LISTEN: Duration = Duration::from_secs(5);

pub(super) async fn run(turn: Turn<'_>, nats: &str) -> Outcome<()> {
    let url = turn.url;
    connect(url).await?.batch_execute(TABLES).await?;
    let broker = jetstream::new(async_nats::connect(nats).await?);
    let consumer = fresh(&broker).await?;
    let wake = Arc::new(Notify::new());
    let (applied, seen) = mpsc::unbounded_channel();
    let start = {
        let wake = Arc::clone(&wake);
        async move || {
            tokio::spawn(relay(connect(url).await?, broker, Arc::clone(&wake)));
            for _ in 0..LANES {
                let client = connect(url).await?;
                tokio::spawn(lane(client, consumer.clone(), applied.clone()));
            }
            Outcome::Ok(())
        }
    };
    measure(turn, &wake, seen, start).await
}

/// An empty stream, kept in files as the toolkit's, and one consumer that the lanes share.
async fn fresh(broker: &Context) -> Outcome<PullConsumer> {
    broker.delete_stream(SUBJECT).await.ok();
    let config = stream::Config {
        name: SUBJECT.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        ..stream::Config::default()
    };
    let stream = broker.create_stream(config).await?;
    let config = pull::Config {
        durable_name: Some(SUBJECT.to_owned()),
        max_ack_pending: 20_000,
        ..pull::Config::default()
    };
    Ok(stream.create_consumer(config).await?)
}

async fn relay(client: Client, broker: Context, wake: Arc<Notify>) -> Outcome<()> {
    let take = client.prepare(TAKE).await?;
    loop {
        client.batch_execute("BEGIN").await?;
        let rows = client.query(&take, &[&RELAYED]).await?;
        let mut acknowledgements = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, data): (i64, &str) = (row.get(0), row.get(1));
            let message = jetstream::message::PublishMessage::build()
                .message_id(id.to_string())
                .payload(data.to_owned().into());
            acknowledgements.push(broker.send_publish(SUBJECT, message).await?);
        }
        for acknowledgement in acknowledgements {
            acknowledgement.await?;
        }
        client.batch_execute("COMMIT").await?;
        if rows.is_empty() {
            tokio::time::timeout(POLL, wake.notified()).await.ok();
        }
    }
}

async fn lane(client: Client, consumer: PullConsumer, applied: Applied) -> Outcome<()> {
    let dedup = client.prepare(DEDUP).await?;
    let effects = client.prepare(EFFECTS).await?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(usize::try_from(BATCH)?)
        .expires(LISTEN)
        .messages()
        .await?
        .ready_chunks(usize::try_from(BATCH)?);
    while let Some(chunk) = messages.next().await {
        let chunk: Vec<Message> = chunk.into_iter().collect::<Result<_, _>>()?;
        let mut ids = Vec::with_capacity(chunk.len());
        let mut numbers = Vec::with_capacity(chunk.len());
        for message in &chunk {
            ids.push(i64::try_from(message.info()?.stream_sequence)?);
            numbers.push(number_of(std::str::from_utf8(&message.payload)?)?);
        }
        client.batch_execute("BEGIN").await?;
        client.query(&dedup, &[&ids]).await?;
        client.execute(&effects, &[&numbers]).await?;
        client.batch_execute("COMMIT").await?;
        applied.send((numbers, Instant::now()))?;
        for message in chunk {
            message.ack().await?;
        }
    }
    Ok(())
}
