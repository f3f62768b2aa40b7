//! Ordering a ticket.

use contracts::tickets::TicketEvent;
use serde_json::json;

use crate::stage::{PRICE, Stage, buyer, id_of, is, problem, seller, stranger, ticket, ticket_id};

#[tokio::test]
async fn a_buyer_gets_an_order_that_waits_for_the_ticket() {
    let stage = Stage::new().await;
    let answer = stage.try_order(buyer()).await;

    let id = id_of(&answer);
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["location"], format!("/api/orders/{id}"));
    let code = answer.json["code"].as_str().unwrap();
    assert_eq!(code.len(), 8);
    assert_eq!(
        answer.json,
        json!({
            "id": id,
            "code": code,
            "buyer_id": buyer(),
            "ticket": {
                "id": ticket_id(), "title": "Parsifal, stalls left", "seller_id": seller(),
            },
            "price_minor": PRICE,
            "currency": "usd",
            "status": "created",
            "cancel_reason": null,
            "expires_at": "2026-01-01T12:15:00Z",
            "created_at": "2026-01-01T12:00:00Z",
            "paid_at": null,
            "cancelled_at": null,
            "payment_id": null,
            "version": 1,
        })
    );
}

/// C-16, C-22: 900 seconds from the creation, and everybody hears when they end.
#[tokio::test]
async fn the_hold_is_900_seconds_by_the_service_clock_and_is_told() {
    let mut stage = Stage::new().await;
    stage.advance(60).await;
    let order_id = stage.order().await;
    assert_eq!(
        stage.heard(order_id).await,
        [(
            "order.created".to_owned(),
            json!({
                "order_id": order_id,
                "buyer_id": buyer(),
                "ticket_id": ticket_id(),
                "price_minor": PRICE,
                "currency": "usd",
                "expires_at": "2026-01-01T12:16:00Z",
                "version": 1,
            })
        )]
    );
}

/// C-16: it is a setting, not a constant somewhere in the code.
#[tokio::test]
async fn the_hold_can_be_set() {
    let settings = orders::Settings {
        hold: std::time::Duration::from_secs(60),
    };
    let tickets = tidings::Service::new("tickets").publishes::<TicketEvent>();
    let world = tidings_test::World::new([orders::service(settings), tickets]).await;
    let mut stage = Stage { world };
    stage.tell(TicketEvent::Created(ticket(1))).await;
    let order_id = stage.order().await;
    let shown = stage.shown(order_id).await;
    assert_eq!(shown["expires_at"], "2026-01-01T12:01:00Z");
}

/// C-02.
#[tokio::test]
async fn a_ticket_that_is_ordered_is_refused_to_everybody_else() {
    let mut stage = Stage::new().await;
    stage.order().await;
    let late = stage.try_order(stranger()).await;
    assert_eq!(problem(&late), is(409, "ticket_reserved"));
}

#[tokio::test]
async fn ordering_twice_gives_no_second_order() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let again = stage.try_order(buyer()).await;
    assert_eq!(problem(&again), is(409, "ticket_reserved"));
    assert!(again.text.contains(&order_id.to_string()), "{}", again.text);
    assert_eq!(stage.heard_names(order_id).await, ["order.created"]);
}

/// The order of a ticket whose `created` has not arrived here yet.
#[tokio::test]
async fn a_ticket_that_is_not_known_yet_says_when_to_ask_again() {
    let mut stage = Stage::empty().await;
    let early = stage.try_order(buyer()).await;
    assert_eq!(problem(&early), is(404, "ticket_unknown"));
    assert_eq!(early.headers["retry-after"], "1");

    stage.tell(TicketEvent::Created(ticket(1))).await;
    assert_eq!(stage.try_order(buyer()).await.status, 201);
}

/// C-13.
#[tokio::test]
async fn a_price_that_has_changed_meanwhile_is_not_taken() {
    let mut stage = Stage::new().await;
    let mut dearer = ticket(2);
    dearer.price_minor = PRICE + 1;
    stage.tell(TicketEvent::Updated(dearer)).await;

    let expecting = |price: i64| json!({ "ticket_id": ticket_id(), "expected_price_minor": price });
    let old = stage.post(buyer(), "/api/orders", expecting(PRICE)).await;
    assert_eq!(problem(&old), is(409, "price_changed"));
    assert!(old.text.contains("$120.01"), "{}", old.text);

    let new = stage.post(buyer(), "/api/orders", expecting(PRICE + 1));
    assert_eq!(new.await.json["price_minor"], PRICE + 1);
}

/// C-13: what is ordered stays as it was, whatever the seller edits afterwards.
#[tokio::test]
async fn an_order_keeps_the_price_and_the_title_of_its_moment() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let mut edited = ticket(2);
    edited.price_minor = 1;
    edited.title = "Something else".to_owned();
    stage.tell(TicketEvent::Updated(edited)).await;
    let shown = stage.shown(order_id).await;
    assert_eq!(shown["price_minor"], PRICE);
    assert_eq!(shown["ticket"]["title"], "Parsifal, stalls left");
}

/// C-14, C-15: and the seller does not learn from the answer that it is ordered.
#[tokio::test]
async fn a_seller_cannot_buy_the_own_ticket() {
    let mut stage = Stage::new().await;
    assert_eq!(
        problem(&stage.try_order(seller()).await),
        is(422, "own_ticket")
    );
    stage.order().await;
    assert_eq!(
        problem(&stage.try_order(seller()).await),
        is(422, "own_ticket")
    );
}

#[tokio::test]
async fn tickets_that_are_sold_or_withdrawn_are_refused_as_such() {
    let mut stage = Stage::new().await;
    let ticket_id = ticket_id();
    let withdrawn = TicketEvent::Withdrawn {
        ticket_id,
        version: 2,
    };
    stage.tell(withdrawn).await;
    assert_eq!(
        problem(&stage.try_order(buyer()).await),
        is(409, "ticket_withdrawn")
    );

    let sold = TicketEvent::Sold {
        ticket_id,
        order_id: contracts::OrderId::from(tidings::Uuid::from_u128(9)),
        version: 3,
    };
    stage.tell(sold).await;
    assert_eq!(
        problem(&stage.try_order(buyer()).await),
        is(409, "ticket_sold")
    );
}
