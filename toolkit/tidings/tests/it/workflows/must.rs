//! What a run must not end without, and what it must not do once it is told.

use tidings::crash::{Plan, with_plan};
use tidings::workflow::{self, RunState};
use tidings::{Call, Error, Fate, Flow, Outcome, StepFailed, Tx};

use super::waits::Word;
use super::{
    Fates, MINUTE, SECOND, Story, alerts, begin, book, line, nothing_is_left, operate, own_name,
    run_of, stage, state_of, teller, told, tries, unwrite, write,
};
use crate::bed::{Bed, Stage, on_both};

on_both!(
    a_step_that_must_be_done_leaves_the_run_stuck_and_is_tried_anew,
    a_cancelled_run_first_does_what_it_must,
    a_call_that_must_be_made_leaves_the_run_stuck_and_is_made_again,
    a_wait_until_a_moment_ends_then_however_late_it_is_begun,
    a_message_between_a_time_out_and_what_follows_is_seen,
    a_start_gives_a_run_that_has_lost_its_job_another,
);

/// Writes once the line has failed six times: two more than a step has tries.
async fn insisting(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("a", line("a"), write).await?;
    cx.undo("a_undo", line("a_undo"), unwrite);
    let mut bad = line(story.name.as_str());
    bad.failures = (6, Fates(Fate::Retry));
    let lines = cx.must("bad", bad, write).await;
    cx.step("b", line(format!("after {lines}")), write).await?;
    Ok(())
}

async fn a_step_that_must_be_done_leaves_the_run_stuck_and_is_tried_anew(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(insisting)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    stage.advance(MINUTE).await;
    for _ in 0..3 {
        stage.advance(MINUTE).await;
    }
    let run = run_of(&service, &name).await;
    assert_eq!(run.state, RunState::Stuck);
    let why = run.stuck_by.expect("a reason");
    assert_eq!(why, format!("do step bad: write {name}: not yet"));
    assert!(alerts(&service).await[0].contains(&why));
    assert_eq!(book(&service).await, ["a"], "nothing is undone");

    assert!(operate!(service, &name, |tx, id| workflow::retry(
        &mut tx, id
    )));
    for _ in 0..3 {
        stage.advance(MINUTE).await;
    }
    assert_eq!(book(&service).await, ["a", &name, "after 2"]);
    assert_eq!(state_of(&service, &name).await, RunState::Done);
    nothing_is_left(&service).await;
}

async fn a_cancelled_run_first_does_what_it_must(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(insisting)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    for _ in 0..4 {
        stage.advance(MINUTE).await;
    }
    assert!(operate!(service, &name, |tx, id| workflow::cancel(
        &mut tx, id
    )));
    for _ in 0..3 {
        stage.advance(MINUTE).await;
    }
    assert_eq!(book(&service).await, ["a", &name, "a_undo"]);
    assert_eq!(state_of(&service, &name).await, RunState::Cancelled);
    nothing_is_left(&service).await;
}

/// Refuses twice.
async fn refuse(name: String, _: Call) -> Outcome<String> {
    match tries(&name) {
        1 | 2 => Outcome::Failed("not today".to_owned()),
        _ => Outcome::Done("receipt".to_owned()),
    }
}

async fn calling(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let receipt: String = cx
        .call("refund", story.name, refuse)
        .repeatable()
        .must()
        .await?;
    cx.step("write", line(receipt), write).await?;
    Ok(())
}

async fn a_call_that_must_be_made_leaves_the_run_stuck_and_is_made_again(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(calling)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    for _ in 0..2 {
        stage.advance(60 * MINUTE).await;
        let run = run_of(&service, &name).await;
        let why = "do step refund: not today";
        assert_eq!(
            (run.state, run.stuck_by.as_deref()),
            (RunState::Stuck, Some(why))
        );
        assert!(alerts(&service).await[0].contains(why));
        assert!(operate!(service, &name, |tx, id| workflow::retry(
            &mut tx, id
        )));
        stage.settle().await;
    }
    assert_eq!(book(&service).await, ["receipt"]);
    assert_eq!(
        told(&service, &name).await,
        ["call refund done", "step write done"]
    );
    nothing_is_left(&service).await;
}

/// Waits for fifteen minutes from its start, and says that nobody has come.
async fn holding(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let due = cx.started_at().plus(15 * MINUTE);
    let word: Option<Word> = cx.wait_for("word", due).await;
    if word.is_none() {
        cx.step("nobody", (), nobody).await?;
    }
    Ok(())
}

async fn nobody((): (), tx: &mut Tx) -> Result<(), Error> {
    if tx.has_message::<Story>("a").await? {
        return Ok(());
    }
    let sql = "INSERT INTO book (place, line) VALUES (0, 'nobody')";
    tx.execute(sql, &[]).await?;
    Ok(())
}

async fn a_wait_until_a_moment_ends_then_however_late_it_is_begun(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(holding)).await;
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    tx.start(&Story::named("a"), "a").await.unwrap();
    tx.commit().await.unwrap();
    stage.clock.advance(10 * MINUTE);
    stage.advance(5 * MINUTE - SECOND).await;
    assert_eq!(book(&service).await, [""; 0]);
    stage.advance(SECOND).await;
    assert_eq!(book(&service).await, ["nobody"]);
    nothing_is_left(&service).await;
}

async fn a_message_between_a_time_out_and_what_follows_is_seen(bed: Bed) {
    let mut first = stage(&bed, teller().workflow(holding)).await;
    begin(&mut first, &Story::named("a")).await;
    let plan = Plan::new(|point| point == "S2");
    let late = with_plan(&plan, first.advance(15 * MINUTE)).await;
    assert!(late.is_none(), "no crash");
    let clock = first.clock.clone();
    drop(first);
    let setup = bed.setup(&clock).service(teller().workflow(holding));
    let mut second = Stage::open(setup, clock).await;
    let service = second.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.tell::<Story, _>("a", &Word::of("here")).await.unwrap());
    tx.commit().await.unwrap();
    second.advance(MINUTE).await;
    assert_eq!(
        told(&service, "a").await,
        ["wait word done", "step nobody done"]
    );
    assert_eq!(book(&service).await, [""; 0]);
    nothing_is_left(&service).await;
}

async fn a_start_gives_a_run_that_has_lost_its_job_another(bed: Bed) {
    let mut first = stage(&bed, teller().workflow(holding)).await;
    begin(&mut first, &Story::named("a")).await;
    let mut tx = first.handle("teller").begin_own().await.unwrap();
    tx.execute_batch("DELETE FROM tidings_jobs").await.unwrap();
    tx.commit().await.unwrap();
    first.advance(15 * MINUTE).await;
    assert_eq!(book(&first.handle("teller")).await, [""; 0]);
    let clock = first.clock.clone();
    drop(first);
    for _ in 0..2 {
        let setup = bed.setup(&clock).service(teller().workflow(holding));
        let mut again = Stage::open(setup, clock.clone()).await;
        again.settle().await;
        let service = again.handle("teller");
        assert_eq!(book(&service).await, ["nobody"]);
        // That nothing carried it was an alert, which is closed at the next long look.
        again.advance(MINUTE).await;
        nothing_is_left(&service).await;
    }
}
