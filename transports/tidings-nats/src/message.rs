//! An event as a message, and back: what readers can find out about what a broker gives them.
//!
//! A message carries a digest of its data, or, where a secret is shared, a signature. The digest
//! notices accidents. It does not notice somebody who may write to the broker and makes a new
//! one; the signature does.

use async_nats::{HeaderMap, Subject};
use aws_lc_rs::{digest, hmac};
use tidings::{CLOUDEVENT, Envelope, EventId};

use crate::names;

pub(crate) const ID: &str = "Nats-Msg-Id";
const CONTENT_TYPE: &str = "Content-Type";
const SEAL: &str = "Tidings-Seal";

/// Why a message is not an event of the stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Odd {
    #[error("it is on the subject of another slot")]
    Subject,
    #[error("its identifier is not that of its event")]
    Identifier,
    #[error("it has no seal")]
    Unsealed,
    #[error("its data is not what was sealed")]
    Seal,
    #[error("it is not an event")]
    Event(#[source] tidings::BadCloudEvent),
    #[error("it is of another stream")]
    Stream,
}

/// Makes and checks seals.
#[derive(Clone)]
pub(crate) struct Seal(Option<hmac::Key>);

impl Seal {
    pub(crate) fn new(secret: Option<&[u8]>) -> Self {
        Self(secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    fn of(&self, data: &[u8]) -> String {
        match &self.0 {
            Some(key) => format!("hmac-sha256={}", hex(hmac::sign(key, data).as_ref())),
            None => format!(
                "sha256={}",
                hex(digest::digest(&digest::SHA256, data).as_ref())
            ),
        }
    }

    fn check(&self, data: &[u8], seal: &str) -> Result<(), Odd> {
        let wanted = self.of(data);
        aws_lc_rs::constant_time::verify_slices_are_equal(wanted.as_bytes(), seal.as_bytes())
            .map_err(|_| Odd::Seal)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |value: u8| DIGITS[usize::from(value)];
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// An event's headers and data.
pub(crate) fn of(event: &Envelope, seal: &Seal) -> Result<(HeaderMap, String), tidings::Error> {
    let data = event
        .to_cloudevent()
        .map_err(|bad| tidings::Error::Decode {
            what: event.id.to_string(),
            reason: bad.to_string(),
        })?;
    let mut headers = HeaderMap::new();
    headers.insert(ID, event.id.to_string());
    headers.insert(CONTENT_TYPE, CLOUDEVENT);
    headers.insert(SEAL, seal.of(data.as_bytes()));
    Ok((headers, data))
}

/// The event of a message, if the message is what the producer has handed over.
pub(crate) fn event(
    prefix: &str,
    stream: &str,
    seal: &Seal,
    (subject, headers, data): (&Subject, Option<&HeaderMap>, &[u8]),
) -> Result<Envelope, Odd> {
    let header = |name| Some(headers?.get_last(name)?.as_str());
    seal.check(data, header(SEAL).ok_or(Odd::Unsealed)?)?;
    let event = Envelope::from_cloudevent(data).map_err(Odd::Event)?;
    if event.id.stream != stream {
        return Err(Odd::Stream);
    }
    if subject.as_str() != names::subject(prefix, stream, event.id.slot) {
        return Err(Odd::Subject);
    }
    if header(ID) != Some(event.id.to_string().as_str()) {
        return Err(Odd::Identifier);
    }
    Ok(event)
}

/// The number of a message's event, by its headers alone.
pub(crate) fn sequence(headers: &HeaderMap) -> Option<u64> {
    let id: EventId = headers.get_last(ID)?.as_str().parse().ok()?;
    Some(id.sequence)
}

#[cfg(test)]
mod tests;
