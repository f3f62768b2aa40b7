//! Access tokens: who believes them, and which are refused.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use tidings::{Service, Setup, SignedIn};
use tidings_test::{Database, World};

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, minutes, quick};

/// Another service, which asks nobody who somebody is.
fn shop() -> Service {
    let who = get(|SignedIn(identity): SignedIn| async move { identity.email });
    Service::new("shop").http(Router::new().route("/shop", who))
}

pub(crate) async fn world() -> World {
    World::new([auth::service(quick()), shop()]).await
}

pub(crate) async fn token(world: &World) -> String {
    let mut anna = Browser::new();
    anna.sign_up(world, "anna@example.com", PASSWORD).await;
    let answer = anna.token(world).await;
    answer.json["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn x_30_another_service_believes_a_token_for_five_minutes_without_asking() {
    let mut world = world().await;
    let token = token(&world).await;
    let answer = world.get("/shop", Some(&token)).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "anna@example.com")
    );
    world.advance(std::time::Duration::from_secs(299)).await;
    assert_eq!(
        world.get("/shop", Some(&token)).await.status,
        StatusCode::OK
    );
    world.advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(
        world.get("/shop", Some(&token)).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_token_needs_a_session() {
    let world = world().await;
    let answer = Browser::new().token(&world).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // A token is not a session: it cannot make itself longer.
    let token = token(&world).await;
    let answer = world
        .send("POST", "/api/users/token", Some(&token), Json::Null)
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_bearer_knows_who_it_is_and_a_bad_one_is_nobody() {
    let world = world().await;
    let token = token(&world).await;
    let answer = world.get("/api/users/currentuser", Some(&token)).await;
    assert_eq!(answer.json["currentUser"]["email"], "anna@example.com");
    let answer = world.get("/api/users/currentuser", Some("nonsense")).await;
    assert_eq!(
        (answer.status, answer.json),
        (StatusCode::OK, json!({ "currentUser": null }))
    );
}

#[tokio::test]
async fn who_carries_an_expired_token_can_still_sign_in() {
    let mut world = world().await;
    let token = token(&world).await;
    world.advance(minutes(10)).await;
    let body = json!({ "email": "anna@example.com", "password": PASSWORD });
    let answer = world
        .send("POST", "/api/users/signin", Some(&token), body)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

pub(crate) fn part(token: &str, index: usize) -> Json {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[tokio::test]
async fn the_public_key_is_published_as_a_key_set() {
    let world = world().await;
    let token = token(&world).await;
    let answer = world.get("/.well-known/jwks.json", None).await;
    let key = &answer.json["keys"][0];
    let kid = part(&token, 0)["kid"].clone();
    let expected = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": key["x"] });
    assert_eq!(*key, expected);
    // Only what may be public, and enough to believe the token with.
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let verifier = tidings::Verifier::default();
    verifier.trust(kid.as_str().unwrap(), &public.try_into().unwrap());
    assert!(verifier.verify(&token, world.clock().now()).is_ok());
}

#[tokio::test]
async fn the_key_survives_a_restart() {
    let database = Database::sqlite();
    let open = || {
        Setup::new(database.storage())
            .service(auth::service(quick()))
            .open()
    };
    let mut sets = Vec::new();
    for _ in 0..2 {
        let installation = open().await.unwrap();
        let request = Browser::new().request("GET", "/.well-known/jwks.json");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(installation.router(), request)
            .await
            .unwrap();
        sets.push(
            axum::body::to_bytes(answer.into_body(), 10_000)
                .await
                .unwrap(),
        );
    }
    assert_eq!(sets[0], sets[1]);
}
