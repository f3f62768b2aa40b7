//! From a text to what a field can have.

use std::fmt::Display;
use std::str::FromStr;

use contracts::Currency;
use contracts::calendar::Day;
use contracts::platforms::Link;
use tidings::FieldError;

use super::wrong;
use crate::cost::read_decimal;
use crate::line::is_address;
use crate::platform::{TAG_LETTERS_MAX, is_tag};

const TAGS_MAX: usize = 20;
const LINKS_MAX: usize = 20;
const URL_LETTERS_MAX: usize = 500;
const LINK_TITLE_LETTERS_MAX: usize = 100;

/// What somebody says of a field.
pub(super) struct Told<'a> {
    pub(super) column: &'a str,
    pub(super) text: &'a str,
}

impl Told<'_> {
    fn wrong(&self, code: &'static str, message: impl Into<String>) -> FieldError {
        wrong(self.column, code, message)
    }

    /// Text in one line.
    pub(super) fn line(&self, letters_max: usize) -> Result<String, FieldError> {
        self.text_in(letters_max, |letter| letter.is_control())
    }

    /// Text that may have several lines.
    pub(super) fn lines(&self, letters_max: usize) -> Result<String, FieldError> {
        let text = self.text_in(letters_max, |letter| {
            letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
        })?;
        Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    fn text_in(
        &self,
        letters_max: usize,
        is_bad: impl Fn(char) -> bool,
    ) -> Result<String, FieldError> {
        let text = self.text.trim();
        // Letters are at most four bytes, so that a gigantic text is not counted.
        let is_long = text.len() > letters_max.saturating_mul(4);
        if is_long || text.chars().count() > letters_max {
            let text = format!("It has at most {letters_max} letters.");
            return Err(self.wrong("field_too_long", text));
        }
        if text.chars().any(is_bad) {
            let text = "It has characters that cannot be shown.";
            return Err(self.wrong("bad_text", text));
        }
        Ok(text.to_owned())
    }

    /// What an empty text leaves open.
    pub(super) fn maybe(&self, text: String) -> Option<String> {
        Some(text).filter(|text| !text.is_empty())
    }

    /// One of the words. Fields of words are never empty: where nothing is said, they stay.
    pub(super) fn word<T>(&self, field: &mut T) -> Result<(), FieldError>
    where
        T: FromStr,
        T::Err: Display,
    {
        // What was typed may be as long as a body, and the message repeats it.
        let text = self.text.trim().chars().take(40);
        let text = text.collect::<String>().to_lowercase();
        if !text.is_empty() {
            let read = text.parse();
            *field = read.map_err(|error: T::Err| self.wrong("bad_word", format!("{error}.")))?;
        }
        Ok(())
    }

    /// One of the currencies, as [`Self::word`].
    pub(super) fn currency(&self, field: &mut Currency) -> Result<(), FieldError> {
        let text = self.text.trim().to_lowercase();
        if !text.is_empty() {
            let read = text.parse();
            *field = read.map_err(|_| self.wrong("bad_word", "A currency is usd or eur."))?;
        }
        Ok(())
    }

    pub(super) fn amount(&self) -> Result<i64, FieldError> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(0);
        }
        read_decimal(text).ok_or_else(|| {
            let text = "An amount is like 120.00, from 0 to 1000000000.00.";
            self.wrong("bad_amount", text)
        })
    }

    pub(super) fn day(&self) -> Result<Option<Day>, FieldError> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let day = text.parse().ok();
        // Day numbers of four digits sort as they are written.
        let day = day.filter(|_| text.bytes().take(4).all(|byte| byte.is_ascii_digit()));
        day.map(Some)
            .ok_or_else(|| self.wrong("bad_day", "A day of the calendar is like 2026-03-14."))
    }

    pub(super) fn count(&self) -> Result<Option<u32>, FieldError> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let count = text.parse().ok().filter(|_| is_digits);
        count
            .map(Some)
            .ok_or_else(|| self.wrong("bad_number", "It is a whole number, from 0 on."))
    }

    /// Words between commas; each once, in order, in small letters.
    pub(super) fn tags(&self) -> Result<Vec<String>, FieldError> {
        let tags = self.text.split(',').map(|tag| tag.trim().to_lowercase());
        let mut tags: Vec<_> = tags.filter(|tag| !tag.is_empty()).collect();
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > TAGS_MAX {
            let text = format!("A platform has at most {TAGS_MAX} tags.");
            return Err(self.wrong("too_many", text));
        }
        match tags.iter().all(|tag| is_tag(tag)) {
            true => Ok(tags),
            false => Err(self.wrong(
                "bad_tag",
                format!("A tag is a word of letters, digits and -_.+#/, at most {TAG_LETTERS_MAX} of them."),
            )),
        }
    }

    /// A link a line: its words, then its address.
    pub(super) fn links(&self) -> Result<Vec<Link>, FieldError> {
        let lines = self.text.lines().map(str::trim);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        if lines.len() > LINKS_MAX {
            let text = format!("A platform has at most {LINKS_MAX} links.");
            return Err(self.wrong("too_many", text));
        }
        lines.into_iter().map(|line| self.link(line)).collect()
    }

    fn link(&self, line: &str) -> Result<Link, FieldError> {
        let (title, url) = line
            .rsplit_once(char::is_whitespace)
            .unwrap_or((line, line));
        let title = title.trim();
        let is_title = title.chars().count()
            <= URL_LETTERS_MAX.min(match title == url {
                true => URL_LETTERS_MAX,
                false => LINK_TITLE_LETTERS_MAX,
            });
        let is_url = is_address(url) && url.chars().count() <= URL_LETTERS_MAX;
        let is_plain = !line.chars().any(char::is_control);
        match is_title && is_url && is_plain {
            true => Ok(Link {
                title: title.to_owned(),
                url: url.to_owned(),
            }),
            false => Err(self.wrong(
                "bad_link",
                "A link is a line with its words and then its address, which begins with https:// or http://.",
            )),
        }
    }
}
