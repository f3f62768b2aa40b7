//! SEC-61, SEC-64: what is sent is signed, and whoever has the secret can tell.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value as Json;
use standardwebhooks::Webhook;
use tidings::spans::Remote;

use super::receiver::{Heard, Receiver, status};
use super::{HOUR, Scene, scene};
use crate::bed::{Bed, on_both};

/// The published library of Standard Webhooks, as a receiver would use it.
fn believes(secret: &str, heard: &Heard) -> bool {
    let webhook = Webhook::new(secret).unwrap();
    webhook.verify(&heard.body, &heard.headers).is_ok()
}

async fn new_secret(scene: &Scene) -> Json {
    let path = "/api/operations/reports/secret";
    let reply = scene.who.post(path, &Json::Null).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.json
}

fn text(json: &Json) -> &str {
    json["secret"].as_str().unwrap()
}

on_both!(
    a_receiver_believes_what_was_sent_and_nothing_else,
    two_secrets_sign_for_a_day_after_a_new_one_was_made,
    a_callback_is_signed_before_anybody_has_asked_for_a_secret,
);

async fn a_receiver_believes_what_was_sent_and_nothing_else(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    let secret = new_secret(&scene).await;
    assert!(secret.get("previous_until").is_none());
    assert!(text(&secret).starts_with("whsec_"));
    scene.run(&receiver.url("127.0.0.1")).await;
    let heard = receiver.heard().remove(0);
    assert!(believes(text(&secret), &heard));
    assert!(!heard.header("webhook-id").contains('.'));
    // the receiver can go on with the flow's trace.
    let trace = Remote::parse(heard.header("traceparent")).unwrap();
    assert!(trace.parent_in(heard.header("x-correlation-id")).is_some());

    let mut tampered = heard.clone();
    tampered.body[20] ^= 1;
    assert!(!believes(text(&secret), &tampered));
    for name in ["webhook-id", "webhook-timestamp"] {
        let mut tampered = heard.clone();
        let value = format!("{}1", heard.header(name)).parse().unwrap();
        tampered
            .headers
            .insert(name.parse::<axum::http::HeaderName>().unwrap(), value);
        assert!(!believes(text(&secret), &tampered), "{name}");
    }
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    assert!(!believes(other, &heard));
}

/// So that its owner can change over without losing one.
async fn two_secrets_sign_for_a_day_after_a_new_one_was_made(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let url = receiver.url("127.0.0.1");
    let mut scene = scene(&bed).await;
    let first = new_secret(&scene).await;
    let second = new_secret(&scene).await;
    assert_ne!(text(&first), text(&second));
    let until = scene.stage.clock.now().plus(24 * HOUR);
    assert_eq!(second["previous_until"], until.to_string());
    scene.run(&url).await;
    let heard = receiver.heard().remove(0);
    assert_eq!(heard.header("webhook-signature").split(' ').count(), 2);
    assert!(believes(text(&first), &heard) && believes(text(&second), &heard));

    scene
        .stage
        .advance(24 * HOUR - Duration::from_secs(1))
        .await;
    scene.run(&url).await;
    scene.stage.advance(Duration::from_secs(1)).await;
    scene.run(&url).await;
    let heard = receiver.heard();
    let signatures = heard
        .iter()
        .map(|one| one.header("webhook-signature").split(' ').count());
    assert_eq!(signatures.collect::<Vec<_>>(), [2, 2, 1]);
}

async fn a_callback_is_signed_before_anybody_has_asked_for_a_secret(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    scene.run(&receiver.url("127.0.0.1")).await;
    let heard = receiver.heard().remove(0);
    assert!(heard.header("webhook-signature").starts_with("v1,"));
    let secret = new_secret(&scene).await;
    scene.run(&receiver.url("127.0.0.1")).await;
    assert!(believes(text(&secret), &receiver.heard()[1]));
}
