//! Projections: tables that are made of events and of nothing else, so they can be made anew.
//!
//! A projection is a subscription whose handlers get a [`View`]: they read and write the
//! projection's tables, and can do nothing else. So its events may be applied again, from the
//! first to the last, without anybody outside noticing: [`rebuild`] does that beside the running
//! service and swaps the new tables for the old.

mod rebuild;
mod shadow;
mod status;
mod swap;
mod view;

use std::marker::PhantomData;
use std::sync::Arc;

pub use rebuild::{Progress, Rebuild, RebuildError, Rebuilt, begin, rebuild};
pub use status::RebuildStatus;
pub use view::{View, ViewBatchHandler, ViewHandler};

use self::view::OnView;
use crate::feed::Feed;
use crate::handle::Handle;
use crate::installation::ServiceParts;
use crate::process::Sources;
use crate::subscription::{Batch, Erased, One, Subscription};
use crate::{Fault, Installation, Migration, Service, Start, Stream, StreamInfo};

/// Tables that are made of events.
///
/// ```
/// use tidings::{Error, Event, Migration, Projection, Service, View, params};
///
/// #[derive(tidings::Stream)]
/// #[stream(name = "orders", key = "order_id")]
/// enum OrderEvent {
///     #[event("order.paid")]
///     Paid { order_id: uuid::Uuid, total_minor: i64 },
/// }
///
/// async fn sales(event: Event<OrderEvent>, view: &mut View<'_>) -> Result<(), Error> {
///     let OrderEvent::Paid { total_minor, .. } = event.data;
///     let day = event.time.to_string()[..10].to_owned();
///     let sql = "INSERT INTO sales_by_day (day, total_minor) VALUES ($1, $2) ON CONFLICT (day)
///         DO UPDATE SET total_minor = sales_by_day.total_minor + excluded.total_minor";
///     view.execute(sql, params![day, total_minor]).await?;
///     Ok(())
/// }
///
/// const TABLES: &[Migration] = &[Migration::new(
///     "sales_by_day_0001",
///     "CREATE TABLE sales_by_day (day TEXT PRIMARY KEY, total_minor BIGINT NOT NULL)",
/// )];
///
/// let service = Service::new("reports")
///     .projection(Projection::new("sales_by_day").tables(TABLES).on(sales));
/// # let _ = service;
/// ```
///
/// Its events come like any subscription's: applied once, in order per key, because the cursor
/// moves in the same transaction; parked and dead when they fail. The name is the
/// subscription's, and [`Service::starts`] says where it begins.
///
/// The tables belong to the projection alone: a rebuild makes them empty, by the same
/// statements, where nothing else of the service is. So a handler that touches a table of
/// somebody else's fails there, and the statements name no schema.
pub struct Projection {
    name: &'static str,
    tables: Vec<Migration>,
    subscriptions: Vec<Subscription>,
}

impl Projection {
    /// A projection without tables yet. The name is also its subscription's.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            tables: Vec::new(),
            subscriptions: Vec::new(),
        }
    }

    /// Its tables, as [migrations](Migration): plain tables with their indexes, and views.
    /// Their names are in one list with the migrations of the service.
    #[must_use]
    pub fn tables(mut self, tables: &[Migration]) -> Self {
        self.tables.extend_from_slice(tables);
        self
    }

    /// Applies every event of a stream, one by one:
    /// `async fn(Event<S>, &mut View<'_>) -> Result<(), E>`. May be said of several streams.
    #[must_use]
    pub fn on<S, E, H>(self, handler: H) -> Self
    where
        S: Stream,
        E: Fault,
        H: for<'a> ViewHandler<'a, S, E>,
    {
        let handler = Box::new(One::<S, _>::of(OnView(handler, PhantomData::<fn() -> E>)));
        self.add::<S>(handler)
    }

    /// Applies a stream batch by batch:
    /// `async fn(&[Event<S>], &mut View<'_>) -> Result<(), E>`.
    #[must_use]
    pub fn on_batch<S, E, H>(self, handler: H) -> Self
    where
        S: Stream,
        E: Fault,
        H: for<'a> ViewBatchHandler<'a, S, E>,
    {
        let handler = Box::new(Batch::<S, _>::of(OnView(handler, PhantomData::<fn() -> E>)));
        self.add::<S>(handler)
    }

    fn add<S: Stream>(mut self, handler: Box<dyn Erased>) -> Self {
        self.subscriptions.push(Subscription {
            name: self.name,
            stream: StreamInfo::of::<S>(),
            start: Start::default(),
            handler,
            is_projection: true,
        });
        self
    }
}

impl Service {
    /// Keeps tables that are made of events and of nothing else; see [`Projection`].
    #[must_use]
    pub fn projection(mut self, projection: Projection) -> Self {
        let Projection {
            name,
            tables,
            subscriptions,
        } = projection;
        self.migrations.extend_from_slice(&tables);
        self.subscriptions
            .extend(subscriptions.into_iter().map(Arc::new));
        self.history.projections.push((name, tables));
        self
    }
}

/// A projection of an open installation.
pub(crate) struct Known {
    pub(crate) service: Handle,
    pub(crate) name: &'static str,
    pub(crate) tables: Vec<Migration>,
    /// Each stream's code, and where its events come from.
    pub(crate) streams: Vec<(Arc<Subscription>, Arc<dyn Feed>)>,
    pub(crate) note: Arc<status::Note>,
}

/// The projections of a service, with where their events come from. One that nobody feeds has
/// nothing to be built of.
pub(crate) fn known(part: &ServiceParts, sources: &Sources) -> Vec<Known> {
    let mut all = Vec::new();
    for (name, tables) in &part.projections {
        let subscriptions = part.subscriptions.iter().filter(|of| of.name == *name);
        let streams = subscriptions.filter_map(|of| {
            let source = sources.of(&part.handle, of.stream.name)?;
            Some((Arc::clone(of), source.feed))
        });
        all.push(Known {
            service: part.handle.clone(),
            name,
            tables: tables.clone(),
            streams: streams.collect(),
            note: Arc::default(),
        });
    }
    all
}

/// A projection by name, for catalogues and consoles.
#[derive(Clone, Debug)]
pub struct ProjectionInfo {
    /// The service that keeps it.
    pub service: Handle,
    /// Its name.
    pub name: &'static str,
    /// The streams it is made of.
    pub streams: Vec<&'static str>,
    /// Its last rebuild in this process.
    pub rebuild: Option<RebuildStatus>,
}

/// The projections of an installation.
#[must_use]
pub fn list(installation: &Installation) -> Vec<ProjectionInfo> {
    let known = installation.projections.iter();
    known
        .map(|known| ProjectionInfo {
            service: known.service.clone(),
            name: known.name,
            streams: known.streams.iter().map(|(of, _)| of.stream.name).collect(),
            rebuild: known.note.read(),
        })
        .collect()
}
