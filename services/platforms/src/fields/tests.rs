use std::collections::BTreeMap;

use contracts::{PlatformId, UserId};
use tidings::Uuid;

use super::*;
use crate::platform::blank;

fn field(key: &str, kind: FieldType) -> CustomField {
    CustomField {
        key: key.to_owned(),
        told: Told {
            label: key.to_uppercase(),
            kind,
            required: false,
            allowed_values: vec!["Berlin".to_owned(), "Oslo".to_owned()],
            applies_to_kind: None,
        },
        version: 1,
        updated_at: Timestamp::from_micros(0),
        updated_by: UserId::from(Uuid::from_u128(1)),
        removed_at: None,
    }
}

fn platform(custom: &[(&str, &str)]) -> Platform {
    let (id, by) = (Uuid::from_u128(2), Uuid::from_u128(1));
    let at = Timestamp::from_micros(0);
    let mut platform = blank(PlatformId::from(id), 1, UserId::from(by), at);
    let pairs = custom.iter();
    platform.custom_fields = pairs
        .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
        .collect::<BTreeMap<_, _>>();
    platform
}

/// What has become of a value, or the code of the mistake.
fn checked(kind: FieldType, text: &str) -> String {
    let mut platform = platform(&[("it", text)]);
    let mistakes = check(&[field("it", kind)], None, &mut platform);
    match mistakes.first() {
        Some(mistake) => {
            assert_eq!(mistake.field.as_deref(), Some("custom.it"));
            mistake.code.to_owned()
        }
        None => platform.custom_fields.remove("it").unwrap_or_default(),
    }
}

#[test]
fn every_type_has_one_form_and_refuses_what_is_none() {
    const BAD: &str = "custom_bad_value";
    for (kind, text, expected) in [
        (FieldType::Text, " rack 4 ", "rack 4"),
        (FieldType::Text, " ", ""),
        (FieldType::Text, "a\nb", "a\nb"),
        (FieldType::Number, "-3.50", "-3.50"),
        (FieldType::Number, "12", "12"),
        (FieldType::Number, "1e9", BAD),
        (FieldType::Number, "1.", BAD),
        (FieldType::Number, "--1", BAD),
        (FieldType::Number, "NaN", BAD),
        (FieldType::Date, "2026-02-28", "2026-02-28"),
        (FieldType::Date, "2026-02-29", BAD),
        (FieldType::Date, "14.3.2026", BAD),
        (FieldType::Bool, "Yes", "true"),
        (FieldType::Bool, "FALSE", "false"),
        (FieldType::Bool, "perhaps", BAD),
        (FieldType::Choice, " oslo", "Oslo"),
        (FieldType::Choice, "Rome", BAD),
        (
            FieldType::Link,
            "https://a.example/b?c",
            "https://a.example/b?c",
        ),
        (FieldType::Link, "javascript:alert(1)", BAD),
        (FieldType::Link, "http:///x", BAD),
        (FieldType::Link, "https://a b", BAD),
    ] {
        assert_eq!(checked(kind, text), expected, "{kind} {text:?}");
    }
    assert_eq!(checked(FieldType::Text, &"é".repeat(1_001)), BAD);
    assert_eq!(checked(FieldType::Number, &"1".repeat(31)), BAD);
}

fn codes(fields: &[CustomField], before: Option<&Platform>, after: &Platform) -> Vec<&'static str> {
    let mistakes = check(fields, before, &mut after.clone());
    mistakes.into_iter().map(|one| one.code).collect()
}

#[test]
fn what_was_so_already_is_not_refused() {
    let mut required = field("centre", FieldType::Choice);
    required.told.required = true;
    let fields = [required, field("rack", FieldType::Text)];
    let bare = platform(&[]);
    assert_eq!(codes(&fields, None, &bare), ["custom_missing"]);
    assert_eq!(codes(&fields, Some(&bare), &bare), [""; 0]);
    let racked = platform(&[("rack", "4")]);
    assert_eq!(codes(&fields, Some(&bare), &racked), ["custom_missing"]);
    let elsewhere = platform(&[("centre", "Rome")]);
    assert_eq!(codes(&fields, Some(&elsewhere), &elsewhere), [""; 0]);
    let both = platform(&[("centre", "Rome"), ("rack", "4")]);
    assert_eq!(codes(&fields, Some(&elsewhere), &both), [""; 0]);
    assert_eq!(codes(&fields, Some(&elsewhere), &bare), ["custom_missing"]);
}

#[test]
fn a_field_is_for_its_kind_and_none_that_was_removed_is_filled() {
    let mut of_os = field("kernel", FieldType::Text);
    of_os.told.applies_to_kind = Some(PlatformKind::Os);
    of_os.told.required = true;
    let mut gone = field("gone", FieldType::Text);
    gone.removed_at = Some(Timestamp::from_micros(1));
    let fields = [of_os, gone];
    let other = platform(&[("kernel", "6.1"), ("gone", "x"), ("never", "x")]);
    let mut expected = ["custom_unknown", "custom_not_for_kind", "custom_unknown"];
    expected.sort_unstable();
    let mut found = codes(&fields, None, &other);
    found.sort_unstable();
    assert_eq!(found, expected);
    let mut os = platform(&[]);
    os.kind = PlatformKind::Os;
    assert_eq!(
        codes(&fields, Some(&platform(&[])), &os),
        ["custom_missing"]
    );
    assert_eq!(codes(&fields, None, &platform(&[])), [""; 0]);
}

#[test]
fn a_definition_says_what_is_wrong_with_it() {
    let draft = |label: &str, kind: &str, values: &[&str]| FieldDraft {
        label: label.to_owned(),
        kind: kind.to_owned(),
        allowed_values: values.iter().map(|&value| value.to_owned()).collect(),
        ..FieldDraft::default()
    };
    let codes = |draft: FieldDraft| {
        let mistakes = draft.check().err().unwrap_or_default();
        mistakes.into_iter().map(|one| one.code).collect::<Vec<_>>()
    };
    let choice = draft("Centre", "choice", &["Berlin", " ", "berlin ", "Oslo"]).check();
    assert_eq!(choice.unwrap().allowed_values, ["Berlin", "Oslo"]);
    assert_eq!(
        codes(draft("", "colour", &[])),
        ["field_missing", "bad_type"]
    );
    assert_eq!(codes(draft("A", "choice", &[" "])), ["bad_allowed_values"]);
    assert_eq!(codes(draft("A", "text", &["x"])), ["bad_allowed_values"]);
    let of_cars = FieldDraft {
        applies_to_kind: Some("car".to_owned()),
        ..draft("A", "text", &[])
    };
    assert_eq!(codes(of_cars), ["bad_kind"]);
    for key in ["", "1a", "A", "a-b", "é", "_a", "a b", &"a".repeat(41)] {
        assert!(check_key(key).is_err(), "{key:?}");
    }
    assert!(check_key("data_centre2").is_ok());
}
