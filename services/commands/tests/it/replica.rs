//! The replica of the register equals the register.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::platforms::{Lifecycle, PlatformEvent, PlatformRecord};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tidings::{Storage, Timestamp};
use tidings_test::{Database, Misbehaviour, World};

use crate::stage::{Stage, platform, services, support};

/// What becomes of a platform of the register, step by step.
#[derive(Clone, Debug)]
enum Step {
    Rename(String),
    Move(Lifecycle),
    Archive,
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let lifecycles = prop::sample::select(Lifecycle::ALL);
    prop_oneof![
        "[A-Z][a-z]{0,5}".prop_map(Step::Rename),
        lifecycles.prop_map(Step::Move),
        Just(Step::Archive),
        Just(Step::Restore),
    ]
}

/// The records of a platform, one for each version.
fn versions(number: i32, steps: &[Step]) -> Vec<PlatformRecord> {
    let mut record = platform(number, "First");
    let mut versions = vec![record.clone()];
    for step in steps {
        record.version += 1;
        match step {
            Step::Rename(name) => record.name.clone_from(name),
            Step::Move(lifecycle) => record.lifecycle = *lifecycle,
            Step::Archive => record.archived_at = Some(Timestamp::from_micros(9)),
            Step::Restore => record.archived_at = None,
        }
        versions.push(record.clone());
    }
    versions
}

fn event(record: PlatformRecord) -> PlatformEvent {
    match (record.version, record.archived_at) {
        (1, _) => PlatformEvent::Created(record),
        (_, None) => PlatformEvent::Updated(record),
        (_, Some(_)) => PlatformEvent::Archived(record),
    }
}

async fn publish(world: &World, record: PlatformRecord) {
    let mut tx = world.service("platforms").begin_own().await.unwrap();
    tx.publish(event(record)).unwrap();
    tx.commit().await.unwrap();
}

/// What `GET /api/c/platforms` must say when these are the last records.
fn expected(last: &BTreeMap<i32, PlatformRecord>) -> Value {
    let body = |record: &PlatformRecord| {
        json!({
            "id": record.platform_id, "number": record.number, "name": record.name,
            "publisher": record.publisher, "lifecycle": record.lifecycle.as_str(),
            "archived": record.archived_at.is_some(), "version": record.version,
        })
    };
    last.values().map(body).collect()
}

async fn replica(world: &World) -> Value {
    let token = world.token(support().id.uuid(), support().roles);
    let answer = world.get("/api/c/platforms", Some(&token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// Whatever is told, however often, in whatever order, by a bus that loses, doubles and delays
/// and with processes that end: afterwards the replica is the register.
#[test]
fn a_22_the_replica_equals_what_was_published() {
    let lives = prop::collection::vec(prop::collection::vec(step(), 0..5), 1..5);
    let told = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 40);
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let mut faults = BTreeMap::<String, u32>::new();
    let mut stories = TestRunner::new(config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let faults_seen = std::sync::Mutex::new(&mut faults);
    let outcome = stories.run(&(lives, told, any::<u64>()), |(lives, order, seed)| {
        let (told, last) = told_in_disorder(&lives, &order);
        let (seen, fallen) = runtime.block_on(Box::pin(story(seed, told)));
        for (name, count) in fallen {
            *faults_seen.lock().unwrap().entry(name).or_default() += count;
        }
        prop_assert_eq!(seen, expected(&last), "seed {}", seed);
        Ok(())
    });
    outcome.unwrap();
    for name in ["duplicated", "lost", "delayed", "crash at P4"] {
        assert!(faults.contains_key(name), "no {name} in {faults:?}");
    }
}

/// Every version of every platform at least once, in no order, some twice.
fn told_in_disorder(
    lives: &[Vec<Step>],
    order: &[(prop::sample::Index, bool)],
) -> (Vec<PlatformRecord>, BTreeMap<i32, PlatformRecord>) {
    let mut left = Vec::new();
    let mut last = BTreeMap::new();
    for (number, steps) in (1..).zip(lives) {
        let versions = versions(number, steps);
        last.extend(versions.last().map(|record| (number, record.clone())));
        left.extend(versions);
    }
    let mut told = Vec::new();
    for (index, twice) in order {
        if left.is_empty() {
            break;
        }
        let place = index.index(left.len());
        let record = match twice {
            true => left[place].clone(),
            false => left.remove(place),
        };
        told.push(record);
    }
    told.extend(left);
    (told, last)
}

async fn story(seed: u64, told: Vec<PlatformRecord>) -> (Value, BTreeMap<String, u32>) {
    let rules = Misbehaviour {
        crash: 3,
        ..Misbehaviour::default()
    };
    let mut world = World::misbehaving(seed, rules, services).await;
    for (place, record) in told.into_iter().enumerate() {
        publish(&world, record).await;
        if place % 3 == 0 {
            world.settle().await;
        }
    }
    for _ in 0..6 {
        world.advance(Duration::from_secs(90)).await;
    }
    (replica(&world).await, world.faults())
}

/// Both hear of the same platforms as they start, and hold each of them once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_06_two_instances_that_start_together_hold_each_platform_once() {
    let database = Database::postgres().await;
    let storage = database.storage();
    let register = World::on(storage.clone(), services()).await;
    let mut last = BTreeMap::new();
    for number in 1..=20 {
        for record in versions(
            number,
            &[Step::Rename(format!("Name {number}")), Step::Archive],
        ) {
            publish(&register, record.clone()).await;
            last.insert(number, record);
        }
    }
    drop(register);
    let (mut one, mut other) = tokio::join!(
        World::on(storage.clone(), services()),
        World::on(storage.clone(), services())
    );
    for _ in 0..4 {
        tokio::join!(
            Box::pin(one.advance(Duration::from_secs(30))),
            Box::pin(other.advance(Duration::from_secs(30)))
        );
    }
    assert_eq!(replica(&one).await, expected(&last));
    assert_eq!(replica(&other).await, expected(&last));
}

/// what is published while nobody listens is heard afterwards.
#[tokio::test]
async fn a_02_what_is_told_while_commands_is_down_is_heard_later() {
    let database = Database::sqlite();
    let mut without = services();
    without.remove(0);
    let world = World::on(database.storage(), without).await;
    let record = platform(1, "Kubernetes");
    publish(&world, record.clone()).await;
    drop(world);
    let world = World::on(database.storage(), services()).await;
    let mut stage = Stage { world };
    stage.world.settle().await;
    let last = BTreeMap::from([(1, record)]);
    assert_eq!(replica(&stage.world).await, expected(&last));
}

/// It is 404 until its event has come, and from then on it is there.
#[tokio::test]
async fn a_platform_that_was_not_heard_of_has_no_commands_yet() {
    let mut stage = Stage::on(Storage::Memory).await;
    let path = "/api/c/platforms/3/commands";
    assert_eq!(stage.get(support(), path).await.status, 404);
    stage.tell(platform(3, "Redis")).await;
    assert_eq!(stage.get(support(), path).await.json, json!([]));
}
