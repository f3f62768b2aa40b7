//! Pages hear of changes by server-sent events.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use contracts::UserId;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::stage::{Stage, buyer, declined, stranger};

struct Opened(Body);

impl Opened {
    async fn at(stage: &Stage, user: UserId, path: &str) -> Self {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", stage.token(user)))
            .body(Body::empty())
            .expect("a request");
        let router = stage.world.installation().router();
        let answer = router.oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(answer.into_body())
    }

    /// What has arrived: `None` when there is nothing yet.
    fn arrived(&mut self, stage: &Stage) -> Option<String> {
        // The page looks after its pause, before this says that there is nothing.
        let mut frame = self.0.frame().now_or_never();
        if frame.is_none() {
            stage.world.clock().advance(Duration::from_millis(500));
            frame = self.0.frame().now_or_never();
        }
        let frame = frame?;
        let data = frame.expect("an open stream").expect("a frame").into_data();
        let data: Bytes = data.expect("data");
        Some(String::from_utf8(data.to_vec()).expect("text"))
    }

    /// Whether the stream has ended.
    fn has_ended(&mut self) -> bool {
        matches!(self.0.frame().now_or_never(), Some(None))
    }
}

fn change() -> Option<String> {
    Some("event: change\ndata: again\n\n".to_owned())
}

#[tokio::test]
async fn a_page_hears_of_changes_of_its_order_and_of_no_other_commit() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    let path = format!("/orders/{order_id}/live?seen=2");
    let mut live = Opened::at(&stage, buyer(), &path).await;
    assert_eq!(live.arrived(&stage), None);

    let mut other = crate::stage::ticket(1);
    other.ticket_id = crate::stage::numbered_ticket(5);
    stage
        .tell(contracts::tickets::TicketEvent::Created(other))
        .await;
    assert_eq!(live.arrived(&stage), None);

    // Not a new version, but a new line on the page.
    stage.tell(declined(order_id, 1)).await;
    assert_eq!(live.arrived(&stage), change());
    assert_eq!(live.arrived(&stage), None);
}

/// 1. The page is made. 2. The order changes. 3. The page opens its stream.
#[tokio::test]
async fn a_change_between_the_page_and_its_stream_is_not_missed() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let page = stage.get(buyer(), &format!("/orders/{order_id}")).await;
    assert_eq!(page.status, 200);
    stage.delete(buyer(), order_id).await;
    let path = format!("/orders/{order_id}/live?seen=1");
    let mut live = Opened::at(&stage, buyer(), &path).await;
    assert_eq!(live.arrived(&stage), change());
}

#[tokio::test]
async fn my_orders_hear_of_new_orders_and_changes() {
    let mut stage = Stage::new().await;
    let mut live = Opened::at(&stage, buyer(), "/my/orders/live?seen=0").await;
    assert_eq!(live.arrived(&stage), None);
    stage.order().await;
    assert_eq!(live.arrived(&stage), change());
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_is_alive_and_ends_after_ten_minutes() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let path = format!("/orders/{order_id}/live");
    let mut live = Opened::at(&stage, buyer(), &path).await;
    assert_eq!(live.arrived(&stage), None);
    stage.advance(15).await;
    assert_eq!(live.arrived(&stage).as_deref(), Some(": still here\n\n"));
    assert_eq!(live.arrived(&stage), None);
    stage.world.clock().advance(Duration::from_secs(585));
    assert!(live.has_ended());
}

/// C-32.
#[tokio::test]
async fn nobody_follows_an_order_that_is_not_theirs() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let path = format!("/orders/{order_id}/live");
    assert_eq!(stage.get(stranger(), &path).await.status, 404);
}
