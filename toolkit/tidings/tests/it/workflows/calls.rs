//! Calls outside: what is done when nobody knows whether they have happened.

use tidings::crash::{Plan, with_plan};
use tidings::workflow::{self, RunState, Verdict};
use tidings::{Flow, Service, StepFailed};

use super::bank::{Bank, charge, look_up, look_up_refund, refund};
use super::{
    MINUTE, SECOND, Story, alerts, begin, book, line, nothing_is_left, operate, run_of, state_of,
    steps_of, teller, told, unwrite, write,
};
use crate::bed::{Bed, Stage, on_both};

on_both!(
    a_call_is_made_once_and_its_result_is_kept,
    a_call_that_has_failed_is_told_to_the_code,
    after_a_crash_in_a_call_the_other_side_is_asked,
    after_a_crash_before_a_call_it_is_made,
    what_the_other_side_has_never_heard_of_is_called_again,
    the_other_side_is_asked_until_it_knows,
    a_repeatable_call_is_made_again_with_the_same_key,
    without_a_hook_a_person_decides_that_it_was_done,
    without_a_hook_a_person_decides_that_it_was_not,
    without_a_hook_a_person_lets_it_be_made_again,
    a_cancelled_run_first_learns_how_its_call_has_ended,
    an_undoing_call_is_asked_for_too,
    an_undoing_call_that_has_failed_is_stuck,
);

async fn asking(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let charged = cx.call("charge", "money".to_owned(), charge);
    let receipt = charged.reconcile(look_up).await?;
    cx.undo("charge_undo", line("undone"), unwrite);
    cx.step("write", line(receipt), write).await?;
    Ok(())
}

pub(super) async fn repeating(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let charged = cx.call("charge", "money".to_owned(), charge);
    let receipt = charged.repeatable().await?;
    cx.step("write", line(receipt), write).await?;
    Ok(())
}

async fn hookless(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let receipt: String = cx.call("charge", "money".to_owned(), charge).await?;
    cx.step("write", line(receipt), write).await?;
    Ok(())
}

pub(super) async fn stage(bed: &Bed, service: Service, bank: &Bank) -> Stage {
    super::stage(bed, service.resource(bank.clone())).await
}

/// Starts the run in a process that ends at a crash point; the next one takes over when the
/// lease has ended.
async fn begin_and_crash(bed: &Bed, bank: &Bank, point: &'static str) -> Stage {
    let mut first = stage(bed, teller().workflow(asking), bank).await;
    let service = first.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.start(&Story::named("a"), "a").await.unwrap());
    tx.commit().await.unwrap();
    let plan = Plan::new(move |passed| passed == point);
    assert!(with_plan(&plan, first.settle()).await.is_none(), "no crash");
    let clock = first.clock.clone();
    drop(first);
    let service = teller().workflow(asking).resource(bank.clone());
    let setup = bed.setup(&clock).service(service);
    let mut second = Stage::open(setup, clock).await;
    second.settle().await;
    second.advance(MINUTE).await;
    second
}

