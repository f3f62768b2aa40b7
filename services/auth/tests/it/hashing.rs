//! How passwords are hashed, and what happens when too many want it (SEC-03, SEC-04).

use auth::{Cost, Settings};
use axum::http::{StatusCode, header};
use tidings::Setup;
use tidings_test::Database;
use tower::ServiceExt;

use crate::browser::{Browser, credentials};
use crate::fixtures::{PASSWORD, change, one, quick, world_with};

#[test]
fn sec_03_the_default_is_argon2id_with_19_mib_and_two_passes() {
    let Cost { memory_kib, passes } = Settings::default().hashing;
    assert_eq!((memory_kib, passes), (19 * 1024, 2));
}

async fn status_of_sign_in(database: &Database, settings: Settings) -> (StatusCode, String) {
    let setup = Setup::new(database.storage());
    let installation = setup.service(auth::service(settings)).open().await.unwrap();
    let service = installation.handle("auth").unwrap();
    auth::create_account(&service, "anna@example.com", PASSWORD)
        .await
        .unwrap();
    let request = Browser::new().json(
        "/api/users/signin",
        &credentials("anna@example.com", PASSWORD),
    );
    let status = installation
        .router()
        .oneshot(request)
        .await
        .unwrap()
        .status();
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT password_hash FROM accounts";
    let (hash,) = conn.query_one::<(String,)>(sql, &[]).await.unwrap();
    (status, hash)
}

#[tokio::test]
async fn sec_03_a_hash_of_old_parameters_is_replaced_when_its_owner_signs_in() {
    let database = Database::sqlite();
    let (status, before) = status_of_sign_in(&database, quick()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(before.contains("$m=64,t=1,p=1$"), "{before}");

    let stronger = Settings {
        hashing: Cost {
            memory_kib: 128,
            passes: 2,
        },
        ..quick()
    };
    let (status, after) = status_of_sign_in(&database, stronger.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(after.contains("$m=128,t=2,p=1$"), "{after}");

    let (status, again) = status_of_sign_in(&database, stronger).await;
    assert_eq!((status, again), (StatusCode::OK, after), "only once");
}

/// SEC-04: beyond the queue it is 503 with `Retry-After`, and routes that hash nothing answer.
#[tokio::test(flavor = "multi_thread")]
async fn sec_04_more_passwords_than_can_be_hashed_are_turned_away_and_others_are_served() {
    let mut settings = Settings {
        hashing: Cost {
            memory_kib: 4 * 1024,
            passes: 8,
        },
        hashing_parallel: 1,
        hashing_queue: 4,
        ..quick()
    };
    settings.address.free = 64;
    settings.network.free = 64;
    let world = world_with(settings).await;
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..64 {
        let body = credentials(&format!("nobody-{number}@example.com"), "wrong lantern");
        let request = Browser::at("10.0.0.1").json("/api/users/signin", &body);
        let router = world.installation().router();
        requests.spawn(async move {
            let answer = router.oneshot(request).await.unwrap();
            (
                answer.status(),
                answer.headers().get(header::RETRY_AFTER).cloned(),
            )
        });
    }
    assert_eq!(Browser::new().who(&world).await, None);
    let answers = requests.join_all().await;
    let busy = answers
        .iter()
        .filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE);
    let served = answers
        .iter()
        .filter(|(status, _)| *status == StatusCode::BAD_REQUEST);
    let (busy, served) = (busy.count(), served.count());
    assert_eq!(busy + served, 64, "{answers:?}");
    assert!(
        busy > 0 && served >= 5,
        "{busy} turned away, {served} served"
    );
    let told = answers
        .iter()
        .filter(|(_, retry_after)| retry_after.is_some());
    assert_eq!(told.count(), busy);
    // Who was turned away has not failed.
    let failures = "SELECT failures FROM tries WHERE scope = 'address:10.0.0.1/32'";
    assert_eq!(
        one::<i64>(&world, failures).await,
        i64::try_from(served).unwrap()
    );
}

#[tokio::test]
async fn a_stored_hash_that_is_none_is_our_fault_and_is_not_shown() {
    let world = world_with(quick()).await;
    Browser::new()
        .sign_up(&world, "anna@example.com", PASSWORD)
        .await;
    change(
        &world,
        "UPDATE accounts SET password_hash = 'broken-secret'",
    )
    .await;
    let answer = Browser::new()
        .sign_in(&world, "anna@example.com", PASSWORD)
        .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text.contains("broken"), "{}", answer.text);
}
