//! Prices as people type them, read exactly (C-12).

use contracts::PRICE_MINOR_MAX;

const HOW: &str = "Enter a price such as 25 or 25.50.";

/// Reads a price that somebody has typed, `25`, `25.5`, `25.50` or `25,50`, as minor units.
///
/// It never passes through a float, and what could be meant in two ways (`1,234`) is
/// refused:
///
/// ```
/// assert_eq!(tickets::parse_price("25,50"), Ok(2550));
/// assert!(tickets::parse_price("1,234").is_err());
/// ```
///
/// # Errors
/// A sentence for whoever has typed it.
pub fn parse_price(text: &str) -> Result<i64, String> {
    match parse_limit(text)? {
        0 => Err("Enter a price above zero.".to_owned()),
        minor => Ok(minor),
    }
}

/// Reads a bound for prices, which may be zero.
pub(crate) fn parse_limit(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Enter a price.".to_owned());
    }
    let (whole, cents) = text.split_once(['.', ',']).unwrap_or((text, "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(cents) {
        return Err(HOW.to_owned());
    }
    if cents.len() > 2 {
        return Err(format!("{HOW} Cents have two digits."));
    }
    let cents: i64 = format!("{cents:0<2}").parse().unwrap_or(0);
    whole
        .parse::<i64>()
        .ok()
        .and_then(|whole| whole.checked_mul(100)?.checked_add(cents))
        .filter(|minor| *minor <= PRICE_MINOR_MAX)
        .ok_or_else(|| "Enter a price of at most 1000000.".to_owned())
}

/// A price as it is typed: `25.50`.
pub(crate) fn typed(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_prices_are_read_to_the_cent_c_12() {
        let read = [
            ("25", 2500),
            ("25.00", 2500),
            ("25,00", 2500),
            ("25.5", 2550),
            (" 0.01 ", 1),
            ("19.99", 1999),
            ("0,29", 29),
            ("1000000", 100_000_000),
            ("007.10", 710),
        ];
        for (text, minor) in read {
            assert_eq!(parse_price(text), Ok(minor), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_a_price_is_refused_with_a_sentence() {
        let refused = [
            "",
            "  ",
            "0",
            "0.00",
            "-5",
            "+5",
            "25.",
            ".50",
            "25.005",
            "1,234",
            "1,234.50",
            "1e3",
            "25 00",
            "$25",
            "NaN",
            "1000000.01",
            "99999999999999999999",
            "٢٥",
        ];
        for text in refused {
            let sentence = parse_price(text).expect_err(text);
            assert!(
                sentence.starts_with("Enter a price"),
                "{text:?}: {sentence}"
            );
        }
    }

    #[test]
    fn every_price_is_typed_as_it_is_read() {
        for minor in [1, 9, 10, 99, 100, 101, 2550, 99_999_999, PRICE_MINOR_MAX] {
            assert_eq!(parse_price(&typed(minor)), Ok(minor));
        }
    }
}
