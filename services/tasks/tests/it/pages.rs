//! The pages, without a script.

use axum::body::Body;
use axum::http::{Request, header};
use contracts::accounting::PriceEvent;
use serde_json::json;
use tasks::{Labels, Settings};
use tidings::Storage;
use tidings_test::{Answer, on_both};

use crate::stage::{Person, Stage, accountant, buyer, holder_of, id_of, manager, person, worker};

on_both!(a_worker_sees_what_waits_with_fee_and_reward_and_completes_it);

async fn submit(stage: &Stage, by: Person, path: &str, form: &'static str) -> Answer {
    let token = stage.world.token(by.id.uuid(), by.roles);
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    stage.world.call(request).await
}

fn assert_shows(answer: &Answer, parts: &[&str]) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    for part in parts {
        assert!(
            answer.text.contains(part),
            "{part:?} is not in {}",
            answer.text
        );
    }
}

async fn a_worker_sees_what_waits_with_fee_and_reward_and_completes_it(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    assert_shows(
        &stage.get(worker(1), "/exchange/tasks").await,
        &["Nothing to do"],
    );
    let (id, holder) = stage.create("Mend the <gate>").await;
    let page = stage.get(holder, "/exchange/tasks").await;
    assert_shows(
        &page,
        &["One task waits for you.", "Mend the &#60;gate&#62;", "soon"],
    );
    let price = PriceEvent::Priced {
        task_id: id,
        assign_fee_minor: 1_200,
        reward_minor: 3_100,
        version: 1,
    };
    stage.tell("accounting", price).await;
    let page = stage.get(holder, "/exchange/tasks").await;
    assert_shows(&page, &["-$12.00", "+$31.00", "data-confirm"]);
    let path = format!("/exchange/tasks/{id}/complete");
    let done = submit(&stage, holder, &path, "").await;
    assert_eq!(
        (done.status.as_u16(), &done.headers["location"]),
        (303, &"/exchange/tasks?done=completed".parse().unwrap())
    );
    let page = stage.get(holder, "/exchange/tasks?done=completed").await;
    assert_shows(&page, &["<strong>Done.</strong>", "Nothing to do"]);
    let again = submit(&stage, holder, &path, "").await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("This task is completed already."));
    let page = stage.get(holder, &format!("/exchange/tasks/{id}")).await;
    assert_shows(
        &page,
        &["Created, and fell to Person 1", "Completed by Person 1"],
    );
    assert_shows(
        &stage.get(holder, "/exchange/tasks?status=completed").await,
        &["Mend the"],
    );
    assert_shows(
        &stage.get(holder, "/exchange/tasks?q=nothing").await,
        &["No task of yours matches"],
    );
}

#[tokio::test]
async fn a_task_is_created_by_its_form_and_mistakes_are_shown_beside_the_fields() {
    let stage = Stage::with(1).await;
    assert_shows(
        &stage.get(accountant(), "/exchange/tasks/new").await,
        &["by lot"],
    );
    let wrong = submit(
        &stage,
        accountant(),
        "/exchange/tasks",
        "title=%5BPOP-1%5D+Mend&jira_id=x",
    )
    .await;
    assert_eq!(wrong.status, 422);
    for part in [
        "A title has no brackets",
        "id=\"jira_id-error\"",
        "value=\"[POP-1] Mend\"",
    ] {
        assert!(
            wrong.text.contains(part),
            "{part:?} is not in {}",
            wrong.text
        );
    }
    let created = submit(
        &stage,
        accountant(),
        "/exchange/tasks",
        "title=Mend&jira_id=POP-1",
    )
    .await;
    assert_eq!(created.status, 303, "{}", created.text);
    let location = created.headers["location"].to_str().unwrap().to_owned();
    let page = stage.get(accountant(), &location).await;
    assert_shows(
        &page,
        &[
            "<strong>Created.</strong>",
            "It fell to Person 1",
            "<code>POP-1</code>",
        ],
    );
}

#[tokio::test]
async fn b_12_the_form_says_that_nobody_can_get_a_task() {
    let stage = Stage::with(0).await;
    let refused = submit(&stage, manager(), "/exchange/tasks", "title=Mend").await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .text
            .contains("somebody must be a worker or an accountant")
    );
    assert_shows(
        &stage.get(manager(), "/exchange/team").await,
        &["Nobody can get a task."],
    );
}

#[tokio::test]
async fn b_32_the_team_view_warns_of_tasks_with_people_who_get_none_and_deals_them() {
    let mut stage = Stage::with(2).await;
    let ids = stage.create_many(10).await;
    let held = stage.holders(&ids).await;
    let theirs = held
        .values()
        .filter(|id| **id == json!(worker(1).id))
        .count();
    assert!(theirs > 1);
    let page = stage.get(manager(), "/exchange/team").await;
    assert!(!page.text.contains("get no tasks any more"));
    stage
        .change_account(person(1, &["manager"]), 2, false)
        .await;
    let page = stage.get(manager(), "/exchange/team").await;
    let warning = format!("{theirs} open tasks are with people who get no tasks any more.");
    assert_shows(&page, &[&warning, "Shuffle now", "gets no tasks"]);
    let asked = submit(&stage, manager(), "/exchange/shuffle", "").await;
    assert_eq!(&asked.headers["location"], "/exchange/team?done=shuffle");
    let page = stage.get(manager(), "/exchange/team?done=shuffle").await;
    assert_shows(
        &page,
        &[
            "The shuffle waits for its turn.",
            "id=\"shuffle-progress\" max=\"100\" value=\"0\"",
        ],
    );
    stage.world.settle().await;
    let page = stage.get(manager(), "/exchange/team").await;
    assert!(!page.text.contains("get no tasks any more"));
    assert_shows(&page, &["data-status=\"completed\" data-announce>Done"]);
    let page = stage.get(manager(), "/exchange/team?done=shuffle").await;
    assert_shows(&page, &["The shuffle is done.</strong> 10 tasks dealt."]);
}

#[tokio::test]
async fn b_31_the_team_view_is_for_those_who_deal() {
    let stage = Stage::with(1).await;
    for one in [worker(1), accountant(), buyer()] {
        for path in ["/exchange/team", "/exchange/team/live"] {
            assert_eq!(stage.get(one, path).await.status, 403, "{one:?} {path}");
        }
        assert_eq!(
            submit(&stage, one, "/exchange/shuffle", "").await.status,
            403
        );
    }
    assert_eq!(stage.get(buyer(), "/exchange/tasks").await.status, 403);
    let nobody = stage.world.get("/exchange/team", None).await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn the_states_are_called_as_it_is_set() {
    let labels = Labels {
        open: "Bird in a cage".to_owned(),
        completed: "Millet in a bowl".to_owned(),
    };
    let settings = Settings {
        labels,
        ..Settings::default()
    };
    let stage = Stage::on(Storage::Memory, settings, 1).await;
    let answer = stage
        .post(manager(), "/api/tasks", json!({ "title": "Mend" }))
        .await;
    let path = format!("/exchange/tasks/{}", id_of(&answer.json));
    assert_shows(
        &stage.get(holder_of(&answer.json), &path).await,
        &["Bird in a cage"],
    );
    assert_shows(
        &stage.get(manager(), "/exchange/team").await,
        &["Millet in a bowl"],
    );
}
