//! Code that does not fit what is recorded: the run is stuck with an alert, never wrong (F-60).

use serde::{Deserialize, Serialize};
use tidings::workflow::{self, RunState};
use tidings::{Flow, Handle, Service, StepFailed, Workflow};

use super::{
    MINUTE, Story, alerts, begin, book, line, operate, run_of, stage, state_of, teller, unwrite,
    write,
};
use crate::bed::{Bed, Stage, on_both};

on_both!(
    a_renamed_step_is_no_fit,
    a_removed_step_is_no_fit,
    a_removed_last_step_is_no_fit,
    a_step_in_another_place_is_no_fit,
    a_step_of_another_kind_is_no_fit,
    a_result_of_another_type_is_no_fit,
    two_steps_of_a_name_are_no_fit,
    an_old_version_is_stuck_and_goes_on_where_the_code_knows_it,
    a_newer_version_waits_for_a_newer_process,
    a_workflow_that_is_no_longer_there_is_found,
);

/// The code that the runs were started with.
async fn original(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("one", line("one"), write).await?;
    cx.step("two", line("two"), write).await?;
    cx.sleep("pause", MINUTE).await;
    cx.step("three", line("three"), write).await?;
    Ok(())
}

async fn restarted(bed: &Bed, before: Stage, service: Service) -> Stage {
    let clock = before.clock.clone();
    drop(before);
    Stage::open(bed.setup(&clock).service(service), clock).await
}

/// Starts a run with the original code, goes on with another one, and then with the original.
async fn no_fit(bed: Bed, edited: Service, why: &str) {
    let mut stage = stage(&bed, teller().workflow(original)).await;
    begin(&mut stage, &Story::named("a")).await;
    let mut stage = restarted(&bed, stage, edited).await;
    stage.advance(MINUTE).await;
    stage.advance(MINUTE).await;
    let service = stage.handle("teller");
    assert_eq!(
        book(&service).await,
        ["one", "two"],
        "nothing wrong is done"
    );
    is_stuck(&service, why).await;

    let mut stage = restarted(&bed, stage, teller().workflow(original)).await;
    let service = stage.handle("teller");
    stage.advance(60 * MINUTE).await;
    is_stuck(&service, why).await;
    assert!(operate!(service, "a", |tx, id| workflow::retry(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(book(&service).await, ["one", "two", "three"]);
    assert_eq!(state_of(&service, "a").await, RunState::Done);
    super::nothing_is_left(&service).await;
}

async fn is_stuck(service: &Handle, why: &str) {
    let run = run_of(service, "a").await;
    assert_eq!(
        (run.state, run.stuck_by.as_deref()),
        (RunState::Stuck, Some(why))
    );
    let alerts = alerts(service).await;
    assert!(alerts.len() == 1 && alerts[0].contains(why), "{alerts:?}");
}

async fn a_renamed_step_is_no_fit(bed: Bed) {
    async fn renamed(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), write).await?;
        cx.step("deux", line("two"), write).await?;
        Ok(())
    }
    let why = r#"step 1 is recorded as step "two", and the code asks for step "deux""#;
    Box::pin(no_fit(bed, teller().workflow(renamed), why)).await;
}

async fn a_removed_step_is_no_fit(bed: Bed) {
    async fn removed(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), write).await?;
        cx.sleep("pause", MINUTE).await;
        cx.step("three", line("three"), write).await?;
        Ok(())
    }
    let why = r#"step 1 is recorded as step "two", and the code asks for sleep "pause""#;
    Box::pin(no_fit(bed, teller().workflow(removed), why)).await;
}

async fn a_removed_last_step_is_no_fit(bed: Bed) {
    async fn removed(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), write).await?;
        cx.step("two", line("two"), write).await?;
        Ok(())
    }
    let why = r#"step 2 is recorded as sleep "pause", and the code has ended before it"#;
    Box::pin(no_fit(bed, teller().workflow(removed), why)).await;
}

async fn a_step_in_another_place_is_no_fit(bed: Bed) {
    async fn reordered(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("two", line("two"), write).await?;
        cx.step("one", line("one"), write).await?;
        Ok(())
    }
    let why = r#"step 0 is recorded as step "one", and the code asks for step "two""#;
    Box::pin(no_fit(bed, teller().workflow(reordered), why)).await;
}

