//! Completing against dealing: whoever commits first wins (B-18).

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use contracts::TaskId;
use serde_json::{Value, json};
use tasks::Settings;
use tidings::Storage;
use tidings_test::on_both;
use tower::ServiceExt;

use crate::stage::{Heard, Stage, holder_of, worker};

on_both!(
    b_18_what_is_completed_first_is_skipped_by_the_run,
    b_18_what_is_dealt_first_is_not_completed_by_who_had_it,
    b_18_completing_and_dealing_at_once_never_both_reward_one_and_charge_another,
);

/// 1. The shuffle begins and writes down what is open. 2. A task is completed. 3. It is reached.
async fn b_18_what_is_completed_first_is_skipped_by_the_run(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 3).await;
    let ids = stage.create_many(4).await;
    let run = stage.ask_to_shuffle().await;
    // As if the run had begun and were about to deal.
    let id = run.rsplit('/').next().unwrap();
    let service = stage.world.service("tasks");
    let mut tx = service.begin_own().await.unwrap();
    let sql = "INSERT INTO shuffle_tasks (shuffle_id, task_id) SELECT $1, id FROM tasks";
    tx.execute(sql, tidings::params![id]).await.unwrap();
    let sql = "UPDATE shuffles SET status = 'running', total = 4, started_at = 0 WHERE id = $1";
    tx.execute(sql, tidings::params![id]).await.unwrap();
    tx.commit().await.unwrap();

    let holder = holder_of(&stage.task(ids[2]).await);
    assert_eq!(stage.complete(holder, ids[2]).await.status, 200);
    stage.world.settle().await;
    let run = stage.get(crate::stage::manager(), &run).await.json;
    let counts = ["status", "total", "reassigned", "skipped"].map(|name| run[name].clone());
    assert_eq!(counts, [json!("completed"), json!(4), json!(3), json!(1)]);
    let task = stage.task(ids[2]).await;
    assert_eq!(task["assignee"]["id"], json!(holder.id));
    assert_eq!(task["assignment_no"], 1);
}

async fn b_18_what_is_dealt_first_is_not_completed_by_who_had_it(storage: Storage) {
    let settings = Settings {
        same_assignee: tasks::SameAssignee::Exclude,
        ..Settings::default()
    };
    let mut stage = Stage::on(storage, settings, 2).await;
    let (id, holder) = stage.create("Mend the gate").await;
    stage.shuffle().await;
    let answer = stage.complete(holder, id).await;
    assert_eq!(answer.refusal(), (403, "forbidden"));
    assert_eq!(stage.heard_of("task.completed").await, [Value::Null; 0]);
}

fn completing(stage: &Stage, by: crate::stage::Person, id: TaskId) -> Request<Body> {
    let token = stage.world.token(by.id.uuid(), by.roles);
    Request::post(format!("/api/tasks/{id}/complete"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

/// Sixty tasks are open, and two shuffles wait; then all holders complete while these deal.
async fn b_18_completing_and_dealing_at_once_never_both_reward_one_and_charge_another(
    storage: Storage,
) {
    let settings = Settings {
        dealt_at_once: 3,
        ..Settings::default()
    };
    let mut stage = Stage::on(storage, settings, 4).await;
    let ids = stage.create_many(60).await;
    let mut requests = Vec::new();
    for id in &ids {
        let holder = holder_of(&stage.task(*id).await);
        requests.push(completing(&stage, holder, *id));
    }
    for _ in 0..2 {
        stage.ask_to_shuffle().await;
    }
    let router = stage.world.installation().router();
    let completes = tokio::spawn(async move {
        let mut statuses = BTreeMap::<u16, u32>::new();
        for request in requests {
            let answer = router.clone().oneshot(request).await.unwrap();
            *statuses.entry(answer.status().as_u16()).or_default() += 1;
            tokio::task::yield_now().await;
        }
        statuses
    });
    stage.world.settle().await;
    let statuses = completes.await.unwrap();
    stage.world.settle().await;
    let completed = statuses.get(&200).copied().unwrap_or(0);
    let refused = statuses.get(&403).copied().unwrap_or(0);
    assert_eq!(completed + refused, 60, "{statuses:?}");
    let heard = stage.heard().await;
    for id in ids {
        check_life(&heard, &id.to_string());
    }
    let told = stage.heard_of("task.completed").await.len();
    assert_eq!(told, completed as usize);
}

/// The assignments of a task follow each other, each from whom the one before went to; who
/// completes it is who has it, and nothing comes after.
pub(crate) fn check_life(heard: &[Heard], id: &str) {
    let of_task = heard.iter().filter(|one| one.key == id);
    let (mut holder, mut number, mut is_done) = (Value::Null, 0, false);
    for one in of_task {
        let data = one.data();
        match one.name.as_str() {
            "task.assigned" => {
                assert!(!is_done, "{id} was dealt after it was completed");
                number += 1;
                assert_eq!(data["assignment_no"], number, "{id}");
                assert_eq!(data["previous_assignee_id"], holder, "{id}");
                holder = data["assignee_id"].clone();
            }
            "task.completed" => {
                assert!(!is_done, "{id} was completed twice");
                assert_eq!(data["assignee_id"], holder, "{id}");
                is_done = true;
            }
            _ => {}
        }
    }
    assert!(number > 0, "{id} was never assigned");
    assert_ne!(holder, json!(worker(0).id));
}
