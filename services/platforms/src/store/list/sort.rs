//! In which order platforms come.

use std::str::FromStr;

/// By what, and which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) key: Key,
    /// The last first: `-name`.
    pub(crate) is_descending: bool,
}

/// By what platforms are sorted; among equals by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key {
    #[default]
    Name,
    Publisher,
    Number,
    Updated,
    /// By the amount alone.
    Cost,
    /// Those that never expire come last.
    Expires,
    /// Those of which nobody knows how long their makers look after them come last.
    Eol,
    Lifecycle,
    Criticality,
}

impl Key {
    pub(crate) const ALL: [Self; 9] = [
        Self::Name,
        Self::Publisher,
        Self::Number,
        Self::Updated,
        Self::Cost,
        Self::Expires,
        Self::Eol,
        Self::Lifecycle,
        Self::Criticality,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Publisher => "publisher",
            Self::Number => "number",
            Self::Updated => "updated",
            Self::Cost => "cost",
            Self::Expires => "expires",
            Self::Eol => "eol",
            Self::Lifecycle => "lifecycle",
            Self::Criticality => "criticality",
        }
    }

    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Name => "name_key",
            Self::Publisher => "publisher_key",
            Self::Number => "number",
            Self::Updated => "updated_at",
            Self::Cost => "cost_minor",
            Self::Expires => "expires_on",
            Self::Eol => "eol_on",
            Self::Lifecycle => "lifecycle",
            Self::Criticality => "criticality",
        }
    }

    /// Whether its values are texts.
    pub(super) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Publisher | Self::Expires | Self::Eol
        )
    }
}

impl Sort {
    /// Which comparison is beyond a place, and the word of `ORDER BY`.
    pub(super) const fn direction(self) -> (&'static str, &'static str) {
        match self.is_descending {
            false => (">", "ASC"),
            true => ("<", "DESC"),
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.is_descending { "-" } else { "" };
        write!(f, "{sign}{}", self.key.as_str())
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (is_descending, word) = match text.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, text),
        };
        let key = Key::ALL.into_iter().find(|key| key.as_str() == word);
        let key = key.ok_or_else(|| {
            let words: Vec<_> = Key::ALL.iter().map(|key| key.as_str()).collect();
            format!(
                "sort is one of {}, or one of them behind a minus",
                words.join(", ")
            )
        })?;
        Ok(Self { key, is_descending })
    }
}
