//! Orders what others want too, and then pays, cancels, does both, or walks away.

use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};

use super::Person;
use crate::{Answer, Operation, Outcome, pause};

/// So few that several buyers often want the same one.
const LOOKED_AT: usize = 4;
const CONFIRMED_WITHIN_LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);
const AFTER_REFUSAL: Duration = Duration::from_millis(150);

pub(super) async fn buy(mut person: Person) {
    while person.may_go_on() {
        let market = person.read("/api/tickets?limit=20").await;
        let tickets = market.as_array().map_or(&[][..], Vec::as_slice);
        if tickets.is_empty() {
            pause(BETWEEN_LOOKS).await;
            continue;
        }
        let place = person.random.random_range(0..tickets.len().min(LOOKED_AT));
        let ticket = tickets[place]["id"].as_str().unwrap_or_default().to_owned();
        match order(&person, &ticket).await {
            Outcome::Ok(order) => finish(&mut person, &order).await,
            // Taken, or too new: it takes a person a moment to look for another.
            Outcome::Fail(_) => pause(AFTER_REFUSAL).await,
            // As a person would: look whether it has been ordered after all.
            Outcome::Unknown => {
                if let Some(order) = open_order(&person, &ticket).await {
                    finish(&mut person, &order).await;
                }
            }
        }
    }
}

async fn order(person: &Person, ticket: &str) -> Outcome {
    let operation = Operation::Order {
        buyer: person.account.id.clone(),
        ticket: ticket.to_owned(),
    };
    let body = json!({"ticket_id": ticket});
    person
        .post(operation, "/api/orders", &body, |answer| {
            (answer.status == 201).then(|| answer.field("id"))
        })
        .await
}

async fn open_order(person: &Person, ticket: &str) -> Option<String> {
    for _ in 0..CONFIRMED_WITHIN_LOOKS {
        let mine = person.read("/api/orders?limit=20").await;
        if let Some(mine) = mine.as_array() {
            let is_it = |order: &&Value| {
                order["ticket"]["id"] == ticket
                    && (order["status"] == "created" || order["status"] == "awaiting_payment")
            };
            return mine.iter().find(is_it)?["id"]
                .as_str()
                .map(ToOwned::to_owned);
        }
    }
    None
}

/// Does with an order what people do with orders.
async fn finish(person: &mut Person, order: &str) {
    if !is_confirmed(person, order).await {
        return;
    }
    match person.random.random_range(0..100) {
        0..45 => pay(person, order, "tok_visa").await,
        45..57 => {
            pay(person, order, "tok_chargeDeclined").await;
            pay(person, order, "tok_visa").await;
        }
        57..60 => {
            for _ in 0..3 {
                pay(person, order, "tok_chargeDeclinedInsufficientFunds").await;
            }
        }
        60..66 => pay(person, order, "tok_timeout").await,
        66..82 => cancel(person, order).await,
        // Two tabs.
        82..88 => {
            let person = &*person;
            tokio::join!(
                pay(person, order, "tok_visa"),
                pay(person, order, "tok_visa")
            );
        }
        88..94 => {
            let person = &*person;
            tokio::join!(pay(person, order, "tok_visa"), cancel(person, order));
        }
        94..97 => {
            let person = &*person;
            tokio::join!(pay(person, order, "tok_timeout"), cancel(person, order));
        }
        // Forgets about it; the ticket stays held.
        _ => {}
    }
}

async fn is_confirmed(person: &Person, order: &str) -> bool {
    for _ in 0..CONFIRMED_WITHIN_LOOKS {
        let seen = person.read(&format!("/api/orders/{order}")).await;
        match seen["status"].as_str() {
            Some("awaiting_payment") => return true,
            Some("created") | None => pause(BETWEEN_LOOKS).await,
            Some(_) => return false,
        }
    }
    false
}

async fn pay(person: &Person, order: &str, token: &str) {
    let operation = Operation::Pay {
        order: order.to_owned(),
        token: token.to_owned(),
    };
    let body = json!({"order_id": order, "token": token});
    person
        .post(operation, "/api/payments", &body, attempt_of)
        .await;
}

/// An attempt that is on record has an address, also one that was declined.
fn attempt_of(answer: &Answer) -> Option<String> {
    let id = answer.header("location").strip_prefix("/api/payments/")?;
    Some(id.to_owned())
}

async fn cancel(person: &Person, order: &str) {
    let operation = Operation::Cancel {
        order: order.to_owned(),
    };
    let path = format!("/api/orders/{order}/cancel");
    person
        .post(operation, &path, &json!({}), |answer| {
            (200..300).contains(&answer.status).then(String::new)
        })
        .await;
}
