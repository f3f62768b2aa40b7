//! Steps that are transactions.

use tidings::workflow::RunState;
use tidings::{Error, Fate, Flow, Service, StepFailed};

use super::{
    Fates, MINUTE, SECOND, Story, begin, book, line, nothing_is_left, own_name, run_of, stage,
    state_of, teller, told, tries, unwrite, write,
};
use crate::bed::{Bed, on_both};

on_both!(
    each_step_happens_once_however_often_the_run_is_woken,
    there_is_one_run_of_a_key,
    a_run_whose_start_was_rolled_back_never_runs,
    a_failing_step_is_tried_again_and_its_effect_happens_once,
    a_fault_of_the_ground_is_tried_again_without_end,
    a_failure_at_each_step_undoes_what_was_done_in_reverse,
    a_step_that_panics_fails_like_any_other,
    a_step_that_has_failed_can_be_answered_by_the_code,
    a_run_of_an_undeclared_workflow_cannot_be_started,
);

/// Each line says how many there were: what is recorded is given back at every replay.
async fn counting(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let one = cx.step("one", story.line("one"), write).await?;
    cx.sleep("pause", MINUTE).await;
    let text = format!("two after {one}");
    let two = cx.step("two", line(text), write).await?;
    cx.sleep("another pause", MINUTE).await;
    let text = format!("three after {two}");
    cx.step("three", line(text), write).await?;
    Ok(())
}

async fn each_step_happens_once_however_often_the_run_is_woken(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(counting)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    for _ in 0..14 {
        for _ in 0..2 {
            // Whatever is told wakes the run.
            let mut tx = service.begin_own().await.unwrap();
            let _ = tx
                .tell::<Story, _>("a", &super::waits::Word::of("wake"))
                .await;
            tx.commit().await.unwrap();
        }
        stage.advance(10 * SECOND).await;
    }
    assert_eq!(
        book(&service).await,
        ["one", "two after 1", "three after 2"]
    );
    assert_eq!(
        told(&service, "a").await,
        [
            "step one done",
            "sleep pause done",
            "step two done",
            "sleep another pause done",
            "step three done"
        ]
    );
    assert_eq!(state_of(&service, "a").await, RunState::Done);
    nothing_is_left(&service).await;
}

async fn there_is_one_run_of_a_key(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(counting)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    for _ in 0..3 {
        let mut tx = service.begin_own().await.unwrap();
        assert!(!tx.start(&Story::named("again"), "a").await.unwrap());
        tx.commit().await.unwrap();
        stage.advance(2 * MINUTE).await;
    }
    assert_eq!(book(&service).await.len(), 3);
    nothing_is_left(&service).await;
}

async fn a_run_whose_start_was_rolled_back_never_runs(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(counting)).await;
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    tx.start(&Story::named("a"), "a").await.unwrap();
    drop(tx);
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, [""; 0]);
    nothing_is_left(&service).await;
}

async fn fails_at_first(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let mut bad = line(story.name.as_str());
    bad.failures = (2, Fates(Fate::Retry));
    cx.step("bad", bad, write).await?;
    Ok(())
}

async fn a_failing_step_is_tried_again_and_its_effect_happens_once(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(fails_at_first)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    assert_eq!(
        book(&service).await,
        [""; 0],
        "nothing of a failed try is kept"
    );
    assert_eq!(told(&service, &name).await, ["step bad started"]);
    let waiting = run_of(&service, &name).await.waiting_for;
    assert_eq!(waiting.as_deref(), Some("another try of bad"));
    stage.advance(2 * SECOND).await;
    stage.advance(4 * SECOND).await;
    assert_eq!(book(&service).await, [name.as_str()]);
    assert_eq!(tries(&name), 4, "three before this one");
    nothing_is_left(&service).await;
}

async fn misses_the_ground(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let mut bad = line(story.name.as_str());
    bad.failures = (30, Fates(Fate::Wait));
    cx.step("bad", bad, write).await?;
    Ok(())
}

/// Thirty times, although a step has four tries and a job twenty.
async fn a_fault_of_the_ground_is_tried_again_without_end(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(misses_the_ground)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    for _ in 0..31 {
        stage.advance(2 * SECOND).await;
    }
    assert_eq!(book(&service).await, [name.as_str()]);
    nothing_is_left(&service).await;
}

async fn saga(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    for step in ["a", "b", "c", "d"] {
        cx.step(step, story.line(step), write).await?;
        let undo = format!("{step}_undo");
        cx.undo(&undo, line(undo.as_str()), unwrite);
    }
    Ok(())
}

async fn a_failure_at_each_step_undoes_what_was_done_in_reverse(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(saga)).await;
    let service = stage.handle("teller");
    let mut expected = Vec::new();
    for (place, step) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let story = Story {
            name: format!("fails at {step}"),
            refused: Some(step.to_owned()),
        };
        begin(&mut stage, &story).await;
        let done = &["a", "b", "c", "d"][..place];
        expected.extend(done.iter().map(|step| (*step).to_owned()));
        expected.extend(done.iter().rev().map(|step| format!("{step}_undo")));
        assert_eq!(book(&service).await, expected);
        let run = run_of(&service, &story.name).await;
        let state = [RunState::Failed, RunState::Compensated][usize::from(place > 0)];
        assert_eq!(run.state, state);
        let error = format!("do step {step}: write {step}: it is refused");
        assert_eq!(run.error, Some(error));
    }
    begin(&mut stage, &Story::named("all is well")).await;
    assert_eq!(state_of(&service, "all is well").await, RunState::Done);
    assert_eq!(book(&service).await[expected.len()..], ["a", "b", "c", "d"]);
    nothing_is_left(&service).await;
}

async fn panic_at_first(name: String, _: &mut tidings::Tx) -> Result<(), Error> {
    assert!(tries(&name) > 2, "too early");
    Ok(())
}

async fn panicking(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("bad", story.name, panic_at_first).await
}

/// F-13.
async fn a_step_that_panics_fails_like_any_other(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(panicking)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    stage.advance(2 * SECOND).await;
    stage.advance(4 * SECOND).await;
    assert_eq!(state_of(&service, &name).await, RunState::Done);
    nothing_is_left(&service).await;
}

async fn answering(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    if let Err(failed) = cx.step("first", story.line("first"), write).await {
        cx.sleep("pause", MINUTE).await;
        cx.step("second", line(failed.error), write).await?;
    }
    Ok(())
}

async fn a_step_that_has_failed_can_be_answered_by_the_code(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(answering)).await;
    let service = stage.handle("teller");
    let story = Story {
        name: "a".to_owned(),
        refused: Some("first".to_owned()),
    };
    begin(&mut stage, &story).await;
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["write first: it is refused"]);
    assert_eq!(state_of(&service, "a").await, RunState::Done);
    nothing_is_left(&service).await;
}

async fn a_run_of_an_undeclared_workflow_cannot_be_started(bed: Bed) {
    let service = bed.serve(Service::new("teller")).await;
    let mut tx = service.begin_own().await.unwrap();
    let refused = tx.start(&Story::named("a"), "a").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "use workflow story: the service does not declare it"
    );
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));
}
