//! Contracts: what events and commands may say, as JSON Schema, and which changes of it others
//! can bear.
//!
//! Schemas come from the types: a stream says them when its derive is told to
//! (`#[stream(…, schemas)]`), and its fields' types derive `JsonSchema` (of [`crate::schemars`]).
//! They say what a reader must be able to read: a field with a default may be missing, because
//! it is missing in events that were written before there was such a field.
//!
//! ```
//! use tidings::Stream;
//!
//! #[derive(tidings::Stream)]
//! #[stream(name = "orders", key = "order_id", schemas)]
//! enum OrderEvent {
//!     /// A buyer has ordered.
//!     #[event("order.created")]
//!     Created {
//!         /// The order.
//!         order_id: u64,
//!         total_minor: i64,
//!     },
//! }
//!
//! let schemas = OrderEvent::schemas();
//! assert_eq!(schemas[0].event.name, "order.created");
//! assert_eq!(schemas[0].schema["description"], "A buyer has ordered.");
//! assert_eq!(schemas[0].schema["required"][0], "order_id");
//! ```
//!
//! What is published stays: stored events are read by later builds, and for as long as a
//! roll-out lasts, by earlier ones. [`compare`] says what a change of a schema breaks and for
//! whom; [`Contracts`] keeps the schemas of all versions as files, and changes to the rule.
//!
//! # What is published is what its schema says (X-05)
//!
//! The schema is made of the type that is written, so a service cannot publish what its schema
//! does not allow: what does not fit does not compile, and what cannot be written as JSON fails
//! the transaction ([`Tx::publish`](crate::Tx::publish)). What the compiler cannot see is a
//! `Serialize` written by hand that writes what its `Deserialize` does not read, or a float that
//! is not a number: in builds with debug assertions, which tests are, every event that is
//! published is read back at once, and one that cannot be read fails the transaction as well. In
//! a release it costs nothing. What comes from outside is compared with the schema
//! ([`violations`]) and read as the type before it is published.

mod committed;
mod compare;
mod contracts;
mod names;
mod violations;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use committed::{Finding, Findings};
pub use compare::{Broken, Comparison, Compatibility, compare};
pub use contracts::{Contract, Contracts};
pub use names::{check_command_name, check_event_name};
pub use violations::{Violation, violations};

use crate::{Command, EventType};

/// What the data of one kind of event, or of one command, may be.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSchema {
    /// The name on the wire and the version.
    pub event: EventType,
    /// A JSON Schema of draft 2020-12.
    pub schema: Value,
}

impl EventSchema {
    /// The schema of a type, described by the lines of a comment.
    #[must_use]
    pub fn of<T: JsonSchema>(event: EventType, about: &[&str]) -> Self {
        let settings = SchemaSettings::draft2020_12();
        let settings = settings.with(|settings| settings.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        schema.insert("title".to_owned(), event.name.into());
        let about = about.iter().map(|line| line.trim());
        let about = about.collect::<Vec<_>>().join("\n");
        if !about.is_empty() {
            schema.insert("description".to_owned(), about.into());
        }
        Self {
            event,
            schema: schema.to_value(),
        }
    }

    /// The schema of a command's data; see [`Command::schema`].
    #[must_use]
    pub fn of_command<C: Command + JsonSchema>() -> Self {
        let event = EventType {
            name: C::NAME,
            version: C::VERSION,
        };
        Self::of::<C>(event, &[])
    }
}
