//! Calls from which nobody comes back: the lease ends, the process ends (F-13).

use std::sync::Arc;

use tidings::crash::{Plan, with_plan};
use tidings::workflow::RunState;
use tidings::{Call, Flow, Outcome, StepFailed};
use tokio::sync::Notify;

use super::bank::{Bank, charge, look_up};
use super::calls::{repeating, stage};
use super::{MINUTE, Story, begin, book, line, nothing_is_left, run_of, state_of, teller, write};
use crate::bed::{Bed, Stage, on_both};

on_both!(
    a_call_that_never_answers_is_given_up_and_asked_for,
    a_worker_that_was_overtaken_in_a_call_records_nothing,
    a_call_that_ends_every_process_is_given_to_a_person,
);

/// Waits in the first call until it is let go.
#[derive(Clone, Default)]
struct Line {
    entered: Arc<Notify>,
    let_go: Arc<Notify>,
}

async fn hang(what: String, call: Call) -> Outcome<String> {
    let line = call.service().resource::<Line>().unwrap();
    let outcome = charge(what, call).await;
    line.entered.notify_one();
    line.let_go.notified().await;
    outcome
}

async fn hanging(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let charged = cx.call("charge", "money".to_owned(), hang);
    let receipt = charged.reconcile(look_up).await?;
    cx.step("write", line(receipt), write).await?;
    Ok(())
}

/// F-13: the lease is a minute.
async fn a_call_that_never_answers_is_given_up_and_asked_for(bed: Bed) {
    let (bank, line) = (Bank::default(), Line::default());
    let service = teller().workflow(hanging).resource(line.clone());
    let mut stage = stage(&bed, service, &bank).await;
    let (service, clock) = (stage.handle("teller"), stage.clock.clone());
    let running = tokio::spawn(async move {
        begin(&mut stage, &Story::named("a")).await;
        stage
    });
    line.entered.notified().await;
    clock.advance(MINUTE);
    let mut stage = running.await.unwrap();
    stage.advance(MINUTE).await;
    assert_eq!(bank.done(), ["money"]);
    assert_eq!(book(&service).await, ["receipt of money"]);
    nothing_is_left(&service).await;
}

/// 1. The first worker hangs in its call; its clock stands still.
/// 2. By the second worker's clock the lease has ended: it asks, and goes on to the end.
/// 3. The first comes back with its outcome, and records nothing.
async fn a_worker_that_was_overtaken_in_a_call_records_nothing(bed: Bed) {
    let (bank, line) = (Bank::default(), Line::default());
    let service = || teller().workflow(hanging).resource(line.clone());
    let mut first = stage(&bed, service(), &bank).await;
    let running = tokio::spawn(async move { begin(&mut first, &Story::named("a")).await });
    line.entered.notified().await;
    let mut second = stage(&bed, service(), &bank).await;
    second.advance(MINUTE).await;
    let service = second.handle("teller");
    assert_eq!(book(&service).await, ["receipt of money"]);
    line.let_go.notify_one();
    running.await.unwrap();
    assert_eq!(book(&service).await, ["receipt of money"]);
    assert_eq!(bank.done(), ["money"]);
    nothing_is_left(&service).await;
}

/// It may be repeated, but not for ever: twenty processes have ended in it.
async fn a_call_that_ends_every_process_is_given_to_a_person(bed: Bed) {
    let bank = Bank::default();
    let mut first = stage(&bed, teller().workflow(repeating), &bank).await;
    let service = first.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.start(&Story::named("a"), "a").await.unwrap());
    tx.commit().await.unwrap();
    for _ in 0..30 {
        let plan = Plan::new(move |passed| passed == "S4");
        let crashed = with_plan(&plan, first.settle()).await.is_none();
        let clock = first.clock.clone();
        clock.advance(2 * MINUTE);
        let service = teller().workflow(repeating).resource(bank.clone());
        first = Stage::open(bed.setup(&clock).service(service), clock).await;
        if !crashed && state_of(&first.handle("teller"), "a").await == RunState::Stuck {
            break;
        }
    }
    assert_eq!(bank.done().len(), 20);
    let run = run_of(&first.handle("teller"), "a").await;
    let why = "the process has ended, or fallen silent, in every run";
    assert_eq!(run.stuck_by.as_deref(), Some(why));
}
