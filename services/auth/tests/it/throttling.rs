//! Tries to sign in are slowed down, and no victim is locked out (SEC-06, SEC-07, SEC-08).

use std::time::Duration;

use auth::Settings;
use axum::http::{StatusCode, header};
use tidings_test::World;

use crate::browser::{Browser, code, credentials};
use crate::fixtures::{PASSWORD, minutes, quick, world, world_with};

const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;
const REFUSED: StatusCode = StatusCode::BAD_REQUEST;

/// Sends wrong passwords until they are put off; says how many were looked at.
async fn guess(world: &World, browser: &Browser, email: &str) -> u32 {
    for count in 0..1_000 {
        let status = browser
            .clone()
            .sign_in(world, email, "wrong lantern")
            .await
            .status;
        if status == TOO_MANY {
            return count;
        }
        assert_eq!(status, REFUSED);
    }
    panic!("a thousand guesses were looked at");
}

async fn wait(answer: &tidings_test::Answer) -> u64 {
    assert_eq!(
        (answer.status, code(answer)),
        (TOO_MANY, "too_many_attempts")
    );
    answer.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn sec_07_an_address_is_closed_for_longer_with_every_failure() {
    let mut world = world().await;
    let mut attacker = Browser::at("10.0.0.1");
    assert_eq!(guess(&world, &attacker, "anna@example.com").await, 10);
    for seconds in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let put_off = attacker
            .sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
        assert_eq!(wait(&put_off).await, seconds);
        world.advance(Duration::from_secs(seconds)).await;
        let looked_at = attacker
            .sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
        assert_eq!(looked_at.status, REFUSED);
    }
}

#[tokio::test]
async fn sec_07_trying_while_it_is_closed_does_not_make_it_longer() {
    let mut world = world().await;
    let mut anna = Browser::at("10.0.0.1");
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    guess(&world, &anna, "anna@example.com").await;
    for _ in 0..50 {
        anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    }
    world.advance(Duration::from_secs(2)).await;
    let back = anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK);
}

#[tokio::test]
async fn sec_07_the_victim_signs_in_from_elsewhere_while_one_address_guesses() {
    let world = world().await;
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    // The account has a count of its own for strangers, so the guesses stay under it.
    for _ in 0..9 {
        Browser::at("10.0.0.1")
            .sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
    }
    let victim = Browser::at("192.0.2.7")
        .sign_in(&world, "anna@example.com", PASSWORD)
        .await;
    assert_eq!(victim.status, StatusCode::OK);
}

/// A botnet guesses one account from ever new addresses.
#[tokio::test]
async fn sec_07_many_addresses_close_the_account_to_strangers_and_not_to_its_owner() {
    let mut world = world().await;
    let mut home = Browser::at("192.0.2.7");
    home.sign_up(&world, "anna@example.com", PASSWORD).await;

    let mut looked_at = 0;
    for host in 0..200 {
        let mut bot = Browser::at(&format!("10.{host}.0.1"));
        let answer = bot
            .sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
        looked_at += u32::from(answer.status == REFUSED);
    }
    assert_eq!(looked_at, 10);

    let mut same_address = Browser::at("192.0.2.7");
    let answer = same_address
        .sign_in(&world, "anna@example.com", PASSWORD)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "a new browser at the usual address"
    );

    for host in 0..200 {
        let mut bot = Browser::at(&format!("10.{host}.1.1"));
        bot.sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
    }
    let mut travelling = home.moved_to("198.51.100.9");
    let answer = travelling
        .sign_in(&world, "anna@example.com", PASSWORD)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "the usual browser at a new address"
    );

    for host in 0..200 {
        let mut bot = Browser::at(&format!("10.{host}.2.1"));
        bot.sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
    }
    // A new browser at a new address looks like a bot: it waits, but not for long.
    let mut stranger = Browser::at("203.0.113.5");
    let put_off = stranger.sign_in(&world, "anna@example.com", PASSWORD).await;
    let seconds = wait(&put_off).await;
    assert!(seconds <= 2, "{seconds}");
    world.advance(Duration::from_secs(seconds)).await;
    let answer = stranger.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// At most a hundred failures in a row, then one a day (NIST 800-63B, 5.2.2).
