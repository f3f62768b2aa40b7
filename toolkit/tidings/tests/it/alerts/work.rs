//! Work that waits for a person, or that nobody does.

use serde::{Deserialize, Serialize};
use tidings::{Enqueue, Error, Event, Fate, Fault, Handle, Job, Service, Tx, dead, params};

use super::{MINUTE, SECOND, live, names, open};
use crate::bed::{Bed, CountEvent, Stage, consumer, on_both, producer, publish};

on_both!(
    dead_events_are_named_until_somebody_has_decided,
    an_event_that_is_tried_again_for_long_is_behind,
    dead_jobs_are_named_until_they_are_tried_again,
    jobs_that_nobody_takes_are_told_of,
    a_worker_without_a_sign_of_life_is_told_of,
    a_run_that_nothing_carries_is_told_of,
    an_operation_that_stands_still_is_told_of,
    looking_writes_nothing_where_nothing_has_changed,
);

#[derive(Debug, thiserror::Error)]
enum Sick {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("take it now")]
    Later,
    #[error("take it at all")]
    Never,
}

impl Fault for Sick {
    fn fate(&self) -> Fate {
        match self {
            Sick::Store(error) => error.fate(),
            Sick::Later => Fate::Retry,
            Sick::Never => Fate::Fail,
        }
    }
}

