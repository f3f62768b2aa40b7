//! Every version of an order is one event, without gaps (C-09, C-27).

use contracts::expirations::ExpirationEvent;
use contracts::orders::OrderEvent;
use contracts::payments::PaymentEvent;
use contracts::tickets::TicketEvent;
use contracts::{Currency, OrderId};
use tidings::{Event, Migration, Service, Tx, Uuid, params};
use tidings_test::{Misbehaviour, World, under_seeds};

use crate::stage::{Stage, buyer, declined, paid, ticket, ticket_id};

async fn versions(stage: &Stage, order_id: OrderId) -> Vec<u64> {
    let heard = stage.heard(order_id).await;
    heard
        .iter()
        .map(|(_, data)| data["version"].as_u64().expect("a version"))
        .collect()
}

/// C-09: the completion raised the version and told nobody.
#[tokio::test]
async fn each_way_through_the_machine_publishes_every_version() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(declined(order_id, 1)).await;
    stage.tell(paid(order_id)).await;
    stage.tell(ExpirationEvent::Completed { order_id }).await;
    assert_eq!(versions(&stage, order_id).await, [1, 2, 3]);
    assert_eq!(stage.shown(order_id).await["version"], 3);

    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    stage.delete(buyer(), order_id).await;
    stage.tell(paid(order_id)).await;
    assert_eq!(versions(&stage, order_id).await, [1, 2]);
    assert_eq!(stage.shown(order_id).await["version"], 2);
}

/// Confirms every order, as `tickets` does for the first one.
fn confirming_tickets() -> Service {
    async fn confirm(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), tidings::Error> {
        if let OrderEvent::Created {
            order_id,
            ticket_id,
            ..
        } = event.data
        {
            tx.publish(TicketEvent::Reserved {
                ticket_id,
                order_id,
                version: 2,
            })?;
        }
        Ok(())
    }
    Service::new("tickets")
        .publishes::<TicketEvent>()
        .subscribes("orders", confirm)
}

/// Takes the money of every order that can be paid.
fn eager_payments() -> Service {
    async fn pay(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), tidings::Error> {
        if let OrderEvent::AwaitingPayment { order_id, .. } = event.data {
            tx.publish(PaymentEvent::Completed {
                payment_id: crate::stage::payment_id(),
                order_id,
                amount_minor: 1,
                currency: Currency::Usd,
                attempt: 1,
            })?;
        }
        Ok(())
    }
    Service::new("payments")
        .publishes::<PaymentEvent>()
        .subscribes("orders", pay)
}

/// Fails on any version that is not the next one.
fn strict_reader() -> Service {
    const SEEN: Migration = Migration::new(
        "0001_seen",
        "CREATE TABLE seen (order_id TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    );
    async fn read(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), tidings::Error> {
        let (order_id, version) = match event.data {
            OrderEvent::Created {
                order_id, version, ..
            } => {
                let sql = "INSERT INTO seen (order_id, version) VALUES ($1, 0)";
                tx.execute(sql, params![order_id]).await?;
                (order_id, version)
            }
            OrderEvent::AwaitingPayment { order_id, version }
            | OrderEvent::Cancelled {
                order_id, version, ..
            }
            | OrderEvent::Completed {
                order_id, version, ..
            } => (order_id, version),
        };
        let version = i64::try_from(version).expect("a small number");
        let sql = "UPDATE seen SET version = $2 WHERE order_id = $1 AND version = $2 - 1";
        match tx.execute(sql, params![order_id, version]).await? {
            1 => Ok(()),
            _ => Err(tidings::Error::NoRow),
        }
    }
    Service::new("reader")
        .migrations(&[SEEN])
        .subscribes("orders", read)
}

/// C-27: events are lost, doubled, late and out of order, processes die, and still.
#[test]
fn a_reader_sees_every_version_once_in_a_world_that_does_wrong() {
    let faults: u32 = under_seeds(0..20, story).into_iter().sum();
    assert!(
        faults > 20,
        "the worlds did too little wrong: {faults} faults"
    );
}

/// How often something went wrong.
async fn story(seed: u64) -> u32 {
    let services = || {
        vec![
            orders::service(orders::Settings::default()),
            confirming_tickets(),
            eager_payments(),
            strict_reader(),
        ]
    };
    let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    let mut tx = world.service("tickets").begin_own().await.expect("begin");
    tx.publish(TicketEvent::Created(ticket(1)))
        .expect("publish");
    tx.commit().await.expect("commit");
    // An event on which the process has died three times waits for its next try.
    world.advance(std::time::Duration::from_secs(3600)).await;

    let token = world.token(Uuid::from_u128(1), &[]);
    let body = serde_json::json!({ "ticket_id": ticket_id() });
    let answer = world.send("POST", "/api/orders", Some(&token), body).await;
    assert_eq!(answer.status, 201, "seed {seed}: {}", answer.text);
    for _ in 0..5 {
        world.advance(std::time::Duration::from_secs(3600)).await;
    }

    let mut conn = world.service("reader").read().await.expect("read");
    let sql = "SELECT version FROM seen";
    let seen: Vec<(i64,)> = conn.query(sql, &[]).await.expect("rows");
    assert_eq!(seen, [(3,)], "seed {seed}, faults {:?}", world.faults());
    world.faults().values().sum()
}
