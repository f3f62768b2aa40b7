//! One instance: its beat, what it sees of the others, and what its readers may read by it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::process::{self, Alive};
use super::rendezvous::{Members, owner};
use super::table::{self, InstanceRow};
use super::{BEAT, EXPIRY, HURRY};
use crate::handle::Handle;
use crate::{Dialect, Error, Timestamp, chain};

/// A reader that is between two steps.
const IDLE: u64 = u64::MAX;
/// Looks in one go: to be there, to claim, and to see that nobody else does.
const ROUNDS_MAX: u32 = 3;

/// This process's instance of a service.
pub(crate) struct Membership {
    service: Handle,
    id: String,
    /// There is nobody to share with.
    is_alone: bool,
    _alive: Alive,
    state: Mutex<State>,
    /// Held while it beats, so that one does.
    observed: tokio::sync::Mutex<Observed>,
    hurry: Notify,
    views: watch::Sender<u64>,
}

struct State {
    view: Arc<View>,
    /// By which view each reader is in a step, or that it is in none.
    readers: Vec<u64>,
    beaten_at: Option<Timestamp>,
    due: Timestamp,
    /// A reader is still in a step by an older view.
    is_draining: bool,
    is_leaving: bool,
}

/// What is remembered between two looks.
#[derive(Default)]
struct Observed {
    /// The list in our row.
    acknowledged: Members,
    /// Each other's last beat, and when it was first seen by our clock.
    beats: HashMap<String, (i64, Timestamp)>,
    alive: Members,
    ends: u64,
}

/// Who reads what, as this instance sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) version: u64,
    /// How many others have ended, in peace or not.
    pub(crate) ends: u64,
    me: String,
    is_alone: bool,
    members: Members,
    /// The list in our row, when we looked at the others'.
    acknowledged: Members,
    others: Vec<(String, Members)>,
}

impl View {
    /// Whether this instance reads a slot.
    pub(crate) fn has(&self, subscription: &str, stream: &str, slot: u16) -> bool {
        let gives = |members, id: &str| owner(members, subscription, stream, slot) == Some(id);
        self.is_alone
            || gives(&self.members, &self.me)
                && gives(&self.acknowledged, &self.me)
                && !self.others.iter().any(|(id, members)| gives(members, id))
    }

    /// Whether everybody reads by the same list.
    fn is_settled(&self) -> bool {
        let others = self.others.iter().map(|(_, members)| members);
        others
            .chain([&self.acknowledged])
            .all(|one| *one == self.members)
    }
}

/// One reader's place in an instance.
pub(crate) struct Seat {
    membership: Arc<Membership>,
    index: usize,
}

/// A reader in a step. Until it is dropped, no slot of its view is handed over.
pub(crate) struct Sitting {
    membership: Arc<Membership>,
    index: usize,
    pub(crate) view: Arc<View>,
}

impl Seat {
    /// Begins a step by the newest view.
    pub(crate) async fn sit(&self) -> Result<Sitting, Error> {
        self.membership.keep().await?;
        Ok(Sitting {
            view: self.membership.enter(self.index),
            membership: Arc::clone(&self.membership),
            index: self.index,
        })
    }

    /// Rises with every new view.
    pub(crate) fn views(&self) -> watch::Receiver<u64> {
        self.membership.views.subscribe()
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        let mut state = self.membership.state();
        state.readers[self.index] = IDLE;
        if state.is_draining || state.is_leaving {
            state.due = Timestamp::from_micros(i64::MIN);
            self.membership.hurry.notify_one();
        }
    }
}

impl Membership {
    pub(crate) fn new(service: Handle) -> Self {
        let id = crate::uuid_at(service.now()).to_string();
        let is_alone = service.db().dialect() == Dialect::Sqlite;
        let view = View {
            me: id.clone(),
            is_alone,
            ..View::default()
        };
        let state = State {
            view: Arc::new(view),
            readers: Vec::new(),
            beaten_at: None,
            due: service.now(),
            is_draining: false,
            is_leaving: false,
        };
        Self {
            _alive: Alive::new(&id),
            service,
            id,
            is_alone,
            state: Mutex::new(state),
            observed: tokio::sync::Mutex::default(),
            hurry: Notify::new(),
            views: watch::Sender::new(0),
        }
    }

