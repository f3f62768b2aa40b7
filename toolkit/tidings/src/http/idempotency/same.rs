//! Which requests are the same: the key, whose it is, and what it was sent with.

use aws_lc_rs::{digest, hmac};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::KEY;
use crate::{Identity, Problem};

const KEY_BYTES_MAX: usize = 255;

/// The key as it was sent, with or without the quotes of a structured header.
pub(super) fn sent_key(headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let (first, another) = (
        all.next().map_or(&b""[..], HeaderValue::as_bytes),
        all.next(),
    );
    let key = match first {
        [b'"', inner @ .., b'"'] => inner,
        [b'"', ..] => &[],
        bare => bare,
    };
    let is_key = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if !is_key || another.is_some() {
        let text = "Idempotency-Key must be one word of 1 to 255 visible ASCII characters.";
        let status = StatusCode::BAD_REQUEST;
        return Err(Problem::new(status, "bad_idempotency_key", text));
    }
    Ok(key.to_vec())
}

/// What the request is stored under: another caller's key is another key (SEC-80). Somebody
/// without a token is told apart by the cookies, which a service may know him by.
pub(super) fn scoped(sent: &[u8], parts: &Parts, identity: Option<&Identity>) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    match identity {
        Some(identity) => hash.update(identity.user_id.as_bytes()),
        None => {
            hash.update(b"anonymous");
            for cookie in parts.headers.get_all(header::COOKIE) {
                hash.update(b"\n");
                hash.update(cookie.as_bytes());
            }
        }
    }
    for part in [parts.method.as_str(), parts.uri.path()] {
        hash.update(b"\n");
        hash.update(part.as_bytes());
    }
    hash.update(b"\n");
    hash.update(sent);
    hash.finish().as_ref().to_vec()
}

/// What makes two requests the same. It is keyed with what is not stored: the bare hash of a
/// body would let whoever reads the table try out passwords.
pub(super) fn fingerprint(sent: &[u8], parts: &Parts, body: &[u8]) -> Vec<u8> {
    let target = parts.uri.path_and_query();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, sent));
    for part in [
        parts.method.as_str().as_bytes(),
        target.map_or(&b"/"[..], |target| target.as_str().as_bytes()),
        kind.map_or(&b""[..], HeaderValue::as_bytes),
    ] {
        hash.update(part);
        hash.update(b"\n");
    }
    hash.update(body);
    hash.sign().as_ref().to_vec()
}
