//! Live pages: what makes them look again.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use contracts::tasks::TaskEvent;
use tidings::Storage;
use tidings_test::Live;
use tower::ServiceExt;

use crate::stage::{DAY, Stage, TODAY, assigned, record};

async fn page(stage: &Stage, who: u128, roles: &[&str], path: &str) -> Live {
    let token = stage.token(who, roles);
    stage.world.follow(path, &token).await
}

#[tokio::test]
async fn an_account_hears_of_its_own_entries_and_titles_and_of_nobody_elses() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut mine = page(&stage, 1, &["worker"], "/exchange/account/live").await;
    assert!(!mine.hears_of_a_change(&stage.world));
    stage.work(2, 2, false).await;
    assert!(!mine.hears_of_a_change(&stage.world));
    let now = stage.now();
    stage.tell(vec![assigned(1, 1, 1, now)]).await;
    assert!(mine.hears_of_a_change(&stage.world));
    stage
        .tell(vec![TaskEvent::Created(record(1, "Mend the gate", 1))])
        .await;
    assert!(mine.hears_of_a_change(&stage.world));
    assert!(!mine.hears_of_a_change(&stage.world));
}

#[tokio::test]
async fn the_books_hear_of_everything() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut books = page(&stage, 90, &["accountant"], "/exchange/books/live").await;
    assert!(!books.hears_of_a_change(&stage.world));
    stage.work(2, 2, true).await;
    assert!(books.hears_of_a_change(&stage.world));
    stage.close(TODAY).await;
    assert!(books.hears_of_a_change(&stage.world));
    assert!(!books.hears_of_a_change(&stage.world));
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
    assert!(mine.hears_of_a_change(&stage.world));
}

#[tokio::test]
async fn at_midnight_what_was_earned_today_begins_anew() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, false).await;
    let before_midnight = DAY / 2 - Duration::from_secs(60);
    stage.world.clock().advance(before_midnight);
    let mut mine = page(&stage, 1, &["worker"], "/exchange/account/live").await;
    assert!(!mine.hears_of_a_change(&stage.world));
    stage.world.clock().advance(Duration::from_secs(70));
    assert!(mine.hears_of_a_change(&stage.world));
}
