//! All open tasks are dealt anew (B-12, B-14 to B-16, B-32).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tasks::{SameAssignee, Settings};
use tidings::Storage;
use tidings_test::on_both;

use crate::stage::{Stage, accountant, admin, buyer, holder_of, manager, person, worker};

on_both!(
    b_15_every_open_task_is_dealt_once_in_a_run_and_told_of,
    b_14_runs_go_one_after_another_however_often_the_button_is_pressed,
    b_12_a_shuffle_without_workers_deals_nothing_and_ends,
);

async fn b_15_every_open_task_is_dealt_once_in_a_run_and_told_of(storage: Storage) {
    let settings = Settings {
        dealt_at_once: 4,
        ..Settings::default()
    };
    let mut stage = Stage::on(storage, settings, 3).await;
    let ids = stage.create_many(10).await;
    let done = stage.task(ids[0]).await;
    stage.complete(holder_of(&done), ids[0]).await;
    let before: BTreeMap<_, _> = stage.holders(&ids).await;

    let shuffle = stage.shuffle().await;
    let counts = ["status", "progress", "total", "reassigned", "skipped"];
    let expected = [json!("completed"), json!(100), json!(9), json!(9), json!(0)];
    assert_eq!(counts.map(|name| shuffle[name].clone()), expected);

    let assigned = stage.heard_of("task.assigned").await;
    let dealt: Vec<&Value> = assigned
        .iter()
        .filter(|one| one["reason"] == "shuffle")
        .collect();
    let mut reached: Vec<_> = dealt.iter().map(|one| one["task_id"].clone()).collect();
    reached.sort_by_key(ToString::to_string);
    let mut expected: Vec<_> = ids[1..].iter().map(|id| json!(id)).collect();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(reached, expected, "each once, and the completed one not");
    for one in dealt {
        let id = one["task_id"].as_str().unwrap();
        assert_eq!(one["previous_assignee_id"], before[id]);
        assert_eq!(
            (&one["shuffle_id"], &one["assignment_no"]),
            (&shuffle["id"], &json!(2))
        );
        let task = stage.task(id.parse().unwrap()).await;
        assert_eq!(
            (&task["assignee"]["id"], &task["version"]),
            (&one["assignee_id"], &json!(2))
        );
    }
    let expected = json!({
        "shuffle_id": shuffle["id"], "total": 9, "reassigned": 9, "skipped": 0,
        "requested_by": manager().id,
    });
    assert_eq!(stage.heard_of("tasks.shuffled").await, [expected]);
    // B-16: nothing else is told, so nobody can give anything back.
    let others = stage.heard().await.into_iter().filter(|one| {
        ![
            "task.created",
            "task.updated",
            "task.added",
            "task.assigned",
        ]
        .contains(&one.name.as_str())
    });
    let others: Vec<_> = others.map(|one| one.name).collect();
    assert_eq!(others, ["task.completed", "tasks.shuffled"]);
}

