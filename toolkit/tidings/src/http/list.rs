//! Lists: a bare JSON array, with the way to the next part in the `Link` header.

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, header, request::Parts};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{Problem, Query};
use crate::{Timestamp, Uuid};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MOST: u32 = 200;

/// Where an item stands in a list: what a cursor says, so that the next part begins after it.
///
/// A list in the order of time and id has `(Timestamp, Uuid)`; one in another order brings
/// its own.
pub trait Place: Sized {
    /// Reads what [`Place::write`] has written; `None` for anything else.
    fn read(text: &str) -> Option<Self>;

    /// Letters, digits, `_` and `-`, which need no escaping in an address.
    fn write(&self) -> String;
}

impl Place for (Timestamp, Uuid) {
    fn read(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('_')?;
        let time = Timestamp::from_micros(time.parse().ok()?);
        Some((time, Uuid::try_parse(id).ok()?))
    }

    fn write(&self) -> String {
        format!("{}_{}", self.0.as_micros(), self.1)
    }
}

/// Which part of a list is asked for: `?limit=50&cursor=…`.
#[derive(Clone, Debug)]
pub struct Paging<P = (Timestamp, Uuid)> {
    /// How many items at the most: 1 to 200, 50 if not given.
    pub limit: u32,
    /// The last item of the part before.
    pub after: Option<P>,
    path: String,
    query: String,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Send + Sync, P: Place> FromRequestParts<S> for Paging<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(Asked { limit, cursor }) = Query::from_request_parts(parts, state).await?;
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MOST).contains(&limit) {
            let text = format!("limit must be from 1 to {LIMIT_MOST}.");
            return Err(Problem::field("bad_limit", "limit", text));
        }
        // An empty cursor is what a form without one sends.
        let after = match cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => Some(P::read(cursor).ok_or_else(|| {
                let text = "cursor must be taken from the Link header of an earlier answer.";
                Problem::field("bad_cursor", "cursor", text)
            })?),
            None => None,
        };
        Ok(Self {
            limit,
            after,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

impl<P: Place> Paging<P> {
    /// The address of the part after an item.
    #[must_use]
    pub fn next_url(&self, place: &P) -> String {
        let kept = self.query.split('&').filter(|pair| !pair.is_empty());
        let kept = kept.filter(|pair| !pair.starts_with("cursor="));
        let mut query: Vec<String> = kept.map(ToOwned::to_owned).collect();
        query.push(format!("cursor={}", place.write()));
        format!("{}?{}", self.path, query.join("&"))
    }

    /// How many rows to ask the store for: one more than shown says whether there are more.
    #[must_use]
    pub fn fetch(&self) -> u32 {
        self.limit + 1
    }

    /// Cuts rows (fetched with [`Paging::fetch`]) to the limit and finds the next address.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> P) -> (Vec<T>, Option<String>) {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| self.next_url(&place(row)));
        (rows, next)
    }
}

/// Part of a list as an answer.
#[derive(Clone, Debug)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// The address of the next part, if there is one.
    pub next: Option<String>,
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.items).into_response();
        let link = self.next.map(|next| format!("<{next}>; rel=\"next\""));
        if let Some(Ok(link)) = link.map(|link| HeaderValue::from_str(&link)) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}
