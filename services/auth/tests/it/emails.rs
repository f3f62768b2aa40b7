//! Which addresses are accepted, and when two are the same.

use auth::{BadEmail, Email};
use proptest::prelude::*;

#[test]
fn ordinary_addresses_are_accepted() {
    let good = [
        "a@b.co",
        "anna.smith+tickets@mail.example.com",
        "o'brien@example.org",
        "用户@例子.广告",
        "jürgen@müller.example",
        "x_y-z@sub-domain.example.com",
    ];
    for text in good {
        assert!(Email::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_cannot_be_an_address_is_refused() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("a@{}.com", "a".repeat(64));
    let long = format!("a@{}com", "abcdefgh.".repeat(30));
    let bad = [
        "",
        "@",
        "a",
        "a@",
        "@b.co",
        "a@b",
        "a b@c.de",
        "a@b c.de",
        "a@@b.co",
        "a@b@c.de",
        ".a@b.co",
        "a.@b.co",
        "a..b@c.de",
        "a@-b.co",
        "a@b-.co",
        "a@.co",
        "a@b.",
        "a@b..co",
        "a\n@b.co",
        "a\0@b.co",
        "\"a b\"@c.de",
        "a@[127.0.0.1]",
        "a@b_c.de",
        "<a@b.co>",
        "a@b.co,c@d.ef",
        "a\u{200b}@b.co",
        "a\u{202e}@b.co",
        "a@b\u{ad}.co",
        &long_local,
        &long_label,
        &long,
    ];
    for text in bad {
        assert_eq!(Email::parse(text), Err(BadEmail), "{text:?}");
    }
}

/// An address that people could have, in any script, and noise that must not be one.
fn addresses() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äÖßé\u{301}σΣİıЖж用]{1,12}(\\.[a-zA-Z0-9]{1,5})?@[a-zA-Zäé]{1,10}\\.[a-zA-Z]{2,6}"
}

proptest! {
    #[test]
    fn the_key_is_its_own_key(text in addresses()) {
        let key = Email::parse(&text).unwrap().key();
        prop_assert_eq!(Email::parse(&key).unwrap().key(), key);
    }

    #[test]
    fn spaces_around_make_no_difference(text in addresses(), spaces in "[ \t\n]{0,3}") {
        let padded = format!("{spaces}{text}{spaces}");
        prop_assert_eq!(Email::parse(&padded), Email::parse(&text));
    }

    #[test]
    fn upper_and_lower_case_are_one_account(text in "[a-z0-9.]{1,20}@[a-z]{1,10}\\.[a-z]{2,5}") {
        let (lower, upper) = (Email::parse(&text), Email::parse(&text.to_uppercase()));
        prop_assert_eq!(lower.map(|email| email.key()), upper.map(|email| email.key()));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_account(name in "[äöüéàñ]{1,8}") {
        use unicode_normalization::UnicodeNormalization;
        let text = format!("{name}@example.com");
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(Email::parse(&decomposed), Email::parse(&text));
    }

    #[test]
    fn different_plain_addresses_are_different_accounts(
        one in "[a-z0-9]{1,10}@[a-z]{1,6}\\.de", other in "[a-z0-9]{1,10}@[a-z]{1,6}\\.de",
    ) {
        let same = Email::parse(&one).unwrap().key() == Email::parse(&other).unwrap().key();
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn whatever_is_typed_is_refused_or_short_and_visible(text in "\\PC{0,300}|.{0,300}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(email.as_str().len() <= 254);
            let hidden = |letter: char| letter.is_whitespace() || letter.is_control();
            prop_assert!(!email.as_str().contains(hidden));
        }
    }
}
