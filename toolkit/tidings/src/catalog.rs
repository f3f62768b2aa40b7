//! The catalogue: which services there are, what they publish, who reads it, and what is asked
//! of whom. It comes from the definitions alone, so that it is complete without any database,
//! and in a process that runs only some of the services.
//!
//! ```
//! # #[derive(tidings::Stream)]
//! # #[stream(name = "orders", key = "order_id")]
//! # enum OrderEvent { #[event("order.created")] Created { order_id: String } }
//! use tidings::{Error, Event, Service, Setup, Storage, Tx};
//!
//! async fn note(_: Event<OrderEvent>, _: &mut Tx) -> Result<(), Error> {
//!     Ok(())
//! }
//!
//! let setup = Setup::new(Storage::Memory)
//!     .service(Service::new("orders").publishes::<OrderEvent>())
//!     .service(Service::new("letters").subscribes("orders", note));
//! let catalog = setup.into_catalog()?;
//! let orders = catalog.stream("orders").unwrap();
//! assert_eq!(orders.producer, Some("orders"));
//! assert_eq!(orders.readers[0].service, "letters");
//! assert_eq!(catalog.warnings, []);
//! # Ok::<(), tidings::Error>(())
//! ```
//!
//! It knows what the definitions say, and those speak of streams: a handler is given every event
//! of the streams that it reads, and one that does nothing about some of them looks the same.

mod asyncapi;
mod entry;
mod example;
mod outline;
mod warnings;

use serde::Serialize;

pub use asyncapi::{Api, Server};
pub use entry::{
    CommandEntry, EventEntry, Reader, ScheduleEntry, ServiceEntry, StreamEntry, SubscriptionEntry,
    VersionEntry,
};
pub use example::{Field, example, fields};
pub(crate) use outline::Outline;
pub use warnings::Warning;

use crate::schema::EventSchema;
use crate::{Error, Installation, Setup, command};

/// What there is, and who has to do with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catalog {
    /// The services, as they were set up.
    pub services: Vec<ServiceEntry>,
    /// The streams, as their services declare them; those that carry commands and replies last.
    /// One that is read but that no service of the installation writes is among them.
    pub streams: Vec<StreamEntry>,
    /// What is published for nobody, and what waits for nothing.
    pub warnings: Vec<Warning>,
}

impl Catalog {
    /// A service by its name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceEntry> {
        self.services.iter().find(|service| service.name == name)
    }

    /// A stream by its name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<&StreamEntry> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// An event type by its name, with its stream.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<(&StreamEntry, &EventEntry)> {
        self.streams.iter().find_map(|stream| {
            let mut events = stream.events.iter();
            Some((stream, events.find(|event| event.name == name)?))
        })
    }

    /// The streams that a service writes.
    pub fn written_by<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a StreamEntry> {
        let streams = self.streams.iter();
        streams.filter(move |stream| stream.producer == Some(service))
    }

    /// What has to do with one service: it, the streams that it writes or reads, and the
    /// services on their other ends. `None` where there is no service of that name.
    #[must_use]
    pub fn around(&self, service: &str) -> Option<Self> {
        let of = self.service(service)?;
        let reads = |stream: &StreamEntry| stream.readers.iter().any(|one| one.service == service);
        let streams = self.streams.iter();
        let streams: Vec<StreamEntry> = streams
            .filter(|stream| stream.producer == Some(service) || reads(stream))
            .cloned()
            .collect();
        let is_near = |one: &ServiceEntry| {
            one.name == service
                || of.calls.contains(&one.name)
                || one.calls.contains(&service)
                || streams.iter().any(|stream| {
                    let mut readers = stream.readers.iter();
                    stream.producer == Some(one.name)
                        || readers.any(|reader| reader.service == one.name)
                })
        };
        let services = self.services.iter().filter(|one| is_near(one));
        let warnings = self.warnings.iter();
        let warnings = warnings.filter(|one| one.service == service).cloned();
        Some(Self {
            services: services.cloned().collect(),
            warnings: warnings.collect(),
            streams,
        })
    }
}

impl Setup {
    /// Tells the catalogue what events of earlier versions say, which services no longer
    /// publish and still read: `OrderEventV1::schemas`.
    #[must_use]
    pub fn earlier_schemas(mut self, schemas: fn() -> Vec<EventSchema>) -> Self {
        self.earlier.push(schemas);
        self
    }

    /// What there is, and who has to do with it, without opening anything.
    ///
    /// # Errors
    /// When declarations contradict each other, as [`Setup::open`] refuses them.
    pub fn into_catalog(self) -> Result<Catalog, Error> {
        let services = command::wire(self.services)?;
        Ok(Outline::of(&services, self.earlier).into_catalog())
    }
}

impl Installation {
    /// What there is, and who has to do with it: of services that run in other processes, too,
    /// by their definitions.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.catalog
            .get_or_init(|| self.outline.clone().into_catalog())
    }
}
