//! What buyers look for on the market, and in which order they want it.

use std::str::FromStr;
use std::time::Duration;

use contracts::PRICE_MINOR_MAX;
use serde::Deserialize;
use tidings::{Timestamp, Uuid};

use crate::offer::is_readable;
use crate::{Category, Listing, Wrong};

const WORDS_CHARS_MAX: usize = 200;
/// Each word is one more look at every listing.
const WORDS_MAX: usize = 16;
const DAY: Duration = Duration::from_secs(86_400);

/// The letters of a text without their size, so that searching finds both sizes.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// In which order listings come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The newest first.
    #[default]
    New,
    /// The cheapest first.
    Price,
    /// The soonest first; those without a date last.
    Date,
}

impl Sort {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Price => "price",
            Self::Date => "date",
        }
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::New, Self::Price, Self::Date];
        let found = all.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| "Choose one of price, date, new.".to_owned())
    }
}

/// What is asked for, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) words: Vec<String>,
    pub(crate) category: Option<Category>,
    pub(crate) city: Option<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) before: Option<Timestamp>,
    pub(crate) price_min: Option<i64>,
    pub(crate) price_max: Option<i64>,
    pub(crate) sort: Sort,
}

/// What is asked for, as it was typed. An empty field is what a form sends for no wish.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) q: String,
    pub(crate) category: String,
    pub(crate) city: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) price_min: String,
    pub(crate) price_max: String,
    pub(crate) sort: String,
}

impl Asked {
    /// Checks what was asked for. Programs give prices in minor units, people as they type
    /// them: `price` reads either.
    pub(crate) fn check(
        &self,
        price: fn(&str) -> Result<i64, String>,
    ) -> Result<Search, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let search = Search {
            words: read(&mut wrong, "q", &self.q, words).unwrap_or_default(),
            category: read(&mut wrong, "category", &self.category, str::parse),
            city: read(&mut wrong, "city", &self.city, |city| {
                words(city).map(|_| fold(city))
            }),
            from: read(&mut wrong, "from", &self.from, |text| {
                moment(text).map(|(start, _)| start)
            }),
            before: read(&mut wrong, "to", &self.to, |text| {
                moment(text).map(|(_, end)| end)
            }),
            price_min: read(&mut wrong, "price_min", &self.price_min, price),
            price_max: read(&mut wrong, "price_max", &self.price_max, price),
            sort: read(&mut wrong, "sort", &self.sort, str::parse).unwrap_or_default(),
        };
        if wrong.is_empty() {
            Ok(search)
        } else {
            Err(wrong)
        }
    }

    /// Whether anything narrows the market.
    pub(crate) fn narrows(&self) -> bool {
        self.is_filtered() || !self.q.trim().is_empty()
    }

    /// Whether anything beside the words narrows it.
    pub(crate) fn is_filtered(&self) -> bool {
        let filters = [
            &self.category,
            &self.city,
            &self.from,
            &self.to,
            &self.price_min,
            &self.price_max,
        ];
        filters.iter().any(|text| !text.trim().is_empty())
    }
}

fn read<T>(
    wrong: &mut Vec<Wrong>,
    field: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let parsed = parse(text);
    parsed
        .map_err(|message| wrong.push(Wrong::new(field, "bad_filter", message)))
        .ok()
}

fn words(text: &str) -> Result<Vec<String>, String> {
    if text.chars().count() > WORDS_CHARS_MAX {
        return Err(format!("Enter at most {WORDS_CHARS_MAX} characters."));
    }
    if !text.chars().all(is_readable) {
        return Err("Remove the characters that cannot be shown.".to_owned());
    }
    let words: Vec<_> = fold(text)
        .split_whitespace()
        .map(ToOwned::to_owned)
        .collect();
    if words.len() > WORDS_MAX {
        return Err(format!("Enter at most {WORDS_MAX} words."));
    }
    Ok(words)
}

/// A day or a moment, as its first instant and the first one after it.
fn moment(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let how = || "Enter a day such as 2026-03-14, or a time in RFC 3339.".to_owned();
    if text.len() == "2026-03-14".len() {
        let start: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| how())?;
        return Ok((start, start.plus(DAY)));
    }
    let start: Timestamp = text.parse().map_err(|_| how())?;
    Ok((start, start.plus(Duration::from_micros(1))))
}

/// A price in a query of a program.
pub(crate) fn minor_units(text: &str) -> Result<i64, String> {
    let minor = text.parse().ok();
    minor
        .filter(|minor| (0..=PRICE_MINOR_MAX).contains(minor))
        .ok_or_else(|| format!("Give a price from 0 to {PRICE_MINOR_MAX} in minor units."))
}

/// Where a listing stands on the market in the order asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sort: Sort,
    pub(crate) key: i64,
    pub(crate) id: Uuid,
}

impl Place {
    /// Where listings without a date stand among those with one.
    const UNDATED: i64 = i64::MAX;

    pub(crate) fn of(listing: &Listing, sort: Sort) -> Self {
        let key = match sort {
            Sort::New => listing.created_at.as_micros(),
            Sort::Price => listing.offer.price_minor,
            Sort::Date => listing
                .offer
                .starts_at
                .map_or(Self::UNDATED, Timestamp::as_micros),
        };
        let id = listing.id.uuid();
        Self { sort, key, id }
    }
}

/// `price_2500_0199…`.
impl tidings::Place for Place {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '_');
        let place = Self {
            sort: parts.next()?.parse().ok()?,
            key: parts.next()?.parse().ok()?,
            id: Uuid::try_parse(parts.next()?).ok()?,
        };
        // Only what we have written ourselves is read.
        (place.write() == text).then_some(place)
    }

    fn write(&self) -> String {
        format!("{}_{}_{}", self.sort.as_str(), self.key, self.id)
    }
}

#[cfg(test)]
mod tests {
    use tidings::Place as _;

    use super::*;

    #[test]
    fn a_day_ends_where_the_next_one_begins() {
        let (start, end) = moment("2026-03-14").expect("a day");
        assert_eq!(start.to_string(), "2026-03-14T00:00:00Z");
        assert_eq!(end.to_string(), "2026-03-15T00:00:00Z");
    }

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is() {
        for sort in [Sort::New, Sort::Price, Sort::Date] {
            let id = Uuid::from_u128(7);
            let place = Place { sort, key: -5, id };
            assert_eq!(Place::read(&place.write()), Some(place));
        }
        let made_up = [
            "",
            "x",
            "price",
            "price_1",
            "price_1_x",
            "price_+1_00000000-0000-0000-0000-000000000007",
        ];
        for text in made_up {
            assert_eq!(Place::read(text), None, "{text:?}");
        }
    }
}
