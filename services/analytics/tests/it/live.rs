//! The live page: what makes it look again.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use contracts::tasks::TaskEvent;
use contracts::users::UserEvent;
use tidings::Storage;
use tidings_test::Live;
use tower::ServiceExt;

use crate::stage::{Stage, TODAY, person, record};

async fn follow(stage: &Stage, path: &str) -> Live {
    let token = stage.token(90, &["admin"]);
    stage.world.follow(path, &token).await
}

#[tokio::test]
async fn the_page_hears_of_movements_titles_names_and_days() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut page = follow(&stage, "/exchange/analytics/live").await;
    assert!(!page.hears_of_a_change(&stage.world));
    let now = stage.now();
    stage.reward(1, 1, 2_000, now).await;
    assert!(page.hears_of_a_change(&stage.world));
    let gate = record(1, "Mend the gate", 1);
    stage.tell("tasks", vec![TaskEvent::Created(gate)]).await;
    assert!(page.hears_of_a_change(&stage.world));
    let mut ann = person(1, "Ann Other", "worker");
    ann.version = 2;
    stage.tell("auth", vec![UserEvent::Updated(ann)]).await;
    assert!(page.hears_of_a_change(&stage.world));
    stage.close(TODAY, 0).await;
    assert!(page.hears_of_a_change(&stage.world));
    assert!(!page.hears_of_a_change(&stage.world));
}

/// 1. The page is made. 2. A reward is given. 3. The page opens its stream.
#[tokio::test]
async fn a_change_between_the_page_and_its_stream_is_not_missed() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let token = stage.token(90, &["admin"]);
    let request = Request::get("/exchange/analytics?period=week")
        .header("authorization", format!("Bearer {token}"));
    let router = stage.world.installation().router();
    let request = request.body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let shown = answer.extensions().get::<tidings::Fragment>().unwrap();
    let live = shown.live.clone().unwrap();
    let now = stage.now();
    stage.reward(1, 1, 2_000, now).await;
    let mut page = follow(&stage, &live).await;
    assert!(page.hears_of_a_change(&stage.world));
}

#[tokio::test]
async fn at_midnight_today_begins_anew() {
    let stage = Stage::with_people(Storage::Memory).await;
    let before_midnight = Duration::from_secs(12 * 3_600 - 60);
    stage.world.clock().advance(before_midnight);
    let mut page = follow(&stage, "/exchange/analytics/live").await;
    assert!(!page.hears_of_a_change(&stage.world));
    stage.world.clock().advance(Duration::from_secs(70));
    assert!(page.hears_of_a_change(&stage.world));
}
