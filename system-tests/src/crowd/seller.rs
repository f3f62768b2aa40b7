//! Lists tickets, and now and then edits or withdraws one.

use std::time::Duration;

use hyper::Method;
use rand::RngExt;
use serde_json::{Value, json};

use super::Person;
use crate::{Operation, Outcome, pause};

/// More than the buyers look at would only be waiting to be sold.
const ON_OFFER_MAX: usize = 12;

pub(super) async fn sell(mut person: Person) {
    let mut listed: Vec<(String, String)> = Vec::new();
    let mut count = 0;
    while person.may_go_on() {
        count += 1;
        match person.random.random_range(0..10) {
            0 | 1 if !listed.is_empty() => {
                let place = person.random.random_range(0..listed.len());
                edit(&mut person, listed[place].clone(), count).await;
            }
            2 if listed.len() > 3 => {
                let place = person.random.random_range(0..listed.len());
                let (ticket, _) = listed.swap_remove(place);
                withdraw(&person, ticket).await;
            }
            _ => {
                let title = format!("Ticket {count} of seller {}", person.number);
                if let Outcome::Ok(ticket) = list(&mut person, &title).await {
                    listed.push((ticket, title));
                }
            }
        }
        let on_offer = person.read("/api/tickets?limit=50").await;
        let enough = on_offer
            .as_array()
            .is_some_and(|all| all.len() > ON_OFFER_MAX);
        pause(Duration::from_millis(if enough { 400 } else { 60 })).await;
    }
}

async fn list(person: &mut Person, title: &str) -> Outcome {
    let body = offer(person, title, "");
    let title = title.to_owned();
    let operation = Operation::List { title };
    person
        .post(operation, "/api/tickets", &body, |answer| {
            (answer.status == 201).then(|| answer.field("id"))
        })
        .await
}

async fn edit(person: &mut Person, (ticket, title): (String, String), count: u32) {
    let mark = format!("mark {count} of seller {}", person.number);
    let body = offer(person, &title, &mark);
    let path = format!("/api/tickets/{ticket}");
    let number = person.history.invoke(Operation::Edit { ticket, mark });
    let answer = person
        .account
        .client
        .send(Method::PUT, &path, Some(&body))
        .await;
    person.history.end(number, &answer, |answer| {
        (answer.status == 200).then(|| answer.field("id"))
    });
}

async fn withdraw(person: &Person, ticket: String) {
    let path = format!("/api/tickets/{ticket}/withdraw");
    let operation = Operation::Withdraw { ticket };
    person
        .post(operation, &path, &json!({}), |answer| {
            (200..300).contains(&answer.status).then(String::new)
        })
        .await;
}

fn offer(person: &mut Person, title: &str, mark: &str) -> Value {
    json!({
        "title": title,
        "price_minor": person.random.random_range(100..100_000),
        "currency": "usd",
        "category": "concert",
        "venue": "The Hall",
        "city": "Vienna",
        "seat": mark,
    })
}
