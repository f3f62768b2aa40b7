//! Worlds that do wrong on purpose end like worlds that do right.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod commands;

use std::collections::BTreeMap;
use std::time::Duration;

use tidings::{Error, Event, Installation, Migration, Service, Stream, Tx, params};
use tidings_test::{Misbehaviour, World, under_seeds};

#[derive(Clone, Debug, PartialEq, Stream)]
#[stream(name = "deposits", key = "account", slots = 4)]
enum DepositEvent {
    #[event("deposit.made")]
    Made { account: String, number: i64 },
}

#[derive(Clone, Debug, PartialEq, Stream)]
#[stream(name = "bookings", key = "account", slots = 4)]
enum BookingEvent {
    #[event("booking.made")]
    Made { account: String, number: i64 },
}

/// Not idempotent on purpose: a second application shows.
const BOOK: Migration = Migration::new(
    "0001_book",
    "CREATE TABLE book (account TEXT NOT NULL, number BIGINT NOT NULL, place BIGINT NOT NULL)",
);

async fn write(tx: &mut Tx, account: &str, number: i64) -> Result<(), Error> {
    let sql = "INSERT INTO book (account, number, place)
        VALUES ($1, $2, (SELECT count(*) FROM book WHERE account = $1))";
    tx.execute(sql, params![account, number]).await?;
    Ok(())
}

async fn book(event: Event<DepositEvent>, tx: &mut Tx) -> Result<(), Error> {
    let DepositEvent::Made { account, number } = event.data;
    write(tx, &account, number).await?;
    tx.publish(BookingEvent::Made { account, number })
}

async fn audit(event: Event<BookingEvent>, tx: &mut Tx) -> Result<(), Error> {
    let BookingEvent::Made { account, number } = event.data;
    write(tx, &account, number).await
}

fn services() -> Vec<Service> {
    vec![
        Service::new("till")
            .migrations(&[BOOK])
            .publishes::<DepositEvent>(),
        Service::new("ledger")
            .migrations(&[BOOK])
            .publishes::<BookingEvent>()
            .subscribes("deposits", book),
        Service::new("audit")
            .migrations(&[BOOK])
            .subscribes("bookings", audit),
    ]
}

/// Takes a deposit and remembers it in the till's own book, in one transaction.
async fn deposit(installation: &Installation, account: &str, number: i64) -> Result<(), Error> {
    let till = installation.handle("till").ok_or(Error::NoRow)?;
    let mut tx = till.begin_own().await?;
    write(&mut tx, account, number).await?;
    let account = account.to_owned();
    tx.publish(DepositEvent::Made { account, number })?;
    tx.commit().await
}

async fn read_book(world: &World, service: &str) -> BTreeMap<String, Vec<i64>> {
    let mut conn = world.service(service).read().await.unwrap();
    let rows: Vec<(String, i64)> = conn
        .query(
            "SELECT account, number FROM book ORDER BY account, place",
            &[],
        )
        .await
        .unwrap();
    let mut book: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (account, number) in rows {
        book.entry(account).or_default().push(number);
    }
    book
}

async fn retry_the_dead(world: &mut World) {
    let ledger = world.service("ledger");
    let stuck = tidings::dead::events(&ledger, 100).await.unwrap();
    for event in stuck.iter().filter(|event| event.state == "dead") {
        let mut tx = ledger.begin_own().await.unwrap();
        let name = &event.subscription;
        assert!(
            tidings::dead::retry(&mut tx, name, &event.event.id)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    }
}

/// One world under one seed: deposits while everything goes wrong, then peace.
async fn story(seed: u64) -> BTreeMap<String, u32> {
    let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    for number in 0..24 {
        let account = format!("account-{}", number % 5);
        // Crashed or not: the till's own book says whether it has happened.
        let _ = world
            .attempt(async |all: &Installation| deposit(all, &account, number).await)
            .await;
        if number % 4 == 0 {
            world.settle().await;
        }
    }
    // An event that was in the way of several crashes is parked, and of ten crashes in a row
    // dead: an operator finds it on the list.
    for _ in 0..20 {
        world.advance(Duration::from_secs(60)).await;
        let owed = tidings::lag::subscriptions(world.installation()).await;
        if owed
            .unwrap()
            .iter()
            .all(|one| one.lag + one.parked + one.dead == 0)
        {
            break;
        }
        retry_the_dead(&mut world).await;
    }
    let taken = read_book(&world, "till").await;
    assert_eq!(
        read_book(&world, "ledger").await,
        taken,
        "ledger under seed {seed}"
    );
    assert_eq!(
        read_book(&world, "audit").await,
        taken,
        "audit under seed {seed}"
    );
    for owed in tidings::lag::subscriptions(world.installation())
        .await
        .unwrap()
    {
        assert_eq!(
            (owed.lag, owed.parked, owed.dead),
            (0, 0, 0),
            "{owed:?} under seed {seed}"
        );
    }
    world.faults()
}

/// nothing lost, nothing twice, in order per key, under every seed.
#[test]
fn every_seed_ends_with_the_same_books_everywhere() {
    let mut fallen: BTreeMap<String, u32> = BTreeMap::new();
    for (fault, count) in under_seeds(0..300, story).into_iter().flatten() {
        *fallen.entry(fault).or_default() += count;
    }
    println!("faults that happened: {fallen:?}");
    let expected = [
        "crash at C0",
        "crash at C1",
        "crash at C2",
        "crash at C4",
        "crash at P1",
        "crash at P2",
        "crash at P3",
        "crash at P4",
        "delayed",
        "duplicated",
        "lost",
        "reordered",
    ];
    let missing: Vec<_> = expected
        .iter()
        .filter(|fault| fallen.get(**fault).is_none_or(|n| *n < 10))
        .collect();
    assert!(
        missing.is_empty(),
        "these faults hardly happened: {missing:?}"
    );
}

#[tokio::test]
async fn a_world_under_the_same_seed_has_the_same_faults() {
    assert_eq!(story(7).await, story(7).await);
}
