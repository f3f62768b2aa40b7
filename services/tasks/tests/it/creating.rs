//! A task is written down and falls to somebody (B-10 to B-13).

use std::collections::BTreeSet;

use contracts::tasks::TaskStatus;
use serde_json::{Value, json};
use tasks::Settings;
use tidings::Storage;
use tidings_test::on_both;

use crate::stage::{Stage, accountant, buyer, holder_of, manager, person, worker};

on_both!(
    b_10_a_new_task_falls_to_a_worker_at_once_and_is_told_of,
    b_10_tasks_fall_to_accountants_too_and_never_to_buyers_or_those_who_deal,
    b_10_accountants_of_before_get_tasks_after_the_migration,
    b_12_without_workers_nothing_is_stored_and_nothing_told,
);

async fn b_10_a_new_task_falls_to_a_worker_at_once_and_is_told_of(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 3).await;
    let body = json!({ "title": " Mend the gate ", "description": "Soon", "jira_id": "POP-42" });
    let answer = stage.post(worker(1), "/api/tasks", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.json["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.headers["location"], format!("/api/tasks/{id}"));
    let holder = holder_of(&answer.json);
    assert!((1..=3).any(|number| worker(number).id == holder.id));
    let at = answer.json["created_at"].clone();
    let heard = stage.heard().await;
    let names: Vec<&str> = heard.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let of = |name: &str| heard.iter().find(|one| one.name == name).unwrap().data();
    let expected = json!({
        "task_id": id, "jira_id": "POP-42", "title": "Mend the gate", "description": "Soon",
        "assignee_id": holder.id, "status": TaskStatus::Open, "created_by": worker(1).id,
        "created_at": at, "completed_at": null, "version": 1,
    });
    assert_eq!(of("task.created"), expected);
    let expected = json!({ "task_id": id, "created_by": worker(1).id, "at": at });
    assert_eq!(of("task.added"), expected);
    let expected = json!({
        "task_id": id, "assignee_id": holder.id, "previous_assignee_id": null,
        "reason": "created", "shuffle_id": null, "assignment_no": 1, "at": at,
    });
    assert_eq!(of("task.assigned"), expected);
}

async fn b_10_tasks_fall_to_accountants_too_and_never_to_buyers_or_those_who_deal(
    storage: Storage,
) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    stage.change_account(accountant(), 1, false).await;
    let mut holders = BTreeSet::new();
    let mut theirs = None;
    for number in 0..30 {
        let (id, holder) = stage.create(&format!("Task {number}")).await;
        if holder.id == accountant().id {
            theirs = Some(id);
        }
        holders.insert(holder.id);
    }
    assert_eq!(holders, BTreeSet::from([worker(1).id, accountant().id]));
    // They see and complete what is theirs, and deal nothing.
    let id = theirs.unwrap();
    let list = stage.get(accountant(), "/api/tasks").await.json;
    let list = list.as_array().unwrap().iter();
    assert!(list.clone().any(|task| task["id"] == json!(id)));
    assert!(
        list.clone()
            .all(|task| task["assignee"]["id"] == json!(accountant().id))
    );
    let page = stage.get(accountant(), "/exchange/tasks").await;
    assert!(
        page.text
            .contains(&format!("/exchange/tasks/{id}/complete"))
    );
    assert_eq!(stage.complete(accountant(), id).await.status, 200);
    // From the moment they manage, nothing falls to them.
    let promoted = person(101, &["accountant", "manager"]);
    stage.change_account(promoted, 2, false).await;
    for number in 0..20 {
        let (_, holder) = stage.create(&format!("Later {number}")).await;
        assert_eq!(holder.id, worker(1).id);
    }
}

/// Who was known before tasks fell to accountants is not told of again.
async fn b_10_accountants_of_before_get_tasks_after_the_migration(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    stage.change_account(accountant(), 1, false).await;
    let shut = person(110, &["accountant"]);
    stage.change_account(shut, 1, true).await;
    let both = person(111, &["accountant", "admin"]);
    stage.change_account(both, 1, false).await;
    let service = stage.world.service("tasks");
    let eligible = "SELECT id FROM people WHERE eligible ORDER BY id";
    let now: Vec<(String,)> = service
        .read()
        .await
        .unwrap()
        .query(eligible, &[])
        .await
        .unwrap();
    let mut tx = service.begin_own().await.unwrap();
    let before = "UPDATE people SET eligible = FALSE WHERE roles NOT LIKE '%worker%'";
    tx.execute(before, &[]).await.unwrap();
    let migration = include_str!("../../migrations/0003_accountants.sql");
    tx.execute(migration.trim().trim_end_matches(';'), &[])
        .await
        .unwrap();
    let after: Vec<(String,)> = tx.query(eligible, &[]).await.unwrap();
    let expected = [worker(1), accountant()].map(|one| (one.id.to_string(),));
    assert_eq!((&now[..], &after[..]), (&expected[..], &expected[..]));
}

