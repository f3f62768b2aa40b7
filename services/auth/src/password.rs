//! A new password: what we accept (SEC-01, SEC-02, X-32).

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::Email;

/// The fewest characters of a password.
///
/// X-32 decides: 8, the floor of OWASP ASVS. SEC-01 names the 15 characters that NIST
/// asks for where the password is the only factor; that comes with the second factor.
pub const CHARACTERS_MIN: usize = 8;
/// The most characters of a password.
pub const CHARACTERS_MAX: usize = 128;
/// The most bytes that are looked at; characters may have parts of their own.
pub const BYTES_MAX: usize = 1024;

/// Words that everybody would try here.
const PRODUCT_WORDS: [&str; 4] = ["tidings", "marketplace", "tickets", "ticket"];
/// A shorter word is in too many good passwords by chance.
const WORD_CHARACTERS_MIN: usize = 4;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../assets/common-passwords.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// A password in the form that is hashed: composed (NFC) once, and otherwise as it was typed.
///
/// Nothing is trimmed, cut or folded. It is never printed: it has no `Display`, and its
/// `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// There is none.
    #[error("read the password: there is none")]
    Missing,
    /// It has fewer than [`CHARACTERS_MIN`] characters.
    #[error("take the password: it is too short")]
    TooShort,
    /// It has more than [`CHARACTERS_MAX`] characters or [`BYTES_MAX`] bytes.
    #[error("take the password: it is too long")]
    TooLong,
    /// It is one of those that are tried first.
    #[error("take the password: it is too common")]
    Common,
    /// It is little more than the person's own address or our name.
    #[error("take the password: it is too easy to guess for this account")]
    Guessable,
}

impl Password {
    /// Reads what somebody types to sign in: only what could never have been accepted is refused.
    ///
    /// # Errors
    /// [`BadPassword::Missing`] and [`BadPassword::TooLong`].
    pub fn typed(text: &str) -> Result<Self, BadPassword> {
        if text.is_empty() {
            return Err(BadPassword::Missing);
        }
        if text.len() > BYTES_MAX {
            return Err(BadPassword::TooLong);
        }
        let composed: String = text.nfc().collect();
        if composed.chars().count() > CHARACTERS_MAX {
            return Err(BadPassword::TooLong);
        }
        Ok(Self(composed))
    }

    /// Reads a password that somebody chooses for an account.
    ///
    /// There is no rule about kinds of characters. What counts against it: being one of
    /// the most common ones, and the words of the own address and of this product, which
    /// do not count towards the length.
    ///
    /// # Errors
    /// [`BadPassword`] says why it is refused.
    pub fn chosen(text: &str, email: &Email) -> Result<Self, BadPassword> {
        let password = Self::typed(text)?;
        if password.0.chars().count() < CHARACTERS_MIN {
            return Err(BadPassword::TooShort);
        }
        let folded = password.0.to_lowercase();
        if COMMON.contains(folded.as_str()) || is_one_character(&folded) {
            return Err(BadPassword::Common);
        }
        if without_words(&folded, email).chars().count() < CHARACTERS_MIN {
            return Err(BadPassword::Guessable);
        }
        Ok(password)
    }

    /// What is hashed.
    #[must_use]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

fn is_one_character(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next();
    letters.all(|letter| Some(letter) == first)
}

/// The password without the words that somebody who knows the person would try.
fn without_words(folded: &str, email: &Email) -> String {
    let own = email.words();
    let product = PRODUCT_WORDS.map(ToOwned::to_owned);
    let mut words: Vec<String> = own.into_iter().chain(product).collect();
    words.push(email.key());
    words.retain(|word| word.chars().count() >= WORD_CHARACTERS_MIN);
    // The longest first: "anna.smith" before "smith".
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let without = |rest: String, word: &String| rest.replace(word.as_str(), "");
    words.iter().fold(folded.to_owned(), without)
}
