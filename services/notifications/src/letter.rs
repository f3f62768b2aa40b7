//! A message as a mail server gets it.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MessageId};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{Address, Message as Letter};

use crate::message::Message;

/// Says that nobody should answer by a machine (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Why a message cannot be a letter.
pub(crate) type BadLetter = Box<dyn std::error::Error + Send + Sync>;

/// Whether a text can be the address of a letter.
pub(crate) fn check_address(address: &str) -> Result<(), BadLetter> {
    address.parse::<Address>()?;
    Ok(())
}

/// The same bytes however often a message is tried, but for a link in its text: its `Message-ID` is made of the message's
/// id, and its date is when it was queued. Sent again by an operator it is another letter,
/// because readers' programs drop what they have already.
pub(crate) fn letter(from: &Mailbox, message: &Message, text: &str) -> Result<Letter, BadLetter> {
    let to = Mailbox::new(None, message.address.parse()?);
    let id = match message.resends {
        0 => format!("<{}@{}>", message.id, from.email.domain()),
        times => format!("<{}.{times}@{}>", message.id, from.email.domain()),
    };
    let since = u64::try_from(message.queued_at.as_micros()).unwrap_or(0);
    let letter = MessageBuilder::new()
        .from(from.clone())
        .to(to)
        .subject(message.subject.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(since))
        .header(MessageId::from(id))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        // The text's own last end of line would stand before the one that the protocol adds.
        .body(text.trim_end().to_owned())?;
    Ok(letter)
}

/// A letter about alerts. Told once more it has the same `Message-ID`.
pub(crate) fn alert_letter(
    from: &Mailbox,
    to: &[Mailbox],
    letter: &tidings::alert::Letter,
) -> Result<Letter, BadLetter> {
    let since = u64::try_from(letter.at.as_micros()).unwrap_or(0);
    let id = format!("<{}@{}>", letter.id(), from.email.domain());
    let builder = to
        .iter()
        .cloned()
        .fold(MessageBuilder::new(), MessageBuilder::to);
    let letter = builder
        .from(from.clone())
        .subject(letter.subject())
        .date(SystemTime::UNIX_EPOCH + Duration::from_micros(since))
        .header(MessageId::from(id))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text().trim_end().to_owned())?;
    Ok(letter)
}