async fn b_12_without_workers_nothing_is_stored_and_nothing_told(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 0).await;
    let answer = stage
        .post(manager(), "/api/tasks", json!({ "title": "Mend the gate" }))
        .await;
    assert_eq!(answer.refusal(), (422, "no_workers"));
    assert_eq!(stage.get(manager(), "/api/tasks?all").await.json, json!([]));
    assert_eq!(stage.heard().await, []);
}

#[tokio::test]
async fn b_10_nobody_is_drawn_who_deals_or_is_shut_or_has_no_part() {
    let mut stage = Stage::with(1).await;
    // One who works and deals, one whose account is shut, one who was promoted.
    stage
        .change_account(person(2, &["worker", "manager"]), 1, false)
        .await;
    stage.change_account(worker(3), 1, true).await;
    stage.change_account(worker(4), 1, false).await;
    stage.change_account(person(4, &["admin"]), 2, false).await;
    for number in 0..50 {
        let (_, holder) = stage.create(&format!("Task {number}")).await;
        assert_eq!(holder.id, worker(1).id);
    }
}

/// what is older than what is known changes nothing.
#[tokio::test]
async fn an_account_that_was_shut_is_not_opened_by_an_event_of_before() {
    let mut stage = Stage::with(1).await;
    stage.change_account(worker(2), 3, true).await;
    stage.change_account(worker(2), 2, false).await;
    for number in 0..20 {
        let (_, holder) = stage.create(&format!("Task {number}")).await;
        assert_eq!(holder.id, worker(1).id);
    }
}

#[tokio::test]
async fn b_11_the_same_seed_deals_the_same() {
    async fn holders(seed: u64) -> Vec<contracts::UserId> {
        let settings = Settings {
            seed: Some(seed),
            ..Settings::default()
        };
        let stage = Stage::on(Storage::Memory, settings, 10).await;
        let mut holders = Vec::new();
        for number in 0..30 {
            holders.push(stage.create(&format!("Task {number}")).await.1.id);
        }
        holders
    }
    assert_eq!(holders(3).await, holders(3).await);
    assert_ne!(holders(3).await, holders(4).await);
}

#[tokio::test]
async fn b_13_nobody_can_say_to_whom_a_task_falls() {
    let stage = Stage::with(2).await;
    for field in ["assignee_id", "assignee", "status"] {
        let body = json!({ "title": "Mend the gate", field: worker(1).id });
        let answer = stage.post(manager(), "/api/tasks", body).await;
        assert!(answer.status.is_client_error(), "{field}: {}", answer.text);
    }
    let (id, _) = stage.create("Mend the gate").await;
    let token = stage.world.token(manager().id.uuid(), manager().roles);
    let path = format!("/api/tasks/{id}");
    for method in ["PUT", "PATCH"] {
        let body = json!({ "assignee_id": worker(1).id });
        let answer = stage.world.send(method, &path, Some(&token), body).await;
        assert_eq!(answer.status, 405, "{method}");
    }
}

#[tokio::test]
async fn whoever_has_a_role_may_create_and_nobody_else() {
    let stage = Stage::with(1).await;
    let body = json!({ "title": "Mend the gate" });
    for one in [worker(1), manager(), accountant()] {
        let answer = stage.post(one, "/api/tasks", body.clone()).await;
        assert_eq!(answer.status, 201, "{one:?}");
    }
    let answer = stage.post(buyer(), "/api/tasks", body.clone()).await;
    assert_eq!(answer.refusal(), (403, "forbidden"));
    let answer = stage.world.send("POST", "/api/tasks", None, body).await;
    assert_eq!(answer.status, 401);
}

/// B.5: the number has a field of its own.
#[tokio::test]
async fn a_title_with_brackets_and_what_is_no_task_is_refused() {
    let mut stage = Stage::with(1).await;
    let refused = [
        (
            json!({ "title": "[POP-42] Mend the gate" }),
            "title_has_brackets",
        ),
        (json!({ "title": "Mend the gate]" }), "title_has_brackets"),
        (json!({ "title": " " }), "title_missing"),
        (json!({}), "title_missing"),
        (json!({ "title": "x".repeat(201) }), "title_too_long"),
        (
            json!({ "title": "Mend", "jira_id": "pop-42" }),
            "bad_jira_id",
        ),
        (
            json!({ "title": "Mend", "description": "x".repeat(4_001) }),
            "description_too_long",
        ),
    ];
    for (body, code) in refused {
        let answer = stage.post(manager(), "/api/tasks", body).await;
        assert_eq!(answer.refusal(), (422, code));
    }
    assert_eq!(
        stage
            .post(manager(), "/api/tasks", Value::Null)
            .await
            .status,
        415
    );
    assert_eq!(stage.heard().await, []);
}
