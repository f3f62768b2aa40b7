//! Which passwords are accepted (SEC-01, SEC-02, X-32).

use auth::Email;
use auth::password::{BadPassword, Password};
use axum::http::StatusCode;

use crate::browser::{Browser, code};
use crate::fixtures::{PASSWORD, world};

fn chosen(text: &str) -> Result<(), BadPassword> {
    let email = Email::parse("anna.smithers@nordwind.example").unwrap();
    Password::chosen(text, &email).map(|_| ())
}

#[test]
fn sec_01_length_counts_in_characters_and_nothing_else_is_asked_for() {
    assert_eq!(chosen("kqzvbwx"), Err(BadPassword::TooShort));
    assert_eq!(chosen("kqzvbwxy"), Ok(()));
    // Eight characters of two bytes are eight, seven are seven.
    assert_eq!(chosen("жщызэюхп"), Ok(()));
    assert_eq!(chosen("жщызэюх"), Err(BadPassword::TooShort));
    assert_eq!(chosen(" spaces at both ends "), Ok(()));
    assert_eq!(chosen(&"🎟🐦".repeat(64)), Ok(()));
    assert_eq!(chosen(&"🎟🐦".repeat(65)), Err(BadPassword::TooLong));
    // 128 characters when composed, 640 bytes as sent.
    assert_eq!(chosen(&"ộơ".nfd_repeated(64)), Ok(()));
    assert_eq!(chosen(&"a".repeat(1_025)), Err(BadPassword::TooLong));
}

trait NfdRepeated {
    fn nfd_repeated(&self, times: usize) -> String;
}

impl NfdRepeated for str {
    fn nfd_repeated(&self, times: usize) -> String {
        use unicode_normalization::UnicodeNormalization;
        self.nfd().collect::<String>().repeat(times)
    }
}

#[test]
fn sec_02_common_passwords_and_own_words_are_refused() {
    for common in [
        "password",
        "12345678",
        "QWERTYUIOP",
        "iloveyou",
        "zzzzzzzzzzzzz",
    ] {
        assert_eq!(chosen(common), Err(BadPassword::Common), "{common}");
    }
    for guessable in [
        "tidings2026!",
        "tickets12345",
        "Smithers1987",
        "anna.smithers",
        "nordwind-1",
        "anna.smithers@nordwind.example",
    ] {
        assert_eq!(
            chosen(guessable),
            Err(BadPassword::Guessable),
            "{guessable}"
        );
    }
    assert_eq!(chosen("smithers likes horses"), Ok(()));
}

#[test]
fn sec_02_the_list_has_the_3000_that_are_tried_first() {
    let list = include_str!("../../assets/common-passwords.txt");
    let entries = list.lines().filter(|line| !line.starts_with('#'));
    let refused = entries.filter(|entry| chosen(entry).is_err()).count();
    assert_eq!(refused, 4_000);
}

#[tokio::test]
async fn sec_01_the_same_letters_typed_on_another_keyboard_sign_in() {
    let world = world().await;
    let up = Browser::new()
        .sign_up(&world, "anna@example.com", "stra\u{df}enb\u{e4}ume")
        .await;
    assert_eq!(up.status, StatusCode::CREATED);
    let decomposed = "stra\u{df}enba\u{308}ume";
    let back = Browser::new()
        .sign_in(&world, "anna@example.com", decomposed)
        .await;
    assert_eq!(back.status, StatusCode::OK);
}

#[tokio::test]
async fn sec_01_nothing_is_cut_off_or_trimmed() {
    let world = world().await;
    let long = format!("{}x", "sparrow ".repeat(15));
    Browser::new()
        .sign_up(&world, "anna@example.com", &long)
        .await;
    for other in [
        &long[..long.len() - 1],
        &format!("{long} "),
        &long.to_uppercase(),
    ] {
        let answer = Browser::new()
            .sign_in(&world, "anna@example.com", other)
            .await;
        assert_eq!(code(&answer), "bad_credentials");
    }
    let right = Browser::new()
        .sign_in(&world, "anna@example.com", &long)
        .await;
    assert_eq!(right.status, StatusCode::OK);
}

#[test]
fn a_password_is_not_in_debug_output() {
    let password = Password::typed(PASSWORD).unwrap();
    assert_eq!(format!("{password:?}"), "Password(…)");
}
