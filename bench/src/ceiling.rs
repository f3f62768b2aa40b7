//! The same SQL by hand, without a toolkit: what the database itself can do.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

use crate::Outcome;

const SQLITE: &str = "CREATE TABLE orders (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL, data TEXT NOT NULL);
    CREATE TABLE effects (number INTEGER PRIMARY KEY);
    CREATE TABLE cursor (place INTEGER NOT NULL);
    INSERT INTO cursor VALUES (0);";
const POSTGRES: &str = "CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE outbox (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key TEXT NOT NULL, data TEXT NOT NULL);
    CREATE TABLE effects (number BIGINT PRIMARY KEY);
    CREATE TABLE cursor (place BIGINT NOT NULL);
    INSERT INTO cursor VALUES (0);";
/// As many events in one transaction as the toolkit takes.
const BATCH: i64 = 100;

/// A new database in which every commit is synced.
pub(crate) fn open_sqlite(path: &Path, tables: &str) -> Outcome<rusqlite::Connection> {
    let conn = rusqlite::Connection::open(path)?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    conn.execute_batch(tables)?;
    Ok(conn)
}

/// One connection, one fsync a commit: SQLite has one writer, so more threads add nothing.
pub(crate) fn sqlite_commits(path: &Path, span: Duration) -> Outcome<f64> {
    let conn = open_sqlite(path, SQLITE)?;
    let end = Instant::now() + span;
    let mut done = 0_i64;
    while Instant::now() < end {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        conn.prepare_cached("INSERT INTO orders VALUES (?1, 'an order')")?
            .execute([done])?;
        conn.prepare_cached("INSERT INTO outbox (key, data) VALUES (?1, ?2)")?
            .execute((
                format!("order-{}", done % 1000),
                format!("{{\"number\":{done}}}"),
            ))?;
        conn.prepare_cached("COMMIT")?.execute([])?;
        done += 1;
    }
    Ok(done as f64 / span.as_secs_f64())
}

/// Reads the outbox by id and writes an effect each, a hundred in a transaction.
pub(crate) fn sqlite_backlog(path: &Path, events: u64) -> Outcome<f64> {
    let conn = open_sqlite(path, SQLITE)?;
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for number in 1..=events {
        conn.prepare_cached("INSERT INTO outbox (key, data) VALUES ('order', ?1)")?
            .execute([format!("{{\"number\":{number}}}")])?;
    }
    conn.execute_batch("COMMIT")?;
    let begin = Instant::now();
    let mut place = 0_i64;
    loop {
        let mut read =
            conn.prepare_cached("SELECT id, data FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let batch: Vec<(i64, String)> = read
            .query_map((place, BATCH), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let Some((last, _)) = batch.last() else { break };
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for (id, _) in &batch {
            conn.prepare_cached("INSERT INTO effects VALUES (?1)")?
                .execute([id])?;
        }
        conn.prepare_cached("UPDATE cursor SET place = ?1 WHERE place = ?2")?
            .execute((last, place))?;
        conn.prepare_cached("COMMIT")?.execute([])?;
        place = *last;
    }
    Ok(events as f64 / begin.elapsed().as_secs_f64())
}

/// Makes an empty database beside the one of the URL and gives its URL.
pub(crate) async fn postgres_database(url: &str, name: &str) -> Outcome<String> {
    let client = connect(url).await?;
    client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
        .await?;
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await?;
    let (server, _) = url.rsplit_once('/').ok_or("the URL names no database")?;
    Ok(format!("{server}/{name}"))
}

pub(crate) async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A connection per writer; business row and outbox row, not numbered.
pub(crate) async fn postgres_commits(url: &str, writers: usize, span: Duration) -> Outcome<f64> {
    connect(url).await?.batch_execute(POSTGRES).await?;
    let end = Instant::now() + span;
    let mut tasks = Vec::new();
    // The toolkit has 16 connections; more would not be the same work.
    for writer in 0..writers.min(16) {
        let client = connect(url).await?;
        tasks.push(tokio::spawn(async move {
            let order = client
                .prepare("INSERT INTO orders VALUES ($1, 'an order')")
                .await?;
            let event = client
                .prepare("INSERT INTO outbox (key, data) VALUES ($1, $2)")
                .await?;
            let mut done = 0_i64;
            while Instant::now() < end {
                let number = done * 100 + i64::try_from(writer)?;
                client.batch_execute("BEGIN").await?;
                client.execute(&order, &[&number]).await?;
                let row = (
                    format!("order-{}", number % 1000),
                    format!("{{\"number\":{number}}}"),
                );
                client.execute(&event, &[&row.0, &row.1]).await?;
                client.batch_execute("COMMIT").await?;
                done += 1;
            }
            Outcome::Ok(done)
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    Ok(total as f64 / span.as_secs_f64())
}

/// Reads the outbox by id and writes an effect each, a hundred in a transaction.
pub(crate) async fn postgres_backlog(url: &str, events: u64) -> Outcome<f64> {
    let client = connect(url).await?;
    client.batch_execute(POSTGRES).await?;
    let fill = "INSERT INTO outbox (key, data)
        SELECT 'order', '{\"number\":' || n || '}' FROM generate_series(1, $1::bigint) n";
    client.execute(fill, &[&i64::try_from(events)?]).await?;
    let read = client
        .prepare("SELECT id, data FROM outbox WHERE id > $1 ORDER BY id LIMIT $2")
        .await?;
    let effect = client.prepare("INSERT INTO effects VALUES ($1)").await?;
    let cursor = client
        .prepare("UPDATE cursor SET place = $1 WHERE place = $2")
        .await?;
    let begin = Instant::now();
    let mut place = 0_i64;
    loop {
        let batch = client.query(&read, &[&place, &BATCH]).await?;
        let Some(last) = batch.last().map(|row| row.get::<_, i64>(0)) else {
            break;
        };
        client.batch_execute("BEGIN").await?;
        for row in &batch {
            client.execute(&effect, &[&row.get::<_, i64>(0)]).await?;
        }
        client.execute(&cursor, &[&last, &place]).await?;
        client.batch_execute("COMMIT").await?;
        place = last;
    }
    Ok(events as f64 / begin.elapsed().as_secs_f64())
}
