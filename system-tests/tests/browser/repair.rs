//! An event that could not be applied, repaired from the console: found, tried dry, edited, tried
//! again, gone.

use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::json;
use tidings::Clock;

use crate::browser::Scripts;
use crate::stage::Stage;

const TICKET: &str = "01890000-0000-7000-8000-0000000000aa";

/// A listing as its seller's service would tell of it, with a price or without.
fn listing(price: Option<u32>) -> String {
    let mut data = json!({
        "ticket_id": TICKET,
        "seller_id": "01890000-0000-7000-8000-0000000000bb",
        "title": "Kremerata Baltica",
        "currency": "eur",
        "category": "concert",
        "venue": "Great Hall",
        "city": "Riga",
        "seat": "",
        "starts_at": null,
        "version": 1,
    });
    if let Some(price) = price {
        data["price_minor"] = price.into();
    }
    data.to_string()
}

/// As if a version of another service had forgotten the price.
fn put_aside(stage: &Stage) {
    let path = stage.folder("data").join("orders.db");
    let conn = Connection::open(path).expect("the orders");
    let sql =
        "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type, version,
            data, time, actor, correlation_id, state, error, attempts, next_at, first_failed_at,
            last_failed_at)
        VALUES ('tickets', 'tickets', 0, 900000, ?1, 'ticket.created', 1, ?2, 0, 'service:tickets',
            'c', 'dead', 'read ticket.created version 1: missing field `price_minor`', 1, 0, 1, 1)";
    let row = params![TICKET, listing(None)];
    conn.execute(sql, row).expect("an event");
}

#[tokio::test]
async fn an_operator_repairs_a_dead_event_and_it_is_applied() {
    let stage = Stage::set().await;
    let operator = stage.browser(Scripts::On).await;
    operator.signs_up("operator@example.com").await;
    operator.open("/status").await;
    stage.promote("operator@example.com").await;
    put_aside(&stage);

    operator.open("/console").await;
    operator.arrives_at("Console").await;
    operator.sees("1 event is dead").await;
    operator.follow("All parked and dead events").await;
    operator.arrives_at("Dead events").await;
    operator.click("table a[id^=e-]").await;
    operator.arrives_at("ticket.created").await;
    operator.sees("missing field `price_minor`").await;

    operator.click("#try").await;
    operator.sees("It would fail").await;
    operator.arrives_at("ticket.created").await;
    operator.click("#edit > summary").await;
    operator.fill("#data", &listing(Some(4_200))).await;
    operator.click("button[formaction]").await;
    operator
        .sees("It would be applied, as you have edited it")
        .await;
    operator.fits().await;

    operator.fill("#edit-note", "the price was forgotten").await;
    operator.click("#edit .button-primary").await;
    operator.arrives_at("Dead events").await;
    operator.sees("tried again with the new data").await;
    operator.sees("No event is dead").await;

    let path = stage.folder("data").join("orders.db");
    let conn = Connection::open(path).expect("the orders");
    let left = || {
        let sql = "SELECT count(*) FROM tidings_parked";
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
            .expect("a number")
    };
    for _ in 0..50 {
        if left() == 0 {
            break;
        }
        Clock::system().sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(left(), 0, "it is applied");
    operator.open("/console/audit").await;
    operator.arrives_at("Audit").await;
    operator.sees("the price was forgotten").await;
    operator.open("/console/subscriptions").await;
    operator.arrives_at("Subscriptions").await;
}
