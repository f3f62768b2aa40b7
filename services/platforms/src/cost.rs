//! What a platform costs, in words: the decimal that people type, and the one text that the
//! first version of the register had.

use contracts::platforms::{Cost, Period};
use contracts::{Currency, Money};

/// The highest cost, in minor units: a thousand million.
pub(crate) const AMOUNT_MINOR_MAX: i64 = 100_000_000_000;

/// `1234.50`.
pub(crate) fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// Reads `1234.50`, `1234.5`, `1,234` and `1234`; at most two places, and nothing below zero.
pub(crate) fn read_decimal(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, places) = text.split_once('.').unwrap_or((text, "00"));
    let is_grouped = whole.contains(',');
    let groups: Vec<_> = whole.split(',').collect();
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_good = groups.iter().enumerate().all(|(place, group)| {
        let letters = match place {
            _ if !is_grouped => 1..=15,
            0 => 1..=3,
            _ => 3..=3,
        };
        is_digits(group) && letters.contains(&group.len())
    });
    if !is_good || !is_digits(places) || places.len() > 2 {
        return None;
    }
    let whole: i64 = groups.concat().parse().ok()?;
    let places: i64 = format!("{places:0<2}").parse().ok()?;
    let minor = whole.checked_mul(100)?.checked_add(places)?;
    (minor <= AMOUNT_MINOR_MAX).then_some(minor)
}

/// The one text of the first version: `Free`, `$120.00 a year`.
pub(crate) fn legacy(cost: Cost) -> String {
    let money = Money {
        minor: cost.amount_minor,
        currency: cost.currency,
    };
    match cost.period {
        Period::Free => "Free".to_owned(),
        Period::OneTime => format!("{money} once"),
        Period::Monthly => format!("{money} a month"),
        Period::Annual => format!("{money} a year"),
    }
}

/// Reads it: `Free`, or an amount with its currency and how often it is paid, such as
/// `$120.00 a year`, `€10 monthly`, `5 usd once`.
pub(crate) fn read_legacy(text: &str) -> Option<Cost> {
    let text = text.trim().to_lowercase();
    if text == "free" {
        return Some(Cost {
            amount_minor: 0,
            currency: Currency::Usd,
            period: Period::Free,
        });
    }
    let symbols = [('$', Currency::Usd), ('€', Currency::Eur)];
    let before = symbols.into_iter().find_map(|(symbol, currency)| {
        let rest = text.strip_prefix(symbol)?;
        Some((rest.trim_start(), currency))
    });
    let (amount, rest) = before
        .map_or(text.as_str(), |(rest, _)| rest)
        .split_once(' ')?;
    let (currency, rest) = match before {
        Some((_, currency)) => (currency, rest),
        None => {
            let (code, rest) = rest.trim_start().split_once(' ')?;
            (code.parse().ok()?, rest)
        }
    };
    let period = match rest.trim() {
        "once" | "one_time" => Period::OneTime,
        "a month" | "per month" | "monthly" => Period::Monthly,
        "a year" | "per year" | "yearly" | "annual" | "annually" => Period::Annual,
        _ => return None,
    };
    Some(Cost {
        amount_minor: read_decimal(amount)?,
        currency,
        period,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_07_a_cost_reads_as_it_is_written() {
        for (text, written) in [
            ("Free", "Free"),
            (" free ", "Free"),
            ("$120.00 a year", "$120.00 a year"),
            ("€10 monthly", "€10.00 a month"),
            ("5.5 USD once", "$5.50 once"),
            ("$1,234.50 per year", "$1,234.50 a year"),
            ("$0 a month", "$0.00 a month"),
        ] {
            let cost = read_legacy(text).unwrap();
            assert_eq!(legacy(cost), written);
            assert_eq!(read_legacy(written), Some(cost));
        }
    }

    #[test]
    fn a_07_what_says_no_cost_is_none() {
        for text in [
            "",
            "cheap",
            "120",
            "$120",
            "$ a year",
            "120 a year",
            "120 gbp a year",
            "-5 usd once",
            "$1.234 once",
            "$12,34 once",
            "$1e9 once",
            "$99999999999999999999 once",
            "€",
            "$$1 once",
            "$1000000000.01 once",
            "$,1 once",
            "$1. once",
            "$٣ once",
        ] {
            assert_eq!(read_legacy(text), None, "{text:?}");
        }
    }

    #[test]
    fn decimals_have_two_places() {
        assert_eq!(
            [0, 5, 150, 123_456].map(decimal),
            ["0.00", "0.05", "1.50", "1234.56"]
        );
        for minor in [0, 5, 150, 123_456, AMOUNT_MINOR_MAX] {
            assert_eq!(read_decimal(&decimal(minor)), Some(minor));
        }
    }
}
