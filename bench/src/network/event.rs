//! The event that is carried.

use serde::{Deserialize, Serialize};
use tidings::{EventType, Stream};

/// Of how many keys the events are.
const KEYS: i64 = 1_000;

/// An order was placed, in a stream of so many slots.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Placed<const SLOTS: u16> {
    order: String,
    pub(super) number: i64,
    /// As long as is wanted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

impl<const SLOTS: u16> Placed<SLOTS> {
    pub(super) fn new(number: i64, note: String) -> Self {
        let order = format!("order-{}", number % KEYS);
        Self {
            order,
            number,
            note,
        }
    }

    pub(super) fn numbered(&self, number: i64) -> Self {
        Self::new(number, self.note.clone())
    }
}

impl<const SLOTS: u16> Stream for Placed<SLOTS> {
    const NAME: &'static str = "orders";
    const SLOTS: u16 = SLOTS;
    const TYPES: &'static [EventType] = &[EventType {
        name: "order.placed",
        version: 1,
    }];

    fn key(&self) -> String {
        self.order.clone()
    }

    fn event_type(&self) -> EventType {
        Self::TYPES[0]
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn decode(_: &str, _: u16, data: &str) -> Result<Option<Self>, String> {
        let decoded = serde_json::from_str(data).map(Some);
        decoded.map_err(|error| error.to_string())
    }
}