async fn a_call_is_made_once_and_its_result_is_kept(bed: Bed) {
    let bank = Bank::default();
    let mut stage = stage(&bed, teller().workflow(asking), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(book(&service).await, ["receipt of money"]);
    let run = run_of(&service, "a").await;
    let key = format!("{}/charge", run.id);
    assert_eq!(*bank.keys.lock().unwrap(), [key]);
    nothing_is_left(&service).await;
}

async fn a_call_that_has_failed_is_told_to_the_code(bed: Bed) {
    let bank = Bank::with(&["no"]);
    let mut stage = stage(&bed, teller().workflow(asking), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    let run = run_of(&service, "a").await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.error.as_deref(), Some("do step charge: no money"));
    assert_eq!(bank.done(), [""; 0]);
    nothing_is_left(&service).await;
}

/// F-14, crash point S4.
async fn after_a_crash_in_a_call_the_other_side_is_asked(bed: Bed) {
    let bank = Bank::default();
    let stage = Box::pin(begin_and_crash(&bed, &bank, "S4")).await;
    let service = stage.handle("teller");
    assert_eq!(bank.done(), ["money"], "once");
    assert_eq!(book(&service).await, ["receipt of money"]);
    nothing_is_left(&service).await;
}

/// The first S2 is that of the call's beginning.
async fn after_a_crash_before_a_call_it_is_made(bed: Bed) {
    let bank = Bank::default();
    let stage = Box::pin(begin_and_crash(&bed, &bank, "S2")).await;
    let service = stage.handle("teller");
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(book(&service).await, ["receipt of money"]);
    nothing_is_left(&service).await;
}

async fn what_the_other_side_has_never_heard_of_is_called_again(bed: Bed) {
    let bank = Bank::with(&["lost", "", "lost"]);
    let mut stage = stage(&bed, teller().workflow(asking), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    let waiting = run_of(&service, "a").await.waiting_for;
    assert_eq!(waiting.as_deref(), Some("an answer to charge"));
    stage.advance(SECOND).await;
    stage.advance(2 * SECOND).await;
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(book(&service).await, ["receipt of money"]);
    let step = steps_of(&service, "a").await.remove(0);
    assert_eq!((step.attempts, step.asks), (3, 2));
    nothing_is_left(&service).await;
}

/// The call has happened, its answer was lost, and the other side is silent for long.
async fn the_other_side_is_asked_until_it_knows(bed: Bed) {
    let mut words = vec!["late"];
    words.extend(["silent"; 40]);
    let bank = Bank::with(&words);
    let mut stage = stage(&bed, teller().workflow(asking), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    for _ in 0..20 {
        stage.advance(MINUTE).await;
    }
    let alert = alerts(&service).await.pop().expect("operators are told");
    assert!(
        alert.contains("whether charge of workflow story"),
        "{alert}"
    );
    assert_eq!(state_of(&service, "a").await, RunState::Running);
    for _ in 0..30 {
        stage.advance(MINUTE).await;
    }
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(bank.keys.lock().unwrap().len(), 1, "never called again");
    assert_eq!(book(&service).await, ["receipt of money"]);
    nothing_is_left(&service).await;
}

async fn a_repeatable_call_is_made_again_with_the_same_key(bed: Bed) {
    let bank = Bank::with(&["lost", "lost"]);
    let mut stage = stage(&bed, teller().workflow(repeating), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    stage.advance(SECOND).await;
    stage.advance(2 * SECOND).await;
    assert_eq!(book(&service).await, ["receipt of money"]);
    let mut keys = bank.keys.lock().unwrap().clone();
    assert_eq!(keys.len(), 3);
    keys.dedup();
    assert_eq!(keys.len(), 1);
    nothing_is_left(&service).await;
}

/// A run that is stuck because nobody knows how its call has ended.
async fn stuck(bed: &Bed, bank: &Bank) -> Stage {
    let mut stage = stage(bed, teller().workflow(hookless), bank).await;
    begin(&mut stage, &Story::named("a")).await;
    let service = stage.handle("teller");
    let run = run_of(&service, "a").await;
    let why = "learn whether charge has happened: timed out";
    assert_eq!(
        (run.state, run.stuck_by.as_deref()),
        (RunState::Stuck, Some(why))
    );
    assert!(alerts(&service).await[0].contains(why));
    // To try again changes nothing: nobody has learned anything.
    assert!(operate!(service, "a", |tx, id| workflow::retry(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(state_of(&service, "a").await, RunState::Stuck);
    assert_eq!(bank.keys.lock().unwrap().len(), 1);
    stage
}

async fn decide(stage: &mut Stage, verdict: Verdict) -> bool {
    let service = stage.handle("teller");
    let decided = operate!(service, "a", |tx, id| workflow::decide(
        &mut tx,
        id,
        0,
        verdict.clone(),
        "asked by telephone"
    ));
    stage.settle().await;
    decided
}

async fn without_a_hook_a_person_decides_that_it_was_done(bed: Bed) {
    let bank = Bank::with(&["late"]);
    let mut stage = stuck(&bed, &bank).await;
    let service = stage.handle("teller");
    let verdict = Verdict::Done("receipt by telephone".into());
    assert!(decide(&mut stage, verdict.clone()).await);
    assert!(!decide(&mut stage, verdict).await);
    assert_eq!(book(&service).await, ["receipt by telephone"]);
    nothing_is_left(&service).await;
}

async fn without_a_hook_a_person_decides_that_it_was_not(bed: Bed) {
    let bank = Bank::with(&["lost"]);
    let mut stage = stuck(&bed, &bank).await;
    let service = stage.handle("teller");
    assert!(decide(&mut stage, Verdict::Failed("never arrived".to_owned())).await);
    let run = run_of(&service, "a").await;
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(run.error.as_deref(), Some("do step charge: never arrived"));
    nothing_is_left(&service).await;
}

async fn without_a_hook_a_person_lets_it_be_made_again(bed: Bed) {
    let bank = Bank::with(&["lost"]);
    let mut stage = stuck(&bed, &bank).await;
    let service = stage.handle("teller");
    assert!(decide(&mut stage, Verdict::Again).await);
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(book(&service).await, ["receipt of money"]);
    nothing_is_left(&service).await;
}

async fn a_cancelled_run_first_learns_how_its_call_has_ended(bed: Bed) {
    let bank = Bank::with(&["late", "silent"]);
    let mut stage = stage(&bed, teller().workflow(asking), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    assert!(operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(state_of(&service, "a").await, RunState::Running);
    stage.advance(SECOND).await;
    stage.advance(2 * SECOND).await;
    assert_eq!(
        told(&service, "a").await,
        [
            "call charge done",
            "step write cancelled",
            "undo charge_undo done"
        ]
    );
    assert_eq!(book(&service).await, ["undone"]);
    assert_eq!(state_of(&service, "a").await, RunState::Cancelled);
    nothing_is_left(&service).await;
}

async fn refunding(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.call("charge", "money".to_owned(), charge).await?;
    let undo = cx.undo_call("charge_undo", "money back".to_owned(), refund);
    undo.reconcile(look_up_refund);
    cx.step("write", story.line("write"), write).await?;
    Ok(())
}

fn refused() -> Story {
    Story {
        name: "a".to_owned(),
        refused: Some("write".to_owned()),
    }
}

async fn an_undoing_call_is_asked_for_too(bed: Bed) {
    let bank = Bank::with(&["", "late"]);
    let mut stage = stage(&bed, teller().workflow(refunding), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &refused()).await;
    assert_eq!(state_of(&service, "a").await, RunState::Compensating);
    stage.advance(SECOND).await;
    assert_eq!(bank.done(), ["money", "money back"]);
    assert_eq!(state_of(&service, "a").await, RunState::Compensated);
    nothing_is_left(&service).await;
}

async fn an_undoing_call_that_has_failed_is_stuck(bed: Bed) {
    let bank = Bank::with(&["", "no"]);
    let mut stage = stage(&bed, teller().workflow(refunding), &bank).await;
    let service = stage.handle("teller");
    begin(&mut stage, &refused()).await;
    assert_eq!(state_of(&service, "a").await, RunState::Stuck);
    assert!(operate!(service, "a", |tx, id| workflow::retry(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(bank.done(), ["money", "money back"]);
    assert_eq!(state_of(&service, "a").await, RunState::Compensated);
    nothing_is_left(&service).await;
}
