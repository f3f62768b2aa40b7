//! Random histories in a world that loses, doubles, delays and crashes, beside an oracle that
//! only adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::tasks::{AssignmentEvent, TaskEvent};
use proptest::prelude::*;
use tidings::{Storage, Timestamp};
use tidings_test::{Misbehaviour, World};

use crate::stage::{DAY, Stage, added, assigned, completed, record, services, settings};

const TASKS: usize = 6;
const PEOPLE: u128 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// A task appears, or falls to somebody else.
    Deal(usize, u128),
    Complete(usize),
    Pass(u64),
    /// An administrator closes today.
    Close,
    Settle,
}

fn step(closes: bool) -> impl Strategy<Value = Step> {
    let close = if closes { 1 } else { 0 };
    prop_oneof![
        8 => (0..TASKS, 0..PEOPLE).prop_map(|(task, who)| Step::Deal(task, who)),
        4 => (0..TASKS).prop_map(Step::Complete),
        3 => (1_u64..20_000).prop_map(Step::Pass),
        close => Just(Step::Close),
        3 => Just(Step::Settle),
    ]
}

/// What the service of tasks knows, and so what the books are to say.
#[derive(Default)]
struct Oracle {
    /// Whose a task is, how often it was assigned, whether it is done.
    tasks: BTreeMap<usize, (u128, u64, bool)>,
    facts: BTreeSet<Fact>,
}

/// What is to be posted once: kind, task, number of the assignment, person, when.
type Fact = (String, String, i64, String, i64);

impl Oracle {
    fn deal(&mut self, number: usize, who: u128, at: Timestamp) -> Vec<AssignmentEvent> {
        let task = self.tasks.entry(number).or_insert((who, 0, false));
        if task.2 {
            return Vec::new();
        }
        *task = (who, task.1 + 1, false);
        let event = assigned(number as u128, who, task.1, at);
        self.note("assign_fee", number, task_no(&event), who, at);
        match task_no(&event) {
            1 => vec![added(number as u128, at), event],
            _ => vec![event],
        }
    }

    fn complete(&mut self, number: usize, at: Timestamp) -> Vec<AssignmentEvent> {
        match self.tasks.get_mut(&number) {
            Some(task) if !task.2 => {
                task.2 = true;
                let who = task.0;
                self.note("task_reward", number, 0, who, at);
                vec![completed(number as u128, who, at)]
            }
            _ => Vec::new(),
        }
    }

    fn note(&mut self, kind: &str, number: usize, no: i64, who: u128, at: Timestamp) {
        let task = crate::stage::task(number as u128).to_string();
        let who = crate::stage::user(who).to_string();
        self.facts
            .insert((kind.to_owned(), task, no, who, at.as_micros()));
    }
}

fn task_no(event: &AssignmentEvent) -> i64 {
    match event {
        AssignmentEvent::Assigned { assignment_no, .. } => i64::try_from(*assignment_no).unwrap(),
        _ => 0,
    }
}

/// A line of the ledger: kind, task, number, account, when, day, amount with its sign, late.
type Line = (String, Option<String>, i64, String, i64, String, i64, bool);

async fn ledger(stage: &Stage) -> Vec<Line> {
    stage
        .rows(
            "SELECT kind, task_id, COALESCE(assignment_no, 0), account_id, at, billing_day,
            CASE WHEN debit_account = account_id THEN -amount_minor ELSE amount_minor END, late
        FROM ledger ORDER BY billing_day, at, kind, task_id, assignment_no, account_id",
        )
        .await
}

async fn act(stage: &mut Stage, oracle: &mut Oracle, step: &Step) {
    let now = stage.now();
    let tasks = stage.world.service("tasks");
    match *step {
        Step::Deal(number, who) => {
            let events = oracle.deal(number, who, now);
            let created = vec![TaskEvent::Created(record(number as u128, "A task", 1))];
            crate::stage::publish(&tasks, 9, created).await;
            crate::stage::publish(&tasks, 9, events).await;
        }
        Step::Complete(number) => {
            let events = oracle.complete(number, now);
            crate::stage::publish(&tasks, 9, events).await;
        }
        Step::Pass(seconds) => stage.advance(Duration::from_secs(seconds)).await,
        Step::Close => close_today(stage).await,
        Step::Settle => stage.world.settle().await,
    }
    // Two things of one moment have no order, so no two happen at one moment.
    stage.world.clock().advance(Duration::from_micros(1));
}

