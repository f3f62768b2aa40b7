//! Operations: accepted at once, followed, cancelled, and ended for ever.

pub(crate) mod caller;
mod crashed;
pub(crate) mod exporter;

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tidings::dead;

use crate::bed::{Bed, Stage, on_both};
use caller::{Caller, Reply};
use exporter::{Way, exporter, exports, line};

const HOUR: Duration = Duration::from_secs(3600);
const PATH: &str = "/api/operations/reports";

async fn stage(bed: &Bed) -> Stage {
    bed.stage([exporter()]).await
}

/// Asks for an export, and gives where it is to be found.
async fn asked(who: &Caller, name: &str, way: Way) -> String {
    let reply = who.post("/api/exports", &export(name, way)).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.json);
    reply.header("location").unwrap().to_owned()
}

fn export(name: &str, way: Way) -> Json {
    json!({ "name": name, "way": way })
}

async fn use_all_tries(stage: &mut Stage) {
    for _ in 0..4 {
        stage.advance(HOUR).await;
    }
}

fn own_name() -> String {
    tidings::uuid_at(tidings::Clock::system().now()).to_string()
}

/// An answer without what differs from run to run.
fn essence(reply: &Reply) -> Json {
    let mut json = reply.json.clone();
    let map = json.as_object_mut().unwrap();
    map.retain(|key, _| {
        !["job_id", "links", "created_at", "updated_at", "finished_at"].contains(&key.as_str())
    });
    json
}

on_both!(
    an_operation_is_accepted_with_202_and_its_result_is_found_later,
    progress_never_falls,
    an_operation_that_has_succeeded_never_changes,
    an_operation_that_was_refused_tells_its_owner_why,
    an_operation_that_fails_too_often_tells_nothing_of_the_inside,
    a_job_that_is_revived_does_not_revive_its_operation,
    a_queued_operation_is_cancelled_and_never_runs,
    a_running_operation_learns_that_it_is_to_stop,
    somebody_elses_operations_are_not_there,
    a_list_is_in_pages_and_by_state,
    a_follower_hears_of_every_change,
    a_bad_request_stores_nothing,
    a_month_after_its_end_an_operation_is_forgotten,
);

/// `Location`, `Retry-After`, and a body with `job_id` and `status`. X-04: also when the
/// work is small.
async fn an_operation_is_accepted_with_202_and_its_result_is_found_later(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let body = json!({ "name": "a", "way": "Succeed", "client_ref": "mine" });
    let reply = who.post("/api/exports", &body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    let id = reply.json["job_id"].as_str().unwrap().to_owned();
    assert_eq!(reply.json, json!({ "job_id": id, "status": "queued" }));
    let location = format!("{PATH}/{id}");
    assert_eq!(reply.header("location"), Some(location.as_str()));
    assert_eq!(reply.header("retry-after"), Some("1"));

    let reply = who.get(&location).await;
    assert_eq!(reply.header("retry-after"), Some("1"));
    let queued = json!({
        "job_type": "export", "status": "queued", "progress": 0, "client_ref": "mine",
    });
    assert_eq!(essence(&reply), queued);
    assert_eq!(reply.json["links"]["cancel"], format!("{location}/cancel"));

    stage.settle().await;
    let reply = who.get(&location).await;
    assert_eq!(reply.header("retry-after"), None);
    let succeeded = json!({
        "job_type": "export", "status": "succeeded", "progress": 100, "client_ref": "mine",
        "result": { "seen": [] },
    });
    assert_eq!(essence(&reply), succeeded);
    assert_eq!(reply.json["links"], json!({ "self": location }));
    assert_eq!(exports(&stage.handle("reports")).await, ["a"]);
}

/// D.5: also when a later run begins anew.
async fn progress_never_falls(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let way = Way::Say(vec![vec![60, 30], vec![10, 61, 200]]);
    let location = asked(&who, "a", way).await;
    stage.settle().await;
    let reply = who.get(&location).await;
    assert_eq!(reply.json["status"], "running");
    assert_eq!(reply.json["progress"], 60);
    stage.advance(HOUR).await;
    let reply = who.get(&location).await;
    assert_eq!(reply.json["status"], "succeeded");
    assert_eq!(reply.json["result"], json!({ "seen": [60, 61, 100] }));
}

async fn an_operation_that_has_succeeded_never_changes(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Succeed).await;
    stage.settle().await;
    let before = who.get(&location).await.json;
    let reply = who.post(&format!("{location}/cancel"), &Json::Null).await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    assert_eq!(reply.json["code"], "operation_finished");
    stage.advance(HOUR).await;
    assert_eq!(who.get(&location).await.json, before);
}

async fn an_operation_that_was_refused_tells_its_owner_why(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Refuse).await;
    stage.advance(HOUR).await;
    let failed = json!({
        "job_type": "export", "status": "failed", "progress": 0,
        "problem": { "code": "too_big", "message": "There are too many rows." },
    });
    assert_eq!(essence(&who.get(&location).await), failed);
    let service = stage.handle("reports");
    assert_eq!(dead::jobs(&service, 9).await.unwrap().len(), 0);
}

async fn an_operation_that_fails_too_often_tells_nothing_of_the_inside(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Break).await;
    use_all_tries(&mut stage).await;
    let failed = json!({
        "job_type": "export", "status": "failed", "progress": 0,
        "problem": {
            "code": "operation_failed", "message": "The operation could not be carried out.",
        },
    });
    assert_eq!(essence(&who.get(&location).await), failed);
    let service = stage.handle("reports");
    let jobs = dead::jobs(&service, 9).await.unwrap();
    assert!(
        jobs[0].error.as_ref().unwrap().contains("password"),
        "operators see it"
    );
}

