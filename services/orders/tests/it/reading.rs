//! Who reads which orders, and how lists go on.

use contracts::tickets::TicketEvent;
use contracts::{OrderId, UserId};
use serde_json::{Value, json};

use crate::stage::{Stage, buyer, id_of, is, numbered_ticket, problem, seller, stranger, ticket};

/// Orders so many different tickets, a second apart.
async fn order_many(stage: &mut Stage, count: u128) -> Vec<OrderId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let mut listed = ticket(1);
        listed.ticket_id = numbered_ticket(number);
        stage.tell(TicketEvent::Created(listed)).await;
        stage.advance(1).await;
        let body = json!({ "ticketId": numbered_ticket(number) });
        let answer = stage.post(buyer(), "/api/orders", body).await;
        ids.push(id_of(&answer));
    }
    ids
}

async fn listed(stage: &Stage, user: UserId, path: &str) -> Vec<OrderId> {
    let answer = stage.get(user, path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.json.as_array().expect("an array").clone();
    let id = |item: &Value| item["id"].as_str().expect("an id").parse().expect("a UUID");
    items.iter().map(id).collect()
}

/// C-32.
#[tokio::test]
async fn only_the_buyer_the_seller_and_operators_read_an_order() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    for path in [
        format!("/api/orders/{order_id}"),
        format!("/api/orders/{order_id}/events"),
        format!("/orders/{order_id}"),
    ] {
        assert_eq!(stage.get(buyer(), &path).await.status, 200, "{path}");
        assert_eq!(stage.get(seller(), &path).await.status, 200, "{path}");
        assert_eq!(stage.get(stranger(), &path).await.status, 404, "{path}");
        let operator = stage.world.token(stranger().uuid(), &["operator"]);
        let answer = stage.world.get(&path, Some(&operator)).await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

/// C-15: what is not yours is answered like what is not there.
#[tokio::test]
async fn somebody_elses_order_and_no_order_look_the_same() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let nobodys = "/api/orders/00000000-0000-0000-0000-000000000000";
    let missing = stage.get(stranger(), nobodys).await;
    let path = format!("/api/orders/{order_id}");
    let foreign = stage.get(stranger(), &path).await;
    assert_eq!(problem(&foreign), is(404, "not_found"));
    assert_eq!(foreign.text, missing.text);
}

#[tokio::test]
async fn a_list_holds_ones_own_orders_newest_first() {
    let mut stage = Stage::empty().await;
    let mut ids = order_many(&mut stage, 3).await;
    ids.reverse();
    assert_eq!(listed(&stage, buyer(), "/api/orders").await, ids);
    assert_eq!(listed(&stage, stranger(), "/api/orders").await, []);
    assert_eq!(listed(&stage, seller(), "/api/orders").await, []);
    let sales = listed(&stage, seller(), "/api/orders?role=seller").await;
    assert_eq!(sales, ids);
}

#[tokio::test]
async fn a_list_is_narrowed_by_status() {
    let mut stage = Stage::empty().await;
    let ids = order_many(&mut stage, 2).await;
    stage.delete(buyer(), ids[0]).await;
    let narrowed = |status: &str| format!("/api/orders?status={status}");
    let (cancelled, created) = (narrowed("cancelled"), narrowed("created"));
    assert_eq!(listed(&stage, buyer(), &cancelled).await, ids[..1]);
    assert_eq!(listed(&stage, buyer(), &created).await, ids[1..]);
}

#[tokio::test]
async fn the_parts_of_a_list_make_the_whole_list() {
    let mut stage = Stage::empty().await;
    let mut ids = order_many(&mut stage, 5).await;
    ids.reverse();
    let mut seen = Vec::new();
    let mut next = Some("/api/orders?limit=2&status=created".to_owned());
    while let Some(path) = next {
        seen.extend(listed(&stage, buyer(), &path).await);
        let answer = stage.get(buyer(), &path).await;
        let link = answer.headers.get("link");
        next = link.map(|link| {
            let link = link.to_str().unwrap();
            let (path, rel) = link.split_once('>').unwrap();
            assert_eq!(rel, "; rel=\"next\"");
            path.trim_start_matches('<').to_owned()
        });
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn the_history_says_what_happened_when_and_why() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(5).await;
    stage.delete(buyer(), order_id).await;
    let path = format!("/api/orders/{order_id}/events");
    let line = |at: &str, what: &str, note: Value| json!({ "at": at, "what": what, "note": note });
    assert_eq!(
        stage.get(buyer(), &path).await.json,
        json!([
            line("2026-01-01T12:00:00Z", "created", Value::Null),
            line("2026-01-01T12:00:00Z", "awaiting_payment", Value::Null),
            line("2026-01-01T12:00:05Z", "cancelled", json!("user")),
        ])
    );
}
