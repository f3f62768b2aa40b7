//! Sessions and their cookie (SEC-15, SEC-16, SEC-17, SEC-18).

use axum::http::{StatusCode, header};
use serde_json::Value as Json;
use tidings_test::World;

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, minutes, one, world};

async fn signed_in(world: &World) -> Browser {
    let mut anna = Browser::new();
    let answer = anna.sign_up(world, "anna@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    anna
}

#[tokio::test]
async fn sec_15_a_session_is_256_random_bits_and_is_stored_as_a_digest() {
    let world = world().await;
    let anna = signed_in(&world).await;
    let token = anna.session();
    assert_eq!(token.len(), 43, "32 bytes in base64url");
    let stored: String = one(&world, "SELECT token_digest FROM sessions").await;
    assert_eq!(stored.len(), 64, "SHA-256 in hexadecimal");
    assert!(!stored.contains(&token));
    // Knowing what is stored does not let anybody in.
    let mut thief = Browser::new();
    thief
        .cookies
        .insert(auth::SESSION_COOKIE.to_owned(), stored);
    assert_eq!(thief.who(&world).await, None);
}

#[tokio::test]
async fn sec_15_no_two_sessions_are_alike() {
    let world = world().await;
    let mut anna = signed_in(&world).await;
    let mut seen = std::collections::HashSet::from([anna.session()]);
    for _ in 0..20 {
        anna.sign_in(&world, "anna@example.com", PASSWORD).await;
        assert!(seen.insert(anna.session()));
    }
}

#[tokio::test]
async fn sec_16_signing_in_makes_a_new_session_and_ends_the_one_before() {
    let world = world().await;
    let mut anna = signed_in(&world).await;
    let mut before = anna.clone();
    anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_ne!(anna.session(), before.session());
    assert_eq!(before.who(&world).await, None);
    assert!(anna.who(&world).await.is_some());
}

/// Fixation: a session that somebody has planted in the browser is never the one that is opened.
#[tokio::test]
async fn sec_16_a_planted_session_opens_nothing() {
    let world = world().await;
    signed_in(&world).await;
    let planted = "A".repeat(43);
    let mut victim = Browser::new();
    victim
        .cookies
        .insert(auth::SESSION_COOKIE.to_owned(), planted.clone());
    victim.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_ne!(victim.session(), planted);
    let mut attacker = Browser::new();
    attacker
        .cookies
        .insert(auth::SESSION_COOKIE.to_owned(), planted);
    assert_eq!(attacker.who(&world).await, None);
}

#[tokio::test]
async fn sec_17_a_session_ends_after_half_an_hour_without_use() {
    let mut world = world().await;
    let mut anna = signed_in(&world).await;
    world.advance(minutes(29)).await;
    assert_eq!(
        anna.token(&world).await.status,
        StatusCode::OK,
        "used: another half hour"
    );
    world.advance(minutes(29)).await;
    assert!(anna.who(&world).await.is_some());
    world.advance(minutes(1)).await;
    assert_eq!(anna.who(&world).await, None);
    assert_eq!(anna.token(&world).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sec_17_a_session_ends_after_twelve_hours_of_use() {
    let mut world = world().await;
    let mut anna = signed_in(&world).await;
    for _ in 0..71 {
        world.advance(minutes(10)).await;
        assert_eq!(anna.token(&world).await.status, StatusCode::OK);
    }
    world.advance(minutes(8)).await;
    let last = anna.token(&world).await;
    let ends: tidings::Timestamp = last.json["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        ends,
        world.clock().now().plus(minutes(2)),
        "no token outlives the session"
    );
    world.advance(minutes(2)).await;
    assert_eq!(anna.token(&world).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn use_is_noted_once_a_minute_at_the_most() {
    let mut world = world().await;
    let mut anna = signed_in(&world).await;
    let first: i64 = one(&world, "SELECT seen_at FROM sessions").await;
    world.advance(std::time::Duration::from_secs(59)).await;
    anna.token(&world).await;
    assert_eq!(
        one::<i64>(&world, "SELECT seen_at FROM sessions").await,
        first
    );
    world.advance(std::time::Duration::from_secs(1)).await;
    anna.token(&world).await;
    assert_eq!(
        one::<i64>(&world, "SELECT seen_at FROM sessions").await,
        first + 60_000_000
    );
}

#[tokio::test]
async fn sec_17_signing_out_ends_the_session_here_and_not_only_in_the_browser() {
    let world = world().await;
    let mut anna = signed_in(&world).await;
    let mut copy = anna.clone();
    anna.post(&world, "/api/users/signout", Json::Null).await;
    assert!(!anna.cookies.contains_key(auth::SESSION_COOKIE));
    assert_eq!(copy.who(&world).await, None);
    assert_eq!(copy.token(&world).await.status, StatusCode::UNAUTHORIZED);
    // Twice, and by somebody who has never been in, does no harm.
    for browser in [&mut copy, &mut Browser::new()] {
        let answer = browser.post(&world, "/api/users/signout", Json::Null).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn signing_out_here_leaves_the_session_elsewhere() {
    let world = world().await;
    let mut desk = signed_in(&world).await;
    let mut phone = Browser::new();
    phone.sign_in(&world, "anna@example.com", PASSWORD).await;
    desk.post(&world, "/api/users/signout", Json::Null).await;
    assert!(phone.who(&world).await.is_some());
}

#[tokio::test]
async fn sec_18_every_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    let world = world().await;
    let mut anna = Browser::new();
    let form = "email=anna%40example.com&password=sparrow+lantern+42";
    let answers = [
        anna.sign_up(&world, "anna@example.com", PASSWORD).await,
        anna.sign_in(&world, "anna@example.com", PASSWORD).await,
        anna.form(&world, "/signin", form).await,
        anna.form(
            &world,
            "/signup",
            "email=ben%40example.com&password=sparrow+lantern+42",
        )
        .await,
        anna.post(&world, "/api/users/signout", Json::Null).await,
        anna.form(&world, "/signout", "").await,
    ];
    for answer in answers {
        let cookies: Vec<&str> = answer
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|line| line.to_str().unwrap())
            .collect();
        assert!(!cookies.is_empty());
        for cookie in cookies {
            let mut parts = cookie.split("; ");
            assert!(parts.next().unwrap().starts_with("__Host-"), "{cookie}");
            let parts: Vec<&str> = parts.collect();
            for needed in ["Path=/", "Secure", "HttpOnly"] {
                assert!(parts.contains(&needed), "{cookie}");
            }
            assert!(parts.contains(&"SameSite=Lax") || parts.contains(&"SameSite=Strict"));
            assert!(!parts.iter().any(|part| part.starts_with("Domain")));
        }
    }
}

#[tokio::test]
async fn cookies_that_are_not_ours_are_nobody() {
    let world = world().await;
    let long = "A".repeat(5_000);
    for value in [
        "",
        "x",
        "A A",
        "%00",
        "\"quoted\"",
        &"A".repeat(42),
        &"=".repeat(43),
        &long,
    ] {
        let mut stranger = Browser::new();
        stranger
            .cookies
            .insert(auth::SESSION_COOKIE.to_owned(), value.to_owned());
        assert_eq!(stranger.who(&world).await, None, "{value:?}");
        assert_eq!(
            stranger.token(&world).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn what_has_run_out_is_deleted() {
    let mut world = world().await;
    let mut anna = signed_in(&world).await;
    anna.sign_in(&world, "anna@example.com", "wrong lantern")
        .await;
    world.advance(minutes(13 * 60)).await;
    world.advance(minutes(61)).await;
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM sessions").await, 0);
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM tries").await, 0);
    assert_eq!(
        one::<i64>(&world, "SELECT count(*) FROM familiar_places").await,
        2
    );
    world.advance(minutes(91 * 24 * 60)).await;
    assert_eq!(
        one::<i64>(&world, "SELECT count(*) FROM familiar_places").await,
        0
    );
}