async fn close_today(stage: &mut Stage) {
    let token = stage.token(91, &["admin"]);
    let today = stage.now().to_string()[..10].to_owned();
    let path = format!("/api/accounting/days/{today}/close");
    let body = serde_json::Value::Null;
    let answer = stage.world.send("POST", &path, Some(&token), body).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

/// Plays a history; gives the books, and how often each fault fell.
async fn play(seed: Option<u64>, steps: &[Step]) -> (Stage, Oracle) {
    let world = match seed {
        Some(seed) => {
            let rules = Misbehaviour {
                crash: 3,
                ..Misbehaviour::default()
            };
            World::misbehaving(seed, rules, || services(settings())).await
        }
        None => World::on(Storage::Memory, services(settings())).await,
    };
    let mut stage = Stage { world };
    let mut oracle = Oracle::default();
    for step in steps {
        act(&mut stage, &mut oracle, step).await;
    }
    // What was crashed on again and again is put off, and tried again later.
    for _ in 0..6 {
        stage.advance(Duration::from_secs(300)).await;
    }
    (stage, oracle)
}

/// Every fact is posted once, to whom it is due, for its price, on its day or late.
fn posted_once(lines: &[Line], oracle: &Oracle, prices: &BTreeMap<String, (i64, i64)>) {
    let facts = lines.iter().filter(|line| line.0 != "payout");
    let found: Vec<Fact> = facts
        .clone()
        .map(|line| {
            let task = line.1.clone().expect("a task");
            (line.0.clone(), task, line.2, line.3.clone(), line.4)
        })
        .collect();
    assert_eq!(found.len(), oracle.facts.len(), "{found:?}");
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), oracle.facts);
    for line in facts {
        let (fee, reward) = prices[line.1.as_ref().expect("a task")];
        let is_fee = line.0 == "assign_fee";
        assert_eq!(line.6, if is_fee { -fee } else { reward }, "{line:?}");
        let own_day = &Timestamp::from_micros(line.4).to_string()[..10];
        match line.7 {
            false => assert_eq!(line.5, own_day, "{line:?}"),
            true => assert!(line.5.as_str() > own_day, "{line:?}"),
        }
    }
}

/// B-26: a closed day leaves nobody anything, and takes nobody below nothing.
fn paid_right(lines: &[Line], closed: &[(String,)]) {
    let accounts: BTreeSet<&String> = lines.iter().map(|line| &line.3).collect();
    for account in accounts {
        for (day,) in closed {
            let own = lines.iter().filter(|line| &line.3 == account);
            let until = own.clone().filter(|line| line.5 <= *day);
            let balance: i64 = until.map(|line| line.6).sum();
            let payouts = own
                .filter(|line| line.5 == *day && line.0 == "payout")
                .count();
            assert!(payouts <= 1 && balance <= 0, "{account} {day} {balance}");
            assert!(payouts == 0 || balance == 0, "{account} {day} {balance}");
        }
    }
}

async fn story(seed: u64, steps: Vec<Step>) -> BTreeMap<String, u32> {
    let (mut stage, oracle) = play(Some(seed), &steps).await;
    stage.advance(DAY).await;
    for _ in 0..20 {
        stage.advance(Duration::from_secs(60)).await;
    }
    let prices: Vec<(String, i64, i64)> = stage
        .rows("SELECT task_id, assign_fee_minor, reward_minor FROM prices")
        .await;
    let prices = prices
        .into_iter()
        .map(|row| (row.0, (row.1, row.2)))
        .collect();
    let lines = ledger(&stage).await;
    posted_once(&lines, &oracle, &prices);
    let sql = "SELECT date FROM billing_days WHERE status = 'closed' ORDER BY date";
    let closed: Vec<(String,)> = stage.rows(sql).await;
    let begun: Vec<(i64,)> = stage.rows("SELECT count(*) FROM billing_days").await;
    assert_eq!(begun, [(closed.len() as i64,)], "no day is closed half");
    assert!(!closed.is_empty());
    paid_right(&lines, &closed);

    // B-21, and each payout told, written of and kept once.
    let payouts = lines.iter().filter(|line| line.0 == "payout").count();
    assert_eq!(stage.heard("payout.made").await.len(), payouts);
    assert_eq!(stage.letters().await.len(), payouts);
    assert_eq!(stage.heard("transaction.applied").await.len(), lines.len());
    assert_eq!(stage.heard("billing_day.closed").await.len(), closed.len());
    stage.ends_well().await;
    stage.world.faults()
}

/// B-20, B-21, B-26: whatever is lost, doubled, delayed and crashed.
#[test]
fn the_books_are_what_the_oracle_says_in_a_world_that_misbehaves() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let faults = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed in any::<u64>(), steps in prop::collection::vec(step(true), 1..40))| {
        let fallen = runtime.block_on(story(seed, steps));
        faults.set(faults.get() + fallen.values().sum::<u32>());
    });
    assert!(faults.get() > 150, "only {} faults fell", faults.get());
}

/// B-22: the same history in good order and in bad gives the same ledger, line by line.
#[test]
fn a_ledger_of_events_out_of_order_is_that_of_events_in_order() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed in any::<u64>(), steps in prop::collection::vec(step(false), 1..40))| {
        // Within the day, so that nothing is closed on the way.
        let short = |step: Step| match step {
            Step::Pass(seconds) => Step::Pass(seconds % 300),
            other => other,
        };
        let steps: Vec<Step> = steps.into_iter().map(short).collect();
        runtime.block_on(async {
            let (good, _) = play(None, &steps).await;
            let (bad, _) = play(Some(seed), &steps).await;
            let in_order = ledger(&good).await;
            assert_eq!(ledger(&bad).await, in_order);
        });
    });
}
