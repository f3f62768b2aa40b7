//! Jobs of another build, and runs that its workflows have begun.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::flight::Place;
use tidings::{
    Enqueue, Error, Flow, Handle, Job, Message, Service, StepFailed, Tx, Workflow, params,
};

use super::{fly, short};
use crate::bed::{Bed, on_both};

on_both!(
    jobs_of_a_kind_that_is_gone_or_of_another_shape_are_named,
    reasons_do_not_repeat_what_is_sensitive,
    a_run_whose_step_is_gone_is_named_and_its_code_does_nothing,
    a_run_of_a_version_that_is_not_known_is_named,
    a_message_that_the_code_waits_for_and_cannot_read_is_named,
    a_run_that_was_being_undone_is_gone_over_to_its_end,
);

#[derive(Serialize, Deserialize)]
struct Count {
    number: u32,
}

impl Job for Count {
    const KIND: &'static str = "count";
}

#[derive(Serialize, Deserialize)]
struct CountWord {
    word: String,
}

impl Job for CountWord {
    const KIND: &'static str = "count";
}

#[derive(Serialize, Deserialize)]
struct CountLetters {
    word: Vec<char>,
}

impl Job for CountLetters {
    const KIND: &'static str = "count";
}

async fn count_letters(_: CountLetters, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn count(_: Count, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn count_word(_: CountWord, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

fn worker() -> Service {
    Service::new("worker")
}

async fn jobs_of_a_kind_that_is_gone_or_of_another_shape_are_named(bed: Bed) {
    let stage = bed.stage([worker().job(count)]).await;
    let mut tx = stage.handle("worker").begin_own().await.unwrap();
    tx.enqueue_with(&Count { number: 7 }, Enqueue::now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(short(&fly(&bed, [worker().job(count)]).await), []);
    let gone = fly(&bed, [worker()]).await;
    assert_eq!(short(&gone), [("worker", Place::Job, "count")]);
    assert_eq!(gone.unreadable[0].reason, "this build has no code for it");
    let of_words = fly(&bed, [worker().job(count_word)]).await;
    let reason = &of_words.unreadable[0].reason;
    assert!(reason.contains("missing field `word`"), "{reason}");
    let mut conn = stage.handle("worker").read().await.unwrap();
    let jobs: Vec<(String,)> = conn
        .query("SELECT id FROM tidings_jobs WHERE kind = 'count'", &[])
        .await
        .unwrap();
    assert_eq!(jobs, [(of_words.unreadable[0].example.clone(),)]);
}

/// E-25: what cannot be read is in the reason, as the reader has found it.
async fn reasons_do_not_repeat_what_is_sensitive(bed: Bed) {
    let stage = bed.stage([worker().job(count_word)]).await;
    let mut tx = stage.handle("worker").begin_own().await.unwrap();
    let word = "hunter2-and-more".to_owned();
    tx.enqueue(&CountWord { word }).await.unwrap();
    tx.commit().await.unwrap();
    let reason = async |service: Service| fly(&bed, [service]).await.unreadable[0].reason.clone();
    let open = reason(worker().job(count_letters)).await;
    assert!(open.contains("hunter2-and-more"), "{open}");
    let masked = reason(worker().job(count_letters).sensitive(&["word"])).await;
    assert_eq!(masked, open.replace("hunter2-and-more", "•••"));
}

#[derive(Serialize, Deserialize)]
struct Trip {
    to: String,
}

impl Workflow for Trip {
    const NAME: &'static str = "trip";
}

#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

impl Message for Approved {
    const NAME: &'static str = "approved";
}

#[derive(Serialize, Deserialize)]
struct ApprovedAt {
    at: u64,
}

impl Message for ApprovedAt {
    const NAME: &'static str = "approved";
}

async fn note(_: (), tx: &mut Tx) -> Result<(), Error> {
    tx.execute("CREATE TABLE done (id BIGINT)", params![])
        .await?;
    Ok(())
}

async fn fail(_: (), _: &mut Tx) -> Result<(), Error> {
    Err(Error::NoRow)
}

const HOUR: Duration = Duration::from_secs(3600);

async fn travel(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("book", (), note).await?;
    let _: Option<Approved> = cx.wait_for("approval", HOUR).await;
    cx.step("go", (), fail).await
}

async fn with_another_step(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("reserve", (), fail).await
}

async fn with_a_step_less(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("book", (), fail).await
}

async fn that_reads_another_message(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("book", (), note).await?;
    let _: Option<ApprovedAt> = cx.wait_for("approval", HOUR).await;
    Ok(())
}

/// A run that waits for an approval.
async fn waiting(bed: &Bed) -> Handle {
    let mut stage = bed.stage([worker().workflow(travel)]).await;
    let service = stage.handle("worker");
    let mut tx = service.begin_own().await.unwrap();
    let to = "Rome".to_owned();
    assert!(tx.start(&Trip { to }, "a").await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    service
}

async fn a_run_whose_step_is_gone_is_named_and_its_code_does_nothing(bed: Bed) {
    let _service = waiting(&bed).await;
    let same = fly(&bed, [worker().workflow(travel)]).await;
    assert_eq!(short(&same), []);
    assert_eq!(same.tried, 2, "the run and the job that carries it");
    let run = [("worker", Place::Run, "trip version 1")];
    for (edited, why) in [
        (
            worker().workflow(with_another_step),
            "step 0 is recorded as step \"book\", and the code asks for step \"reserve\"",
        ),
        (
            worker().workflow(with_a_step_less),
            "step 1 is recorded as wait \"approval\", and the code has ended before it",
        ),
    ] {
        let flight = fly(&bed, [edited]).await;
        assert_eq!(short(&flight), run);
        assert_eq!(flight.unreadable[0].reason, why);
    }
    let gone = fly(&bed, [worker()]).await;
    let both = [
        ("worker", Place::Job, "workflow.trip"),
        ("worker", Place::Run, "trip version 1"),
    ];
    assert_eq!(short(&gone), both);
}

async fn a_run_of_a_version_that_is_not_known_is_named(bed: Bed) {
    let service = waiting(&bed).await;
    let mut tx = service.begin_own().await.unwrap();
    let sql = "UPDATE tidings_workflows SET version = 2";
    assert_eq!(tx.execute(sql, params![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let flight = fly(&bed, [worker().workflow(travel)]).await;
    assert_eq!(short(&flight), [("worker", Place::Run, "trip version 2")]);
    let why = "carry a run of version 2: this build knows 1";
    assert_eq!(flight.unreadable[0].reason, why);
}

async fn a_message_that_the_code_waits_for_and_cannot_read_is_named(bed: Bed) {
    let service = waiting(&bed).await;
    let mut tx = service.begin_own().await.unwrap();
    let by = "Ada".to_owned();
    assert!(tx.tell::<Trip, _>("a", &Approved { by }).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(short(&fly(&bed, [worker().workflow(travel)]).await), []);
    let flight = fly(&bed, [worker().workflow(that_reads_another_message)]).await;
    assert_eq!(short(&flight), [("worker", Place::Run, "trip version 1")]);
    let why = &flight.unreadable[0].reason;
    assert!(
        why.starts_with("read the message approved: missing field `at`"),
        "{why}"
    );
}

async fn undoing(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("book", (), note).await?;
    cx.undo("book_undo", (), fail);
    Err(StepFailed {
        step: "go".to_owned(),
        error: "no train".to_owned(),
    })
}

async fn undoing_otherwise(_: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("book", (), note).await?;
    cx.undo("cancel", (), fail);
    Err(StepFailed {
        step: "go".to_owned(),
        error: "no train".to_owned(),
    })
}

async fn a_run_that_was_being_undone_is_gone_over_to_its_end(bed: Bed) {
    let mut stage = bed.stage([worker().workflow(undoing)]).await;
    let service = stage.handle("worker");
    let mut tx = service.begin_own().await.unwrap();
    let to = "Rome".to_owned();
    assert!(tx.start(&Trip { to }, "a").await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(short(&fly(&bed, [worker().workflow(undoing)]).await), []);
    let flight = fly(&bed, [worker().workflow(undoing_otherwise)]).await;
    assert_eq!(short(&flight), [("worker", Place::Run, "trip version 1")]);
    let why = &flight.unreadable[0].reason;
    assert!(why.contains("recorded as undo \"book_undo\""), "{why}");
}
