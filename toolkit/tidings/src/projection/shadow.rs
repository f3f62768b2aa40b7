//! The database beside the service's own in which a projection is built anew.
//!
//! It is opened as a service of its own, with the toolkit's tables and the projection's, whose
//! one subscription is the projection: so its events are applied there by the same code, once and
//! in order, and what cannot be applied is parked there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Known, RebuildError};
use crate::db::Beside;
use crate::feed::{Receiver, Transport};
use crate::handle::Handle;
use crate::subscription::cursor;
use crate::{Envelope, Error, Service, Setup, Storage, Worker, alert, params};

/// Failed steps in a row, each after a pause, before a rebuild gives up.
const FAULTS_MAX: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// The last numbers of one stream that are not part of the projection, slot by slot.
pub(super) type Starts = BTreeMap<u16, u64>;

/// What is built, and who builds it.
pub(super) struct Shadow {
    pub(super) built: Built,
    workers: Vec<Worker>,
}

/// What is built.
pub(super) struct Built {
    pub(super) handle: Handle,
    pub(super) place: Beside,
}

impl Shadow {
    /// Makes the database anew, with every cursor at its start.
    pub(super) async fn open(known: &Known, starts: &[Starts]) -> Result<Self, RebuildError> {
        let live = known.service.db();
        let place = live.beside(known.name);
        live.remove(&place).await?;
        let db = place.open().await?;
        let name = known.service.name();
        let mut service = Service::new(name).migrations(&known.tables);
        let streams = known.streams.iter();
        service.subscriptions = streams.map(|(of, _)| Arc::clone(of)).collect();
        let mut setup = Setup::new(Storage::Memory)
            .clock(known.service.clock().clone())
            .database(name, db)
            .service(service);
        for (of, feed) in &known.streams {
            setup = setup.elsewhere(of.stream.name, Arc::clone(feed), Arc::new(Silent));
        }
        let mut installation = setup.open().await?;
        let handle = installation.handle(name).ok_or(Error::NoRow)?;
        let mut tx = handle.begin_own().await?;
        for ((of, _), starts) in known.streams.iter().zip(starts) {
            cursor::create(&mut tx, of.name, &of.stream, starts).await?;
        }
        tx.commit().await?;
        Ok(Self {
            built: Built { handle, place },
            workers: installation.workers(),
        })
    }

    /// Closes it; says where it was.
    pub(super) fn close(self) -> Beside {
        self.built.place
    }

    /// Applies what there is. Says whether there was anything.
    pub(super) async fn step(&mut self) -> Result<bool, RebuildError> {
        let mut moved = false;
        for worker in &mut self.workers {
            let mut faults = 0;
            moved |= loop {
                match worker.step().await {
                    Ok(moved) => break moved,
                    Err(error) if faults >= FAULTS_MAX => {
                        return Err(RebuildError::Ground { error });
                    }
                    Err(error) => {
                        tracing::warn!(worker = worker.name(), error, "a rebuild waits");
                        faults += 1;
                        self.built.handle.clock().sleep(PAUSE).await;
                    }
                }
            };
        }
        Ok(moved)
    }
}

impl Built {
    /// How far a stream has been applied, slot by slot.
    pub(super) async fn cursors(&self, name: &str, stream: &str) -> Result<Starts, Error> {
        let sql =
            "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
        let mut conn = self.handle.read().await?;
        let rows: Vec<(u16, u64)> = conn.query(sql, params![name, stream]).await?;
        Ok(rows.into_iter().collect())
    }

    /// Why it cannot go on, if it cannot.
    pub(super) async fn refuse_stopped(&self) -> Result<(), RebuildError> {
        let open = alert::open(&self.handle).await?;
        let kinds = ["gap", alert::AHEAD, alert::GONE];
        let stopped = open
            .into_iter()
            .find(|alert| kinds.contains(&alert.kind.as_str()));
        match stopped {
            Some(alert) => Err(RebuildError::Stopped { text: alert.text }),
            None => Ok(()),
        }
    }

    /// Events that the projection's code refused, and those that wait behind them.
    pub(super) async fn parked(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM tidings_parked";
        let (parked,) = self.handle.read().await?.query_one(sql, &[]).await?;
        Ok(parked)
    }
}

/// Brings nothing: everything is read from the feed, page by page.
struct Silent;

impl Transport for Silent {
    fn open<'a>(
        &'a self,
        _stream: &'static str,
        _cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async { Ok(Box::new(Silent) as Box<dyn Receiver>) })
    }
}

impl Receiver for Silent {
    fn receive(&mut self, _limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}
