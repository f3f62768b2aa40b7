//! Identifiers: UUID version 7, one type per noun.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::Timestamp;

/// A UUID version 7 of the given moment.
///
/// Identifiers sort by time, to the microsecond; those that one process makes in one
/// microsecond sort by the order in which they were made, so that jobs of one transaction
/// run in the order in which they were enqueued. 44 bits are random.
#[must_use]
pub fn uuid_at(now: Timestamp) -> Uuid {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed) % (1 << 18);
    let random = Uuid::new_v4().as_u64_pair().1 % (1 << 44);
    let mut rest = [0; 10];
    let fraction = u16::try_from(micros % 1000).unwrap_or(0) << 2;
    rest[..2].copy_from_slice(&fraction.to_be_bytes());
    rest[2..].copy_from_slice(&(made << 44 | random).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(micros / 1000, &rest).into_uuid()
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

        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(
                _: &mut $crate::schemars::SchemaGenerator,
            ) -> $crate::schemars::Schema {
                $crate::schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_one_microsecond_sort_as_they_were_made_and_later_ones_behind_them() {
        let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let later = noon.plus(std::time::Duration::from_micros(1));
        let ids: Vec<Uuid> = [noon; 1000]
            .into_iter()
            .chain([later; 1000])
            .map(uuid_at)
            .collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
