//! Built anew of all events the figures are what they were (B-33).

use std::cell::Cell;
use std::time::Duration;

use contracts::accounting::TransactionKind;
use contracts::calendar::{BillingDay, Calendar};
use contracts::tasks::TaskEvent;
use contracts::users::UserEvent;
use proptest::prelude::*;
use tidings::{Storage, Timestamp};
use tidings_test::{Misbehaviour, World};

use crate::stage::{Movement, Stage, person, publish, record, services, with_histories};

tidings_test::on_both!(b_33_the_figures_built_anew_are_those_that_were_kept);

const PEOPLE: u128 = 4;

/// Something that somebody tells.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody pays a fee, for this day or for the next one.
    Fee(u128, bool),
    /// Somebody has done another task.
    Done(u128, i64, bool),
    /// The record of a task, or of a person, in whichever version.
    Task(u128, u64),
    Person(u128, u64),
    /// The day is closed, if it is not.
    Close,
    Pass(u64),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..PEOPLE, any::<bool>()).prop_map(|(who, late)| Step::Fee(who, late)),
        6 => (0..PEOPLE, 20_i64..40, any::<bool>()).prop_map(|(who, reward, late)| Step::Done(who, reward, late)),
        3 => (0_u128..12, 1_u64..5).prop_map(|(task, version)| Step::Task(task, version)),
        2 => (0..PEOPLE, 1_u64..5).prop_map(|(who, version)| Step::Person(who, version)),
        1 => Just(Step::Close),
        2 => (1_u64..40_000).prop_map(Step::Pass),
        2 => Just(Step::Settle),
    ]
}

/// What the books and others have told so far.
#[derive(Default)]
struct Told {
    tasks: u128,
    last_closed: Option<BillingDay>,
}

fn movement(kind: TransactionKind, who: u128, late: bool, now: Timestamp) -> Movement {
    let today = Calendar::utc().day_of(now);
    Movement {
        kind,
        who,
        task: Some(0),
        minor: 1_500,
        at: now,
        billing_day: Some(if late { today.next() } else { today }),
    }
}

async fn act(stage: &mut Stage, told: &mut Told, step: Step) {
    let now = stage.now();
    match step {
        Step::Fee(who, late) => {
            let fee = movement(TransactionKind::AssignFee, who, late, now);
            stage.post(&[fee]).await;
        }
        Step::Done(who, dollars, late) => {
            told.tasks += 1;
            let reward = Movement {
                task: Some(told.tasks),
                minor: dollars * 100,
                ..movement(TransactionKind::TaskReward, who, late, now)
            };
            stage.post(&[reward]).await;
        }
        Step::Task(number, version) => {
            let record = record(number, &format!("Task {number} {version}"), version);
            let tasks = stage.world.service("tasks");
            publish(&tasks, vec![TaskEvent::Updated(record)]).await;
        }
        Step::Person(number, version) => {
            let mut user = person(number, &format!("Person {number} {version}"), "worker");
            user.version = version;
            let auth = stage.world.service("auth");
            publish(&auth, vec![UserEvent::Updated(user)]).await;
        }
        Step::Close => {
            let today = Calendar::utc().day_of(now);
            if told.last_closed < Some(today) {
                told.last_closed = Some(today);
                stage.close(&today.to_string(), 0).await;
            }
        }
        Step::Pass(seconds) => stage.world.advance(Duration::from_secs(seconds)).await,
        Step::Settle => stage.world.settle().await,
    }
}

async fn play(mut stage: Stage, steps: Vec<Step>) -> Stage {
    let mut told = Told::default();
    for step in steps {
        act(&mut stage, &mut told, step).await;
    }
    // What was crashed on again and again is put off, and tried again later.
    for _ in 0..6 {
        stage.world.advance(Duration::from_secs(300)).await;
    }
    stage
}

/// On both databases; every kind of event in it.
async fn b_33_the_figures_built_anew_are_those_that_were_kept(storage: Storage) {
    let steps = (0..60_u64).map(|number| {
        let who = u128::from(number) % PEOPLE;
        match number % 7 {
            0 => Step::Fee(who, number % 3 == 0),
            1 => Step::Done(who, 20 + 7 * number as i64 % 20, number % 2 == 0),
            2 => Step::Task(u128::from(number) % 12, 1 + 5 * number % 4),
            3 => Step::Person(who, 1 + 3 * number % 4),
            4 => Step::Pass(9_000),
            5 => Step::Close,
            _ => Step::Fee(who, false),
        }
    });
    let mut stage = play(Stage::on(storage).await, steps.collect()).await;
    let kept = stage.figures().await;
    assert!(kept.values().all(|rows| !rows.is_empty()), "{kept:?}");
    stage.rebuild().await;
    assert_eq!(stage.figures().await, kept);
    // It goes on where it was, and nothing is counted twice.
    let now = stage.now();
    stage.fee(1, 1_000, now).await;
    let after = stage.figures().await;
    assert_ne!(after, kept);
    stage.rebuild().await;
    assert_eq!(stage.figures().await, after);
    stage.ends_well().await;
}

/// Whatever is lost, doubled, delayed and crashed: the figures are those of a world in which
/// nothing goes wrong, and those that a rebuild makes.
#[test]
fn b_33_the_figures_of_a_world_that_misbehaves_are_those_of_a_good_one() {
    let faults = Cell::new(0);
    let histories = (any::<u64>(), prop::collection::vec(step(), 1..60));
    with_histories(16, &histories, async |(seed, steps)| {
        let rules = Misbehaviour {
            crash: 3,
            ..Misbehaviour::default()
        };
        let bad = World::misbehaving(seed, rules, || services(&Calendar::utc())).await;
        let bad = play(Stage::in_world(bad), steps.clone()).await;
        let good = play(Stage::on(Storage::Memory).await, steps).await;
        let figures = bad.figures().await;
        assert_eq!(figures, good.figures().await);
        bad.rebuild().await;
        assert_eq!(bad.figures().await, figures);
        bad.ends_well().await;
        faults.set(faults.get() + bad.world.faults().values().sum::<u32>());
    });
    assert!(faults.get() > 100, "only {} faults fell", faults.get());
}
