//! One's own account: the password, and where one is signed in (SEC-13).

use axum::http::StatusCode;
use tidings::Storage;
use tidings_test::on_both;

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, minutes, one, quick};
use crate::post::Office;

on_both!(
    sec_13_another_password_ends_all_other_sessions_and_is_told,
    of_two_who_change_a_password_at_once_one_does,
);

const ANNA: &str = "anna@example.com";
const CHANGE: &str = "current=sparrow+lantern+42&password=lantern+sparrow+43";

async fn with_anna(storage: Storage) -> (Office, Browser) {
    let office = Office::on(storage, quick()).await;
    let mut anna = Browser::new();
    anna.sign_up(&office.world, ANNA, PASSWORD).await;
    (office, anna)
}

async fn sec_13_another_password_ends_all_other_sessions_and_is_told(storage: Storage) {
    let (mut office, mut anna) = with_anna(storage).await;
    let mut elsewhere = Browser::new();
    elsewhere.sign_in(&office.world, ANNA, PASSWORD).await;
    for (form, words) in [
        (
            "current=wrong+lantern&password=lantern+sparrow+43",
            "not the password that you have now",
        ),
        (
            "current=&password=lantern+sparrow+43",
            "not the password that you have now",
        ),
        (
            "current=sparrow+lantern+42&password=short",
            "at least 8 characters",
        ),
        (
            "current=sparrow+lantern+42&password=password123",
            "among the first",
        ),
    ] {
        let refused = anna
            .signed_form(&office.world, "/account/password", form)
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(
            refused.text.contains(words),
            "{words} is not in {}",
            refused.text
        );
        assert!(!refused.text.contains("lantern"));
    }
    assert_eq!(elsewhere.who(&office.world).await.as_deref(), Some(ANNA));
    let before = anna.session();
    let changed = anna
        .signed_form(&office.world, "/account/password", CHANGE)
        .await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    // SEC-16: the session goes on under a new secret.
    assert_ne!(anna.session(), before);
    assert_eq!(anna.who(&office.world).await.as_deref(), Some(ANNA));
    assert_eq!(elsewhere.who(&office.world).await, None);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM sessions").await,
        1
    );
    let old = Browser::new().sign_in(&office.world, ANNA, PASSWORD).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        office.letter_to(ANNA).await.subject,
        "Your password was changed"
    );
}

/// 1. Both show the old password. 2. Both hash another. 3. Both replace the old one.
async fn of_two_who_change_a_password_at_once_one_does(storage: Storage) {
    let (office, mut anna) = with_anna(storage).await;
    let mut other = Browser::new();
    other.sign_in(&office.world, ANNA, PASSWORD).await;
    let path = "/account/password";
    let first = anna.signed(&office.world, path, CHANGE).await;
    let second = other.signed(&office.world, path, CHANGE).await;
    let (first, second) = tokio::join!(office.world.call(first), office.world.call(second));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400]);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM sessions").await,
        1
    );
}

/// A session that was stolen is no way to guess the password.
#[tokio::test]
async fn sec_07_wrong_old_passwords_count_as_failures_to_sign_in() {
    let (office, mut anna) = with_anna(Storage::Memory).await;
    let form = "current=wrong+lantern&password=lantern+sparrow+43";
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let answer = anna
            .signed_form(&office.world, "/account/password", form)
            .await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [vec![400; 10], vec![429]].concat());
    let right = anna
        .signed_form(&office.world, "/account/password", CHANGE)
        .await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn sec_13_somebody_sees_where_they_are_signed_in_and_signs_out_elsewhere() {
    let (mut office, mut anna) = with_anna(Storage::Memory).await;
    office.world.advance(minutes(10)).await;
    let mut elsewhere = Browser::new();
    elsewhere.sign_in(&office.world, ANNA, PASSWORD).await;
    let page = anna.signed_get(&office.world, "/account").await;
    assert_eq!(page.status, 200);
    for part in [
        ANNA,
        "<strong>Here</strong>",
        "<strong>Elsewhere</strong>",
        "Sign out everywhere else",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    let listed = anna.signed_get(&office.world, "/api/users/sessions").await;
    let current: Vec<bool> = listed
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["current"].as_bool().unwrap())
        .collect();
    assert_eq!(current, [false, true]);
    let ended = anna
        .signed_form(&office.world, "/account/sessions/end", "")
        .await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(elsewhere.who(&office.world).await, None);
    assert_eq!(anna.who(&office.world).await.as_deref(), Some(ANNA));
    let alone = anna
        .signed_get(&office.world, "/account?done=sessions")
        .await;
    assert!(!alone.text.contains("Sign out everywhere else"));
}

#[tokio::test]
async fn nobody_has_no_account_page() {
    let (office, _) = with_anna(Storage::Memory).await;
    let mut nobody = Browser::new();
    let page = nobody.get(&office.world, "/account").await;
    assert_eq!(page.status, 401);
    for path in ["/account/password", "/account/sessions/end"] {
        let answer = nobody.form(&office.world, path, CHANGE).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(
        nobody
            .get(&office.world, "/api/users/sessions")
            .await
            .status,
        401
    );
}
