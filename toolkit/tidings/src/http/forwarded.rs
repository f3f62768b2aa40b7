//! What a gateway in another process passes on: whose request it is, and an answer's face.
//!
//! A page fragment and a problem are values within a process; between two they are headers and
//! a body, which the gateway makes values again.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};

use super::{Fragment, Problem};
use crate::Cause;

pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const FORWARDED: [HeaderName; 6] = [
    header::FORWARDED,
    FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
];
const FRAGMENT: HeaderName = HeaderName::from_static("tidings-fragment");
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
const PROBLEM_BYTES_MAX: usize = 256 * 1024;

/// What a fragment is, beside its HTML.
#[derive(Serialize, Deserialize)]
struct Face {
    title: String,
    live: Option<String>,
}

/// Whether a request is passed on for somebody else, who is not the caller.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED_FOR)
}

/// Takes the address that a gateway, which has shown who it is, says for the sender's.
pub(crate) fn believe(request: &mut Request) {
    let said = request.headers().get(FORWARDED_FOR);
    let text = said.and_then(|value| value.to_str().ok());
    let first = text.and_then(|text| text.split(',').next());
    let address: Option<IpAddr> = first.and_then(|text| text.trim().parse().ok());
    match address {
        Some(address) => {
            let from = ConnectInfo(SocketAddr::new(address, 0));
            request.extensions_mut().insert(from);
        }
        // From nobody known, rather than from the gateway.
        None => {
            request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
        }
    }
}

/// Says on the answer what only this process knows of it.
pub(crate) fn write(mut response: Response) -> Response {
    if let Some(fragment) = response.extensions_mut().remove::<Fragment>() {
        let face = Face {
            title: fragment.title,
            live: fragment.live,
        };
        let text = serde_json::to_vec(&face).unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(&text) {
            response.headers_mut().insert(FRAGMENT, value);
        }
    }
    response
}

/// Makes an answer from another process what it was there.
pub(crate) async fn read(mut response: Response) -> Result<Response, Cause> {
    if let Some(value) = response.headers_mut().remove(FRAGMENT) {
        let face: Face = serde_json::from_slice(value.as_bytes())?;
        let (mut response, html) = whole(response, PAGE_BYTES_MAX).await?;
        let fragment = Fragment {
            title: face.title,
            live: face.live,
            html: String::from_utf8(html.to_vec())?,
            status: response.status(),
        };
        response.extensions_mut().insert(fragment);
        return Ok(response);
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json")) {
        let (mut response, text) = whole(response, PROBLEM_BYTES_MAX).await?;
        if let Some(problem) = Problem::of_json(response.status(), &text) {
            response.extensions_mut().insert(problem);
        }
        return Ok(response);
    }
    Ok(response)
}

async fn whole(response: Response, most: usize) -> Result<(Response, Bytes), Cause> {
    let (parts, body) = response.into_parts();
    let bytes = Limited::new(body, most).collect().await?.to_bytes();
    let response = Response::from_parts(parts, Body::from(bytes.clone()));
    Ok((response, bytes))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    async fn over_the_wire(answer: impl IntoResponse) -> Response {
        let (mut parts, body) = write(answer.into_response()).into_parts();
        parts.extensions.clear();
        read(Response::from_parts(parts, body)).await.unwrap()
    }

    #[tokio::test]
    async fn a_fragment_is_the_same_on_the_other_side() {
        let fragment = Fragment::new("Zwölf \"Karten\"\n✓", "<p>ä</p>".to_owned());
        let fragment = fragment
            .live("/tickets/live?seen=7")
            .status(StatusCode::CONFLICT);
        let read = over_the_wire(fragment.clone()).await;
        let found = read.extensions().get::<Fragment>().unwrap();
        assert_eq!(format!("{found:?}"), format!("{fragment:?}"));
        assert_eq!(read.status(), StatusCode::CONFLICT);
        assert!(!read.headers().contains_key(FRAGMENT));
    }

    #[tokio::test]
    async fn a_problem_is_the_same_on_the_other_side_and_says_when_to_come_again() {
        let problem = Problem::field("bad_price", "price", "Too high.");
        let read = over_the_wire(problem.clone()).await;
        assert_eq!(read.extensions().get::<Problem>(), Some(&problem));
        let read = over_the_wire(Problem::unavailable(7)).await;
        assert_eq!(read.headers()[header::RETRY_AFTER], "7");
        assert_eq!(
            read.extensions().get::<Problem>().unwrap().code(),
            "unavailable"
        );
    }
}
