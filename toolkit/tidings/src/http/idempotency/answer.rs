//! What is kept of an answer, and how it is told again.

use axum::body::{Body, HttpBody, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::store::Kept;
use crate::tx::{MESSAGE_BYTES_MAX, check_size};
use crate::{Error, Problem, Tx};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What an answer says beside its body. Whatever else it had, a replay does not.
const KEPT_HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LINK,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
];

/// An answer with what is stored of it: nothing that lets somebody in, and nothing large.
pub(super) async fn readable(response: Response) -> (Response, Option<Kept>) {
    let size = response.body().size_hint().upper();
    let is_small = size.is_some_and(|bytes| bytes <= MESSAGE_BYTES_MAX as u64);
    if !is_small || is_secret(response.headers()) {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    match to_bytes(body, MESSAGE_BYTES_MAX).await {
        Ok(bytes) => {
            let kept = Kept {
                status: parts.status.as_u16(),
                headers: kept_headers(&parts.headers),
                body: bytes.to_vec(),
            };
            (Response::from_parts(parts, Body::from(bytes)), Some(kept))
        }
        Err(error) => {
            tracing::error!(error = %crate::chain(&error), "an answer broke off");
            (Problem::internal().into_response(), None)
        }
    }
}

/// Cookies are sessions, and who says `no-store` means every store.
fn is_secret(headers: &HeaderMap) -> bool {
    let caching = headers.get_all(header::CACHE_CONTROL).iter();
    let mut caching = caching.filter_map(|value| value.to_str().ok());
    headers.contains_key(header::SET_COOKIE) || caching.any(|text| text.contains("no-store"))
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(name));
    kept.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

pub(super) fn replayed(kept: Kept) -> Response {
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or_default();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().append(name, value);
        }
    }
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, yes);
    response
}

impl Tx {
    /// Stores the request's answer with the commit, so that a retry gets it even if the
    /// process dies before it has answered. Does nothing for a request without an
    /// `Idempotency-Key`.
    ///
    /// What the handler returns in the end is what counts: this answer is replayed only when
    /// that one was lost. It is JSON, of at most [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX)
    /// bytes.
    ///
    /// ```
    /// use axum::http::{StatusCode, header};
    /// use tidings::{Error, Tx};
    ///
    /// async fn place(mut tx: Tx, id: &str) -> Result<(), Error> {
    ///     let location = [(header::LOCATION, format!("/api/orders/{id}"))];
    ///     tx.answer(StatusCode::CREATED, &location, &serde_json::json!({ "id": id }))?;
    ///     tx.commit().await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Encode`] and [`Error::TooLarge`] when it cannot be stored; the transaction can
    /// only be rolled back then.
    pub fn answer<T: Serialize>(
        &mut self,
        status: StatusCode,
        headers: &[(HeaderName, String)],
        body: &T,
    ) -> Result<(), Error> {
        if self.claim.is_none() {
            return Ok(());
        }
        let given = given(status, headers, body);
        self.answer = Some(Box::new(self.note(given)?));
        Ok(())
    }
}

fn given<T: Serialize>(
    status: StatusCode,
    headers: &[(HeaderName, String)],
    body: &T,
) -> Result<Kept, Error> {
    let what = "the answer";
    let body = serde_json::to_vec(body).map_err(|source| Error::Encode {
        what: what.to_owned(),
        source,
    })?;
    check_size(what, body.len())?;
    let json = (
        header::CONTENT_TYPE.to_string(),
        "application/json".to_owned(),
    );
    let others = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()));
    Ok(Kept {
        status: status.as_u16(),
        headers: std::iter::once(json).chain(others).collect(),
        body,
    })
}
