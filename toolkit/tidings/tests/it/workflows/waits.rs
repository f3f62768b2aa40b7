//! Waiting for a time, a message, a job.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::workflow::RunState;
use tidings::{Error, Event, Flow, Job, Message, Service, StepFailed, Stream, Tx, dead, workflow};

use super::{
    MINUTE, SECOND, Story, begin, book, line, nothing_is_left, operate, run_of, stage, state_of,
    teller, told, write,
};
use crate::bed::{Bed, Stage, on_both};

on_both!(
    a_pause_never_ends_early_and_survives_a_restart,
    a_message_that_came_before_the_wait_is_taken,
    messages_are_taken_in_order_each_once,
    a_wait_without_a_message_ends_at_its_time,
    a_message_after_the_time_out_is_left_for_the_next_wait,
    what_is_not_wanted_is_passed_over,
    a_handler_of_events_starts_a_run_and_tells_it_every_later_event,
    what_nobody_can_read_any_more_is_not_taken,
    a_child_job_is_waited_for,
    a_dead_child_job_fails_the_step_and_cannot_be_tried_again,
    a_cancelled_run_waits_for_its_child_to_end,
);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Word {
    text: String,
}

impl Message for Word {
    const NAME: &'static str = "word";
}

impl Word {
    pub(super) fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }
}

async fn tell(stage: &mut Stage, text: &str) -> bool {
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    let told = tx.tell::<Story, _>("a", &Word::of(text)).await.unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    told
}

async fn sleeping(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.sleep("nap", 15 * MINUTE).await;
    cx.step("awake", line("awake"), write).await?;
    let due = cx.started_at().plus(60 * MINUTE);
    cx.sleep_until("the hour", due).await;
    cx.sleep_until("long gone", cx.started_at()).await;
    cx.step("up", line("up"), write).await?;
    Ok(())
}

/// P-11: the timer fires, its effect happens once, and never early by the service's clock.
async fn a_pause_never_ends_early_and_survives_a_restart(bed: Bed) {
    let mut first = stage(&bed, teller().workflow(sleeping)).await;
    begin(&mut first, &Story::named("a")).await;
    first.advance(10 * MINUTE).await;
    let clock = first.clock.clone();
    drop(first);
    let setup = bed.setup(&clock).service(teller().workflow(sleeping));
    let mut stage = Stage::open(setup, clock).await;
    let service = stage.handle("teller");
    stage.advance(5 * MINUTE - Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, [""; 0], "a microsecond early");
    stage.advance(Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, ["awake"]);
    stage.advance(45 * MINUTE - Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, ["awake"]);
    stage.advance(Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, ["awake", "up"]);
    nothing_is_left(&service).await;
}

/// Waits three times, ten minutes each, with a pause before it.
async fn listening(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.sleep("before", MINUTE).await;
    for place in 1..=3 {
        let word: Option<Word> = cx.wait_for(&format!("word {place}"), 10 * MINUTE).await;
        let heard = word.map_or("nothing".to_owned(), |word| word.text);
        cx.step(&format!("write {place}"), line(heard), write)
            .await?;
    }
    Ok(())
}

async fn a_message_that_came_before_the_wait_is_taken(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(listening)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    assert!(tell(&mut stage, "early").await);
    assert_eq!(book(&service).await, [""; 0]);
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["early"]);
    assert_eq!(
        run_of(&service, "a").await.waiting_for.as_deref(),
        Some("a message word")
    );
    tell(&mut stage, "second").await;
    tell(&mut stage, "third").await;
    assert_eq!(book(&service).await, ["early", "second", "third"]);
    nothing_is_left(&service).await;
}

async fn messages_are_taken_in_order_each_once(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(listening)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    for word in ["one", "two", "three", "four"] {
        tell(&mut stage, word).await;
    }
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["one", "two", "three"]);
    nothing_is_left(&service).await;
}

async fn a_wait_without_a_message_ends_at_its_time(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(listening)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    stage.advance(MINUTE).await;
    stage.advance(10 * MINUTE - Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, [""; 0]);
    stage.advance(Duration::from_micros(1)).await;
    assert_eq!(book(&service).await, ["nothing"]);
    stage.advance(10 * MINUTE).await;
    stage.advance(10 * MINUTE).await;
    assert_eq!(book(&service).await, ["nothing"; 3]);
    nothing_is_left(&service).await;
}

async fn a_message_after_the_time_out_is_left_for_the_next_wait(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(listening)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    stage.advance(MINUTE).await;
    stage.advance(10 * MINUTE).await;
    tell(&mut stage, "late").await;
    assert_eq!(book(&service).await, ["nothing", "late"]);
    tell(&mut stage, "last").await;
    assert!(!tell(&mut stage, "to nobody").await, "the run has ended");
    nothing_is_left(&service).await;
}

async fn choosy(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let word = cx.wait_until("a b", None, |word: &Word| word.text.starts_with('b'));
    let word = word.await;
    let heard = word.map_or(String::new(), |word| word.text);
    cx.step("write", line(heard), write).await?;
    let next: Option<Word> = cx.wait_for("the next", SECOND).await;
    let heard = next.map_or("nothing".to_owned(), |word| word.text);
    cx.step("write again", line(heard), write).await?;
    Ok(())
}

