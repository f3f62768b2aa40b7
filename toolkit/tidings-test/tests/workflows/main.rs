//! Workflows of ten steps in worlds that do wrong on purpose (P-11, X-20, F-14).

#[path = "../../../tidings/tests/it/workflows/trip.rs"]
mod trip;

use std::collections::BTreeMap;
use std::time::Duration;

use tidings::workflow::{self, Filter, RunState};
use tidings::{Installation, alert};
use tidings_test::{Misbehaviour, World};

use trip::{Trip, book, book_trip, expected, services};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// Three trips of a world, one of which cannot be confirmed.
fn trips(seed: u64) -> Vec<Trip> {
    let trip = |place: u64| Trip {
        id: format!("trip-{place}"),
        fails: (seed + place).is_multiple_of(3),
        doubt: u32::try_from((seed / 3 + place) % 4).expect("a number below four"),
    };
    (0..3).map(trip).collect()
}

/// One world under one seed: trips are booked while everything goes wrong, and end.
async fn story(seed: u64) -> BTreeMap<String, u32> {
    // Enough faults for the whole way, the undoing at its end too.
    let rules = Misbehaviour {
        crash: 5,
        faults_max: 150,
        ..Misbehaviour::default()
    };
    let mut world = World::misbehaving(seed, rules, services).await;
    for trip in trips(seed) {
        // Crashed or not: the shop's own book says whether it was booked.
        let booked = world
            .attempt(async |all: &Installation| {
                let shop = all.handle("shop").expect("the shop");
                book_trip(&shop, &trip).await
            })
            .await;
        drop(booked);
        Box::pin(world.advance(FIVE_MINUTES)).await;
    }
    for _ in 0..100 {
        Box::pin(world.advance(FIVE_MINUTES)).await;
        if has_ended(&world).await {
            break;
        }
        retry_what_only_crashes_have_stopped(&world, seed).await;
    }
    each_effect_is_there_once(&world, seed).await;
    world.faults()
}

/// Whether every trip that was booked has come to its end.
async fn has_ended(world: &World) -> bool {
    let booked = book(&world.service("shop")).await;
    let runs = workflow::list(&world.service("trips"), &Filter::default(), None, 10).await;
    let runs = runs.expect("the runs");
    runs.len() == booked.len() && runs.iter().all(|run| run.finished_at.is_some())
}

/// What was in the way of many crashes in a row, without getting on in between, is given to
/// a person: an operator finds it on the list.
async fn retry_what_only_crashes_have_stopped(world: &World, seed: u64) {
    let service = world.service("trips");
    let stuck = Filter {
        state: Some(RunState::Stuck),
        name: None,
    };
    let stuck = workflow::list(&service, &stuck, None, 10).await;
    let dead = tidings::dead::events(&service, 100).await;
    let mut tx = service.begin_own().await.expect("a transaction");
    for run in stuck.expect("the runs") {
        let why = "the process has ended, or fallen silent, in every run";
        assert_eq!(run.stuck_by.as_deref(), Some(why), "under seed {seed}");
        let retried = workflow::retry(&mut tx, run.id).await;
        assert!(retried.expect("a retry"));
    }
    for event in dead.expect("the events") {
        if event.state == "dead" {
            let retried = tidings::dead::retry(&mut tx, &event.subscription, &event.event.id);
            assert!(retried.await.expect("a retry"));
        }
    }
    tx.commit().await.expect("a commit");
}

async fn each_effect_is_there_once(world: &World, seed: u64) {
    let booked = book(&world.service("shop")).await;
    let trips = trips(seed).into_iter();
    let trips: Vec<Trip> = trips.filter(|trip| booked.contains_key(&trip.id)).collect();
    let lines = |of: fn(bool) -> Vec<&'static str>| -> BTreeMap<String, Vec<String>> {
        let lines = |trip: &Trip| {
            of(trip.fails)
                .iter()
                .map(|line| (*line).to_owned())
                .collect()
        };
        trips
            .iter()
            .map(|trip| (trip.id.clone(), lines(trip)))
            .collect()
    };
    let service = world.service("trips");
    let ours = book(&service).await;
    assert_eq!(ours, lines(|fails| expected(fails).0), "under seed {seed}");
    let theirs = book(&world.service("bank")).await;
    assert_eq!(
        theirs,
        lines(|fails| expected(fails).1),
        "under seed {seed}"
    );
    let runs = workflow::list(&service, &Filter::default(), None, 10).await;
    let runs = runs.expect("the runs");
    assert_eq!(runs.len(), trips.len(), "under seed {seed}");
    for run in runs {
        let of_run = trips.iter().find(|trip| trip.id == run.key);
        let fails = of_run.is_some_and(|trip| trip.fails);
        let state = [RunState::Done, RunState::Compensated][usize::from(fails)];
        assert_eq!(run.state, state, "under seed {seed}");
    }
    // What only crashes have stopped waits for a person, the toolkit's own sweep, too: it is not
    // what this is about.
    let mut alerts = alert::open(&service).await.expect("the alerts");
    alerts.retain(|alert| alert.subject != "tidings.sweep");
    assert_eq!(alerts, [], "under seed {seed}");
}

#[tokio::test]
async fn under_every_seed_each_step_has_its_effect_once_and_what_failed_is_undone() {
    let mut fallen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..200 {
        for (fault, count) in story(seed).await {
            *fallen.entry(fault).or_default() += count;
        }
    }
    println!("faults that happened: {fallen:?}");
    let mut expected: Vec<String> = ["delayed", "duplicated", "lost", "reordered"]
        .map(str::to_owned)
        .to_vec();
    for point in [
        "S0", "S1", "S2", "S3", "S4", "J0", "J3", "P2", "P4", "C1", "C4",
    ] {
        expected.push(format!("crash at {point}"));
    }
    // A run passes S3 once, and only if it fails.
    let least = |fault: &str| if fault == "crash at S3" { 3 } else { 10 };
    let rare = |fault: &&String| fallen.get(*fault).is_none_or(|count| *count < least(fault));
    let missing: Vec<&String> = expected.iter().filter(rare).collect();
    assert!(
        missing.is_empty(),
        "these faults hardly happened: {missing:?}"
    );
}
