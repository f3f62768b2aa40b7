//! A buyer gives an order up.

use serde_json::{Value, json};

use crate::stage::{Stage, buyer, is, paid, problem, seller, stranger, ticket_id};

#[tokio::test]
async fn a_buyer_cancels_and_everybody_hears_why() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    stage.advance(10).await;
    let answer = stage.delete(buyer(), order_id).await;
    stage.world.settle().await;

    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert_eq!(
        stage.shown(order_id).await["cancelled_at"],
        "2026-01-01T12:00:10Z"
    );
    assert_eq!(
        stage.heard(order_id).await[1..],
        [(
            "order.cancelled".to_owned(),
            json!({
                "order_id": order_id, "ticket_id": ticket_id(), "reason": "user", "version": 2,
            })
        )]
    );
    assert_eq!(stage.try_order(stranger()).await.status, 201);
}

/// C-28.
#[tokio::test]
async fn cancelling_again_is_no_error_and_no_second_event() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    assert_eq!(stage.delete(buyer(), order_id).await.status, 204);
    assert_eq!(stage.delete(buyer(), order_id).await.status, 204);
    let path = format!("/api/orders/{order_id}/cancel");
    let answer = stage.post(buyer(), &path, Value::Null).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["cancel_reason"], "user");
    stage.world.settle().await;

    let heard = stage.heard_names(order_id).await;
    let cancelled = heard.iter().filter(|name| *name == "order.cancelled");
    assert_eq!(cancelled.count(), 1);
}

/// C-05.
#[tokio::test]
async fn a_complete_order_is_not_cancelled() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    let answer = stage.delete(buyer(), order_id).await;
    assert_eq!(problem(&answer), is(409, "order_complete"));
    assert_eq!(stage.status(order_id).await.0, "complete");
}

/// C-15, C-32: the seller may read it and is told why not; for a stranger it is not there.
#[tokio::test]
async fn nobody_but_the_buyer_cancels() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    assert_eq!(
        problem(&stage.delete(seller(), order_id).await),
        is(403, "forbidden")
    );
    assert_eq!(
        problem(&stage.delete(stranger(), order_id).await),
        is(404, "not_found")
    );
    assert_eq!(stage.status(order_id).await.0, "created");
}
