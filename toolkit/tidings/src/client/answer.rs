//! What the other side has answered, and how it is read.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::channel::Channel;
use super::error::CallError;
use crate::{Cause, Timestamp};

/// A successful answer (2xx) as it came.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; an empty body is read as `null`.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let text: &[u8] = if self.body.is_empty() {
            b"null"
        } else {
            &self.body
        };
        serde_json::from_slice(text)
    }
}

/// Any other answer: what the problem document said, or nothing but the status.
///
/// It was written for whoever asked, which is this service: it goes to a log, or decides what
/// is done next, and reaches a person only where a route says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code of the first cause, for programs; empty without a problem document.
    pub code: String,
    /// The text of the first cause, for people; empty without a problem document.
    pub message: String,
    /// Every cause, with the field that it is about.
    pub errors: Vec<RefusedField>,
    /// When the other side wants to be asked again.
    pub retry_after: Option<Duration>,
}

/// One thing that the other side found wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefusedField {
    /// For programs.
    #[serde(default)]
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// The field it is about.
    #[serde(default)]
    pub field: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        Ok(())
    }
}

/// Reads an answer to its end: a success, or the error that it is.
pub(super) async fn read(channel: &Channel, response: Response) -> Result<Answer, CallError> {
    let (parts, body) = response.into_parts();
    let (status, headers) = (parts.status, parts.headers);
    let read = whole(channel, body).await;
    if status.is_success() {
        let body = read?;
        return Ok(Answer {
            status,
            headers,
            body,
        });
    }
    // An error whose text is too long or breaks off is an error all the same.
    let refusal = Box::new(refusal(
        status,
        &headers,
        &read.unwrap_or_default(),
        channel.now(),
    ));
    let to = channel.to();
    Err(if status.is_server_error() {
        CallError::Failed { to, refusal }
    } else {
        CallError::Refused { to, refusal }
    })
}

async fn whole(channel: &Channel, body: Body) -> Result<Bytes, CallError> {
    let limit = channel.limits().answer_bytes_max;
    let mut parts = body.into_data_stream();
    let mut all = Vec::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| CallError::Unreachable {
            to: channel.to(),
            source: error.into(),
        })?;
        if all.len() + part.len() > limit {
            return Err(CallError::Unreadable {
                to: channel.to(),
                source: Cause::from(format!("it is larger than {limit} bytes")),
            });
        }
        all.extend_from_slice(&part);
    }
    Ok(all.into())
}

#[derive(Default, Deserialize)]
struct Document {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    errors: Vec<RefusedField>,
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Refusal {
    let kind = headers.get(header::CONTENT_TYPE);
    let is_problem =
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    let document: Document = match is_problem {
        true => serde_json::from_slice(body).unwrap_or_default(),
        false => Document::default(),
    };
    let first = document.errors.first();
    let message = first.map_or(&document.title, |first| &first.message);
    Refusal {
        status,
        message: message.clone(),
        code: document.code,
        errors: document.errors,
        retry_after: retry_after(headers, now),
    }
}

/// `Retry-After`, in seconds or as the date of HTTP.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let date = parser.parse_timestamp(text).ok()?;
    Some(Timestamp::from_micros(date.as_microsecond()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        let read = |text: &str| {
            let value = axum::http::HeaderValue::from_str(text).unwrap();
            retry_after(&[(header::RETRY_AFTER, value)].into_iter().collect(), now)
        };
        let half_a_minute = Some(Duration::from_secs(30));
        assert_eq!(read("30"), half_a_minute);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), half_a_minute);
        let past = read("Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!([read("soon"), read("-1"), read("")], [None; 3]);
    }
}
