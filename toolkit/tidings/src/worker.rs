//! The moving parts of an installation: readers, parked events, jobs, sequencers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;

use crate::alert::{Notifier, Watch};
use crate::failure::{Hindered, panic_text};
use crate::feed::{Feed, Transport};
use crate::handle::Handle;
use crate::identity::KeyKeeper;
use crate::instance::Membership;
use crate::job::JobRunner;
use crate::publisher::Publisher;
use crate::subscription::{ParkedRunner, Progress, Reader, Subscription};
use crate::{Attempts, Clock, Error, Outages, Timestamp, sequencer};

/// Nothing depends on it within one process; another process may have written.
const POLL: Duration = Duration::from_secs(1);
const TICK_FIRST: Duration = Duration::from_millis(15);
/// Between two ticks, so that under load one serves many commits.
const TICK_PACE: Duration = Duration::from_millis(2);
const TICK_MOST: Duration = Duration::from_millis(250);
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
/// What is away is looked for every second: a look costs next to nothing, and whoever waits for
/// events waits no longer than for the ground itself.
const GROUND_MOST: Duration = Duration::from_secs(1);
/// Work that says that it must wait is begun anew each time, with all its statements.
const WORK_MOST: Duration = Duration::from_secs(10);

/// One moving part. An installation runs them all; a test may step them by hand.
pub struct Worker {
    name: String,
    clock: Clock,
    outages: Outages,
    /// The database that it stands on.
    place: String,
    part: Part,
}

enum Part {
    Reader(Box<Reader>),
    Parked(ParkedRunner, Handle),
    Jobs(Box<JobRunner>),
    Sequencer(Handle),
    Publisher(Box<Publisher>),
    Keys(Box<KeyKeeper>),
    Instance(Arc<Membership>),
    Watch(Box<Watch>),
    Notifier(Box<Notifier>),
}

impl Worker {
    fn of(service: &Handle, name: &str, part: Part) -> Self {
        Self {
            name: format!("{}{name}", service.name()),
            clock: service.clock().clone(),
            outages: service.outages().clone(),
            place: service.db().place(),
            part,
        }
    }

    pub(crate) fn reader(service: &Handle, of: &Subscription, reader: Reader) -> Self {
        let name = format!("/{} {}", of.name, of.stream.name);
        Self::of(service, &name, Part::Reader(Box::new(reader)))
    }

    pub(crate) fn parked(service: &Handle, runner: ParkedRunner) -> Self {
        Self::of(service, " parked", Part::Parked(runner, service.clone()))
    }

    pub(crate) fn jobs(service: &Handle, runner: JobRunner) -> Self {
        Self::of(service, " jobs", Part::Jobs(Box::new(runner)))
    }

    pub(crate) fn sequencer(service: &Handle) -> Self {
        Self::of(service, " sequencer", Part::Sequencer(service.clone()))
    }

    pub(crate) fn publisher(service: &Handle, stream: &str, publisher: Publisher) -> Self {
        let name = format!(" {stream} to {}", publisher.bus().name());
        Self::of(service, &name, Part::Publisher(Box::new(publisher)))
    }

    pub(crate) fn keys(outages: &Outages, clock: Clock, keeper: KeyKeeper) -> Self {
        Self {
            name: "the keys of access tokens".to_owned(),
            clock,
            outages: outages.clone(),
            place: String::new(),
            part: Part::Keys(Box::new(keeper)),
        }
    }

    pub(crate) fn watch(service: &Handle, watch: Watch) -> Self {
        Self::of(service, " alerts", Part::Watch(Box::new(watch)))
    }

    /// Nothing where there is no service.
    pub(crate) fn notifier(services: &[Handle], notifier: Notifier) -> Option<Self> {
        let any = services.first()?;
        let worker = Self::of(any, "", Part::Notifier(Box::new(notifier)));
        let name = "the notices of alerts".to_owned();
        Some(Self { name, ..worker })
    }

    /// Nothing where there is nobody to share with.
    pub(crate) fn instance(service: &Handle, membership: Arc<Membership>) -> Option<Self> {
        let part = Part::Instance(Arc::clone(&membership));
        (!membership.is_alone()).then(|| Self::of(service, " instance", part))
    }

    /// What it is: `orders/tickets tickets`, `payments jobs`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does what there is to do now. Says whether there was anything.
    ///
    /// Dropping the future is like a crash at that moment: nothing is lost.
    ///
    /// # Errors
    /// A text when the ground is missing (connection, disk); call again later.
    pub async fn step(&mut self) -> Result<bool, String> {
        let progress = self.progress(true).await;
        let progress = progress.map_err(|hindered| hindered.to_string())?;
        Ok(progress != Progress::Idle)
    }

    /// A step. Before a sequencer works it looks whether there is anything, unless it has been
    /// told that there is.
    async fn progress(&mut self, looks: bool) -> Result<Progress, Hindered> {
        let moved = match &mut self.part {
            Part::Reader(reader) => return reader.step().await,
            Part::Sequencer(service) => {
                return match sequencer::tick(service, looks).await? {
                    true => Ok(Progress::Drained),
                    false => Ok(Progress::Idle),
                };
            }
            // Boxed, because it is larger than all the others.
            Part::Parked(runner, _) => Box::pin(runner.step()).await?,
            Part::Jobs(runner) => runner.step().await?,
            Part::Keys(keeper) => Box::pin(keeper.step()).await.map_err(Hindered::Work)?,
            Part::Publisher(publisher) => publisher.step().await?,
            Part::Instance(membership) => membership.keep().await?,
            Part::Watch(watch) => Box::pin(watch.step()).await?,
            Part::Notifier(notifier) => Box::pin(notifier.step()).await?,
        };
        Ok(match moved {
            true => Progress::Moved,
            false => Progress::Idle,
        })
    }