#[tokio::test]
async fn sec_07_an_account_takes_a_hundred_failures_in_a_row_from_strangers() {
    let mut world = world().await;
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    let mut looked_at = 0;
    for host in 0..100 {
        let mut bot = Browser::at(&format!("10.{host}.0.1"));
        let answer = bot
            .sign_in(&world, "anna@example.com", "wrong lantern")
            .await;
        if answer.status == TOO_MANY {
            world
                .advance(Duration::from_secs(wait(&answer).await))
                .await;
            bot.sign_in(&world, "anna@example.com", "wrong lantern")
                .await;
        }
        looked_at += 1;
    }
    assert_eq!(looked_at, 100);
    let mut bot = Browser::at("10.200.0.1");
    let put_off = bot
        .sign_in(&world, "anna@example.com", "wrong lantern")
        .await;
    assert_eq!(wait(&put_off).await, 24 * 60 * 60);
}

/// An office or a reverse proxy: attacker and victim come from one address.
#[tokio::test]
async fn sec_07_a_browser_that_has_been_in_is_not_slowed_down_by_its_neighbours() {
    let world = world().await;
    let mut anna = Browser::at("10.0.0.1");
    anna.sign_up(&world, "anna@example.com", PASSWORD).await;
    anna.form(&world, "/signout", "").await;
    guess(&world, &Browser::at("10.0.0.1"), "anna@example.com").await;
    let back = anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK);
    // The mark is good for this account only, and guesses with it are counted too.
    let thief = anna.moved_to("10.0.0.1");
    assert_eq!(guess(&world, &thief, "anna@example.com").await, 10);
    let other = thief
        .clone()
        .sign_in(&world, "ben@example.com", "wrong lantern")
        .await;
    assert_eq!(other.status, TOO_MANY);
}

#[tokio::test]
async fn sec_07_an_account_of_ones_own_does_not_clean_the_address() {
    let world = world().await;
    auth::create_account(&world.service("auth"), "own@example.com", PASSWORD)
        .await
        .unwrap();
    let mut looked_at = 0;
    for number in 0..30 {
        let mut attacker = Browser::at("10.0.0.1");
        let own = attacker
            .sign_in(&world, "own@example.com", PASSWORD)
            .await
            .status;
        attacker = Browser::at("10.0.0.1");
        // Another account each time, so that only the address can be what stops it.
        let email = format!("name-{number}@example.com");
        let guess = attacker
            .sign_in(&world, &email, "wrong lantern")
            .await
            .status;
        looked_at += u32::from(guess == REFUSED);
        assert!([StatusCode::OK, TOO_MANY].contains(&own));
    }
    assert_eq!(looked_at, 10);
}

