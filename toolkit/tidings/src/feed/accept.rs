//! Events from outside: any program may publish to a stream that its service has opened.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::access::Caller;
use super::outside::Outside;
use crate::handle::Handle;
use crate::http::idempotency::{Noted, note_in_tx};
use crate::http::{CORRELATION_HEADER, is_plain};
use crate::schema::EventSchema;
use crate::{CLOUDEVENT, Context, Error, Problem, Service, Stream, StreamInfo, Tx, slot_of};

/// How events of one open stream are understood.
pub(crate) struct Acceptor {
    pub(crate) stream: &'static str,
    decode: fn(name: &str, version: u16, data: &str) -> Result<Option<Admitted>, String>,
    schemas: LazyLock<Vec<EventSchema>>,
}

type Publish = dyn FnOnce(&mut Tx) -> Result<(), Error> + Send;

/// An event that its stream knows.
struct Admitted {
    key: String,
    publish: Box<Publish>,
}

/// What the sender is told; nothing that is not true yet. The event has no number before it
/// is numbered, so it is not in here.
#[derive(Serialize)]
struct Receipt {
    stream: &'static str,
    key: String,
    slot: u16,
    /// It had been published before, and was not published again.
    repeated: bool,
}

impl Service {
    /// Opens a stream that the service publishes: programs in any language may add events
    /// with `POST /feed/{stream}`, a CloudEvent as `application/cloudevents+json`.
    ///
    /// ```
    /// # #[derive(tidings::Stream)]
    /// # #[stream(name = "readings", key = "meter_id")]
    /// # enum ReadingEvent { #[event("reading.taken")] Taken { meter_id: String, value: i64 } }
    /// use tidings::Service;
    ///
    /// # fn main() { let _ =
    /// Service::new("meters").publishes::<ReadingEvent>().accepts::<ReadingEvent>()
    /// # ; }
    /// ```
    ///
    /// An event is read as the stream's type, or refused; its key is taken from its data. What
    /// it is refused for is answered all at once, each with a JSON pointer to its place and what
    /// is expected there, where the stream says its schemas (see [`schema`](crate::schema)). It
    /// is on disk when 202 is answered. One `source` and `id` is published once, for seven
    /// days: a sender that got no answer sends it again. Who may: services, and accounts with
    /// the role `operator` or `publisher`.
    #[must_use]
    pub fn accepts<S: Stream>(mut self) -> Self {
        self.accepts.push(Acceptor {
            stream: S::NAME,
            decode: decode::<S>,
            schemas: LazyLock::new(S::schemas),
        });
        self
    }
}

fn decode<S: Stream>(name: &str, version: u16, data: &str) -> Result<Option<Admitted>, String> {
    Ok(S::decode(name, version, data)?.map(|event| Admitted {
        key: event.key(),
        publish: Box::new(move |tx| tx.publish(event)),
    }))
}

/// Only the service that writes a stream can open it.
pub(crate) fn refuse_unwritten(services: &[Service]) -> Result<(), Error> {
    for service in services {
        for Acceptor { stream, .. } in &service.accepts {
            if !service.streams.iter().any(|own| own.name == *stream) {
                let text = format!(
                    "{} accepts {stream}, which it does not publish",
                    service.name
                );
                return Err(Error::Unsafe(text));
            }
        }
    }
    Ok(())
}

pub(super) async fn publish(
    stream: StreamInfo,
    State(service): State<Handle>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let caller = Caller::of(&headers, &service).await?;
    caller.check_publishes()?;
    let acceptors = service.0.accepts.iter();
    let Some(open) = acceptors.into_iter().find(|one| one.stream == stream.name) else {
        let text = format!("{} takes no events from outside.", stream.name);
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_open", text));
    };
    check_kind(&headers)?;
    let outside = Outside::read(&body?)?;
    let version = outside.version(&stream)?;
    let of = |one: &&EventSchema| (one.event.name, one.event.version) == (&outside.name, version);
    if let Some(known) = open.schemas.iter().find(of) {
        outside.check_data(&known.schema)?;
    }
    let admitted = match (open.decode)(&outside.name, version, outside.data()) {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return Err(outside.unknown_type(&stream)),
        Err(reason) => return Err(outside.bad_data(&reason)),
    };
    outside.check_key(&admitted.key)?;
    let context = context(&service, &caller, &outside, &headers);
    publish_once(&service, &stream, &outside, admitted, context).await
}

async fn publish_once(
    service: &Handle,
    stream: &StreamInfo,
    outside: &Outside,
    admitted: Admitted,
    context: Context,
) -> Result<Response, Problem> {
    let receipt = |repeated| {
        let receipt = Receipt {
            stream: stream.name,
            slot: slot_of(&admitted.key, stream.slots),
            key: admitted.key.clone(),
            repeated,
        };
        (StatusCode::ACCEPTED, axum::Json(receipt)).into_response()
    };
    let mut tx = service.begin(context).await?;
    let (key, fingerprint) = outside.once(stream.name);
    match note_in_tx(&mut tx, key, fingerprint).await? {
        Noted::New => {}
        Noted::Same => return Ok(receipt(true)),
        Noted::Other => {
            let text = "An event with this source and id was published before, with another \
                type or other data.";
            return Err(Problem::conflict("event_reused", text));
        }
    }
    let answer = receipt(false);
    match (admitted.publish)(&mut tx) {
        Ok(()) => {}
        Err(Error::TooLarge { limit, .. }) => {
            let text = format!("The data is larger than {limit} bytes.");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Problem::new(status, "too_large", text));
        }
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    Ok(answer)
}

fn check_kind(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(CLOUDEVENT) {
        return Ok(());
    }
    let text = format!("Send one event as {CLOUDEVENT}.");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Problem::new(status, "unsupported_media_type", text))
}

/// What the event says it belongs to, or the request, or itself.
fn context(service: &Handle, caller: &Caller, outside: &Outside, headers: &HeaderMap) -> Context {
    let sent = headers.get(CORRELATION_HEADER);
    let sent = sent.and_then(|value| value.to_str().ok());
    let known = [outside.correlation_id.as_deref(), sent];
    let plain = known.into_iter().flatten().find(|text| is_plain(text));
    let fresh = || crate::uuid_at(service.now()).to_string();
    Context {
        actor: caller.actor(),
        correlation_id: plain.map_or_else(fresh, ToOwned::to_owned),
        causation_id: Some(format!("{} {}", outside.source, outside.id)),
    }
}
