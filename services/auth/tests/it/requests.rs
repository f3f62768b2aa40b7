//! Requests that are wrong, and what every answer says about keeping it (SEC-24, SEC-32).

use axum::body::Body;
use axum::http::{StatusCode, header};
use serde_json::{Value as Json, json};

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, one, world};

#[tokio::test]
async fn sec_32_nobody_gives_themselves_a_role() {
    let world = world().await;
    for extra in [
        json!({ "roles": ["operator"] }),
        json!({ "role": "operator" }),
        json!({ "disabled": false }),
        json!({ "id": "0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11" }),
        json!({ "__proto__": {} }),
    ] {
        for path in ["/api/users/signup", "/api/users/signin"] {
            let mut body = json!({ "email": "anna@example.com", "password": PASSWORD });
            body.as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            let answer = Browser::new().post(&world, path, body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {extra}");
        }
    }
    let typed = "email=anna%40example.com&password=sparrow+lantern+42&roles=operator";
    let answer = Browser::new().form(&world, "/signup", typed).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test]
async fn broken_bodies_are_refused_and_change_nothing() {
    let world = world().await;
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{\"email\": 1}",
        b"{\"email\":\"a@b.co\",\"email\":\"c@d.ef\"}",
        b"\xff\xfe",
        b"{\"email\":\"a@b.co\",\"password\":null}",
    ];
    for body in bodies {
        let request = Browser::new().request("POST", "/api/users/signup");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = world.call(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
    let request = Browser::new().request("POST", "/api/users/signin");
    let request = request.header(header::CONTENT_TYPE, "text/plain");
    let answer = world.call(request.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test]
async fn sec_24_no_answer_about_a_person_is_stored() {
    let world = world().await;
    let mut anna = Browser::new();
    let answers = [
        anna.sign_up(&world, "anna@example.com", PASSWORD).await,
        anna.sign_up(&world, "anna@example.com", PASSWORD).await,
        anna.sign_in(&world, "anna@example.com", "wrong lantern")
            .await,
        anna.get(&world, "/api/users/currentuser").await,
        anna.token(&world).await,
        Browser::new().token(&world).await,
        anna.get(&world, "/signin").await,
        anna.get(&world, "/signup").await,
        anna.form(&world, "/signin", "email=x").await,
        anna.post(&world, "/api/users/signout", Json::Null).await,
        anna.form(&world, "/signout", "").await,
    ];
    for answer in &answers {
        assert_eq!(
            answer.headers[header::CACHE_CONTROL],
            "no-store",
            "{answer:?}"
        );
    }
    for out in &answers[9..] {
        assert_eq!(out.headers["clear-site-data"], "\"cache\", \"storage\"");
    }
}

#[tokio::test]
async fn sec_20_reading_changes_nothing() {
    let mut world = world().await;
    let mut anna = Browser::new();
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    world.advance(crate::fixtures::minutes(2)).await;
    let before: i64 = one(&world, "SELECT seen_at FROM sessions").await;
    for path in [
        "/api/users/currentuser",
        "/signin",
        "/signup",
        "/.well-known/jwks.json",
    ] {
        assert_eq!(anna.get(&world, path).await.status, StatusCode::OK);
    }
    assert_eq!(
        one::<i64>(&world, "SELECT seen_at FROM sessions").await,
        before
    );
    assert_eq!(
        anna.get(&world, "/signout").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        anna.get(&world, "/api/users/token").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
