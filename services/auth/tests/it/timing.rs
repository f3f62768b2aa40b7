//! Nobody learns from the clock or the answer who has an account (SEC-05).

use std::time::{Duration, Instant};

use auth::{Cost, Settings};
use axum::http::StatusCode;
use tidings_test::{Answer, World};

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, quick, world_with};

/// Hashes as in public, and no throttling in the way of measuring.
fn patient() -> Settings {
    let mut settings = Settings {
        hashing: Cost::default(),
        ..quick()
    };
    settings.address.free = 1_000;
    settings.network.free = 1_000;
    settings.account.free = 1_000;
    settings.account.most = None;
    settings
}

async fn timed(world: &World, email: &str, password: &str) -> (Answer, Duration) {
    let began = Instant::now();
    let answer = Browser::at("10.0.0.1")
        .sign_in(world, email, password)
        .await;
    (answer, began.elapsed())
}

/// How often the work of one kind is of another, round by round, so that a busy machine
/// slows down both; the median forgets the rounds in which something came between.
fn median_ratio(pairs: &[(Duration, Duration)]) -> f64 {
    let ratios = pairs
        .iter()
        .map(|(one, other)| one.as_secs_f64() / other.as_secs_f64());
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Without the hash that stands in for a missing account the ratio is under 0.1; with
/// it twice it is 2.
#[tokio::test(flavor = "multi_thread")]
async fn sec_05_unknown_wrong_and_shut_are_the_same_in_answer_and_time() {
    let world = world_with(patient()).await;
    let service = world.service("auth");
    for email in ["anna@example.com", "shut@example.com"] {
        auth::create_account(&service, email, PASSWORD)
            .await
            .unwrap();
    }
    auth::disable_account(&service, "shut@example.com")
        .await
        .unwrap();
    let (mut unknown_to_wrong, mut shut_to_wrong) = (Vec::new(), Vec::new());
    for _ in 0..25 {
        let (wrong, wrong_took) = timed(&world, "anna@example.com", "wrong lantern").await;
        let (unknown, unknown_took) = timed(&world, "nobody@example.com", PASSWORD).await;
        let (shut, shut_took) = timed(&world, "shut@example.com", PASSWORD).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        for other in [&unknown, &shut] {
            assert_eq!(wrong.status, other.status);
            assert_eq!(wrong.text, other.text);
            assert_eq!(wrong.headers, other.headers);
        }
        unknown_to_wrong.push((unknown_took, wrong_took));
        shut_to_wrong.push((shut_took, wrong_took));
    }
    for pairs in [unknown_to_wrong, shut_to_wrong] {
        let ratio = median_ratio(&pairs);
        assert!((0.6..1.6).contains(&ratio), "{ratio}");
    }
}
