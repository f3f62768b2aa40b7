//! What the API is sent by people and programs that have not read its description.

use super::{BAD, Case, NOBODY, UNKNOWN, bare, json};

const OFFERS: [&str; 31] = [
    "",
    " ",
    "{",
    "}",
    "[]",
    "null",
    "true",
    "7",
    "\"text\"",
    "{}",
    "{\"title\":\"x\"}",
    "{\"price_minor\":100}",
    "{\"title\":null,\"price_minor\":100}",
    "{\"title\":[\"x\"],\"price_minor\":100}",
    "{\"title\":{\"a\":1},\"price_minor\":100}",
    "{\"title\":\"x\",\"price_minor\":100}{}",
    "{\"title\":\"x\",\"title\":\"y\",\"price_minor\":1}",
    "{\"title\":\"x\",\"price_minor\":100,\"is_admin\":true}",
    "{\"title\":\"x\",\"price_minor\":100,\"version\":7}",
    "{\"title\":\"\",\"price_minor\":100}",
    "{\"title\":\"   \",\"price_minor\":100}",
    "{\"title\":\"a\\u0000b\",\"price_minor\":100}",
    "{\"title\":\"\\ud800\",\"price_minor\":100}",
    "{\"title\":\"x\",\"price_minor\":100,\"notes\":\"a\\u0000b\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"currency\":\"btc\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"currency\":7}",
    "{\"title\":\"x\",\"price_minor\":100,\"category\":\"'; DROP TABLE listings; --\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"starts_at\":\"yesterday\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"starts_at\":\"1999-01-01T00:00:00Z\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"starts_at\":\"99999-01-01T00:00:00Z\"}",
    "{\"title\":\"x\",\"price_minor\":100,\"starts_at\":1e99}",
];

const PRICES: [&str; 14] = [
    "0",
    "-1",
    "100000001",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "1e400",
    "1.5",
    "\"100\"",
    "null",
    "NaN",
    "0x10",
    "[]",
    "99999999999999999999999999999999999999",
];

/// Offers with wrong types, missing fields, absurd numbers.
pub(super) fn offers(ticket: &str) -> Vec<Case> {
    let long = "x".repeat(10_000);
    let mut bodies: Vec<String> = OFFERS.map(ToOwned::to_owned).to_vec();
    bodies.extend(PRICES.map(|price| format!("{{\"title\":\"x\",\"price_minor\":{price}}}")));
    bodies.push(format!("{{\"title\":\"{long}\",\"price_minor\":100}}"));
    bodies.push(format!(
        "{{\"title\":\"x\",\"price_minor\":100,\"notes\":\"{long}\"}}"
    ));
    bodies.push(format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)));
    let change = format!("/api/tickets/{ticket}");
    let mut cases = Vec::new();
    for body in bodies {
        cases.push(json("POST", "/api/tickets", body.clone(), BAD));
        cases.push(json("PUT", &change, body, BAD));
    }
    cases
}

pub(super) fn orders(ticket: &str) -> Vec<Case> {
    let order = |body: String, statuses| json("POST", "/api/orders", body, statuses);
    vec![
        order("{}".to_owned(), BAD),
        order("{\"ticket_id\":null}".to_owned(), BAD),
        order("{\"ticket_id\":7}".to_owned(), BAD),
        order("{\"ticket_id\":\"x\"}".to_owned(), BAD),
        order(format!("{{\"ticket_id\":\"{ticket}'\"}}"), BAD),
        order(format!("{{\"ticket_id\":\"{NOBODY}\"}}"), &[404]),
        order(format!("{{\"ticket_id\":\"{ticket}\"}}"), &[422]),
        order(
            format!("{{\"ticket_id\":\"{ticket}\",\"price_minor\":1}}"),
            BAD,
        ),
        order(
            format!("{{\"ticket_id\":\"{ticket}\",\"expected_price_minor\":0}}"),
            BAD,
        ),
        order(
            format!("{{\"ticket_id\":\"{ticket}\",\"expected_price_minor\":-5}}"),
            BAD,
        ),
        order(
            format!("{{\"ticket_id\":\"{ticket}\",\"expected_price_minor\":1e30}}"),
            BAD,
        ),
    ]
}

pub(super) fn payments() -> Vec<Case> {
    let pay = |body: String, statuses| json("POST", "/api/payments", body, statuses);
    let token = "x".repeat(201);
    vec![
        pay("{}".to_owned(), BAD),
        pay("{\"token\":\"tok_visa\"}".to_owned(), BAD),
        pay(format!("{{\"order_id\":\"{NOBODY}\"}}"), BAD),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"tok_visa\"}}"),
            &[404],
        ),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"\"}}"),
            UNKNOWN,
        ),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"a b\"}}"),
            UNKNOWN,
        ),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"a\\u0000\"}}"),
            UNKNOWN,
        ),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"{token}\"}}"),
            UNKNOWN,
        ),
        pay(
            format!("{{\"order_id\":\"{NOBODY}\",\"token\":\"tok_visa\",\"amount\":1}}"),
            BAD,
        ),
    ]
}

/// Things that are not there, and people who are not known.
pub(super) fn strangers() -> Vec<Case> {
    vec![
        bare("POST", format!("/api/orders/{NOBODY}/cancel"), &[404]),
        bare("POST", "/api/orders/x/cancel", UNKNOWN),
        bare("DELETE", format!("/api/orders/{NOBODY}"), &[404]),
        bare("POST", format!("/api/tickets/{NOBODY}/withdraw"), &[404]),
        json(
            "POST",
            "/api/users/signup",
            "{\"email\":\"x\",\"password\":\"long enough 1\"}",
            BAD,
        ),
        json(
            "POST",
            "/api/users/signup",
            "{\"email\":\"a@example.com\",\"password\":\"x\"}",
            BAD,
        ),
        json(
            "POST",
            "/api/users/signup",
            "{\"email\":\"a\\u0000@example.com\",\"password\":\"long enough 1\"}",
            BAD,
        ),
        json(
            "POST",
            "/api/users/signup",
            "{\"email\":7,\"password\":[]}",
            BAD,
        ),
        json(
            "POST",
            "/api/users/signin",
            "{\"email\":\"nobody@example.com\",\"password\":\"long enough 1\"}",
            BAD,
        ),
        json(
            "POST",
            "/api/users/signin",
            "{\"email\":\"a\\u0000@example.com\",\"password\":\"\\u0000\"}",
            BAD,
        ),
    ]
}
