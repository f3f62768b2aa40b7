//! Somebody has forgotten the password.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;
use tidings::Storage;
use tidings_test::on_both;
use tower::ServiceExt;

use crate::browser::{Browser, code};
use crate::fixtures::{PASSWORD, minutes, one, quick};
use crate::post::{Office, secret};

on_both!(
    a_forgotten_password_is_chosen_anew_and_everybody_else_is_out,
    sec_09_of_eight_who_reset_with_one_link_at_once_one_does,
);

const ANNA: &str = "anna@example.com";
const NEW: &str = "password=lantern+sparrow+43";

async fn forget(office: &Office, email: &str) -> tidings_test::Answer {
    let body = json!({ "email": email });
    Browser::at("10.0.0.9")
        .post(&office.world, "/api/users/forgot", body)
        .await
}

async fn with_anna(storage: Storage) -> (Office, Browser) {
    let office = Office::on(storage, quick()).await;
    let mut anna = Browser::new();
    anna.sign_up(&office.world, ANNA, PASSWORD).await;
    (office, anna)
}

async fn a_forgotten_password_is_chosen_anew_and_everybody_else_is_out(storage: Storage) {
    let (mut office, mut anna) = with_anna(storage).await;
    let mut at_home = Browser::new();
    let asked = at_home
        .form(&office.world, "/forgot", "email=Anna%40Example.com")
        .await;
    assert_eq!(
        (asked.status.as_u16(), &asked.headers["location"]),
        (303, &"/forgot?done=asked".parse().unwrap())
    );
    let told = at_home.get(&office.world, "/forgot?done=asked").await;
    assert!(told.text.contains("Look into your mail."));
    let link = office.send(ANNA).await.unwrap();
    let weak = at_home
        .form(&office.world, &link, "password=password123")
        .await;
    assert_eq!(weak.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        anna.who(&office.world).await.as_deref(),
        Some(ANNA),
        "nothing has happened yet"
    );

    let came = at_home.form(&office.world, &link, NEW).await;
    assert_eq!(came.status, StatusCode::SEE_OTHER, "{}", came.text);
    assert_eq!(at_home.who(&office.world).await.as_deref(), Some(ANNA));
    assert_eq!(anna.who(&office.world).await, None);
    let old = Browser::new().sign_in(&office.world, ANNA, PASSWORD).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
    let new = Browser::new()
        .sign_in(&office.world, ANNA, "lantern sparrow 43")
        .await;
    assert_eq!(new.status, StatusCode::OK);
    let letter = office.letter_to(ANNA).await;
    assert_eq!(
        (letter.subject.as_str(), letter.link_from),
        ("Your password was changed", None)
    );
    assert!(letter.body.contains("http://127.0.0.1:8080/forgot"));
    assert_eq!(
        at_home.form(&office.world, &link, NEW).await.status,
        StatusCode::GONE
    );
}

/// 1. Eight requests find that the link holds. 2. All hash their password. 3. All use it up.
async fn sec_09_of_eight_who_reset_with_one_link_at_once_one_does(storage: Storage) {
    let (mut office, _) = with_anna(storage).await;
    forget(&office, ANNA).await;
    let link = office.send(ANNA).await.unwrap();
    let mut sent = tokio::task::JoinSet::new();
    for number in 0..8 {
        let body =
            json!({ "token": secret(&link), "password": format!("lantern sparrow {number}") });
        let request = Browser::new().json("/api/users/reset", &body);
        let router = office.world.installation().router();
        sent.spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() });
    }
    let mut answers = sent.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 410, 410, 410, 410, 410, 410, 410]);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM sessions").await,
        1
    );
}

#[tokio::test]
async fn sec_06_the_answer_is_the_same_for_everybody_and_only_who_can_sign_in_gets_a_letter() {
    let (mut office, _) = with_anna(Storage::Memory).await;
    office.invite("invited@example.com", "").await;
    let auth = office.world.service("auth");
    auth::create_account(&auth, "shut@example.com", PASSWORD)
        .await
        .unwrap();
    auth::disable_account(&auth, "shut@example.com")
        .await
        .unwrap();
    let before = office.letters().await.len();
    let known = forget(&office, ANNA).await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (200, "{}"));
    for email in [
        "nobody@example.com",
        "invited@example.com",
        "shut@example.com",
    ] {
        let other = forget(&office, email).await;
        assert_eq!(
            (known.status, &known.text, &known.headers),
            (other.status, &other.text, &other.headers)
        );
    }
    // Known or not, the request itself has only written down that it was made.
    assert_eq!(
        one::<i64>(
            &office.world,
            "SELECT count(*) FROM links WHERE purpose = 'reset'"
        )
        .await,
        0
    );
    let jobs = "SELECT count(*) FROM tidings_jobs WHERE kind = 'send_reset'";
    assert_eq!(one::<i64>(&office.world, jobs).await, 4);
    let letters = office.letters().await;
    assert_eq!(letters.len(), before + 1);
    assert_eq!(letters.last().unwrap().reader, ANNA);
    let typo = forget(&office, "anna").await;
    assert_eq!((typo.status.as_u16(), code(&typo)), (400, "bad_email"));
}

