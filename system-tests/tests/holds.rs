//! Real orders and real timers in one world; the test plays `tickets`.

use std::time::Duration;

use contracts::orders::OrderEvent;
use contracts::tickets::{Ticket, TicketEvent};
use contracts::{Currency, TicketId, UserId};
use serde_json::{Value, json};
use tidings::{Error, Event, Service, Tx, Uuid};
use tidings_test::{Misbehaviour, World};

const HOLD: Duration = Duration::from_secs(900);

/// Confirms every order and lets go after every cancellation.
fn obliging_tickets() -> Service {
    async fn oblige(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
        let version = 2;
        match event.data {
            OrderEvent::Created {
                order_id,
                ticket_id,
                ..
            } => tx.publish(TicketEvent::Reserved {
                ticket_id,
                order_id,
                version,
            }),
            OrderEvent::Cancelled {
                order_id,
                ticket_id,
                ..
            } => tx.publish(TicketEvent::Released {
                ticket_id,
                order_id,
                version: version + 1,
            }),
            OrderEvent::AwaitingPayment { .. } | OrderEvent::Completed { .. } => Ok(()),
        }
    }
    Service::new("tickets")
        .publishes::<TicketEvent>()
        .subscribes("orders", oblige)
}

fn services() -> Vec<Service> {
    let orders = orders::service(orders::Settings::default());
    vec![orders, expiration::service(), obliging_tickets()]
}

fn ticket() -> TicketId {
    TicketId::from(Uuid::from_u128(1))
}

async fn list_the_ticket(world: &mut World) {
    let listed = Ticket {
        ticket_id: ticket(),
        seller_id: UserId::from(Uuid::from_u128(2)),
        title: "Parsifal".to_owned(),
        price_minor: 12_000,
        currency: Currency::Usd,
        category: "theatre".to_owned(),
        venue: String::new(),
        city: String::new(),
        seat: String::new(),
        starts_at: None,
        version: 1,
    };
    let tickets = world.service("tickets");
    let mut tx = tickets.begin_own().await.expect("a transaction");
    tx.publish(TicketEvent::Created(listed)).expect("an event");
    tx.commit().await.expect("a commit");
    world.settle().await;
}

/// Orders the ticket for somebody; gives the status of the answer and the order's path.
async fn order(world: &mut World, buyer: u128) -> (u16, String) {
    let token = world.token(Uuid::from_u128(buyer), &[]);
    let body = json!({ "ticket_id": ticket() });
    let answer = world.send("POST", "/api/orders", Some(&token), body).await;
    world.settle().await;
    let id = answer.json["id"].as_str().unwrap_or_default();
    (answer.status.as_u16(), format!("/api/orders/{id}"))
}

/// How the order stands, as its buyer sees it.
async fn standing(world: &World, buyer: u128, path: &str) -> (Value, Value) {
    let token = world.token(Uuid::from_u128(buyer), &[]);
    let shown = world.get(path, Some(&token)).await.json;
    (shown["status"].clone(), shown["cancel_reason"].clone())
}

/// C-22, C-28.
#[tokio::test]
async fn a_hold_stands_at_899_seconds_and_at_901_the_next_buyer_has_the_ticket() {
    let mut world = World::new(services()).await;
    list_the_ticket(&mut world).await;
    let (placed, path) = order(&mut world, 10).await;
    assert_eq!(placed, 201);

    world.advance(HOLD - Duration::from_secs(1)).await;
    let held = (json!("awaiting_payment"), Value::Null);
    assert_eq!(standing(&world, 10, &path).await, held);
    assert_eq!(order(&mut world, 11).await.0, 409);

    world.advance(Duration::from_secs(2)).await;
    let expired = (json!("cancelled"), json!("expired"));
    assert_eq!(standing(&world, 10, &path).await, expired);
    assert_eq!(order(&mut world, 11).await.0, 201);
}

/// C-11, C-26: events are lost, doubled, late and out of order, and processes die.
#[tokio::test]
async fn a_hold_ends_once_in_a_world_that_does_wrong() {
    let mut faults = 0;
    for seed in 0..20 {
        let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
        list_the_ticket(&mut world).await;
        // A world that has just lost the listing hears of it at its next look.
        world.advance(Duration::from_secs(3600)).await;
        let (placed, path) = order(&mut world, 10).await;
        assert_eq!(placed, 201, "seed {seed}");
        for _ in 0..20 {
            world.advance(Duration::from_secs(3600)).await;
        }
        let expired = (json!("cancelled"), json!("expired"));
        assert_eq!(standing(&world, 10, &path).await, expired, "seed {seed}");
        let path = format!("{path}/events");
        let token = world.token(Uuid::from_u128(10), &[]);
        let history = world.get(&path, Some(&token)).await.json;
        let lines = history.as_array().expect("a history").iter();
        let ends = lines.filter(|line| line["what"] == "cancelled").count();
        assert_eq!(ends, 1, "seed {seed}: {history}");
        faults += world.faults().values().sum::<u32>();
    }
    assert!(
        faults > 20,
        "the worlds did too little wrong: {faults} faults"
    );
}
