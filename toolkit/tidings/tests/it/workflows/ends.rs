//! How runs end that do not end well.

use tidings::workflow::{self, Filter, RunState};
use tidings::{Fate, Flow, StepFailed, dead};

use super::{
    Fates, MINUTE, Story, alerts, begin, book, line, nothing_is_left, operate, own_name, run_of,
    stage, state_of, teller, told, unwrite, write,
};
use crate::bed::{Bed, on_both};

on_both!(
    cancelled_in_a_pause_it_undoes_what_was_done,
    cancelled_between_two_tries_it_undoes_what_was_done,
    cancelled_before_it_began_it_does_nothing,
    to_cancel_its_job_is_to_cancel_the_run,
    what_cannot_be_undone_is_stuck_until_it_can,
    code_that_panics_is_given_to_a_person,
    an_abandoned_run_is_left_as_it_is,
    runs_are_listed_newest_first,
    runs_that_ended_long_ago_are_forgotten,
);

async fn pausing(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    for step in ["a", "b"] {
        cx.step(step, line(step), write).await?;
        let undo = format!("{step}_undo");
        cx.undo(&undo, line(undo.as_str()), unwrite);
    }
    cx.sleep("pause", 60 * MINUTE).await;
    cx.step("c", line("c"), write).await?;
    Ok(())
}