    /// A step that panics (a transport, a feed or a bus may be anybody's code) is one that has
    /// failed, or nobody would ever take this part's next step.
    async fn progress_or_panic(&mut self, looks: bool) -> Result<Progress, Hindered> {
        let step = AssertUnwindSafe(self.progress(looks)).catch_unwind();
        step.await.unwrap_or_else(|panic| {
            let text = format!("panicked: {}", panic_text(&*panic));
            Err(Hindered::Work(text))
        })
    }

    /// Works until told to stop; finishes the step that it is in.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if let Part::Jobs(runner) = &mut self.part {
            return runner.run(stop).await;
        }
        if let Part::Instance(membership) = &self.part {
            return membership.run(stop).await;
        }
        let mut attempts = self.outages.attempts();
        let mut faults: u32 = 0;
        let mut idle: u32 = 0;
        let mut looks = true;
        let mut wakes = self.wakes();
        let mut views = self.views();
        while !*stop.borrow() {
            if let Some(wakes) = &mut wakes {
                wakes.borrow_and_update();
            }
            if let Some(views) = &mut views {
                views.borrow_and_update();
            }
            let began = self.clock.now();
            let outcome = self.progress_or_panic(looks).await;
            let pause = match outcome.inspect(|_| attempts.worked()) {
                Ok(Progress::Moved) => {
                    (faults, idle) = (0, 0);
                    // A reader that always finds more must not starve its neighbours.
                    tokio::task::yield_now().await;
                    continue;
                }
                // Look once more: something may have come before we began to listen.
                Ok(_) if self.has_new_wakes() || wakes.is_none() && self.wakes().is_some() => {
                    wakes = self.wakes();
                    continue;
                }
                Ok(progress) => {
                    faults = 0;
                    idle = match progress {
                        Progress::Idle => idle.saturating_add(1),
                        Progress::Moved | Progress::Drained => 0,
                    };
                    if let (Part::Sequencer(_), Progress::Drained) = (&self.part, progress) {
                        self.clock.sleep(TICK_PACE).await;
                    }
                    self.pause(idle).await
                }
                Err(hindered) => {
                    faults = faults.saturating_add(1);
                    self.tell(&hindered, began, &mut attempts);
                    doubled(BACKOFF_FIRST, faults, self.pause_most(&hindered))
                }
            };
            looks = true;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = self.clock.sleep(pause) => {}
                () = changed(&mut wakes), if faults == 0 => (idle, looks) = (0, false),
                () = changed(&mut views), if faults == 0 => idle = 0,
            }
        }
    }

    /// Says what is missing, once for all who miss it.
    fn tell(&self, hindered: &Hindered, began: Timestamp, attempts: &mut Attempts) {
        let what = match hindered {
            Hindered::Ground(Error::Elsewhere { from, .. }) => from,
            Hindered::Ground(Error::Bus(_)) if !self.has_bus() => {
                tracing::debug!(worker = self.name, error = %hindered, "waiting for the bus");
                return;
            }
            Hindered::Ground(error) if error.is_away() => &self.place,
            Hindered::Ground(Error::Refused(_) | Error::SyncFailed(_)) => &self.place,
            Hindered::Ground(_) | Hindered::Work(_) => &self.name,
        };
        attempts.failed_with(what, began, &hindered.to_string());
    }

    /// Whether the bus is there; one that is not tells of it itself.
    fn has_bus(&self) -> bool {
        match &self.part {
            Part::Publisher(publisher) => publisher.bus().is_connected(),
            _ => true,
        }
    }

    fn pause_most(&self, hindered: &Hindered) -> Duration {
        match (hindered, &self.part) {
            (Hindered::Ground(error), _) if error.is_transient() => GROUND_MOST,
            // One small request to a service that is away.
            (_, Part::Keys(_)) => GROUND_MOST,
            _ => WORK_MOST,
        }
    }

    fn wakes(&self) -> Option<watch::Receiver<u64>> {
        match &self.part {
            Part::Reader(reader) => reader.wakes(),
            Part::Sequencer(service) => Some(service.0.stored.subscribe()),
            Part::Publisher(publisher) => Some(publisher.wakes()),
            Part::Keys(keeper) => Some(keeper.wakes()),
            Part::Parked(..) | Part::Jobs(_) | Part::Instance(_) => None,
            Part::Watch(_) | Part::Notifier(_) => None,
        }
    }

    /// Where to wait for other slots to read.
    fn views(&self) -> Option<watch::Receiver<u64>> {
        match &self.part {
            Part::Reader(reader) => Some(reader.views()),
            _ => None,
        }
    }

    fn has_new_wakes(&mut self) -> bool {
        match &mut self.part {
            Part::Reader(reader) => reader.take_reopened(),
            _ => false,
        }
    }

    async fn pause(&mut self, idle: u32) -> Duration {
        match &self.part {
            Part::Sequencer(_) | Part::Publisher(_) => doubled(TICK_FIRST, idle, TICK_MOST),
            Part::Parked(runner, service) => match runner.next_due().await {
                Ok(Some(due)) => due.since(service.now()).min(POLL),
                _ => POLL,
            },
            Part::Keys(keeper) => keeper.pause(),
            Part::Watch(watch) => watch.pause(),
            Part::Notifier(notifier) => notifier.pause(),
            Part::Reader(_) | Part::Jobs(_) | Part::Instance(_) => POLL,
        }
    }
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first
        .saturating_mul(2_u32.saturating_pow(times.saturating_sub(1).min(20)))
        .min(most)
}

async fn changed(wakes: &mut Option<watch::Receiver<u64>>) {
    if let Some(wakes) = wakes
        && wakes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// What a subscription reads from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) feed: Arc<dyn Feed>,
}
