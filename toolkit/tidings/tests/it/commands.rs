//! Commands: sent with the change, carried out once and in order, answered or timed out.

mod replies;
mod unhandled;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{
    Answer, Command, CommandId, CommandOutcome, Error, Fate, Fault, Handle, Migration, Received,
    Sending, Service, Tx, commands, dead, lag, params,
};

use crate::bed::{Bed, Stage, on_both};

/// Adds a number to a key, and answers the new sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Add {
    key: String,
    number: i64,
}

impl Command for Add {
    const NAME: &'static str = "adder.add_number";
    const TARGET: &'static str = "adder";
    type Reply = i64;

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("add {0}: it brings bad luck")]
    BadLuck(i64),
    #[error("add to {0}: it is closed")]
    Closed(String),
}

impl Fault for Refusal {
    fn fate(&self) -> Fate {
        match self {
            Refusal::Store(error) => error.fate(),
            Refusal::BadLuck(_) => Fate::Fail,
            Refusal::Closed(_) => Fate::Retry,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Refusal::BadLuck(_) => "bad_luck",
            Refusal::Store(_) | Refusal::Closed(_) => "failed",
        }
    }
}

const SUMS: &[Migration] = &[Migration::new(
    "0001_sums",
    "CREATE TABLE added (key TEXT NOT NULL, place BIGINT NOT NULL, number BIGINT NOT NULL,
        PRIMARY KEY (key, place));
    CREATE TABLE opened (key TEXT PRIMARY KEY)",
)];

/// Writes first and refuses after, so that it would show if anything were kept.
async fn add_number(command: Received<Add>, tx: &mut Tx) -> Result<i64, Refusal> {
    assert_eq!(command.sender, "asker");
    let Add { key, number } = command.data;
    let sql = "INSERT INTO added (key, place, number)
        SELECT $1, coalesce(max(place), 0) + 1, $2 FROM added WHERE key = $1";
    tx.execute(sql, params![&key, number]).await?;
    let sql = "SELECT count(*) FROM opened WHERE key = $1";
    let (opened,): (i64,) = tx.query_one(sql, params![&key]).await?;
    if number == 13 {
        return Err(Refusal::BadLuck(number));
    }
    if key.starts_with("closed") && opened == 0 {
        return Err(Refusal::Closed(key));
    }
    let sql = "SELECT CAST(sum(number) AS BIGINT) FROM added WHERE key = $1";
    let (sum,): (i64,) = tx.query_one(sql, params![&key]).await?;
    Ok(sum)
}

fn adder() -> Service {
    Service::new("adder").migrations(SUMS).handles(add_number)
}

const ANSWERS: &[Migration] = &[Migration::new(
    "0001_answers",
    // Not idempotent: a second answer to one command would be there for all to see.
    "CREATE TABLE answers (place BIGINT PRIMARY KEY, command_id TEXT NOT NULL, key TEXT NOT NULL,
        outcome TEXT NOT NULL)",
)];

async fn answered(answer: Answer<Add>, tx: &mut Tx) -> Result<(), Error> {
    let outcome = match answer.outcome {
        CommandOutcome::Done(sum) => format!("done {sum}"),
        CommandOutcome::Failed { code, message } => format!("{code}: {message}"),
        CommandOutcome::TimedOut => "timed out".to_owned(),
    };
    let sql = "INSERT INTO answers (place, command_id, key, outcome)
        SELECT count(*), $1, $2, $3 FROM answers";
    tx.execute(sql, params![answer.command_id, answer.key, outcome])
        .await?;
    Ok(())
}

fn asker() -> Service {
    Service::new("asker").migrations(ANSWERS).on_reply(answered)
}

async fn stage(bed: &Bed) -> Stage {
    bed.stage([asker(), adder()]).await
}

const MINUTE: Duration = Duration::from_secs(60);

async fn send_with(service: &Handle, numbers: &[(&str, i64)], how: Sending) -> Vec<CommandId> {
    let mut tx = service.begin_own().await.unwrap();
    let mut ids = Vec::new();
    for (key, number) in numbers {
        let (key, number) = ((*key).to_owned(), *number);
        ids.push(tx.send_with(&Add { key, number }, how).await.unwrap());
    }
    tx.commit().await.unwrap();
    ids
}

async fn send(service: &Handle, numbers: &[(&str, i64)]) -> Vec<CommandId> {
    send_with(service, numbers, Sending::quietly()).await
}

async fn added(service: &Handle) -> Vec<(String, i64)> {
    let sql = "SELECT key, number FROM added ORDER BY key, place";
    service.read().await.unwrap().query(sql, &[]).await.unwrap()
}

/// What was done with a key that begins with `closed`, from now on.
async fn open(service: &Handle, key: &str) {
    let mut tx = service.begin_own().await.unwrap();
    let sql = "INSERT INTO opened (key) VALUES ($1)";
    tx.execute(sql, params![key]).await.unwrap();
    tx.commit().await.unwrap();
}

fn pair(key: &str, number: i64) -> (String, i64) {
    (key.to_owned(), number)
}

async fn states(service: &Handle) -> Vec<(String, Option<String>)> {
    let all = dead::events(service, 100).await.unwrap();
    all.into_iter().map(|one| (one.state, one.error)).collect()
}

