//! What somebody is written about licences that come to their end: a pure text.

use contracts::calendar::Day;
use contracts::platforms::Renewal;

use crate::cost::legacy;
use crate::platform::Platform;

/// A letter with more lines is read by nobody; the report has them all.
pub(crate) const LINES_MAX: u32 = 100;

/// A licence in a letter.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) platform: Platform,
    /// What the owner is called.
    pub(crate) owner: Option<String>,
    /// The last day of which the notice was told.
    pub(crate) expires_on: Day,
    /// How many days are left; less than zero when it is over.
    pub(crate) left: i64,
}

/// Subject and text; `lines` are the first of `count`, those that end first before others.
pub(crate) fn letter(lines: &[Line], count: u64) -> (String, String) {
    let subject = match lines {
        [line] if count == 1 => {
            format!("{}: the licence {}", line.platform.name, ends(line))
        }
        [first, ..] => format!(
            "{count} licences come to their end, the first {}",
            when(first.left)
        ),
        [] => "No licence comes to its end".to_owned(),
    };
    let mut text = match count {
        1 => "Hello,\n\nthis licence comes to its end:\n".to_owned(),
        _ => "Hello,\n\nthese licences come to their end:\n".to_owned(),
    };
    for line in lines {
        text.push('\n');
        text.push_str(&told(line));
    }
    let more = count.saturating_sub(lines.len() as u64);
    if more > 0 {
        text.push_str(&format!("\n… and {more} more.\n"));
    }
    text.push_str(
        "\nYou find all of them under Platforms, Reports, “Licences that end”. Once a licence is \
         renewed, enter its new last day in the register: then you are told of that one.\n",
    );
    (subject, text)
}

fn told(line: &Line) -> String {
    let Platform {
        name,
        publisher,
        number,
        licence,
        cost,
        ..
    } = &line.platform;
    let mut text = format!("  {name} ({publisher}), no. {number}\n");
    let mut fact = |fact: String| text.push_str(&format!("    {fact}\n"));
    let day = line.expires_on.in_words();
    fact(format!("Last day: {day}, {}", when(line.left)));
    let renews = in_words(licence.renewal);
    fact(match licence.renewal {
        Renewal::Auto => format!("{renews}: cancel it before, if it is not needed any more."),
        Renewal::Manual | Renewal::None => format!("{renews}."),
    });
    fact(format!("Cost: {}", legacy(*cost)));
    if let Some(reference) = licence.reference.as_ref().filter(|text| !text.is_empty()) {
        fact(format!("Reference: {reference}"));
    }
    let owner = line.owner.as_deref();
    fact(format!("Owner: {}", owner.unwrap_or("nobody")));
    text
}

/// What happens at the end, for people.
pub(crate) fn in_words(renewal: Renewal) -> &'static str {
    match renewal {
        Renewal::Auto => "Renews by itself",
        Renewal::Manual => "Must be renewed",
        Renewal::None => "Is not renewed",
    }
}

fn ends(line: &Line) -> String {
    let word = if line.left < 0 { "ended" } else { "ends" };
    format!("{word} {}", when(line.left))
}

/// When that is, for people: `in 30 days`.
pub(crate) fn when(left: i64) -> String {
    match left {
        -1 => "yesterday".to_owned(),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        ..0 => format!("{} days ago", left.unsigned_abs()),
        _ => format!("in {left} days"),
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;
    use contracts::platforms::{Cost, Period};
    use tidings::{Timestamp, Uuid};

    use super::*;
    use crate::platform::blank;

    fn line(name: &str, left: i64) -> Line {
        let at = Timestamp::from_micros(0);
        let mut platform = blank(Uuid::nil().into(), 7, Uuid::nil().into(), at);
        name.clone_into(&mut platform.name);
        "Acme".clone_into(&mut platform.publisher);
        platform.licence.renewal = Renewal::Manual;
        platform.licence.reference = Some("C-12".to_owned());
        platform.cost = Cost {
            amount_minor: 12_000,
            currency: Currency::Eur,
            period: Period::Annual,
        };
        Line {
            platform,
            owner: Some("Data".to_owned()),
            expires_on: "2026-03-14".parse().unwrap(),
            left,
        }
    }

    #[test]
    fn one_licence_is_named_in_the_subject() {
        let (subject, text) = letter(&[line("Vault", 30)], 1);
        assert_eq!(subject, "Vault: the licence ends in 30 days");
        let begins = "Hello,\n\nthis licence comes to its end:\n\n  Vault (Acme), no. 7\n    \
                      Last day: Sat 14 March 2026, in 30 days\n    Must be renewed.\n    \
                      Cost: €120.00 a year\n    Reference: C-12\n    Owner: Data\n\nYou find all";
        assert!(text.starts_with(begins), "{text}");
        for (left, when) in [
            (1, "ends tomorrow"),
            (0, "ends today"),
            (-1, "ended yesterday"),
            (-3, "ended 3 days ago"),
        ] {
            let (subject, _) = letter(&[line("Vault", left)], 1);
            assert_eq!(subject, format!("Vault: the licence {when}"));
        }
    }

    #[test]
    fn many_licences_are_one_letter_that_is_not_too_long() {
        let mut other = line("Wiki", 90);
        other.owner = None;
        other.platform.licence.reference = None;
        other.platform.licence.renewal = Renewal::Auto;
        let (subject, text) = letter(&[line("Vault", 7), other], 5);
        assert_eq!(subject, "5 licences come to their end, the first in 7 days");
        assert!(text.contains("  Wiki (Acme), no. 7\n"), "{text}");
        assert!(text.contains("Renews by itself"), "{text}");
        assert!(
            text.contains("    Owner: nobody\n\n… and 3 more.\n"),
            "{text}"
        );
        assert_eq!(text.matches("Reference").count(), 1);
    }
}
