//! Event streams to browsers: how many there may be, and when they end (SEC-27).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tidings::{Problem, Uuid};

use crate::Gateway;
use crate::session::Viewer;

const OPEN_MAX: usize = 4096;
/// A tab has one; a person has some tabs on some devices.
const OPEN_PER_USER_MAX: usize = 32;
/// Of those who have not signed in, whom nobody can tell apart: they leave places to the others.
const OPEN_BY_NOBODY_MAX: usize = OPEN_MAX / 2;

/// The streams that are open now.
#[derive(Default)]
pub(crate) struct Streams(Mutex<Open>);

#[derive(Default)]
struct Open {
    all: usize,
    by_user: HashMap<Option<Uuid>, usize>,
}

/// A place among the open streams, given back when the stream is dropped.
struct Seat {
    gateway: Gateway,
    user: Option<Uuid>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let streams = &self.gateway.0.streams;
        let mut open = streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(count) = open.by_user.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.by_user.remove(&self.user);
            }
        }
    }
}

/// Lets an event stream begin if there is a place for it. It has no end of its own, so it
/// ends when the server stops. Every other answer passes.
pub(crate) fn admit(gateway: &Gateway, response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    let viewer = response.extensions().get::<Viewer>();
    let user = viewer
        .and_then(Viewer::identity)
        .map(|identity| identity.user_id);
    let Some(seat) = take_seat(gateway, user) else {
        let text = "Too many pages are open at once. Close some of them.";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", text);
        return problem.retry_after(60).into_response();
    };
    let stopping = gateway.0.settings.stopping.clone();
    let stop = async move {
        let Some(mut stopping) = stopping else {
            return std::future::pending().await;
        };
        // Without a sender nobody can say that it stops.
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    response.map(|body| {
        let parts = body.into_data_stream().take_until(Box::pin(stop));
        Body::from_stream(parts.inspect(move |_| {
            let _ = &seat;
        }))
    })
}

fn take_seat(gateway: &Gateway, user: Option<Uuid>) -> Option<Seat> {
    let streams = &gateway.0.streams;
    let mut open = streams.0.lock().unwrap_or_else(PoisonError::into_inner);
    let own = open.by_user.get(&user).copied().unwrap_or(0);
    let own_max = match user {
        Some(_) => OPEN_PER_USER_MAX,
        None => OPEN_BY_NOBODY_MAX,
    };
    if open.all >= OPEN_MAX || own >= own_max {
        return None;
    }
    open.all += 1;
    *open.by_user.entry(user).or_default() += 1;
    Some(Seat {
        gateway: gateway.clone(),
        user,
    })
}