async fn b_14_runs_go_one_after_another_however_often_the_button_is_pressed(storage: Storage) {
    let settings = Settings {
        dealt_at_once: 2,
        ..Settings::default()
    };
    let mut stage = Stage::on(storage, settings, 3).await;
    let ids = stage.create_many(5).await;
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(stage.ask_to_shuffle().await);
    }
    stage.world.settle().await;
    for run in &runs {
        let run = stage.get(manager(), run).await.json;
        assert_eq!(
            (&run["status"], &run["reassigned"]),
            (&json!("completed"), &json!(5))
        );
    }
    // Of each task: one assignment of each run, in the order of the presses.
    for id in ids {
        let path = format!("/api/tasks/{id}/assignments");
        let history = stage.get(manager(), &path).await.json;
        let of_runs: Vec<_> = history.as_array().unwrap()[1..]
            .iter()
            .map(|one| {
                format!(
                    "/api/tasks/shuffles/{}",
                    one["shuffle_id"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(of_runs, runs);
    }
    let shuffled = stage.heard_of("tasks.shuffled").await;
    assert_eq!(shuffled.len(), 4);
}

async fn b_12_a_shuffle_without_workers_deals_nothing_and_ends(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    let ids = stage.create_many(3).await;
    stage.change_account(worker(1), 2, true).await;
    let shuffle = stage.shuffle().await;
    let counts = ["status", "total", "reassigned", "skipped"];
    let expected = [json!("completed"), json!(3), json!(0), json!(3)];
    assert_eq!(counts.map(|name| shuffle[name].clone()), expected);
    // B-10: a task without a holder does not exist.
    for id in ids {
        assert_eq!(stage.task(id).await["assignee"]["id"], json!(worker(1).id));
    }
}

#[tokio::test]
async fn b_14_only_managers_and_admins_deal_and_see_how_far_it_is() {
    let mut stage = Stage::with(1).await;
    for one in [worker(1), accountant(), buyer()] {
        let answer = stage.post(one, "/api/tasks/shuffle", Value::Null).await;
        assert_eq!(answer.refusal(), (403, "forbidden"), "{one:?}");
        let answer = stage.get(one, "/api/tasks/shuffles").await;
        assert_eq!(answer.refusal(), (403, "forbidden"), "{one:?}");
    }
    assert_eq!(stage.heard().await, []);
    let answer = stage.post(admin(), "/api/tasks/shuffle", Value::Null).await;
    assert_eq!(answer.status, 202);
    // where it is, when to ask, and its state.
    let id = answer.json["job_id"].as_str().unwrap();
    assert_eq!(
        answer.headers["location"],
        format!("/api/operations/tasks/{id}")
    );
    assert_eq!(
        (
            &answer.json["status"],
            answer.headers.contains_key("retry-after")
        ),
        (&json!("queued"), true)
    );
    let path = format!("/api/tasks/shuffles/{id}");
    assert_eq!(stage.get(manager(), &path).await.json["status"], "queued");
    let nothing = "/api/tasks/shuffles/00000000-0000-0000-0000-000000000000";
    assert_eq!(
        stage.get(manager(), nothing).await.refusal(),
        (404, "not_found")
    );
    stage.world.settle().await;
    let operation = stage
        .get(admin(), &format!("/api/operations/tasks/{id}"))
        .await
        .json;
    let expected = json!({ "total": 0, "reassigned": 0, "skipped": 0 });
    assert_eq!(
        (&operation["status"], &operation["result"]),
        (&json!("succeeded"), &expected)
    );
}

/// One worker, so that whoever is drawn has the task already.
async fn dealt_to_the_same(same_assignee: SameAssignee) -> (Value, usize) {
    let settings = Settings {
        same_assignee,
        ..Settings::default()
    };
    let mut stage = Stage::on(Storage::Memory, settings, 1).await;
    stage.create_many(2).await;
    let shuffle = stage.shuffle().await;
    let counts = json!([shuffle["total"], shuffle["reassigned"], shuffle["skipped"]]);
    (counts, stage.heard_of("task.assigned").await.len())
}

#[tokio::test]
async fn b_15_who_draws_their_own_task_is_assigned_again_or_keeps_it_as_it_is_set() {
    let charged = dealt_to_the_same(SameAssignee::Charge).await;
    assert_eq!(charged, (json!([2, 2, 0]), 4));
    let skipped = dealt_to_the_same(SameAssignee::Skip).await;
    assert_eq!(skipped, (json!([2, 0, 2]), 2));
    let nobody_else = dealt_to_the_same(SameAssignee::Exclude).await;
    assert_eq!(nobody_else, (json!([2, 0, 2]), 2));
}

#[tokio::test]
async fn b_15_who_has_a_task_can_be_left_out_of_its_draw() {
    let settings = Settings {
        same_assignee: SameAssignee::Exclude,
        ..Settings::default()
    };
    let mut stage = Stage::on(Storage::Memory, settings, 2).await;
    let ids = stage.create_many(20).await;
    let before = stage.holders(&ids).await;
    stage.shuffle().await;
    let after = stage.holders(&ids).await;
    for (id, holder) in before {
        assert_ne!(after[&id], holder, "of two, it is always the other one");
    }
}

#[tokio::test]
async fn b_32_who_may_get_no_task_any_more_keeps_theirs_until_the_next_shuffle() {
    let mut stage = Stage::with(2).await;
    let ids = stage.create_many(12).await;
    let before = stage.holders(&ids).await;
    stage
        .change_account(person(1, &["manager"]), 2, false)
        .await;
    assert_eq!(stage.holders(&ids).await, before, "nothing moves by itself");
    for number in 0..10 {
        let (_, holder) = stage.create(&format!("Later {number}")).await;
        assert_eq!(
            holder.id,
            worker(2).id,
            "from that moment nothing falls to them"
        );
    }
    stage.shuffle().await;
    for holder in stage.holders(&ids).await.into_values() {
        assert_eq!(holder, json!(worker(2).id));
    }
}

/// A run that nobody wants any more leaves the next one its turn.
#[tokio::test]
async fn a_run_that_is_cancelled_in_the_queue_holds_nobody_up() {
    let mut stage = Stage::with(2).await;
    stage.create_many(3).await;
    let first = stage.ask_to_shuffle().await;
    let second = stage.ask_to_shuffle().await;
    let id = first.rsplit('/').next().unwrap();
    let team = stage.get(manager(), "/exchange/team").await;
    assert_eq!(team.text.matches("data-status=\"queued\"").count(), 2);
    let cancel = format!("/api/operations/tasks/{id}/cancel");
    assert_eq!(
        stage.post(manager(), &cancel, Value::Null).await.status,
        202
    );
    let status = async |stage: &Stage| stage.get(manager(), &first).await.json["status"].clone();
    assert_eq!(status(&stage).await, "cancelled", "it is seen at once");
    stage.world.settle().await;
    assert_eq!(status(&stage).await, "cancelled");
    let second = stage.get(manager(), &second).await.json;
    assert_eq!(
        (&second["status"], &second["reassigned"]),
        (&json!("completed"), &json!(3))
    );
    assert_eq!(stage.heard_of("tasks.shuffled").await.len(), 1);
}