on_both!(
    commands_are_carried_out_once_in_the_order_of_their_key,
    a_command_of_a_transaction_that_was_dropped_is_never_carried_out,
    a_command_that_fails_waits_with_those_behind_it_and_is_tried_again,
    a_command_that_cannot_succeed_is_dead_when_nobody_waits_for_a_reply,
    a_command_can_be_sent_only_by_who_declares_it,
    streams_of_commands_and_replies_are_streams_like_others,
);

async fn commands_are_carried_out_once_in_the_order_of_their_key(bed: Bed) {
    let mut stage = stage(&bed).await;
    let asker = stage.handle("asker");
    send(&asker, &[("a", 1), ("b", 2), ("a", 3)]).await;
    send(&asker, &[("a", 4)]).await;
    stage.settle().await;
    let expected = [pair("a", 1), pair("a", 3), pair("a", 4), pair("b", 2)];
    assert_eq!(added(&stage.handle("adder")).await, expected);
    stage.advance(MINUTE).await;
    assert_eq!(added(&stage.handle("adder")).await, expected);
    assert_eq!(
        commands::list(&asker, 10).await.unwrap(),
        [],
        "nobody waits"
    );
}

async fn a_command_of_a_transaction_that_was_dropped_is_never_carried_out(bed: Bed) {
    let mut stage = stage(&bed).await;
    let asker = stage.handle("asker");
    let mut tx = asker.begin_own().await.unwrap();
    let (key, number) = ("a".to_owned(), 1);
    let command = Add { key, number };
    let how = Sending::reply_within(MINUTE);
    tx.send_with(&command, how).await.unwrap();
    drop(tx);
    stage.advance(2 * MINUTE).await;
    assert_eq!(added(&stage.handle("adder")).await, []);
    assert_eq!(commands::list(&asker, 10).await.unwrap(), []);
    assert_eq!(replies::answers(&asker).await, []);
}

async fn a_command_that_fails_waits_with_those_behind_it_and_is_tried_again(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (asker, adder) = (stage.handle("asker"), stage.handle("adder"));
    send(&asker, &[("closed", 1), ("closed", 2), ("free", 3)]).await;
    stage.settle().await;
    assert_eq!(added(&adder).await, [pair("free", 3)]);
    let error = Some("add to closed: it is closed".to_owned());
    let expected = [("parked".to_owned(), error), ("waiting".to_owned(), None)];
    assert_eq!(states(&adder).await, expected);
    open(&adder, "closed").await;
    stage.advance(MINUTE).await;
    let expected = [pair("closed", 1), pair("closed", 2), pair("free", 3)];
    assert_eq!(added(&adder).await, expected);
    assert_eq!(states(&adder).await, []);
}

async fn a_command_that_cannot_succeed_is_dead_when_nobody_waits_for_a_reply(bed: Bed) {
    let mut stage = stage(&bed).await;
    send(&stage.handle("asker"), &[("a", 13), ("b", 1)]).await;
    stage.settle().await;
    let adder = stage.handle("adder");
    let error = Some("add 13: it brings bad luck".to_owned());
    assert_eq!(states(&adder).await, [("dead".to_owned(), error)]);
    assert_eq!(added(&adder).await, [pair("b", 1)]);
}

async fn a_command_can_be_sent_only_by_who_declares_it(bed: Bed) {
    let quiet = Service::new("quiet").sends::<Add>();
    let stage = bed.stage([adder(), quiet]).await;
    let (key, number) = ("a".to_owned(), 1);
    let command = Add { key, number };
    let mut tx = stage.handle("adder").begin_own().await.unwrap();
    let error = tx.send(&command).await.unwrap_err();
    let text = "use the command adder.add_number: the service does not declare it";
    assert_eq!(error.to_string(), text);
    assert!(tx.commit().await.is_err(), "the change must not be alone");
    let mut tx = stage.handle("quiet").begin_own().await.unwrap();
    let how = Sending::reply_within(MINUTE);
    let error = tx.send_with(&command, how).await.unwrap_err();
    let text = "use replies to the command adder.add_number: the service does not declare it";
    assert_eq!(error.to_string(), text);
}

async fn streams_of_commands_and_replies_are_streams_like_others(bed: Bed) {
    let mut stage = stage(&bed).await;
    let numbers = [("a", 1), ("a", 2), ("b", 13)];
    let how = Sending::reply_within(MINUTE);
    send_with(&stage.handle("asker"), &numbers, how).await;
    let owed = |all: Vec<lag::SubscriptionStatus>| -> Vec<(String, u64)> {
        let named = |one: lag::SubscriptionStatus| {
            let name = format!("{}/{} {}", one.service, one.name, one.stream);
            (name, one.lag)
        };
        all.into_iter().map(named).collect()
    };
    if bed.is_sqlite() {
        // PostgreSQL gives the numbers later, with a tick.
        let before = lag::subscriptions(&stage.installation).await.unwrap();
        assert_eq!(owed(before)[1].1, 3);
    }
    stage.settle().await;
    let heads = lag::streams(&stage.installation).await.unwrap();
    let heads: Vec<(String, u64)> = heads
        .into_iter()
        .map(|one| (one.stream, one.head))
        .collect();
    let expected = [
        counted("commands.asker.adder", 3),
        counted("replies.adder.asker", 3),
    ];
    assert_eq!(heads, expected);
    let after = lag::subscriptions(&stage.installation).await.unwrap();
    let expected = [
        counted("asker/replies replies.adder.asker", 0),
        counted("adder/commands commands.asker.adder", 0),
    ];
    assert_eq!(owed(after), expected);
}

fn counted(name: &str, number: u64) -> (String, u64) {
    (name.to_owned(), number)
}
