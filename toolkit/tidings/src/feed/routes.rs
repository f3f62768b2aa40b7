//! The routes of feeds: any program can follow a stream with plain HTTP.
//!
//! They keep to the published conventions of HTTP Feeds (`lastEventId`, `timeout` in
//! milliseconds, CloudEvents in a batch, an empty array at the end), and add `limit`, slots,
//! `tidings-covered` and `tidings-position` for readers that want to know that nothing is
//! missing.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use super::access::Caller;
use super::asked::{Asked, SlotFrom, StreamFrom, check_slot, places, start};
use super::page::{self, Place, check_nothing_gone, check_nothing_lost};
use super::{Feed, LocalFeed, Standing, accept};
use crate::handle::Handle;
use crate::http::{Path, Query};
use crate::{EventId, MESSAGE_BYTES_MAX, Problem, StreamInfo, history, outbox};

/// An event from outside, with what is around its data.
const EVENT_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 16 * 1024;

/// The last number of every slot of a stream that has any, and which run of the producer says
/// so. Numbers of 64 random bits are text: JavaScript would round them.
#[derive(Serialize, Deserialize)]
pub(super) struct Heads {
    pub(super) stream: String,
    pub(super) slots: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<String>,
    pub(super) heads: BTreeMap<u16, u64>,
    /// Slot, number and mark of each event that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) marks: Option<Vec<(u16, u64, String)>>,
    /// Where a reader begins who wants to begin as was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) starts: Option<BTreeMap<u16, u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadsAsked {
    marks: Option<String>,
    starts: Option<String>,
}

/// The feeds of one service's streams.
pub(crate) fn routes(service: &Handle) -> Router {
    let streams = service.0.streams.iter().copied();
    let routes = streams.fold(Router::new(), |all, stream| {
        let at = format!("/feed/{}", stream.name);
        let whole = move |state, headers, query| whole(stream, state, headers, query);
        let publish = move |state, headers, body| accept::publish(stream, state, headers, body);
        let heads = move |state, headers, query| heads(stream, state, headers, query);
        let slot = move |path, state, headers, query| slot(stream, path, state, headers, query);
        all.route(&at, get(whole).post(publish))
            .route(&format!("{at}/heads"), get(heads))
            .route(&format!("{at}/{{slot}}"), get(slot))
    });
    // Events are much alike: the quickest level makes a tenth of them already.
    let compressed = CompressionLayer::new().quality(CompressionLevel::Fastest);
    routes
        .layer(DefaultBodyLimit::max(EVENT_BYTES_MAX))
        .layer(compressed)
        .with_state(service.clone())
}

/// What is asked of streams that no service here writes. Who asks is told the truth once it
/// is known who that is; any service can tell.
pub(crate) fn routes_of_none(any: &Handle) -> Router {
    Router::new()
        .route("/feed/{stream}", get(none).post(none))
        .route("/feed/{stream}/heads", get(none))
        .route("/feed/{stream}/{slot}", get(none))
        .with_state(any.clone())
}

async fn none(State(any): State<Handle>, headers: HeaderMap) -> Result<(), Problem> {
    Caller::of(&headers, &any).await?;
    Err(Problem::not_found("No service here writes this stream."))
}

async fn slot(
    stream: StreamInfo,
    Path(slot): Path<u16>,
    State(service): State<Handle>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let caller = Caller::of(&headers, &service).await?;
    caller.check_reads(&service, &stream)?;
    check_slot(&stream, slot)?;
    let (limit, patience) = (asked.limit()?, asked.patience()?);
    let after = match asked.slot_from(&stream, slot)? {
        SlotFrom::Sequence(after) => after,
        SlotFrom::Event(last) => {
            check_nothing_lost(&service, &last).await?;
            last.sequence
        }
    };
    let from = Place::Slot { slot, after };
    let page = page::read(&service, &stream, from, limit, patience).await?;
    Ok(page.into_response())
}

async fn whole(
    stream: StreamInfo,
    State(service): State<Handle>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let caller = Caller::of(&headers, &service).await?;
    caller.check_reads(&service, &stream)?;
    let (limit, patience) = (asked.limit()?, asked.patience()?);
    let begins = begins(&service, asked.stream_from(&stream)?, stream.name).await?;
    let from = Place::Stream {
        position: begins.position,
    };
    let page = page::read(&service, &stream, from, limit, patience).await?;
    if let Some(seen) = begins.seen {
        check_nothing_gone(&service, stream.name, seen).await?;
    }
    Ok(page.into_response())
}

/// Where a reader of a whole stream begins.
struct Begins {
    position: i64,
    /// Up to where it has read, if it would not notice that something behind that is missing.
    seen: Option<i64>,
}

async fn begins(service: &Handle, from: StreamFrom, stream: &str) -> Result<Begins, Problem> {
    let mut conn = service.read().await?;
    Ok(match from {
        StreamFrom::Beginning => Begins {
            position: 0,
            seen: None,
        },
        StreamFrom::Position(position) => {
            let last = outbox::last_position(&mut conn, stream).await?;
            Begins {
                // Of a database that was restored or moved the reader knows positions that will
                // not come again before long. It is not kept waiting for them.
                position: position.min(last),
                seen: Some(position),
            }
        }
        StreamFrom::After(last) => {
            drop(conn);
            after(service, &last).await?
        }
        StreamFrom::Cursors(cursors) => Begins {
            position: outbox::position_of(&mut conn, stream, &cursors).await?,
            seen: None,
        },
    })
}

async fn after(service: &Handle, last: &EventId) -> Result<Begins, Problem> {
    check_nothing_lost(service, last).await?;
    let EventId {
        stream,
        slot,
        sequence,
    } = last;
    let mut conn = service.read().await?;
    let (slot, sequence) = (*slot, *sequence);
    let there = outbox::position_at(&mut conn, stream, slot, sequence).await?;
    let gone = history::position_when_gone(&mut conn, stream, slot, sequence).await?;
    Ok(Begins {
        position: gone.unwrap_or(there),
        seen: gone.or((there > 0).then_some(there)),
    })
}

async fn heads(
    stream: StreamInfo,
    State(service): State<Handle>,
    headers: HeaderMap,
    Query(asked): Query<HeadsAsked>,
) -> Result<Response, Problem> {
    let caller = Caller::of(&headers, &service).await?;
    caller.check_reads(&service, &stream)?;
    let feed = LocalFeed::new(service);
    let marks = match asked.marks {
        Some(text) => {
            let places = places(&stream, "marks", &text)?;
            let marks = feed.marks(stream.name, &places).await?.into_iter();
            let marks = marks.map(|one| (one.slot, one.sequence, one.mark.to_string()));
            Some(marks.collect())
        }
        None => None,
    };
    let starts = match asked.starts {
        Some(text) => {
            let starts = feed.starts(stream.name, start(&text)?).await?;
            Some(starts.into_iter().collect())
        }
        None => None,
    };
    let Standing { run, heads } = feed.standing(stream.name).await?;
    let heads = Heads {
        stream: stream.name.to_owned(),
        slots: stream.slots,
        run: run.map(|run| run.to_string()),
        heads: heads.into_iter().collect(),
        marks,
        starts,
    };
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, axum::Json(heads)).into_response())
}
