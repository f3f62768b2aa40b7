//! The live page: what makes it look again.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use contracts::tasks::TaskEvent;
use contracts::users::UserEvent;
use futures_util::{FutureExt, StreamExt};
use tidings::Storage;
use tower::ServiceExt;

use crate::stage::{Stage, TODAY, person, record};

const CHANGE: Option<&str> = Some("event: change\ndata: again\n\n");

async fn follow(stage: &Stage, path: &str) -> BodyDataStream {
    let token = stage.token(90, &["admin"]);
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::empty()).unwrap();
    let router = stage.world.installation().router();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.into_body().into_data_stream()
}

/// What the page hears now.
fn hears(stage: &Stage, page: &mut BodyDataStream) -> Option<String> {
    stage.world.clock().advance(Duration::from_millis(500));
    let part = page.next().now_or_never()??;
    Some(String::from_utf8(part.expect("a part").to_vec()).expect("text"))
}

#[tokio::test]
async fn the_page_hears_of_movements_titles_names_and_days() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut page = follow(&stage, "/exchange/analytics/live").await;
    assert_eq!(hears(&stage, &mut page), None);
    let now = stage.now();
    stage.reward(1, 1, 2_000, now).await;
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
    let gate = record(1, "Mend the gate", 1);
    stage.tell("tasks", vec![TaskEvent::Created(gate)]).await;
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
    let mut ann = person(1, "Ann Other", "worker");
    ann.version = 2;
    stage.tell("auth", vec![UserEvent::Updated(ann)]).await;
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
    stage.close(TODAY, 0).await;
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
    assert_eq!(hears(&stage, &mut page), None);
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
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
}

#[tokio::test]
async fn at_midnight_today_begins_anew() {
    let stage = Stage::with_people(Storage::Memory).await;
    let before_midnight = Duration::from_secs(12 * 3_600 - 60);
    stage.world.clock().advance(before_midnight);
    let mut page = follow(&stage, "/exchange/analytics/live").await;
    assert_eq!(hears(&stage, &mut page), None);
    stage.world.clock().advance(Duration::from_secs(70));
    assert_eq!(hears(&stage, &mut page).as_deref(), CHANGE);
}
