//! Events as the world writes them: CloudEvents 1.0 in JSON.
//!
//! | attribute | here |
//! | --- | --- |
//! | `id` | the event's address: `orders.12.345` |
//! | `source` | `/streams/orders` |
//! | `type` | `order.created` |
//! | `subject`, `partitionkey` | the key: the entity that the event is about |
//! | `sequence` | the number in its slot, padded so that it sorts as text |
//! | `dataschema` | `urn:tidings:orders:order.created:1`, with the version of the data |
//! | `time` | when it was published, by the producer's clock |
//! | `traceparent` | the trace that it belongs to |
//! | `actor`, `correlationid`, `causationid` | who acted, and what it belongs to |

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::spans::{publish_id, traceparent};
use crate::{Context, Envelope, EventId, Timestamp};

/// The media type of one event in JSON.
pub const CLOUDEVENT: &str = "application/cloudevents+json";
/// The media type of several events in a JSON array.
pub const CLOUDEVENT_BATCH: &str = "application/cloudevents-batch+json";

/// What is not an event of ours, and why.
#[derive(Debug, thiserror::Error)]
#[error("read a CloudEvent: {0}")]
pub struct BadCloudEvent(String);

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    specversion: Cow<'a, str>,
    id: Cow<'a, str>,
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    name: Cow<'a, str>,
    subject: Cow<'a, str>,
    time: Timestamp,
    datacontenttype: Cow<'a, str>,
    dataschema: Cow<'a, str>,
    partitionkey: Cow<'a, str>,
    sequence: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    actor: Cow<'a, str>,
    correlationid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causationid: Option<Cow<'a, str>>,
    data: Cow<'a, RawValue>,
}

impl Envelope {
    /// The event as CloudEvents JSON.
    ///
    /// # Errors
    /// When its data is not JSON, which only a hand in the tables can bring about.
    pub fn to_cloudevent(&self) -> Result<String, BadCloudEvent> {
        serde_json::to_string(&self.wire()?).map_err(bad)
    }

    /// Several events as a batch in CloudEvents JSON.
    ///
    /// # Errors
    /// As [`to_cloudevent`](Self::to_cloudevent).
    pub fn to_cloudevents(events: &[Self]) -> Result<String, BadCloudEvent> {
        let wires: Result<Vec<_>, _> = events.iter().map(Self::wire).collect();
        serde_json::to_string(&wires?).map_err(bad)
    }

    /// Reads an event that [`to_cloudevent`](Self::to_cloudevent) has written.
    ///
    /// ```
    /// use tidings::Envelope;
    ///
    /// let text = r#"{"specversion": "1.0", "id": "orders.12.345", "source": "/streams/orders",
    ///     "type": "order.created", "subject": "o-1", "partitionkey": "o-1",
    ///     "sequence": "00000000000000000345", "time": "2026-03-14T16:00:07Z",
    ///     "datacontenttype": "application/json",
    ///     "dataschema": "urn:tidings:orders:order.created:1",
    ///     "actor": "service:orders", "correlationid": "flow-1", "data": {"order_id": "o-1"}}"#;
    /// let event = Envelope::from_cloudevent(text.as_bytes())?;
    /// assert_eq!((event.id.sequence, event.version), (345, 1));
    /// assert_eq!(event.data, r#"{"order_id": "o-1"}"#);
    /// # Ok::<(), tidings::BadCloudEvent>(())
    /// ```
    ///
    /// # Errors
    /// When it is not JSON, not CloudEvents 1.0, or contradicts itself.
    pub fn from_cloudevent(json: &[u8]) -> Result<Self, BadCloudEvent> {
        serde_json::from_slice::<Wire<'_>>(json)
            .map_err(bad)?
            .envelope()
    }

    /// Reads a batch that [`to_cloudevents`](Self::to_cloudevents) has written.
    ///
    /// # Errors
    /// As [`from_cloudevent`](Self::from_cloudevent), for the whole batch.
    pub fn from_cloudevents(json: &[u8]) -> Result<Vec<Self>, BadCloudEvent> {
        let wires: Vec<Wire<'_>> = serde_json::from_slice(json).map_err(bad)?;
        wires.into_iter().map(Wire::envelope).collect()
    }