async fn a_step_of_another_kind_is_no_fit(bed: Bed) {
    async fn other_kind(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), write).await?;
        cx.sleep("two", MINUTE).await;
        Ok(())
    }
    let why = r#"step 1 is recorded as step "two", and the code asks for sleep "two""#;
    Box::pin(no_fit(bed, teller().workflow(other_kind), why)).await;
}

async fn a_result_of_another_type_is_no_fit(bed: Bed) {
    async fn other_type(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), unwrite).await?;
        Ok(())
    }
    let why = r#"the result of step 0 "one" is not what the code takes: invalid type: integer `1`, expected unit at line 1 column 1"#;
    Box::pin(no_fit(bed, teller().workflow(other_type), why)).await;
}

async fn two_steps_of_a_name_are_no_fit(bed: Bed) {
    async fn twice(_: Story, cx: &mut Flow) -> Result<(), StepFailed> {
        cx.step("one", line("one"), write).await?;
        cx.step("one", line("one"), write).await?;
        Ok(())
    }
    let why = r#"the code has two steps named "one""#;
    Box::pin(no_fit(bed, teller().workflow(twice), why)).await;
}

/// The same workflow, a version later; `OLDEST` is of the first and of the second.
macro_rules! newer {
    ($name:ident, $oldest:literal) => {
        #[derive(Serialize, Deserialize)]
        struct $name {}

        impl Workflow for $name {
            const NAME: &'static str = Story::NAME;
            const VERSION: u32 = 2;
            const OLDEST: u32 = $oldest;
        }
    };
}
newer!(Only, 2);
newer!(Both, 1);

async fn only_new(_: Only, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("zero", line("zero"), write).await?;
    Ok(())
}

async fn both(_: Both, cx: &mut Flow) -> Result<(), StepFailed> {
    if cx.version() >= 2 {
        cx.step("zero", line("zero"), write).await?;
    }
    cx.step("one", line("one"), write).await?;
    cx.step("two", line("two"), write).await?;
    cx.sleep("pause", MINUTE).await;
    Ok(())
}

async fn an_old_version_is_stuck_and_goes_on_where_the_code_knows_it(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(original)).await;
    begin(&mut stage, &Story::named("a")).await;
    let mut stage = restarted(&bed, stage, teller().workflow(only_new)).await;
    let service = stage.handle("teller");
    stage.advance(MINUTE).await;
    let why = "carry a run of version 1: this build goes on with 2 and later";
    is_stuck(&service, why).await;
    let mut stage = restarted(&bed, stage, teller().workflow(both)).await;
    let service = stage.handle("teller");
    assert!(operate!(service, "a", |tx, id| workflow::retry(
        &mut tx, id
    )));
    let mut tx = service.begin_own().await.unwrap();
    tx.start(&Both {}, "b").await.unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    stage.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["one", "two", "zero", "one", "two"]);
    super::nothing_is_left(&service).await;
}

/// Two versions of a service run side by side while it is upgraded.
async fn a_newer_version_waits_for_a_newer_process(bed: Bed) {
    let mut newer = stage(&bed, teller().workflow(both)).await;
    let service = newer.handle("teller");
    let mut tx = service.begin_own().await.unwrap();
    tx.start(&Both {}, "a").await.unwrap();
    tx.commit().await.unwrap();
    let mut older = stage(&bed, teller().workflow(original)).await;
    for _ in 0..40 {
        older.advance(MINUTE).await;
    }
    assert_eq!(state_of(&service, "a").await, RunState::Running);
    assert_eq!(book(&service).await, [""; 0]);
    newer.advance(60 * MINUTE).await;
    newer.advance(MINUTE).await;
    assert_eq!(book(&service).await, ["zero", "one", "two"]);
    super::nothing_is_left(&service).await;
}

async fn a_workflow_that_is_no_longer_there_is_found(bed: Bed) {
    let mut stage = stage(&bed, teller().workflow(original)).await;
    begin(&mut stage, &Story::named("a")).await;
    let mut stage = restarted(&bed, stage, teller()).await;
    for _ in 0..12 {
        stage.advance(20 * MINUTE).await;
    }
    let service = stage.handle("teller");
    is_stuck(&service, "no code for jobs of the kind workflow.story").await;
    let mut stage = restarted(&bed, stage, teller().workflow(original)).await;
    let service = stage.handle("teller");
    assert!(operate!(service, "a", |tx, id| workflow::retry(
        &mut tx, id
    )));
    stage.settle().await;
    assert_eq!(book(&service).await, ["one", "two", "three"]);
    super::nothing_is_left(&service).await;
}