    /// Whether no other process can have an instance.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// A place for one more reader.
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        let mut state = self.state();
        state.readers.push(IDLE);
        Seat {
            membership: Arc::clone(self),
            index: state.readers.len() - 1,
        }
    }

    /// Beats if it is time to. Says whether this has changed who reads what.
    ///
    /// # Errors
    /// When the database cannot be reached. The step of a reader that asks fails with it.
    pub(crate) async fn keep(&self) -> Result<bool, Error> {
        if self.is_alone || !self.is_due() {
            return Ok(false);
        }
        let mut observed = self.observed.lock().await;
        let mut has_changed = false;
        for _ in 0..ROUNDS_MAX {
            if !self.is_due() {
                break;
            }
            has_changed |= self.beat(&mut observed).await?;
        }
        Ok(has_changed)
    }

    /// Beats until told to stop, and is gone then, once its readers are done.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let clock = self.service.clock();
        let (mut attempts, place) = (self.service.outages().attempts(), self.service.db().place());
        while !*stop.borrow() {
            let began = self.service.now();
            let pause = match self.keep().await {
                Ok(_) => {
                    attempts.worked();
                    self.state().due.since(self.service.now())
                }
                Err(error) => {
                    let what = match error.is_transient() {
                        true => place.clone(),
                        false => format!("{} instance", self.service.name()),
                    };
                    attempts.failed(&what, began, &error);
                    HURRY * 2
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = clock.sleep(pause) => {}
                () = self.hurry.notified() => {}
            }
        }
        self.state().is_leaving = true;
        while self.state().readers.iter().any(|reads| *reads != IDLE) {
            self.hurry.notified().await;
        }
        if let Err(error) = table::leave(self.service.db(), &self.id).await {
            tracing::warn!(service = self.service.name(), error = %chain(&error), "an instance could not say that it ends; the others wait for it");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self) -> bool {
        let now = self.service.now();
        let state = self.state();
        // A clock that was set back must not silence it until the old time has come again.
        !state.is_leaving && (now >= state.due || state.beaten_at.is_none_or(|at| now < at))
    }

    /// A step begins: by the newest view, or by none when the others must take us for gone.
    fn enter(&self, index: usize) -> Arc<View> {
        let now = self.service.now();
        let mut state = self.state();
        let is_fresh = |at: Timestamp| now.since(at) < EXPIRY;
        if self.is_alone || state.beaten_at.is_some_and(is_fresh) && !state.is_leaving {
            state.readers[index] = state.view.version;
            return Arc::clone(&state.view);
        }
        Arc::default()
    }

    /// Says that it lives and looks at the others. Says whether anything is new.
    async fn beat(&self, observed: &mut Observed) -> Result<bool, Error> {
        let db = self.service.db();
        // Read before it is told: the others count from later.
        let now = self.service.now();
        let told = &observed.acknowledged;
        if !table::beat(db, &self.id, process::here(), now, told).await? {
            observed.acknowledged.clear();
        }
        // Not in the transaction that tells: two who tell at once would not see each other.
        let rows = table::all(&mut db.read().await?).await?;
        let (gone, others) = observed.judge(rows, &self.id, now);
        for row in &gone {
            tracing::warn!(
                service = self.service.name(),
                instance = row.id,
                "an instance is gone; the others read its slots"
            );
            table::remove(db, row).await?;
        }
        Ok(self.look(observed, others, now))
    }

    /// Makes a new view of what was seen, if it is one, and acknowledges it once nobody here
    /// reads by an older one.
    fn look(&self, observed: &mut Observed, others: Vec<InstanceRow>, now: Timestamp) -> bool {
        let mut state = self.state();
        let ids = others.iter().map(|row| row.id.clone());
        let mut view = View {
            version: state.view.version,
            ends: observed.ends,
            me: self.id.clone(),
            is_alone: false,
            members: ids.chain([self.id.clone()]).collect(),
            acknowledged: observed.acknowledged.clone(),
            others: others
                .into_iter()
                .map(|row| (row.id, row.members))
                .collect(),
        };
        let is_new = view != *state.view;
        if is_new {
            view.version += 1;
            state.view = Arc::new(view);
            self.views.send_replace(state.view.version);
        }
        let version = state.view.version;
        let must_tell = state.view.members != observed.acknowledged;
        state.is_draining = must_tell && state.readers.iter().any(|reads| *reads < version);
        state.beaten_at = Some(now);
        let pause = match (must_tell, state.is_draining) {
            (true, false) => {
                observed.acknowledged = state.view.members.clone();
                Duration::ZERO
            }
            _ if state.view.is_settled() => BEAT,
            _ => HURRY,
        };
        state.due = now.plus(pause);
        is_new
    }
}

impl Observed {
    /// Tells who is gone from who lives.
    fn judge(
        &mut self,
        mut rows: Vec<InstanceRow>,
        me: &str,
        now: Timestamp,
    ) -> (Vec<InstanceRow>, Vec<InstanceRow>) {
        rows.retain(|row| row.id != me);
        // A row that nobody could take away yet stays what it is: gone.
        self.beats
            .retain(|id, _| rows.iter().any(|row| row.id == *id));
        let (gone, alive): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
            let seen = self.beats.entry(row.id.clone());
            let (beats, at) = seen.or_insert((row.beats, now));
            if *beats != row.beats || now < *at {
                (*beats, *at) = (row.beats, now);
            }
            now.since(*at) >= EXPIRY || process::is_gone(&row.process, &row.id)
        });
        let ids: Members = alive.iter().map(|row| row.id.clone()).collect();
        self.ends += self.alive.difference(&ids).count() as u64;
        self.alive = ids;
        (gone, alive)
    }
}
