//! Commands in worlds that do wrong: carried out once and in order, answered once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{
    Answer, Command, CommandOutcome, Error, Fate, Fault, Installation, Migration, Received,
    Sending, Service, Tx, commands, dead, params,
};
use tidings_test::{Misbehaviour, World};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
struct Pay {
    account: String,
    number: i64,
}

impl Command for Pay {
    const NAME: &'static str = "cashier.pay_out";
    const TARGET: &'static str = "cashier";
    type Reply = i64;

    fn key(&self) -> String {
        self.account.clone()
    }
}

/// Not idempotent on purpose: a second application shows.
const BOOK: Migration = Migration::new(
    "0001_book",
    "CREATE TABLE book (account TEXT NOT NULL, number BIGINT NOT NULL, place BIGINT NOT NULL);
    CREATE TABLE answers (command_id TEXT NOT NULL, number BIGINT NOT NULL, told TEXT NOT NULL)",
);

async fn write(tx: &mut Tx, account: &str, number: i64) -> Result<(), Error> {
    let sql = "INSERT INTO book (account, number, place)
        VALUES ($1, $2, (SELECT count(*) FROM book WHERE account = $1))";
    tx.execute(sql, params![account, number]).await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("pay {0}: too many sevens")]
    Seven(i64),
}

impl Fault for Refusal {
    fn fate(&self) -> Fate {
        match self {
            Refusal::Store(error) => error.fate(),
            Refusal::Seven(_) => Fate::Fail,
        }
    }
}

/// Every seventh is refused, after it was written.
async fn pay(command: Received<Pay>, tx: &mut Tx) -> Result<i64, Refusal> {
    let Pay { account, number } = command.data;
    write(tx, &account, number).await?;
    if number % 7 == 0 {
        return Err(Refusal::Seven(number));
    }
    Ok(number)
}

async fn answered(answer: Answer<Pay>, tx: &mut Tx) -> Result<(), Error> {
    let (number, told) = match answer.outcome {
        CommandOutcome::Done(number) => (number, "done"),
        CommandOutcome::Failed { .. } => (0, "failed"),
        CommandOutcome::TimedOut => (0, "timed out"),
    };
    let sql = "INSERT INTO answers (command_id, number, told) VALUES ($1, $2, $3)";
    tx.execute(sql, params![answer.command_id, number, told])
        .await?;
    Ok(())
}

fn services() -> Vec<Service> {
    let office = Service::new("office").migrations(&[BOOK]);
    let cashier = Service::new("cashier").migrations(&[BOOK]);
    vec![office.on_reply(answered), cashier.handles(pay)]
}

/// Asks for a payment and remembers it in the office's own book, in one transaction.
async fn ask(installation: &Installation, account: &str, number: i64) -> Result<(), Error> {
    let office = installation.handle("office").ok_or(Error::NoRow)?;
    let mut tx = office.begin_own().await?;
    write(&mut tx, account, number).await?;
    let account = account.to_owned();
    let command = Pay { account, number };
    // Every fifth is over its time before it can be carried out.
    let span = if number % 5 == 0 { 0 } else { 60 };
    tx.send_with(&command, Sending::reply_within(MINUTE * span))
        .await?;
    tx.commit().await
}

async fn read_book(world: &World, service: &str) -> BTreeMap<String, Vec<i64>> {
    let mut conn = world.service(service).read().await.unwrap();
    let sql = "SELECT account, number FROM book ORDER BY account, place";
    let rows: Vec<(String, i64)> = conn.query(sql, &[]).await.unwrap();
    let mut book: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (account, number) in rows {
        book.entry(account).or_default().push(number);
    }
    book
}

/// A command, or a reply, in whose every run the process ended is dead, whoever was at fault; a
/// person tries it again in peace. One in whose last try it ended waits for its next.
async fn retry_the_dead(world: &mut World) {
    for _ in 0..20 {
        let mut is_any = false;
        for service in ["cashier", "office"] {
            let service = world.service(service);
            for kept in dead::events(&service, 100).await.unwrap() {
                is_any = true;
                if kept.state == "dead" {
                    let mut tx = service.begin_own().await.unwrap();
                    let retried = dead::retry(&mut tx, &kept.subscription, &kept.event.id).await;
                    assert!(retried.unwrap());
                    tx.commit().await.unwrap();
                }
            }
        }
        if !is_any {
            return;
        }
        world.advance(90 * MINUTE).await;
    }
    panic!("events are parked for ever");
}

/// How many commands ended in which state, and what went wrong on the way.
async fn story(seed: u64) -> (BTreeMap<String, u64>, BTreeMap<String, u32>) {
    let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    for number in 1..=24 {
        let account = format!("account-{}", number % 3);
        // Crashed or not: the office's own book says whether it has happened.
        let _ = world
            .attempt(async |all: &Installation| ask(all, &account, number).await)
            .await;
        if number % 4 == 0 {
            world.settle().await;
        }
    }
    world.settle().await;
    world.advance(90 * MINUTE).await;
    retry_the_dead(&mut world).await;
    let mut asked = read_book(&world, "office").await;
    let all: usize = asked.values().map(Vec::len).sum();
    for numbers in asked.values_mut() {
        numbers.retain(|number| number % 7 != 0);
    }
    assert_eq!(read_book(&world, "cashier").await, asked, "seed {seed}");
    let office = world.service("office");
    let rows = commands::list(&office, 100).await.unwrap();
    assert_eq!(rows.len(), all, "seed {seed}");
    let sql = "SELECT command_id, told FROM answers ORDER BY command_id";
    let mut conn = office.read().await.unwrap();
    let told: Vec<(String, String)> = conn.query(sql, &[]).await.unwrap();
    let mut expected: Vec<(String, String)> = rows
        .into_iter()
        .map(|row| match row.state.as_str() {
            "late" | "timed_out" => (row.id.to_string(), "timed out".to_owned()),
            _ => (row.id.to_string(), row.state),
        })
        .collect();
    expected.sort();
    assert_eq!(told, expected, "one answer to each, under seed {seed}");
    drop(conn);
    let counts = commands::counts(&office).await.unwrap();
    let counts = counts.into_iter().map(|one| (one.state, one.count));
    (counts.collect(), world.faults())
}

/// for commands: none lost, none twice, in order per key, and of the reply and
/// the end of its time one, under every seed.
#[tokio::test]
async fn every_command_is_carried_out_once_and_answered_once_under_every_seed() {
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    let mut crashes = 0;
    for seed in 0..60 {
        let (counts, faults) = story(seed).await;
        for (state, count) in counts {
            *states.entry(state).or_default() += count;
        }
        crashes += faults
            .iter()
            .filter(|(fault, _)| fault.starts_with("crash"))
            .map(|(_, count)| count)
            .sum::<u32>();
    }
    println!("states: {states:?}, crashes: {crashes}");
    let seen: Vec<&str> = states.keys().map(String::as_str).collect();
    assert_eq!(seen, ["done", "failed", "late"], "every end was seen");
    assert!(crashes > 500, "hardly anything went wrong: {crashes}");
}