async fn what_is_not_wanted_is_passed_over(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(choosy)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    tell(&mut stage, "an ape").await;
    stage.advance(24 * 60 * MINUTE).await;
    tell(&mut stage, "a bear").await;
    tell(&mut stage, "bear").await;
    stage.advance(SECOND).await;
    assert_eq!(book(&service).await, ["bear", "nothing"]);
    nothing_is_left(&service).await;
}

#[derive(Clone, Debug, PartialEq, Stream)]
#[stream(name = "orders", key = "order", slots = 4)]
enum OrderEvent {
    #[event("order.placed")]
    Placed { order: String },
    #[event("order.changed")]
    Changed { order: String, to: String },
    #[event("order.paid")]
    Paid { order: String },
}

async fn on_order(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    if let OrderEvent::Placed { order } = &event.data {
        tx.start(&Story::named(order), order).await?;
    }
    tx.tell::<Story, _>(event.data.key(), &event.data).await?;
    Ok(())
}

async fn follows(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let placed: Option<OrderEvent> = cx.wait_for("placed", None).await;
    cx.step("one", line(format!("{placed:?}")), write).await?;
    let is_paid = |event: &OrderEvent| matches!(event, OrderEvent::Paid { .. });
    let paid = cx.wait_until("paid", MINUTE, is_paid).await;
    cx.step("two", line(format!("{paid:?}")), write).await?;
    Ok(())
}

/// The run is started in the same subscription that tells it, so it cannot miss any.
async fn a_handler_of_events_starts_a_run_and_tells_it_every_later_event(bed: Bed) {
    let shop = Service::new("shop").publishes::<OrderEvent>();
    let teller = teller().subscribes("orders", on_order).workflow(follows);
    let mut stage = bed.stage([shop, teller]).await;
    let mut tx = stage.handle("shop").begin_own().await.unwrap();
    let order = || "o1".to_owned();
    tx.publish(OrderEvent::Placed { order: order() }).unwrap();
    let to = "red".to_owned();
    tx.publish(OrderEvent::Changed { order: order(), to })
        .unwrap();
    tx.publish(OrderEvent::Paid { order: order() }).unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let service = stage.handle("teller");
    assert_eq!(
        book(&service).await,
        [
            r#"Some(Placed { order: "o1" })"#,
            r#"Some(Paid { order: "o1" })"#
        ]
    );
    nothing_is_left(&service).await;
}

async fn what_nobody_can_read_any_more_is_not_taken(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(sleeping)).await;
    let service = stage.handle("teller");
    assert!(!tell(&mut stage, "too early").await, "there is no run");
    begin(&mut stage, &Story::named("a")).await;
    assert!(operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    assert!(!tell(&mut stage, "too late").await);
    nothing_is_left(&service).await;
}

/// Writes a line, or fails for ever.
#[derive(Serialize, Deserialize)]
struct Render {
    fails: bool,
}

impl Job for Render {
    const KIND: &'static str = "render";
    const ATTEMPTS_MAX: u32 = 2;
}

async fn render(job: Render, tx: &mut Tx) -> Result<(), Error> {
    write(line("rendered"), tx)
        .await
        .map_err(|_| Error::NoRow)?;
    match job.fails {
        true => Err(Error::NoRow),
        false => Ok(()),
    }
}

async fn rendering(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("before", line("before"), write).await?;
    cx.undo("before_undo", line("before_undo"), super::unwrite);
    let fails = story.refused.is_some();
    let outcome = cx.job("render", &Render { fails }).await;
    cx.step("after", line("after"), write).await?;
    outcome
}

async fn a_child_job_is_waited_for(bed: Bed) {
    let service = teller().workflow(rendering).job(render);
    let mut stage = stage(&bed, service).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    assert_eq!(book(&service).await, ["before", "rendered", "after"]);
    assert_eq!(
        told(&service, "a").await,
        ["step before done", "job render done", "step after done"]
    );
    nothing_is_left(&service).await;
}

async fn a_dead_child_job_fails_the_step_and_cannot_be_tried_again(bed: Bed) {
    let service = teller().workflow(rendering).job(render);
    let mut stage = stage(&bed, service).await;
    let service = stage.handle("teller");
    let story = Story {
        name: "a".to_owned(),
        refused: Some(String::new()),
    };
    begin(&mut stage, &story).await;
    assert_eq!(book(&service).await, ["before"]);
    stage.advance(2 * SECOND).await;
    assert_eq!(book(&service).await, ["before", "after", "before_undo"]);
    let run = run_of(&service, "a").await;
    assert_eq!(run.state, RunState::Compensated);
    assert_eq!(run.error.as_deref(), Some("do step render: find the row"));
    assert_eq!(dead::jobs(&service, 10).await.unwrap().len(), 0);
    nothing_is_left(&service).await;
}

async fn a_cancelled_run_waits_for_its_child_to_end(bed: Bed) {
    let service = teller().workflow(rendering).job(render);
    let mut stage = stage(&bed, service).await;
    let service = stage.handle("teller");
    let story = Story {
        name: "a".to_owned(),
        refused: Some(String::new()),
    };
    begin(&mut stage, &story).await;
    assert!(operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(book(&service).await, ["before", "before_undo"]);
    assert_eq!(
        told(&service, "a").await,
        [
            "step before done",
            "job render failed",
            "step after cancelled",
            "undo before_undo done"
        ]
    );
    assert_eq!(state_of(&service, "a").await, RunState::Cancelled);
    nothing_is_left(&service).await;
}
