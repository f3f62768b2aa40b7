//! whatever fails, and whatever operators do about it in whichever order: when it is mended
//! and tried again, everything is as if nothing had ever failed.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use tidings::dead::{self, Which};
use tidings::{Context, EventId, lag, params, subscriptions};

use super::{fragile_stage, kept, own_key};
use crate::bed::{Bed, Stage, effects_by_key, publish};

#[derive(Clone, Debug)]
enum Act {
    /// An event of one of the keys, of which every second fails.
    Publish(u8),
    Settle,
    Advance(u16),
    /// Of any of the events that were put aside.
    DryRun(u8),
    Retry(u8),
    /// To the same data, in another form.
    Edit(u8),
    RetryAll,
    Pause,
    Resume,
    Mend,
    Restart,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..5_u8).prop_map(Act::Publish),
        4 => Just(Act::Settle),
        3 => (0..20_000_u16).prop_map(Act::Advance),
        2 => any::<u8>().prop_map(Act::DryRun),
        2 => any::<u8>().prop_map(Act::Retry),
        2 => any::<u8>().prop_map(Act::Edit),
        1 => Just(Act::RetryAll),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::Mend),
        1 => Just(Act::Restart),
    ]
}

fn operator() -> Context {
    Context {
        actor: "user:ann".to_owned(),
        correlation_id: "c".to_owned(),
        causation_id: None,
    }
}

struct Story<'a> {
    bed: &'a Bed,
    stage: Stage,
    keys: Vec<String>,
    published: BTreeMap<String, Vec<i64>>,
    next: i64,
}

impl Story<'_> {
    async fn act(&mut self, act: &Act) {
        let consumer = self.stage.handle("consumer");
        match act {
            Act::Publish(key) => {
                let key = self.keys[usize::from(*key)].clone();
                self.next += 1;
                publish(&self.stage.handle("producer"), &key, self.next).await;
                self.published.entry(key).or_default().push(self.next);
            }
            Act::Settle => self.stage.settle().await,
            Act::Advance(seconds) => {
                let span = Duration::from_secs((*seconds).into());
                self.stage.advance(span).await;
            }
            Act::DryRun(number) => {
                if let Some((id, _)) = self.aside(*number).await {
                    let mut all = self.stage.installation.subscriptions().iter();
                    let of = all.find(|one| one.name == "count").unwrap();
                    dead::dry_run(of, &id, None).await.unwrap().unwrap();
                }
            }
            Act::Retry(number) => {
                if let Some((id, _)) = self.aside(*number).await {
                    let mut tx = consumer.begin(operator()).await.unwrap();
                    dead::retry(&mut tx, "count", &id).await.unwrap();
                    tx.commit().await.unwrap();
                }
            }
            Act::Edit(number) => self.edit(*number).await,
            Act::RetryAll => {
                let which = Which::default();
                let retried = dead::retry_all(&consumer, &operator(), &which).await;
                retried.unwrap();
            }
            Act::Pause => {
                let mut tx = consumer.begin(operator()).await.unwrap();
                subscriptions::pause(&mut tx, "count", "x").await.unwrap();
                tx.commit().await.unwrap();
            }
            Act::Resume => self.resume().await,
            Act::Mend => self.mend().await,
            Act::Restart => {
                let clock = self.stage.clock.clone();
                let setup = self.bed.setup(&clock).service(crate::bed::producer());
                let setup = setup.service(super::fragile_consumer());
                self.stage = Stage::open(setup, clock).await;
            }
        }
    }

    /// One of the events that were put aside, with its data.
    async fn aside(&self, number: u8) -> Option<(EventId, String)> {
        let all = kept(&self.stage.handle("consumer")).await;
        let place = usize::from(number).checked_rem(all.len())?;
        let event = all.into_iter().nth(place)?.event;
        Some((event.id, event.data))
    }

    async fn edit(&self, number: u8) {
        let Some((id, data)) = self.aside(number).await else {
            return;
        };
        let mut all = self.stage.installation.subscriptions().iter();
        let of = all.find(|one| one.name == "count").unwrap();
        let mut tx = of.service.begin(operator()).await.unwrap();
        let data = format!(" {data} ");
        dead::edit(&mut tx, of, &id, &data, "x").await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn resume(&self) {
        let mut tx = self
            .stage
            .handle("consumer")
            .begin(operator())
            .await
            .unwrap();
        subscriptions::resume(&mut tx, "count", "x").await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn mend(&self) {
        for key in &self.keys {
            let mut tx = self.stage.handle("consumer").begin_own().await.unwrap();
            let sql = "INSERT INTO mended (key) VALUES ($1) ON CONFLICT DO NOTHING";
            tx.execute(sql, params![key]).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

async fn ends_as_if_nothing_had_failed(bed: Bed, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let mut story = Story {
        stage: fragile_stage(&bed).await,
        bed: &bed,
        keys: (0..5_u8)
            .map(|number| own_key(if number % 2 == 0 { "bad" } else { "good" }))
            .collect(),
        published: BTreeMap::new(),
        next: 0,
    };
    for act in &acts {
        story.act(act).await;
    }
    story.mend().await;
    story.resume().await;
    for _ in 0..3 {
        story.act(&Act::RetryAll).await;
        story.stage.advance(Duration::from_secs(3600)).await;
    }
    let applied = effects_by_key(&story.stage.handle("consumer")).await;
    prop_assert_eq!(&applied, &story.published);
    let owed = lag::subscriptions(&story.stage.installation).await.unwrap();
    prop_assert_eq!((owed[0].lag, owed[0].parked, owed[0].dead), (0, 0, 0));
    Ok(())
}

fn check(cases: u32, bed: impl AsyncFn() -> Bed) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        max_shrink_iters: 100,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let histories = prop::collection::vec(acts(), 1..50);
    let outcome = TestRunner::new(config).run(&histories, |acts| {
        runtime.block_on(async { Box::pin(ends_as_if_nothing_had_failed(bed().await, acts)).await })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn what_was_repaired_is_as_if_it_had_never_failed_on_sqlite() {
    check(30, async || Bed::sqlite());
}

#[test]
fn what_was_repaired_is_as_if_it_had_never_failed_on_postgres() {
    check(6, async || Bed::postgres().await);
}