    fn wire(&self) -> Result<Wire<'_>, BadCloudEvent> {
        let Self { id, context, .. } = self;
        let address = id.to_string();
        let trace = traceparent(&context.correlation_id, publish_id(self));
        let data: &RawValue = serde_json::from_str(&self.data).map_err(bad)?;
        Ok(Wire {
            specversion: "1.0".into(),
            id: address.into(),
            source: source(&id.stream).into(),
            name: (&self.name).into(),
            subject: (&self.key).into(),
            time: self.time,
            datacontenttype: "application/json".into(),
            dataschema: schema(&id.stream, &self.name, self.version).into(),
            partitionkey: (&self.key).into(),
            sequence: format!("{:020}", id.sequence).into(),
            traceparent: Some(trace.into()),
            actor: (&context.actor).into(),
            correlationid: (&context.correlation_id).into(),
            causationid: context.causation_id.as_deref().map(Cow::from),
            data: Cow::Borrowed(data),
        })
    }
}

impl Wire<'_> {
    fn envelope(self) -> Result<Envelope, BadCloudEvent> {
        let wrong = |what: &str, value: &str| BadCloudEvent(format!("{what} is {value:?}"));
        if self.specversion != "1.0" {
            return Err(wrong("specversion", &self.specversion));
        }
        let id: EventId = self.id.parse().map_err(BadCloudEvent)?;
        if self.source != source(&id.stream) {
            return Err(wrong("source", &self.source));
        }
        if self.sequence.parse() != Ok(id.sequence) {
            return Err(wrong("sequence", &self.sequence));
        }
        let version = self.dataschema.rsplit(':').next().unwrap_or_default();
        let version: u16 = version
            .parse()
            .map_err(|_| wrong("dataschema", &self.dataschema))?;
        if self.dataschema != schema(&id.stream, &self.name, version) {
            return Err(wrong("dataschema", &self.dataschema));
        }
        Ok(Envelope {
            id,
            key: self.partitionkey.into_owned(),
            name: self.name.into_owned(),
            version,
            data: self.data.get().to_owned(),
            time: self.time,
            context: Context {
                actor: self.actor.into_owned(),
                correlation_id: self.correlationid.into_owned(),
                causation_id: self.causationid.map(Cow::into_owned),
            },
        })
    }
}

fn source(stream: &str) -> String {
    format!("/streams/{stream}")
}

fn schema(stream: &str, name: &str, version: u16) -> String {
    format!("urn:tidings:{stream}:{name}:{version}")
}

fn bad(error: serde_json::Error) -> BadCloudEvent {
    BadCloudEvent(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Envelope {
        Envelope {
            id: "orders.12.345".parse().unwrap(),
            key: "o\"1".to_owned(),
            name: "order.created".to_owned(),
            version: 2,
            data: r#"{"total_minor": 9007199254740993, "note": "ä\u0000"}"#.to_owned(),
            time: Timestamp::from_micros(1_773_504_007_000_001),
            context: Context {
                actor: "service:orders".to_owned(),
                correlation_id: "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f".to_owned(),
                causation_id: Some("tickets.3.4".to_owned()),
            },
        }
    }

    #[test]
    fn an_event_comes_back_as_it_went_to_the_last_byte_of_its_data() {
        let json = event().to_cloudevent().unwrap();
        assert_eq!(Envelope::from_cloudevent(json.as_bytes()).unwrap(), event());
        let batch = Envelope::to_cloudevents(&[event(), event()]).unwrap();
        let back = Envelope::from_cloudevents(batch.as_bytes()).unwrap();
        assert_eq!(back, [event(), event()]);
        assert!(json.contains(r#""traceparent":"00-0195f2d17a3b7c4d8e5f6a7b8c9d0e1f-"#));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let json = event().to_cloudevent().unwrap();
        for (from, to) in [
            (r#""1.0""#, r#""0.3""#),
            ("orders.12.345", "orders.12"),
            ("/streams/orders", "/streams/tickets"),
            ("00000000000000000345", "00000000000000000346"),
            ("order.created:2", "order.created:two"),
            ("order.created:2", "order.deleted:2"),
            (r#","data":{"#, r#","other":{"#),
        ] {
            let wrong = json.replacen(from, to, 1);
            assert_ne!(wrong, json, "{from}");
            assert!(Envelope::from_cloudevent(wrong.as_bytes()).is_err(), "{to}");
        }
    }
}
