//! Roles and shut accounts (SEC-11, SEC-33, X-31).

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tidings::Identity;
use tidings_test::World;

use crate::browser::{Browser, code};
use crate::fixtures::{PASSWORD, change, heard, minutes, one, world};

async fn identity(world: &World, browser: &mut Browser) -> Identity {
    let token = browser.token(world).await.json["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let verifier = world.installation().verifier();
    verifier.verify(&token, world.clock().now()).unwrap()
}

#[tokio::test]
async fn sec_11_there_is_nobody_at_first_and_a_new_account_has_no_role() {
    let world = world().await;
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM accounts").await, 0);
    let mut anna = Browser::new();
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(
        identity(&world, &mut anna).await.roles,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn x_31_a_role_is_in_the_next_token_and_gone_from_the_one_after() {
    let mut world = world().await;
    let service = world.service("auth");
    let mut anna = Browser::new();
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;

    auth::grant_role(&service, "Anna@Example.com", "operator")
        .await
        .unwrap();
    assert_eq!(identity(&world, &mut anna).await.roles, ["operator"]);
    // Granted twice is granted once.
    auth::grant_role(&service, "anna@example.com", "operator")
        .await
        .unwrap();
    auth::revoke_role(&service, "anna@example.com", "operator")
        .await
        .unwrap();
    assert_eq!(
        identity(&world, &mut anna).await.roles,
        Vec::<String>::new()
    );

    let event = |event: &str, roles: Json, version: u64| {
        json!({
            "event": event, "email": "anna@example.com", "roles": roles,
            "disabled": false, "version": version,
        })
    };
    let expected = [
        event("created", json!([]), 1),
        event("updated", json!(["operator"]), 2),
        event("updated", json!([]), 3),
    ];
    assert_eq!(heard(&mut world).await, expected);
}

#[tokio::test]
async fn what_is_done_to_an_account_is_audited() {
    let world = world().await;
    let service = world.service("auth");
    Browser::new()
        .sign_up(&world, "anna@example.com", PASSWORD)
        .await;
    auth::grant_role(&service, "anna@example.com", "operator")
        .await
        .unwrap();
    auth::disable_account(&service, "anna@example.com")
        .await
        .unwrap();
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT l.actor, l.action, l.detail FROM audit_log l JOIN accounts a
        ON a.id = l.account_id WHERE a.email = 'anna@example.com' ORDER BY l.action";
    let rows: Vec<(String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let row = |action: &str, detail: &str| {
        (
            "service:auth".to_owned(),
            action.to_owned(),
            detail.to_owned(),
        )
    };
    assert_eq!(
        rows,
        [row("account_disabled", ""), row("role_granted", "operator")]
    );
}

#[tokio::test]
async fn unknown_roles_and_accounts_are_refused() {
    let world = world().await;
    let service = world.service("auth");
    let nobody = auth::grant_role(&service, "nobody@example.com", "operator").await;
    assert!(matches!(nobody, Err(auth::Error::UnknownAccount)));
    Browser::new()
        .sign_up(&world, "anna@example.com", PASSWORD)
        .await;
    for role in auth::ROLES {
        let granted = auth::grant_role(&service, "anna@example.com", role).await;
        assert!(granted.is_ok(), "{role}");
    }
    let king = auth::grant_role(&service, "anna@example.com", "king").await;
    assert!(matches!(king, Err(auth::Error::UnknownRole)));
}

#[tokio::test]
async fn sec_33_a_shut_account_is_out_with_its_next_request() {
    let mut world = world().await;
    let service = world.service("auth");
    let mut anna = Browser::new();
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    let token = anna.token(&world).await.json["token"]
        .as_str()
        .unwrap()
        .to_owned();

    auth::disable_account(&service, "anna@example.com")
        .await
        .unwrap();
    assert_eq!(anna.who(&world).await, None);
    assert_eq!(anna.token(&world).await.status, StatusCode::UNAUTHORIZED);
    let bearer = world.get("/api/users/currentuser", Some(&token)).await;
    assert_eq!(bearer.json, json!({ "currentUser": null }));
    // The password is right, and nobody is told so.
    let back = anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(
        (back.status, code(&back)),
        (StatusCode::BAD_REQUEST, "bad_credentials")
    );
    // What other services were given before runs out by itself.
    world.advance(minutes(5)).await;
    let verifier = world.installation().verifier();
    assert!(verifier.verify(&token, world.clock().now()).is_err());

    auth::enable_account(&service, "anna@example.com")
        .await
        .unwrap();
    assert_eq!(anna.who(&world).await, None, "old sessions stay ended");
    let back = anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK);
}

/// However an account came to be shut: its sessions need not be deleted to be worth nothing.
#[tokio::test]
async fn sec_33_a_session_that_is_left_of_a_shut_account_opens_nothing() {
    let world = world().await;
    let mut anna = Browser::new();
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    change(&world, "UPDATE accounts SET disabled = TRUE").await;
    assert_eq!(anna.who(&world).await, None);
    assert_eq!(anna.token(&world).await.status, StatusCode::UNAUTHORIZED);
}
