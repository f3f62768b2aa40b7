//! Streams: the events about one kind of entity, as an enum.

use std::fmt;

use serde::Serialize;

use crate::schema::{Compatibility, EventSchema};

/// What a stream's events are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something happened that others react to.
    Business,
    /// The full public record of an entity after a change, so that others can keep a replica.
    State,
    /// What one service asks another for, or the replies to it; see [`Command`](crate::Command).
    Command,
}

/// The name and version of one kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct EventType {
    /// The name on the wire: `order.created`.
    pub name: &'static str,
    /// The version of its data, counted from 1.
    pub version: u16,
}

/// The events about one kind of entity, written by exactly one service.
///
/// Derive it for an enum whose variants are the event types. Every variant has
/// the field that is the key; names on the wire are literals, so that renaming a
/// variant changes nothing outside:
///
/// ```
/// use tidings::Stream;
///
/// /// What becomes of orders.
/// #[derive(Clone, Debug, PartialEq, tidings::Stream)]
/// #[stream(name = "orders", key = "order_id")]
/// enum OrderEvent {
///     /// A buyer has ordered.
///     #[event("order.created")]
///     Created { order_id: uuid::Uuid, total_minor: i64 },
///     /// The hold ran out before the payment.
///     #[event("order.expired")]
///     Expired { order_id: uuid::Uuid },
/// }
///
/// let id = uuid::Uuid::nil();
/// let event = OrderEvent::Expired { order_id: id };
/// assert_eq!(OrderEvent::NAME, "orders");
/// assert_eq!(event.key(), id.to_string());
/// assert_eq!(event.encode().unwrap(), format!(r#"{{"order_id":"{id}"}}"#));
/// ```
///
/// # Versions
///
/// What an event says can change when its version does. Events of older versions stay stored
/// and on their way; they are made what the newest one would have said, each version the next,
/// wherever an event is read: by handlers, projections, batches, runs of workflows and what is
/// published from outside. Handlers know one version only.
///
/// ```
/// use serde_json::Value;
/// use tidings::Stream;
///
/// #[derive(Debug, PartialEq, tidings::Stream)]
/// #[stream(name = "people", key = "id")]
/// enum PersonEvent {
///     #[event("person.met", version = 2, upcast(1 = split_name))]
///     Met { id: u32, first: String, last: String },
/// }
///
/// /// Version 1 had one name.
/// fn split_name(mut met: Value) -> Result<Value, String> {
///     let name = met["name"].as_str().ok_or("name is missing")?;
///     let (first, last) = name.split_once(' ').unwrap_or((name, ""));
///     let (first, last) = (first.to_owned(), last.to_owned());
///     met["first"] = first.into();
///     met["last"] = last.into();
///     Ok(met)
/// }
///
/// let old = PersonEvent::decode("person.met", 1, r#"{"id":7,"name":"Ada Byron"}"#);
/// let (first, last) = ("Ada".to_owned(), "Byron".to_owned());
/// assert_eq!(old.unwrap(), Some(PersonEvent::Met { id: 7, first, last }));
/// ```
///
/// An upcast has nothing but the data, so that it says the same for ever, and it keeps the
/// key: events stay in the slot that the old key has put them in. One that cannot make
/// anything of its data refuses it, and the event is dead at the first try, with the reason.
/// New versions go out to readers first and to the writer last (X-07): an event of a version
/// that a build does not know is dead, never guessed at, until a newer build retries it
/// (X-06). A version that is left out does not compile, nor does one that is not older than
/// the event's own:
///
/// ```compile_fail
/// # fn from_first(data: serde_json::Value) -> Result<serde_json::Value, String> { Ok(data) }
/// #[derive(tidings::Stream)]
/// #[stream(name = "people", key = "id")]
/// enum PersonEvent {
///     #[event("person.met", version = 3, upcast(1 = from_first))]
///     Met { id: u32 },
/// }
/// ```
///
/// ```compile_fail
/// # fn from_second(data: serde_json::Value) -> Result<serde_json::Value, String> { Ok(data) }
/// #[derive(tidings::Stream)]
/// #[stream(name = "people", key = "id")]
/// enum PersonEvent {
///     #[event("person.met", version = 2, upcast(2 = from_second))]
///     Met { id: u32 },
/// }
/// ```
pub trait Stream: Sized + Send + Sync + 'static {
    /// The stream's name: the entity in the plural.
    const NAME: &'static str;
    /// How many slots order is kept in; fixed when the stream is created.
    const SLOTS: u16 = 64;
    /// What its events are for.
    const KIND: Kind = Kind::Business;
    /// Every event type that can occur.
    const TYPES: &'static [EventType];
    /// The older versions that are made the newest ones when they are read.
    const OLDER: &'static [EventType] = &[];
    /// Which changes of an event's data are allowed without a new version of it.
    const COMPATIBILITY: Compatibility = Compatibility::Full;

    /// The entity that the event is about. Events of one key are ordered.
    fn key(&self) -> String;

    /// The event's name and version.
    fn event_type(&self) -> EventType;

    /// The event's data as JSON.
    ///
    /// # Errors
    /// When a field cannot be written as JSON.
    fn encode(&self) -> Result<String, serde_json::Error>;

    /// Reads an event back, of any version that is known or can be made one that is; `None`
    /// when this build does not know the name.
    ///
    /// # Errors
    /// When the name is known but the version or the data is not.
    fn decode(name: &str, version: u16, data: &str) -> Result<Option<Self>, String>;

    /// What the data of each event type may be; empty unless the derive is told to say it:
    /// `#[stream(name = "orders", key = "order_id", schemas)]`. See [`schema`](crate::schema).
    #[must_use]
    fn schemas() -> Vec<EventSchema> {
        Vec::new()
    }
}

/// A stream as the runtime sees it.
#[derive(Clone, Copy, Serialize)]
pub struct StreamInfo {
    /// Its name.
    pub name: &'static str,
    /// How many slots it has.
    pub slots: u16,
    /// What its events are for.
    pub kind: Kind,
    /// Every event type that can occur.
    pub types: &'static [EventType],
    /// What the data of each may be; see [`Stream::schemas`], and for what a command's is on
    /// its way, [`Command::schema`](crate::Command::schema).
    #[serde(skip)]
    pub schemas: &'static (dyn Fn() -> Vec<EventSchema> + Send + Sync),
}

impl fmt::Debug for StreamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamInfo")
            .field("name", &self.name)
            .field("slots", &self.slots)
            .field("kind", &self.kind)
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

impl StreamInfo {
    pub(crate) const fn of<S: Stream>() -> Self {
        Self {
            name: S::NAME,
            slots: S::SLOTS,
            kind: S::KIND,
            types: S::TYPES,
            schemas: &S::schemas,
        }
    }
}

/// The slot of a key: its 64-bit FNV-1a hash, modulo the number of slots.
///
/// Any program that publishes or reads a stream must compute the same:
///
/// ```
/// assert_eq!(tidings::slot_of("order-1", 64), 45);
/// ```
#[must_use]
pub fn slot_of(key: &str, slots: u16) -> u16 {
    let slot = fnv1a(key.bytes()) % u64::from(slots.max(1));
    u16::try_from(slot).unwrap_or_default()
}

pub(crate) fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
