//! What a seller says about a ticket.

use std::str::FromStr;
use std::time::Duration;

use contracts::{Currency, PRICE_MINOR_MAX};
use tidings::Timestamp;

const TITLE_CHARS_MAX: usize = 200;
const LINE_CHARS_MAX: usize = 200;
const NOTES_CHARS_MAX: usize = 2_000;
/// Nobody sells a ticket for an event further away than this.
const AHEAD_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);

/// What kind of event a ticket is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Category {
    /// Music.
    Concert,
    /// A match or a race.
    Sports,
    /// A play, an opera, a ballet.
    Theatre,
    /// Anything else.
    #[default]
    Other,
}

impl Category {
    /// Every category, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Concert, Self::Sports, Self::Theatre, Self::Other];

    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Concert => "concert",
            Self::Sports => "sports",
            Self::Theatre => "theatre",
            Self::Other => "other",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Concert => "Concert",
            Self::Sports => "Sports",
            Self::Theatre => "Theatre",
            Self::Other => "Other",
        }
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| "Choose one of concert, sports, theatre, other.".to_owned())
    }
}

/// What is wrong with one field of a draft or a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field, as it is called on the wire.
    pub field: &'static str,
    /// For programs.
    pub code: &'static str,
    /// For people: a sentence that says what to do.
    pub message: String,
}

impl Wrong {
    pub(crate) fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            code,
            message: message.into(),
        }
    }
}

/// What a seller has typed: not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What stands above the price.
    pub title: String,
    /// The price in minor units.
    pub price_minor: i64,
    /// The currency's code.
    pub currency: String,
    /// The category's word.
    pub category: String,
    /// Where it takes place.
    pub venue: String,
    /// In which city.
    pub city: String,
    /// Section, row and seat.
    pub seat: String,
    /// Anything else a buyer should know.
    pub notes: String,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
}

/// What a seller says about a ticket, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What stands above the price: 1 to 200 characters.
    pub title: String,
    /// The price in minor units: 1 to 100,000,000.
    pub price_minor: i64,
    /// The currency of the price.
    pub currency: Currency,
    /// What kind of event it is for.
    pub category: Category,
    /// Where it takes place; may be empty.
    pub venue: String,
    /// In which city; may be empty.
    pub city: String,
    /// Section, row and seat; may be empty.
    pub seat: String,
    /// Anything else a buyer should know; may be empty.
    pub notes: String,
    /// When the event begins, if the seller has said so.
    pub starts_at: Option<Timestamp>,
}

impl Draft {
    /// Checks and tidies what was typed.
    ///
    /// # Errors
    /// Everything that is wrong with it, field by field.
    pub fn check(self, now: Timestamp) -> Result<Offer, Vec<Wrong>> {
        let mut wrong = Vec::new();
        if !(1..=PRICE_MINOR_MAX).contains(&self.price_minor) {
            let text = format!("Enter a price from 1 to {PRICE_MINOR_MAX} in minor units.");
            wrong.push(Wrong::new("price_minor", "bad_price", text));
        }
        let currency = self.currency.parse().unwrap_or_else(|_| {
            wrong.push(Wrong::new("currency", "bad_currency", "Choose usd or eur."));
            Currency::default()
        });
        let category = self.category.parse().unwrap_or_else(|text: String| {
            wrong.push(Wrong::new("category", "bad_category", text));
            Category::default()
        });
        if let Some(text) = self.starts_at.and_then(|at| wrong_start(at, now)) {
            wrong.push(Wrong::new("starts_at", "bad_start", text));
        }
        let mut line = |field, text: &str| {
            check_line(field, text).unwrap_or_else(|mistake| {
                wrong.push(mistake);
                String::new()
            })
        };
        let offer = Offer {
            title: line("title", &self.title),
            venue: line("venue", &self.venue),
            city: line("city", &self.city),
            seat: line("seat", &self.seat),
            notes: line("notes", &self.notes),
            price_minor: self.price_minor,
            currency,
            category,
            starts_at: self.starts_at,
        };
        if wrong.is_empty() {
            Ok(offer)
        } else {
            Err(wrong)
        }
    }
}

fn wrong_start(starts_at: Timestamp, now: Timestamp) -> Option<&'static str> {
    if starts_at <= now {
        Some("Enter a time in the future: the event has begun already.")
    } else if starts_at > now.plus(AHEAD_MAX) {
        Some("Enter a time within the next ten years.")
    } else {
        None
    }
}

fn check_line(field: &'static str, text: &str) -> Result<String, Wrong> {
    let tidy = text.trim().replace("\r\n", "\n");
    let (chars_max, lines) = match field {
        "title" => (TITLE_CHARS_MAX, false),
        "notes" => (NOTES_CHARS_MAX, true),
        _ => (LINE_CHARS_MAX, false),
    };
    if field == "title" && !tidy.chars().any(char::is_alphanumeric) {
        let text = "Enter a title with at least one letter or digit.";
        return Err(Wrong::new(field, "missing", text));
    }
    if tidy.chars().count() > chars_max {
        let text = format!("Enter at most {chars_max} characters.");
        return Err(Wrong::new(field, "too_long", text));
    }
    if tidy
        .chars()
        .any(|c| !(is_readable(c) || (lines && c == '\n')))
    {
        let text = "Remove the characters that cannot be shown.";
        return Err(Wrong::new(field, "bad_characters", text));
    }
    Ok(tidy)
}

/// No control characters; none that turn the direction of the text around them, with
/// which one title could pose as another; and nothing that was broken on its way here.
pub(crate) fn is_readable(c: char) -> bool {
    let turns = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns && c != char::REPLACEMENT_CHARACTER
}
