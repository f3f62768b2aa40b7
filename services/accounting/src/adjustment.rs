//! What somebody wants an account set right by, and what is wrong with it.

use tidings::FieldError;

/// The most that is given or taken at once, in cents: more is a slip of the finger.
pub(crate) const AMOUNT_MINOR_MAX: i64 = 1_000_000;
/// Letters of a note, at the most.
pub(crate) const NOTE_LETTERS_MAX: usize = 500;

const HOW: &str = "Enter an amount in dollars, such as 25 or 25.50.";

/// An adjustment, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adjustment {
    /// What is given; less than zero is taken.
    pub(crate) amount_minor: i64,
    /// Why, which its owner reads as well.
    pub(crate) note: String,
}

impl Adjustment {
    /// Checks it, and says of every field what is wrong with it.
    pub(crate) fn try_new(amount_minor: i64, note: &str) -> Result<Self, Vec<FieldError>> {
        let note = note.trim();
        let amount = amount_mistake(amount_minor).map(|text| ("bad_amount", "amount_minor", text));
        let why = note_mistake(note).map(|text| ("bad_note", "note", text));
        let wrong = amount.into_iter().chain(why);
        let wrong: Vec<_> = wrong
            .map(|(code, field, message)| FieldError {
                code,
                message,
                field: Some(field.to_owned()),
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(Self {
                amount_minor,
                note: note.to_owned(),
            }),
            false => Err(wrong),
        }
    }
}

fn amount_mistake(minor: i64) -> Option<String> {
    match minor.unsigned_abs() {
        0 => Some("An adjustment gives or takes something: its amount is not zero.".to_owned()),
        minor if minor > AMOUNT_MINOR_MAX.unsigned_abs() => Some(format!(
            "An adjustment is at most {} dollars.",
            AMOUNT_MINOR_MAX / 100
        )),
        _ => None,
    }
}

fn note_mistake(note: &str) -> Option<String> {
    if note.is_empty() {
        return Some("Say why, so that everybody understands it later.".to_owned());
    }
    if note.chars().count() > NOTE_LETTERS_MAX {
        return Some(format!("A note has at most {NOTE_LETTERS_MAX} letters."));
    }
    let has_control = note.chars().any(char::is_control);
    has_control.then(|| "A note is one line of text.".to_owned())
}

/// Reads an amount that somebody has typed, `25`, `25.5`, `25.50` or `25,50`, as cents. It
/// never passes through a float, and what could be meant in two ways (`1,234`) is refused.
pub(crate) fn read_amount(text: &str) -> Result<i64, String> {
    let text = text.trim().trim_start_matches('$');
    let (whole, cents) = text.split_once(['.', ',']).unwrap_or((text, "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(cents) || cents.len() > 2 {
        return Err(HOW.to_owned());
    }
    let cents = format!("{cents:0<2}").parse().unwrap_or(0);
    // What no number holds is more than the most.
    let minor = whole.parse::<i64>().ok();
    let minor = minor.and_then(|whole| whole.checked_mul(100)?.checked_add(cents));
    Ok(minor.unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(amount_minor: i64, note: &str) -> Vec<(&'static str, Option<String>)> {
        let wrong = Adjustment::try_new(amount_minor, note)
            .err()
            .unwrap_or_default();
        wrong.into_iter().map(|one| (one.code, one.field)).collect()
    }

    #[test]
    fn an_adjustment_has_an_amount_and_says_why() {
        let adjustment = Adjustment::try_new(-250, " Charged twice ").unwrap();
        let expected = Adjustment {
            amount_minor: -250,
            note: "Charged twice".to_owned(),
        };
        assert_eq!(adjustment, expected);
        let amount = ("bad_amount", Some("amount_minor".to_owned()));
        let note = ("bad_note", Some("note".to_owned()));
        assert_eq!(wrong(0, " "), [amount.clone(), note.clone()]);
        for minor in [AMOUNT_MINOR_MAX + 1, -AMOUNT_MINOR_MAX - 1, i64::MIN] {
            assert_eq!(wrong(minor, "Why"), std::slice::from_ref(&amount));
        }
        for minor in [AMOUNT_MINOR_MAX, -AMOUNT_MINOR_MAX, 1, -1] {
            assert_eq!(wrong(minor, &"é".repeat(NOTE_LETTERS_MAX)), []);
        }
        for text in ["two\nlines", "a\0b", &"é".repeat(NOTE_LETTERS_MAX + 1)] {
            assert_eq!(wrong(5, text), std::slice::from_ref(&note), "{text}");
        }
    }

    #[test]
    fn typed_amounts_are_read_to_the_cent() {
        for (text, minor) in [
            ("25", 2_500),
            (" 25.5 ", 2_550),
            ("25,50", 2_550),
            ("$0.01", 1),
            ("0", 0),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(read_amount(text), Ok(minor), "{text}");
        }
        for text in ["", "-5", "+5", "1,234", "1.", ".5", "1e3", "five", "1 000"] {
            assert_eq!(read_amount(text), Err(HOW.to_owned()), "{text}");
        }
    }
}
