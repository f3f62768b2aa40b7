//! The same on SQLite and on PostgreSQL, with connections that really run beside each other.

use axum::http::StatusCode;
use tidings::Storage;
use tidings_test::World;
use tower::ServiceExt;

use crate::browser::{Browser, credentials};
use crate::fixtures::{PASSWORD, minutes, one, quick};

tidings_test::on_both!(
    sec_07_of_64_guesses_at_once_exactly_ten_are_looked_at,
    guesses_at_several_accounts_at_once_do_not_wait_for_each_other_for_ever,
    of_sixteen_who_sign_up_with_one_address_at_once_one_gets_it,
    an_account_lives_from_its_beginning_to_its_end,
    two_processes_that_start_at_once_share_one_key,
);

async fn world(storage: Storage) -> World {
    World::on(storage, [auth::service(quick())]).await
}

/// Sends requests at once; the answers' statuses, sorted.
async fn at_once(
    world: &World,
    requests: Vec<axum::http::Request<axum::body::Body>>,
) -> Vec<StatusCode> {
    let mut sent = tokio::task::JoinSet::new();
    for request in requests {
        let router = world.installation().router();
        sent.spawn(async move { router.oneshot(request).await.unwrap().status() });
    }
    let mut answers = sent.join_all().await;
    answers.sort();
    answers
}

/// 64 tries arrive at once; each asks and counts in one transaction.
async fn sec_07_of_64_guesses_at_once_exactly_ten_are_looked_at(storage: Storage) {
    let world = world(storage).await;
    let guess = || {
        let body = credentials("anna@example.com", "wrong lantern");
        Browser::at("10.0.0.1").json("/api/users/signin", &body)
    };
    let answers = at_once(&world, std::iter::repeat_with(guess).take(64).collect()).await;
    let expected = [
        vec![StatusCode::BAD_REQUEST; 10],
        vec![StatusCode::TOO_MANY_REQUESTS; 54],
    ];
    assert_eq!(answers, expected.concat());
}

/// 1. Each try takes the counts of an account, an address and a network.
/// 2. The tries share them crosswise, so in an unlucky order two would hold what the other needs.
async fn guesses_at_several_accounts_at_once_do_not_wait_for_each_other_for_ever(storage: Storage) {
    let world = world(storage).await;
    let guess = |number: u32| {
        let body = credentials(&format!("name-{}@example.com", number % 3), "wrong lantern");
        let address = format!("10.0.{}.{}", number % 2, number % 5);
        Browser::at(&address).json("/api/users/signin", &body)
    };
    let answers = at_once(&world, (0..30).map(guess).collect()).await;
    assert_eq!(answers, vec![StatusCode::BAD_REQUEST; 30]);
}

/// 1. Sixteen requests find that nobody has the address.
/// 2. All of them hash their password.
/// 3. All of them want to store the account; the unique key lets one through.
async fn of_sixteen_who_sign_up_with_one_address_at_once_one_gets_it(storage: Storage) {
    let world = world(storage).await;
    let sign_up = |number: u32| {
        let body = credentials("anna@example.com", &format!("lantern sparrow {number}"));
        Browser::at(&format!("10.0.0.{number}")).json("/api/users/signup", &body)
    };
    let answers = at_once(&world, (0..16).map(sign_up).collect()).await;
    let expected = [vec![StatusCode::CREATED], vec![StatusCode::BAD_REQUEST; 15]];
    assert_eq!(answers, expected.concat());
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM accounts").await, 1);
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM sessions").await, 1);
    assert_eq!(
        one::<i64>(&world, "SELECT count(*) FROM tidings_outbox").await,
        1
    );
}

async fn an_account_lives_from_its_beginning_to_its_end(storage: Storage) {
    let mut world = world(storage).await;
    let service = world.service("auth");
    let mut anna = Browser::at("10.0.0.1");
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    anna.sign_in(&world, "anna@example.com", "wrong lantern")
        .await;
    let back = anna.sign_in(&world, "Anna@Example.com", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK);
    world.advance(minutes(5)).await;
    auth::grant_role(&service, "anna@example.com", "operator")
        .await
        .unwrap();
    let token = anna.token(&world).await;
    let verifier = world.installation().verifier();
    let token = token.json["token"].as_str().unwrap();
    let identity = verifier.verify(token, world.clock().now()).unwrap();
    assert_eq!(
        (identity.email.as_str(), identity.has_role("operator")),
        ("anna@example.com", true)
    );
    auth::disable_account(&service, "anna@example.com")
        .await
        .unwrap();
    assert_eq!(anna.who(&world).await, None);
    assert_eq!(one::<i64>(&world, "SELECT version FROM accounts").await, 3);
    assert_eq!(
        one::<i64>(&world, "SELECT count(*) FROM audit_log").await,
        2
    );
    world.advance(minutes(91 * 24 * 60)).await;
    assert_eq!(one::<i64>(&world, "SELECT count(*) FROM tries").await, 0);
    assert_eq!(
        one::<i64>(&world, "SELECT count(*) FROM familiar_places").await,
        0
    );
}

async fn two_processes_that_start_at_once_share_one_key(storage: Storage) {
    let (one, other) = tokio::join!(world(storage.clone()), world(storage));
    let one = one.get("/.well-known/jwks.json", None).await;
    let other = other.get("/.well-known/jwks.json", None).await;
    assert_eq!(one.json, other.json);
    assert_eq!(one.json["keys"].as_array().map(Vec::len), Some(1));
}
