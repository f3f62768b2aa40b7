//! A task is done once, by whoever has it (B-17).

use serde_json::json;
use tasks::Settings;
use tidings::{Storage, Uuid};
use tidings_test::on_both;

use crate::stage::{Stage, admin, buyer, manager, worker};

on_both!(b_17_only_its_holder_completes_a_task_and_only_once);

async fn b_17_only_its_holder_completes_a_task_and_only_once(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 2).await;
    let (id, holder) = stage.create("Mend the gate").await;
    let other = match holder.id == worker(1).id {
        true => worker(2),
        false => worker(1),
    };
    for one in [other, manager(), admin(), buyer()] {
        let answer = stage.complete(one, id).await;
        assert_eq!(answer.refusal(), (403, "forbidden"), "{one:?}");
    }
    let answer = stage.complete(holder, id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["status"], "completed");
    let again = stage.complete(holder, id).await;
    assert_eq!(again.refusal(), (409, "already_completed"));
    let other = stage.complete(other, id).await;
    assert_eq!(
        other.refusal(),
        (403, "forbidden"),
        "it is not theirs, done or not"
    );

    let at = answer.json["completed_at"].clone();
    let expected = json!({ "task_id": id, "assignee_id": holder.id, "completed_at": at });
    assert_eq!(stage.heard_of("task.completed").await, [expected]);
    let records = stage.heard_of("task.updated").await;
    let found: Vec<_> = records
        .iter()
        .map(|one| (&one["status"], &one["version"]))
        .collect();
    assert_eq!(found, [(&json!("completed"), &json!(2))]);
}

/// B-31: what is not there and what is somebody else's look the same to a worker.
#[tokio::test]
async fn a_task_that_is_not_there_is_completed_by_nobody() {
    let stage = Stage::with(1).await;
    let nothing = Uuid::nil().into();
    assert_eq!(
        stage.complete(worker(1), nothing).await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(
        stage.complete(manager(), nothing).await.refusal(),
        (404, "not_found")
    );
}

/// B-17: there is no way back.
#[tokio::test]
async fn a_completed_task_stays_so_through_a_shuffle() {
    let mut stage = Stage::with(2).await;
    let (id, holder) = stage.create("Mend the gate").await;
    stage.complete(holder, id).await;
    let before = stage.task(id).await;
    let shuffle = stage.shuffle().await;
    assert_eq!(
        (&shuffle["total"], &shuffle["reassigned"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(stage.task(id).await, before);
    assert_eq!(stage.heard_of("task.assigned").await.len(), 1);
}