/// Its owner was told that it has failed, and may have asked for another one.
async fn a_job_that_is_revived_does_not_revive_its_operation(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Break).await;
    use_all_tries(&mut stage).await;
    let before = who.get(&location).await.json;
    let service = stage.handle("reports");
    let job = dead::jobs(&service, 9).await.unwrap().remove(0);
    let mut tx = service.begin_own().await.unwrap();
    assert!(dead::retry_job(&mut tx, job.id).await.unwrap());
    tx.commit().await.unwrap();
    stage.advance(HOUR).await;
    assert_eq!(who.get(&location).await.json, before);
    assert_eq!(dead::jobs(&service, 9).await.unwrap().len(), 0);
}

async fn a_queued_operation_is_cancelled_and_never_runs(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Succeed).await;
    let reply = who.post(&format!("{location}/cancel"), &Json::Null).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json["status"], "cancelled");
    assert_eq!(reply.header("location"), Some(location.as_str()));
    assert!(reply.header("retry-after").is_some(), "X-03");
    stage.advance(HOUR).await;
    assert_eq!(who.get(&location).await.json["status"], "cancelled");
    assert_eq!(exports(&stage.handle("reports")).await, [""; 0]);
    let again = who.post(&format!("{location}/cancel"), &Json::Null).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

async fn a_running_operation_learns_that_it_is_to_stop(bed: Bed) {
    let name = own_name();
    let line = line(&name);
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, &name, Way::Wait).await;
    let running = tokio::spawn(async move { stage.settle().await });
    line.entered.notified().await;
    let reply = who.post(&format!("{location}/cancel"), &Json::Null).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json["status"], "running");
    assert_eq!(who.get(&location).await.json["cancelling"], true);
    line.let_go.notify_one();
    running.await.unwrap();
    let cancelled = json!({ "job_type": "export", "status": "cancelled", "progress": 0 });
    assert_eq!(essence(&who.get(&location).await), cancelled);
}

async fn somebody_elses_operations_are_not_there(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (who, other) = (Caller::new(&stage), Caller::operator(&stage));
    let location = asked(&who, "a", Way::Succeed).await;
    stage.settle().await;
    for rest in ["", "/live", "/callback"] {
        let reply = other.get(&format!("{location}{rest}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{rest}");
    }
    let reply = other.post(&format!("{location}/cancel"), &Json::Null).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get(PATH).await.json, json!([]));
    assert_eq!(who.get(PATH).await.json[0]["links"]["self"], location);
}

async fn a_list_is_in_pages_and_by_state(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    for name in ["a", "b", "c"] {
        asked(&who, name, Way::Succeed).await;
        stage.clock.advance(Duration::from_secs(1));
    }
    stage.settle().await;
    let queued = asked(&who, "d", Way::Succeed).await;
    let page = who.get(&format!("{PATH}?limit=3&state=succeeded")).await;
    assert_eq!(page.json.as_array().unwrap().len(), 3);
    assert_eq!(page.header("link"), None);
    let mut path = format!("{PATH}?limit=2");
    let mut sizes = Vec::new();
    loop {
        let page = who.get(&path).await;
        sizes.push(page.json.as_array().unwrap().len());
        let Some(link) = page.header("link") else {
            break;
        };
        path = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap()
            .to_owned();
    }
    assert_eq!(sizes, [2, 2]);
    let page = who.get(&format!("{PATH}?state=queued&kind=export")).await;
    assert_eq!(page.json[0]["links"]["self"], queued);
    assert_eq!(page.json.as_array().unwrap().len(), 1);
    assert_eq!(who.get(&format!("{PATH}?kind=other")).await.json, json!([]));
    let wrong = who.get(&format!("{PATH}?state=asleep")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

/// The address of the stream says what its page has seen, so nothing is missed in between.
async fn a_follower_hears_of_every_change(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Succeed).await;
    let reply = who.get(&location).await;
    let live = reply.json["links"]["live"].as_str().unwrap();
    assert!(live.starts_with(&format!("{location}/live?seen=")));
    stage.settle().await;
    assert_eq!(who.first_of(live).await, "event: change\ndata: again\n\n");
}

async fn a_bad_request_stores_nothing(bed: Bed) {
    let stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let long = "x".repeat(201);
    let bad = [
        (
            json!({ "name": "a", "way": "Succeed", "client_ref": long }),
            "bad_client_ref",
        ),
        (
            json!({ "name": "a", "way": "Succeed", "callback_url": "https://127.0.0.1/" }),
            "bad_callback_url",
        ),
    ];
    for (body, code) in bad {
        let reply = who.post("/api/exports", &body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json["code"], code);
    }
    assert_eq!(who.get(PATH).await.json, json!([]));
}

async fn a_month_after_its_end_an_operation_is_forgotten(bed: Bed) {
    let mut stage = stage(&bed).await;
    let who = Caller::new(&stage);
    let location = asked(&who, "a", Way::Succeed).await;
    stage.settle().await;
    stage.advance(29 * 24 * HOUR).await;
    assert_eq!(who.get(&location).await.status, StatusCode::OK);
    stage.advance(24 * HOUR + HOUR).await;
    assert_eq!(who.get(&location).await.status, StatusCode::NOT_FOUND);
}