async fn moody(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Sick> {
    let CountEvent::Added { key, .. } = &event.data;
    let sql = "SELECT count(*) FROM effects WHERE key = 'mended'";
    let (mended,): (i64,) = tx.query_one(sql, &[]).await?;
    match key.as_str() {
        _ if mended > 0 => Ok(()),
        "never" => Err(Sick::Never),
        _ => Err(Sick::Later),
    }
}

async fn mend(consumer: &Handle) {
    let sql = "INSERT INTO effects (key, place, number, event) VALUES ('mended', 1, 1, '')";
    write(consumer, sql, &[]).await;
}

async fn write(service: &Handle, sql: &str, params: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}

async fn moody_stage(bed: &Bed) -> Stage {
    let reader = consumer().subscribes("count", moody);
    bed.stage([producer(), reader]).await
}

async fn dead_events_are_named_until_somebody_has_decided(bed: Bed) {
    let mut stage = moody_stage(&bed).await;
    let consumer = stage.handle("consumer");
    publish(&stage.handle("producer"), "never", 1).await;
    stage.advance(10 * SECOND).await;
    let slot = tidings::slot_of("never", 4);
    let [(kind, subject, text)] = &open(&consumer).await[..] else {
        panic!("{:?}", open(&consumer).await);
    };
    assert_eq!((kind.as_str(), subject.as_str()), ("dead", "count counts"));
    let named = format!("counts.{slot}.1 (count.added) could not be applied");
    assert!(text.starts_with(&named), "{text}");
    mend(&consumer).await;
    let event = dead::events(&consumer, 1).await.unwrap().remove(0);
    let mut tx = consumer.begin_own().await.unwrap();
    dead::retry(&mut tx, "count", &event.event.id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    stage.advance(10 * SECOND).await;
    assert_eq!(names(&consumer).await, [""; 0]);
}

async fn an_event_that_is_tried_again_for_long_is_behind(bed: Bed) {
    let mut stage = moody_stage(&bed).await;
    let consumer = stage.handle("consumer");
    publish(&stage.handle("producer"), "later", 1).await;
    stage.settle().await;
    stage.advance(4 * MINUTE).await;
    assert_eq!(names(&consumer).await, [""; 0]);
    stage.advance(2 * MINUTE).await;
    let (kind, _, text) = open(&consumer).await.remove(0);
    let slot = tidings::slot_of("later", 4);
    assert_eq!(kind, "behind");
    assert!(text.starts_with(&format!("counts.{slot}.1 ")), "{text}");
    assert!(text.ends_with("it has failed and is tried again"), "{text}");
    mend(&consumer).await;
    stage.advance(11 * MINUTE).await;
    stage.advance(10 * SECOND).await;
    assert_eq!(names(&consumer).await, [""; 0]);
}

#[derive(Serialize, Deserialize)]
struct Bake {}

impl Job for Bake {
    const KIND: &'static str = "bake";
    const ATTEMPTS_MAX: u32 = 1;
}

async fn bake(_: Bake, tx: &mut Tx) -> Result<(), Error> {
    let sql = "SELECT count(*) FROM effects";
    let (mended,): (i64,) = tx.query_one(sql, &[]).await?;
    match mended {
        0 => Err(Error::Unsafe("the oven is cold".to_owned())),
        _ => Ok(()),
    }
}

fn bakery() -> Service {
    consumer().job(bake)
}

async fn order(service: &Handle) {
    let mut tx = service.begin_own().await.unwrap();
    tx.enqueue_with(&Bake {}, Enqueue::now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn dead_jobs_are_named_until_they_are_tried_again(bed: Bed) {
    let mut stage = bed.stage([bakery()]).await;
    let service = stage.handle("consumer");
    order(&service).await;
    stage.advance(10 * SECOND).await;
    assert_eq!(names(&service).await, ["job: bake"]);
    let job = dead::jobs(&service, 1).await.unwrap().remove(0);
    assert!(open(&service).await[0].2.contains(&job.id.to_string()));
    mend(&service).await;
    let mut tx = service.begin_own().await.unwrap();
    dead::retry_job(&mut tx, job.id).await.unwrap();
    tx.commit().await.unwrap();
    stage.advance(10 * SECOND).await;
    assert_eq!(names(&service).await, [""; 0]);
}

/// Only those who look work.
async fn watchers(bed: &Bed, service: Service) -> Stage {
    let mut stage = bed.stage([service]).await;
    stage
        .workers
        .retain(|worker| worker.name().ends_with(" alerts"));
    stage.settle().await;
    stage
}

async fn jobs_that_nobody_takes_are_told_of(bed: Bed) {
    let mut stage = watchers(&bed, bakery()).await;
    let service = stage.handle("consumer");
    order(&service).await;
    stage.advance(9 * MINUTE).await;
    assert_eq!(names(&service).await, [""; 0]);
    stage.advance(2 * MINUTE).await;
    assert!(names(&service).await.contains(&"late: bake".to_owned()));
    write(
        &service,
        "UPDATE tidings_jobs SET state = 'done' WHERE kind = 'bake'",
        &[],
    )
    .await;
    stage.advance(10 * SECOND).await;
    assert!(!names(&service).await.contains(&"late: bake".to_owned()));
}

async fn a_worker_without_a_sign_of_life_is_told_of(bed: Bed) {
    let mut stage = watchers(&bed, bakery()).await;
    let service = stage.handle("consumer");
    order(&service).await;
    write(
        &service,
        "UPDATE tidings_jobs SET state = 'running' WHERE kind = 'bake'",
        &[],
    )
    .await;
    stage.advance(11 * MINUTE).await;
    let open = open(&service).await;
    let (.., text) = open
        .iter()
        .find(|(_, subject, _)| subject == "bake")
        .unwrap();
    assert!(text.contains("no sign of life"), "{text}");
}

async fn a_run_that_nothing_carries_is_told_of(bed: Bed) {
    let mut stage = watchers(&bed, consumer()).await;
    let service = stage.handle("consumer");
    let sql = "INSERT INTO tidings_workflows (id, name, version, key, state, input, job_id,
            created_at, updated_at, actor, correlation_id)
        VALUES ('00000000-0000-7000-8000-000000000001', 'hold', 1, 'k', 'running', '{}', NULL,
            $1, $1, 'a', 'c')";
    write(&service, sql, params![stage.clock.now()]).await;
    stage.advance(6 * MINUTE).await;
    let expected = "run: hold 00000000-0000-7000-8000-000000000001";
    assert_eq!(names(&service).await, [expected]);
    write(&service, "UPDATE tidings_workflows SET state = 'done'", &[]).await;
    stage.advance(31 * SECOND).await;
    assert_eq!(names(&service).await, [""; 0]);
}

async fn an_operation_that_stands_still_is_told_of(bed: Bed) {
    let mut stage = watchers(&bed, consumer()).await;
    let service = stage.handle("consumer");
    let sql = "INSERT INTO tidings_operations (id, kind, owner, state, progress, created_at,
            updated_at)
        VALUES ('00000000-0000-7000-8000-000000000001', 'export',
            '00000000-0000-7000-8000-000000000002', 'running', 40, $1, $1)";
    write(&service, sql, params![stage.clock.now()]).await;
    stage.advance(16 * MINUTE).await;
    let (kind, subject, text) = open(&service).await.remove(0);
    assert_eq!(kind, "operation");
    assert_eq!(subject, "export 00000000-0000-7000-8000-000000000001");
    assert!(text.contains("stands at 40 %"), "{text}");
    let moved = "UPDATE tidings_operations SET progress = 41, updated_at = $1";
    write(&service, moved, params![stage.clock.now()]).await;
    stage.advance(10 * SECOND).await;
    assert_eq!(names(&service).await, [""; 0]);
}

async fn looking_writes_nothing_where_nothing_has_changed(bed: Bed) {
    let mut stage = watchers(&bed, bakery()).await;
    let service = stage.handle("consumer");
    live(&mut stage, SECOND).await;
    let commits = *service.changes().borrow();
    for _ in 0..20 {
        live(&mut stage, 31 * SECOND).await;
    }
    assert_eq!(*service.changes().borrow(), commits);
}
