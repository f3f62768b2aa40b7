//! Live pages: what makes them look again.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use contracts::tasks::TaskEvent;
use futures_util::{FutureExt, StreamExt};
use tidings::Storage;
use tower::ServiceExt;

use crate::stage::{DAY, Stage, TODAY, assigned, record};

const CHANGE: Option<&str> = Some("event: change\ndata: again\n\n");

async fn page(stage: &Stage, who: u128, roles: &[&str], path: &str) -> BodyDataStream {
    let token = stage.token(who, roles);
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
async fn an_account_hears_of_its_own_entries_and_titles_and_of_nobody_elses() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut mine = page(&stage, 1, &["worker"], "/exchange/account/live").await;
    assert_eq!(hears(&stage, &mut mine), None);
    stage.work(2, 2, false).await;
    assert_eq!(hears(&stage, &mut mine), None);
    let now = stage.now();
    stage.tell(vec![assigned(1, 1, 1, now)]).await;
    assert_eq!(hears(&stage, &mut mine).as_deref(), CHANGE);
    stage
        .tell(vec![TaskEvent::Created(record(1, "Mend the gate", 1))])
        .await;
    assert_eq!(hears(&stage, &mut mine).as_deref(), CHANGE);
    assert_eq!(hears(&stage, &mut mine), None);
}

#[tokio::test]
async fn the_books_hear_of_everything() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut books = page(&stage, 90, &["accountant"], "/exchange/books/live").await;
    assert_eq!(hears(&stage, &mut books), None);
    stage.work(2, 2, true).await;
    assert_eq!(hears(&stage, &mut books).as_deref(), CHANGE);
    stage.close(TODAY).await;
    assert_eq!(hears(&stage, &mut books).as_deref(), CHANGE);
    assert_eq!(hears(&stage, &mut books), None);
}

/// 1. The page is made. 2. A fee is taken. 3. The page opens its stream.
#[tokio::test]
async fn a_change_between_the_page_and_its_stream_is_not_missed() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let token = stage.token(1, &["worker"]);
    let request =
        Request::get("/exchange/account").header("authorization", format!("Bearer {token}"));
    let router = stage.world.installation().router();
    let answer = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let shown = answer.extensions().get::<tidings::Fragment>().unwrap();
    let live = shown.live.clone().unwrap();
    stage.work(1, 1, false).await;
    let mut mine = page(&stage, 1, &["worker"], &live).await;
    assert_eq!(hears(&stage, &mut mine).as_deref(), CHANGE);
}

#[tokio::test]
async fn at_midnight_what_was_earned_today_begins_anew() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, false).await;
    let before_midnight = DAY / 2 - Duration::from_secs(60);
    stage.world.clock().advance(before_midnight);
    let mut mine = page(&stage, 1, &["worker"], "/exchange/account/live").await;
    assert_eq!(hears(&stage, &mut mine), None);
    stage.world.clock().advance(Duration::from_secs(70));
    assert_eq!(hears(&stage, &mut mine).as_deref(), CHANGE);
}
