//! What another process answers of its feed, and whether it can be believed.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::GzDecoder;
use serde::Deserialize;

use super::page::{COVERED, GONE, POSITION};
use super::routes::Heads;
use super::{FeedPage, Standing};
use crate::{Envelope, Error, Marked};

/// A page ends after 4 MiB of data and one event; what is around the data takes less.
pub(super) const BYTES_MAX: usize = 16 * 1024 * 1024;

/// What went wrong with one request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("reach it")]
    Unreachable(#[source] reqwest::Error),
    #[error("wait for its answer: nothing came in {0} s")]
    TimedOut(u64),
    #[error("be let in: it answered {} {code} {text}", status.as_u16())]
    Refused {
        status: StatusCode,
        code: String,
        text: String,
        retry_after_s: Option<u64>,
    },
    #[error("read its answer: it is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("believe its answer: {0}")]
    Wrong(String),
}

impl Trouble {
    pub(super) fn into_error(self, from: &str) -> Error {
        Error::Elsewhere {
            from: from.to_owned(),
            source: Box::new(self),
        }
    }

    /// Events between here and there were deleted because of their age.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::GONE)
    }

    /// Whether nobody was there to answer, or somebody who said so.
    pub(super) fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => [502, 503, 504].contains(&status.as_u16()),
            _ => false,
        }
    }

    pub(super) fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused { retry_after_s, .. } => *retry_after_s,
            _ => None,
        }
    }
}

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

#[derive(Deserialize, Default)]
struct Told {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
}

/// A page of a whole stream.
pub(super) struct WholePage {
    pub(super) events: Vec<Envelope>,
    pub(super) position: i64,
}

impl Answer {
    /// The body of a good answer, as it was before it was compressed.
    fn good(self) -> Result<(HeaderMap, Vec<u8>), Trouble> {
        let encoding = self.headers.get(header::CONTENT_ENCODING);
        let body = match encoding.map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Ok(self.body),
            Some(b"gzip") => unzipped(&self.body),
            Some(_) => Err(Trouble::Wrong("its encoding is not known".to_owned())),
        };
        match self.status {
            StatusCode::OK => Ok((self.headers, body?)),
            status => Err(refusal(status, &self.headers, &body.unwrap_or_default())),
        }
    }

    pub(super) fn page(self, stream: &str, slot: u16, after: u64) -> Result<FeedPage, Trouble> {
        let (headers, body) = self.good()?;
        let events = events(&body, stream)?;
        let covered: u64 = number(&headers, COVERED.as_str())?;
        if covered < after {
            let text = format!("it is complete up to {covered}, which is before {after}");
            return Err(Trouble::Wrong(text));
        }
        let stranger = events
            .iter()
            .find(|event| event.id.slot != slot || event.id.sequence <= after);
        match stranger {
            Some(event) => Err(Trouble::Wrong(format!(
                "{} is not of slot {slot} after {after}",
                event.id
            ))),
            None => Ok(FeedPage {
                events,
                covered,
                gone: number(&headers, GONE.as_str())?,
            }),
        }
    }

    pub(super) fn whole_page(self, stream: &str) -> Result<WholePage, Trouble> {
        let (headers, body) = self.good()?;
        Ok(WholePage {
            events: events(&body, stream)?,
            position: number(&headers, POSITION.as_str())?,
        })
    }

    pub(super) fn heads(self, stream: &str) -> Result<Heads, Trouble> {
        let (_, body) = self.good()?;
        let heads: Heads = serde_json::from_slice(&body).map_err(wrong)?;
        if heads.stream != stream {
            let text = format!("it has the heads of {:?}", heads.stream);
            return Err(Trouble::Wrong(text));
        }
        if let Some((slot, _)) = heads
            .heads
            .last_key_value()
            .filter(|at| *at.0 >= heads.slots)
        {
            let text = format!("slot {slot} of {} slots", heads.slots);
            return Err(Trouble::Wrong(text));
        }
        Ok(heads)
    }
}

/// What a problem says, if it is one.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Trouble {
    let told: Told = serde_json::from_slice(body).unwrap_or_default();
    let seconds = headers.get(header::RETRY_AFTER);
    Trouble::Refused {
        status,
        code: told.code,
        text: told.title,
        retry_after_s: seconds.and_then(|value| value.to_str().ok()?.parse().ok()),
    }
}

impl Heads {
    pub(super) fn standing(self) -> Result<Standing, Trouble> {
        let run = self.run.map(|run| run.parse().map_err(wrong)).transpose()?;
        let heads = self.heads.into_iter().collect();
        Ok(Standing { run, heads })
    }

    pub(super) fn starts(self) -> Result<Vec<(u16, u64)>, Trouble> {
        let none = || Trouble::Wrong("it has no starts".to_owned());
        Ok(self.starts.ok_or_else(none)?.into_iter().collect())
    }

    pub(super) fn marks(self) -> Result<Vec<Marked>, Trouble> {
        let none = || Trouble::Wrong("it has no marks".to_owned());
        let marks = self.marks.ok_or_else(none)?.into_iter();
        let numbers = marks.map(|(slot, sequence, mark)| {
            let mark = mark.parse().map_err(wrong)?;
            Ok(Marked {
                slot,
                sequence,
                mark,
            })
        });
        numbers.collect()
    }
}

fn events(body: &[u8], stream: &str) -> Result<Vec<Envelope>, Trouble> {
    let events = Envelope::from_cloudevents(body).map_err(wrong)?;
    match events.iter().find(|event| event.id.stream != stream) {
        Some(event) => Err(Trouble::Wrong(format!("{} is not of {stream}", event.id))),
        None => Ok(events),
    }
}

fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Result<T, Trouble> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let number = value.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Trouble::Wrong(format!("{name} is {value:?}")))
}

/// A few bytes can become gigabytes, so what comes out is counted.
fn unzipped(body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut plain = Vec::new();
    let mut limited = GzDecoder::new(body).take(BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut plain).map_err(wrong)?;
    match plain.len() > BYTES_MAX {
        true => Err(Trouble::TooLarge),
        false => Ok(plain),
    }
}

fn wrong(error: impl std::fmt::Display) -> Trouble {
    Trouble::Wrong(error.to_string())
}