/// The letter is asked for by a job, so a known address costs no more than an unknown one.
#[tokio::test]
async fn sec_06_the_time_does_not_tell_who_has_an_account() {
    let mut settings = quick();
    settings.forgot_from.free = 1_000;
    settings.forgot_to.free = 1_000;
    let office = Office::on(Storage::Memory, settings).await;
    Browser::new().sign_up(&office.world, ANNA, PASSWORD).await;
    let timed = async |email: &str| -> Duration {
        let began = Instant::now();
        assert_eq!(forget(&office, email).await.status, 200);
        began.elapsed()
    };
    let mut ratios = Vec::new();
    for _ in 0..101 {
        let (known, unknown) = (timed(ANNA).await, timed("nobody@example.com").await);
        ratios.push(known.as_secs_f64() / unknown.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    assert!((0.7..1.4).contains(&median), "{median}");
}

#[tokio::test]
async fn sec_07_letters_are_limited_by_who_asks_and_by_who_would_get_them() {
    let (mut office, _) = with_anna(Storage::Memory).await;
    // The fourth closes it, for addresses that nobody has as well.
    for email in [ANNA, "nobody@example.com"] {
        let mut statuses = Vec::new();
        for number in 0..5 {
            let body = json!({ "email": email });
            let mut browser = Browser::at(&format!("10.1.{number}.1"));
            let answer = browser.post(&office.world, "/api/users/forgot", body).await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!(statuses, [200, 200, 200, 429, 429], "{email}");
    }
    assert_eq!(office.letters().await.len(), 3);
    let mut statuses = Vec::new();
    for number in 0..21 {
        let email = format!("name-{number}@example.com");
        statuses.push(forget(&office, &email).await.status.as_u16());
    }
    assert_eq!(statuses, [vec![200; 20], vec![429]].concat());
    let mut browser = Browser::at("10.0.0.9");
    let page = browser
        .form(&office.world, "/forgot", "email=x%40example.com")
        .await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.headers.contains_key("retry-after") && page.text.contains("Too many attempts"));
    office.world.advance(minutes(61)).await;
    assert_eq!(forget(&office, ANNA).await.status, 200);
}

#[tokio::test]
async fn sec_09_a_link_dies_after_an_hour_with_the_account_and_with_the_password() {
    let (mut office, _) = with_anna(Storage::Memory).await;
    let is_dead = async |office: &Office, link: &str| {
        Browser::new().form(&office.world, link, NEW).await.status == StatusCode::GONE
    };
    forget(&office, ANNA).await;
    let link = office.send(ANNA).await.unwrap();
    office.world.advance(minutes(59)).await;
    assert_eq!(Browser::new().get(&office.world, &link).await.status, 200);
    office.world.advance(minutes(1)).await;
    assert!(is_dead(&office, &link).await);

    // Two letters are both good until one is used.
    forget(&office, ANNA).await;
    let first = office.send(ANNA).await.unwrap();
    forget(&office, ANNA).await;
    let second = office.send(ANNA).await.unwrap();
    assert_eq!(
        Browser::new().form(&office.world, &first, NEW).await.status,
        303
    );
    assert!(is_dead(&office, &second).await);

    office.world.advance(minutes(120)).await;
    forget(&office, ANNA).await;
    let link = office.send(ANNA).await.unwrap();
    let auth = office.world.service("auth");
    auth::disable_account(&auth, ANNA).await.unwrap();
    auth::enable_account(&auth, ANNA).await.unwrap();
    assert!(is_dead(&office, &link).await);
    // What has run out is swept away.
    office.world.advance(minutes(180)).await;
    for table in ["links", "link_secrets"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(one::<i64>(&office.world, &sql).await, 0, "{table}");
    }
}
