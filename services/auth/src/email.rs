//! An e-mail address: what we accept, and when two are the same.

use unicode_normalization::UnicodeNormalization;

/// What fits into an SMTP path (RFC 5321, 4.5.3.1.3).
const BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// An address as it was typed, without the spaces around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// The text cannot be an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the e-mail address")]
pub struct BadEmail;

impl Email {
    /// Reads an address.
    ///
    /// The check is for sense, not for RFC 5322: whether the address takes mail only
    /// a mail can tell. Quoted local parts and bare host names are refused, letters of
    /// any script are taken, invisible characters are not.
    ///
    /// ```
    /// use auth::Email;
    ///
    /// let email = Email::parse("  Anna@Example.com ")?;
    /// assert_eq!(email.as_str(), "Anna@Example.com");
    /// assert_eq!(email.key(), "anna@example.com");
    /// # Ok::<(), auth::BadEmail>(())
    /// ```
    ///
    /// # Errors
    /// [`BadEmail`] when the text is not an address or too long.
    pub fn parse(text: &str) -> Result<Self, BadEmail> {
        let text = text.trim();
        // Before composing, which is work that a caller should not get for nothing.
        if text.len() > BYTES_MAX {
            return Err(BadEmail);
        }
        let text: String = text.nfc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(BadEmail)?;
        let good = text.len() <= BYTES_MAX && is_local_part(local) && is_domain(domain);
        good.then_some(Self(text)).ok_or(BadEmail)
    }

    /// The address as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for all spellings of one address: upper and lower case are one.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase().nfc().collect()
    }

    /// The words that the address is made of, in lower case: of its owner's name, as a rule.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let key = self.key();
        let local = key.rsplit_once('@').map_or("", |(local, _)| local);
        let parts = key.split(|letter: char| !letter.is_alphanumeric());
        let words = parts.chain([local]).map(ToOwned::to_owned);
        words.collect()
    }
}

fn is_local_part(text: &str) -> bool {
    let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    let sized = (1..=LOCAL_BYTES_MAX).contains(&text.len());
    sized && !dots && text.chars().all(is_local_character)
}

fn is_local_character(letter: char) -> bool {
    if letter.is_ascii() {
        letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
    } else {
        is_visible(letter)
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let hyphens = text.starts_with('-') || text.ends_with('-');
    let good = |letter: char| {
        letter == '-' || letter.is_ascii_alphanumeric() || !letter.is_ascii() && is_visible(letter)
    };
    (1..=LABEL_BYTES_MAX).contains(&text.len()) && !hyphens && text.chars().all(good)
}

/// Not a space, not a control character, and none of those that hide or turn text:
/// with them two addresses could look the same and be different accounts.
fn is_visible(letter: char) -> bool {
    let hidden = matches!(
        letter,
        '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}'
    );
    !hidden && !letter.is_whitespace() && !letter.is_control()
}