async fn cancelled_in_a_pause_it_undoes_what_was_done(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(pausing)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    stage.advance(MINUTE).await;
    assert!(operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    assert!(!operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(book(&service).await, ["a", "b", "b_undo", "a_undo"]);
    assert_eq!(
        told(&service, "a").await,
        [
            "step a done",
            "step b done",
            "sleep pause cancelled",
            "undo b_undo done",
            "undo a_undo done"
        ]
    );
    assert_eq!(state_of(&service, "a").await, RunState::Cancelled);
    assert!(!operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    nothing_is_left(&service).await;
}

async fn trying(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("a", line("a"), write).await?;
    cx.undo("a_undo", line("a_undo"), unwrite);
    let mut bad = line(story.name.as_str());
    bad.failures = (2, Fates(Fate::Retry));
    cx.step("bad", bad, write).await?;
    Ok(())
}

async fn cancelled_between_two_tries_it_undoes_what_was_done(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(trying)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named(&name)).await;
    assert!(operate!(service, &name, |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["a", "a_undo"]);
    assert_eq!(state_of(&service, &name).await, RunState::Cancelled);
    nothing_is_left(&service).await;
}

async fn cancelled_before_it_began_it_does_nothing(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(pausing)).await;
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    tx.start(&Story::named("a"), "a").await.unwrap();
    tx.commit().await.unwrap();
    assert!(operate!(service, "a", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(book(&service).await, [""; 0]);
    assert_eq!(state_of(&service, "a").await, RunState::Cancelled);
    nothing_is_left(&service).await;
}

async fn to_cancel_its_job_is_to_cancel_the_run(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(pausing)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    let job = run_of(&service, "a").await.job_id.unwrap();
    let mut tx = service.begin_own().await.unwrap();
    assert!(dead::cancel_job(&mut tx, job).await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(book(&service).await, ["a", "b", "b_undo", "a_undo"]);
    assert_eq!(state_of(&service, "a").await, RunState::Cancelled);
    nothing_is_left(&service).await;
}

async fn hard_to_undo(story: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("a", line("a"), write).await?;
    cx.undo("a_undo", line("a_undo"), unwrite);
    cx.step("b", line("b"), write).await?;
    let mut undo = line(story.name.as_str());
    undo.failures = (5, Fates(Fate::Retry));
    cx.undo("b_undo", undo, unwrite);
    cx.step("c", story.line("c"), write).await?;
    Ok(())
}

/// Four tries, then a person: the fifth fails too, the sixth does it.
async fn what_cannot_be_undone_is_stuck_until_it_can(bed: Bed) {
    let name = own_name();
    let mut stage = stage(&bed, teller().workflow(hard_to_undo)).await;
    let service = stage.handle("teller");
    let story = Story {
        name: name.clone(),
        refused: Some("c".to_owned()),
    };
    begin(&mut stage, &story).await;
    for _ in 0..3 {
        stage.advance(MINUTE).await;
    }
    let run = run_of(&service, &name).await;
    assert_eq!(run.state, RunState::Stuck);
    let why = format!("do step b_undo: write {name}: not yet");
    assert_eq!(run.stuck_by, Some(why.clone()));
    assert_eq!(
        run.error.as_deref(),
        Some("do step c: write c: it is refused")
    );
    let alerts = alerts(&service).await;
    assert!(
        alerts[0].contains(&why) && alerts[0].contains(&name),
        "{alerts:?}"
    );
    assert_eq!(book(&service).await, ["a", "b"], "what is behind it waits");

    assert!(operate!(service, &name, |tx, id| workflow::retry(
        &mut tx, id
    )));
    assert!(!operate!(service, &name, |tx, id| workflow::retry(
        &mut tx, id
    )));
    stage.settle().await;
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["a", "b", name.as_str(), "a_undo"]);
    assert_eq!(state_of(&service, &name).await, RunState::Compensated);
    nothing_is_left(&service).await;
}

async fn panicking(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    let count = cx.step("a", line("a"), write).await?;
    assert!(count > 1, "no step, the code itself");
    Ok(())
}

/// F-13: and the job's own retry, on the list of dead jobs, serves as well.
async fn code_that_panics_is_given_to_a_person(bed: Bed) {
    let mut broken = stage(&bed, teller().workflow(panicking)).await;
    let service = broken.handle("teller");
    begin(&mut broken, &Story::named("a")).await;
    for _ in 0..25 {
        broken.advance(MINUTE).await;
    }
    let run = run_of(&service, "a").await;
    let why = "panicked: no step, the code itself";
    assert_eq!(
        (run.state, run.stuck_by.as_deref()),
        (RunState::Stuck, Some(why))
    );
    assert_eq!(alerts(&service).await.len(), 1);
    let clock = broken.clock.clone();
    drop(broken);

    async fn mended(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("a", line("a"), write).await?;
        Ok(())
    }
    let setup = bed.setup(&clock).service(teller().workflow(mended));
    let mut stage = crate::bed::Stage::open(setup, clock).await;
    let service = stage.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    assert!(dead::retry_job(&mut tx, run.job_id.unwrap()).await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(book(&service).await, ["a"]);
    assert_eq!(state_of(&service, "a").await, RunState::Done);
    nothing_is_left(&service).await;
}

async fn an_abandoned_run_is_left_as_it_is(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(panicking)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    assert!(!operate!(service, "a", |tx, id| workflow::abandon(
        &mut tx,
        id,
        "too early"
    )));
    for _ in 0..25 {
        stage.advance(MINUTE).await;
    }
    assert!(operate!(service, "a", |tx, id| workflow::abandon(
        &mut tx, id, "no use"
    )));
    stage.advance(MINUTE).await;
    let run = run_of(&service, "a").await;
    let why = "panicked: no step, the code itself";
    assert_eq!(
        (run.state, run.error.as_deref()),
        (RunState::Failed, Some(why))
    );
    nothing_is_left(&service).await;
}

async fn runs_are_listed_newest_first(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(pausing)).await;
    let service = stage.handle("teller");
    for name in ["a", "b", "c"] {
        begin(&mut stage, &Story::named(name)).await;
        stage.advance(MINUTE).await;
    }
    assert!(operate!(service, "b", |tx, id| workflow::cancel(
        &mut tx, id
    )));
    stage.settle().await;
    let keys = async |filter: &Filter, before| {
        let runs = workflow::list(&service, filter, before, 2).await.unwrap();
        let keys: Vec<String> = runs.iter().map(|run| run.key.clone()).collect();
        (keys.join(" "), runs.last().map(|run| run.id))
    };
    let all = Filter::default();
    let (first, last) = keys(&all, None).await;
    let (second, _) = keys(&all, last).await;
    assert_eq!((first.as_str(), second.as_str()), ("c b", "a"));
    let running = Filter {
        state: Some(RunState::Running),
        name: Some("story".to_owned()),
    };
    assert_eq!(keys(&running, None).await.0, "c a");
    let counts = workflow::counts(&service).await.unwrap();
    let counts: Vec<_> = counts
        .iter()
        .map(|of| (of.state.word(), of.count))
        .collect();
    assert_eq!(counts, [("running", 2)]);
}

async fn runs_that_ended_long_ago_are_forgotten(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(pausing)).await;
    let service = stage.handle("teller");
    begin(&mut stage, &Story::named("a")).await;
    stage.advance(60 * MINUTE).await;
    stage.advance(29 * 24 * 60 * MINUTE).await;
    assert_eq!(told(&service, "a").await.len(), 4);
    begin(&mut stage, &Story::named("young")).await;
    stage.advance(2 * 24 * 60 * MINUTE).await;
    let mut conn = service.read().await.unwrap();
    let sql =
        "SELECT (SELECT count(*) FROM tidings_workflows), (SELECT count(*) FROM tidings_steps)";
    let left: (i64, i64) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(left, (1, 4), "the young one");
}
