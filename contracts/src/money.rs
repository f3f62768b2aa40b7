//! Money in minor units: never a float (C-12).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidings::schemars::JsonSchema;

/// The highest price of a ticket, in minor units.
pub const PRICE_MINOR_MAX: i64 = 100_000_000;

/// A currency with two decimal places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub enum Currency {
    /// United States dollar.
    #[default]
    #[serde(rename = "usd")]
    Usd,
    /// Euro.
    #[serde(rename = "eur")]
    Eur,
}

impl Currency {
    /// The code on the wire and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Currency::Usd => "usd",
            Currency::Eur => "eur",
        }
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "usd" => Ok(Currency::Usd),
            "eur" => Ok(Currency::Eur),
            other => Err(format!("{other:?} is not a currency we know: usd, eur")),
        }
    }
}

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Money {
    /// Cents.
    pub minor: i64,
    /// Of what.
    pub currency: Currency,
}

impl fmt::Display for Money {
    /// As people read it: `$1,234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = match self.currency {
            Currency::Usd => '$',
            Currency::Eur => '€',
        };
        let minor = self.minor.unsigned_abs();
        let digits = (minor / 100).to_string();
        let mut whole = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                whole.push(',');
            }
            whole.push(digit);
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        write!(f, "{sign}{symbol}{whole}.{:02}", minor % 100)
    }
}

/// An amount of US cents as people read it: `$15.00`.
#[must_use]
pub fn dollars(minor: i64) -> String {
    let currency = Currency::Usd;
    Money { minor, currency }.to_string()
}

/// The same with a sign in front: `+$31.00`.
#[must_use]
pub fn signed_dollars(minor: i64) -> String {
    match minor > 0 {
        true => format!("+{}", dollars(minor)),
        false => dollars(minor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        assert_eq!(dollars(5), "$0.05");
        assert_eq!(dollars(123_450), "$1,234.50");
        assert_eq!(dollars(100_000_000), "$1,000,000.00");
        assert_eq!(dollars(-250), "-$2.50");
        assert_eq!(
            [250, 0, -250].map(signed_dollars),
            ["+$2.50", "$0.00", "-$2.50"]
        );
    }
}
