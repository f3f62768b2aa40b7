//! Pages hear of changes.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, header};
use futures_util::{FutureExt, StreamExt};
use tower::ServiceExt;

use crate::stage::{Stage, created, order, parsifal};

/// An open event stream.
struct Page(BodyDataStream);

async fn open(stage: &Stage, path: &str, token: Option<&str>) -> Page {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).expect("a request");
    let router = stage.world.installation().router();
    let response = router.oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    Page(response.into_body().into_data_stream())
}

impl Page {
    /// What the page hears now: `None` for nothing yet, an empty text for the end.
    async fn hears(&mut self, stage: &Stage) -> Option<String> {
        // The page looks, and once more after its pause, before this says that there is nothing.
        for _ in 0..3 {
            if let Some(part) = self.0.next().now_or_never() {
                let bytes = part.map(|part| part.expect("a part"));
                return Some(String::from_utf8(bytes.unwrap_or_default().to_vec()).expect("text"));
            }
            stage.world.clock().advance(Duration::from_millis(500));
        }
        None
    }
}

fn change() -> Option<String> {
    Some("event: change\ndata: again\n\n".to_owned())
}

#[tokio::test]
async fn a_page_hears_of_the_changes_of_what_it_shows_and_of_no_others() {
    let mut stage = Stage::new().await;
    let (id, other) = (stage.list(parsifal()).await, stage.list(parsifal()).await);
    stage.world.advance(Duration::from_secs(60)).await;
    let mut market = open(&stage, "/tickets/live", None).await;
    let mut ticket = open(&stage, &format!("/tickets/{id}/live"), None).await;
    let mut mine = open(&stage, "/my/listings/live", Some(&stage.seller)).await;
    let mut others = open(&stage, "/my/listings/live", Some(&stage.buyer)).await;
    for page in [&mut market, &mut ticket, &mut mine, &mut others] {
        assert_eq!(page.hears(&stage).await, None);
    }
    stage.withdraw(other).await;
    assert_eq!(market.hears(&stage).await, change());
    assert_eq!(mine.hears(&stage).await, change());
    assert_eq!(ticket.hears(&stage).await, None);
    assert_eq!(others.hears(&stage).await, None);
    stage.orders_say([created(order(1), id)]).await;
    for page in [&mut market, &mut ticket, &mut mine] {
        assert_eq!(page.hears(&stage).await, change());
        assert_eq!(page.hears(&stage).await, None);
    }
    assert_eq!(others.hears(&stage).await, None);
}

/// 1. The page is made. 2. The ticket changes. 3. The page opens its stream.
#[tokio::test]
async fn a_change_between_the_making_of_a_page_and_its_stream_is_not_missed() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage.withdraw(id).await;
    let ticket = format!("/tickets/{id}/live?seen=1");
    for path in [ticket.as_str(), "/tickets/live"] {
        let mut page = open(&stage, path, None).await;
        assert_eq!(page.hears(&stage).await, change());
        assert_eq!(page.hears(&stage).await, None);
    }
    let mut page = open(&stage, &format!("/tickets/{id}/live?seen=2"), None).await;
    assert_eq!(page.hears(&stage).await, None);
}

#[tokio::test]
async fn a_page_is_let_go_after_ten_minutes_so_that_its_rights_are_looked_at_again() {
    let stage = Stage::new().await;
    let mut market = open(&stage, "/tickets/live", None).await;
    assert_eq!(market.hears(&stage).await, None);
    stage.world.clock().advance(Duration::from_secs(600));
    assert_eq!(market.hears(&stage).await, Some(String::new()));
}

#[tokio::test]
async fn the_listings_of_nobody_cannot_be_followed() {
    let stage = Stage::new().await;
    assert_eq!(stage.world.get("/my/listings/live", None).await.status, 401);
}
