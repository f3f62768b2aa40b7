//! Identifiers: UUID version 7, one type per noun.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use uuid::{NoContext, Uuid};

use crate::Timestamp;

/// A UUID version 7 of the given moment: sorts by time, random behind it.
#[must_use]
pub fn uuid_at(now: Timestamp) -> Uuid {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(
        NoContext,
        micros / 1_000_000,
        nanos,
    ))
}

/// A text that lives as long as the process, for names that are put together when services
/// are defined. Each text is kept once, so opening the same services again costs nothing.
pub(crate) fn interned(text: String) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(text.as_str()) {
        return found;
    }
    let kept: &'static str = text.leak();
    known.insert(kept);
    kept
}

/// Declares an identifier type of its own for a noun.
///
/// ```
/// tidings::typed_id! {
///     /// Names an order.
///     pub struct OrderId;
/// }
///
/// let now = tidings::Clock::system().now();
/// let id = OrderId::new(now);
/// assert_eq!(id.to_string().parse::<OrderId>().unwrap(), id);
/// ```
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $vis:vis struct $name:ident;) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
        )]
        #[serde(crate = "::tidings::serde", transparent)]
        $vis struct $name($crate::Uuid);

        impl $name {
            /// A new identifier of the given moment.
            #[must_use]
            $vis fn new(now: $crate::Timestamp) -> Self {
                Self($crate::uuid_at(now))
            }

            /// The identifier as a bare UUID.
            #[must_use]
            $vis fn uuid(self) -> $crate::Uuid {
                self.0
            }
        }

        impl From<$crate::Uuid> for $name {
            fn from(id: $crate::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                text.parse().map(Self).map_err(|_| format!("{text:?} is not a UUID"))
            }
        }

        impl From<$name> for $crate::Value {
            fn from(id: $name) -> Self {
                $crate::Value::from(id.0)
            }
        }

        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value) -> Result<Self, String> {
                $crate::FromValue::from_value(value).map(Self)
            }
        }
    };
}