#[tokio::test]
async fn signing_in_often_is_no_failure() {
    let world = world().await;
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    for _ in 0..40 {
        let answer = Browser::at("10.0.0.1")
            .sign_in(&world, "anna@example.com", PASSWORD)
            .await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn failures_are_forgotten_after_an_hour() {
    let mut world = world().await;
    let attacker = Browser::at("10.0.0.1");
    assert_eq!(guess(&world, &attacker, "anna@example.com").await, 10);
    world.advance(minutes(61)).await;
    assert_eq!(guess(&world, &attacker, "ben@example.com").await, 10);
}

/// SEC-53: the header is whatever the sender likes.
#[tokio::test]
async fn sec_07_a_forged_forwarding_header_makes_no_new_address() {
    let world = world().await;
    let mut looked_at = 0;
    for number in 0..30 {
        let body = credentials(&format!("nobody-{number}@example.com"), "wrong lantern");
        let mut request = Browser::at("10.0.0.1").json("/api/users/signin", &body);
        let forged = format!("203.0.113.{number}").parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", forged);
        looked_at += u32::from(world.call(request).await.status == REFUSED);
    }
    assert_eq!(looked_at, 10);
}

#[tokio::test]
async fn sec_07_a_customer_with_many_ipv6_addresses_is_one_address() {
    let world = world().await;
    for number in 0..10 {
        let mut attacker = Browser::at(&format!("2001:db8:1:2::{number:x}"));
        let email = format!("nobody-{number}@example.com");
        assert_eq!(
            attacker
                .sign_in(&world, &email, "wrong lantern")
                .await
                .status,
            REFUSED
        );
    }
    let mut same_line = Browser::at("2001:db8:1:2:ffff::1");
    assert_eq!(
        same_line
            .sign_in(&world, "x@example.com", "wrong lantern")
            .await
            .status,
        TOO_MANY
    );
    let mut neighbour = Browser::at("2001:db8:1:3::1");
    assert_eq!(
        neighbour
            .sign_in(&world, "x@example.com", "wrong lantern")
            .await
            .status,
        REFUSED
    );
}

/// SEC-08: 2,000 names and one password from 100 addresses of 5 networks: each network
/// stops at a hundred, although each of its addresses has five free failures left.
#[tokio::test]
async fn sec_08_one_password_for_many_names_is_throttled() {
    let world = world().await;
    let mut looked_at = 0;
    for name in 0..2_000 {
        let (network, host) = (name % 5, (name / 5) % 20);
        let mut attacker = Browser::at(&format!("10.0.{network}.{host}"));
        let email = format!("name-{name}@example.com");
        let answer = attacker.sign_in(&world, &email, "spring lantern").await;
        looked_at += u32::from(answer.status == REFUSED);
    }
    assert_eq!(looked_at, 500);
}

/// What stays of SEC-06 while X-32 wants duplicates named: asking is slow.
#[tokio::test]
async fn sec_06_asking_which_addresses_have_accounts_is_slowed_down() {
    let mut world = world_with(quick()).await;
    let mut asked = 0;
    let mut asker = Browser::at("10.0.0.1");
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    let put_off = loop {
        let answer = asker.sign_up(&world, "anna@example.com", PASSWORD).await;
        if answer.status == TOO_MANY {
            break answer;
        }
        assert_eq!(code(&answer), "email_taken");
        asked += 1;
    };
    assert_eq!((asked, wait(&put_off).await), (20, 60));
    let elsewhere = Browser::at("10.0.0.2")
        .sign_up(&world, "ben@example.com", PASSWORD)
        .await;
    assert_eq!(elsewhere.status, StatusCode::CREATED);
    world.advance(minutes(1)).await;
    let later = asker.sign_up(&world, "cleo@example.com", PASSWORD).await;
    assert_eq!(later.status, StatusCode::CREATED);
}

#[tokio::test]
async fn sec_06_signing_in_tells_nothing_about_an_account_even_when_it_is_throttled() {
    let world = world().await;
    auth::create_account(&world.service("auth"), "anna@example.com", PASSWORD)
        .await
        .unwrap();
    let known = guess(&world, &Browser::at("10.0.0.1"), "anna@example.com").await;
    let unknown = guess(&world, &Browser::at("10.0.1.1"), "nobody@example.com").await;
    assert_eq!(known, unknown);
    let text = |email| {
        let (world, mut browser) = (&world, Browser::at("10.0.2.1"));
        async move { browser.sign_in(world, email, "wrong lantern").await.text }
    };
    assert_eq!(
        text("anna@example.com").await,
        text("nobody@example.com").await
    );
}

#[test]
fn the_default_windows_double_up_to_a_quarter_of_an_hour() {
    let address = Settings::default().address;
    let windows: Vec<u64> = [0, 9, 10, 11, 18, 19, 100, u32::MAX]
        .iter()
        .map(|&failures| address.closed_for(failures).as_secs())
        .collect();
    assert_eq!(windows, [0, 0, 2, 4, 512, 900, 900, 900]);
}
