//! Builds a projection anew beside the live one, and swaps.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::shadow::{Built, Shadow, Starts};
use super::status::UnderWay;
use super::{Known, swap};
use crate::db::Beside;
use crate::feed::Feed;
use crate::subscription::{Subscription, cursor};
use crate::{Context, Error, Installation, Start, crash, params};

/// Times that a rebuild catches up with a live projection that is ahead of it. Each is a moment;
/// after them it takes the live one's place although it is a few events behind.
const ROUNDS: u32 = 50;
/// Looks in a row at which nothing has been applied, although there is something.
const IN_VAIN_MAX: u32 = 10_000;
/// Steps between two looks at how far it is.
const STEPS: u32 = 50;

/// How to build a projection anew.
///
/// ```no_run
/// # async fn doc(installation: tidings::Installation) -> Result<(), tidings::projection::RebuildError> {
/// use tidings::projection::{Rebuild, rebuild};
///
/// let what = Rebuild::of("sales_by_day").in_service("reports");
/// let rebuilt = rebuild(&installation, &what, |progress| {
///     println!("{} of {} events", progress.applied, progress.total);
/// })
/// .await?;
/// assert_eq!(rebuilt.parked, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Rebuild {
    name: String,
    service: Option<String>,
    what_is_left: bool,
    by: Option<Context>,
    note: Option<String>,
}

impl Rebuild {
    /// The projection of that name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            service: None,
            what_is_left: false,
            by: None,
            note: None,
        }
    }

    /// The service that keeps it, where several keep one of that name.
    #[must_use]
    pub fn in_service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// On whose behalf, for the record; the service's own unless said.
    #[must_use]
    pub fn by(mut self, context: Context) -> Self {
        self.by = Some(context);
        self
    }

    /// Why, for the record.
    #[must_use]
    pub fn because(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }

    /// Builds it of what is left where a part of the history was deleted by age, instead of
    /// refusing: the new projection knows nothing of what is gone.
    #[must_use]
    pub fn of_what_is_left(mut self) -> Self {
        self.what_is_left = true;
        self
    }
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many numbers have been passed, compacted ones included.
    pub applied: u64,
    /// How many there were to pass at the last look; more may have come since.
    pub total: u64,
}

/// What a rebuild has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many numbers were passed, compacted ones included.
    pub applied: u64,
    /// Events that the projection's code refused, and those that wait behind them. They are
    /// parked, as they would be by the live one, and tried again by the service.
    pub parked: u64,
}

/// Why a projection was not built anew. The live one is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// No service of the installation has it.
    #[error("find the projection {name}; there are: {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Several services have one of that name.
    #[error("know which projection {name} is meant: name the service, one of {services}")]
    Ambiguous {
        /// The name that was asked for.
        name: String,
        /// The services that have one.
        services: String,
    },
    /// It is being built anew in this process already.
    #[error("begin: it is being built anew already")]
    UnderWay,
    /// A part of the history that it was made of is no longer there.
    #[error(
        "build it of all its history: {stream}.{slot} was deleted by age up to {last}; what is \
         left can be asked for"
    )]
    Gone {
        /// The stream.
        stream: String,
        /// The first slot of which something is missing.
        slot: u16,
        /// The last number that is gone.
        last: u64,
    },
    /// The producer cannot give an event.
    #[error("go on: {text}")]
    Stopped {
        /// The alert.
        text: String,
    },
    /// The ground is missing (connection, disk), and stays so.
    #[error("go on: {error}")]
    Ground {
        /// The fault.
        error: String,
    },
    /// The service's database or the one beside it failed.
    #[error("use the database")]
    Store(#[from] Error),
}

/// Builds a projection anew of its streams' history, beside the live one, and swaps: in one
/// transaction the new tables, cursors and parked events take the place of the old. Until then
/// the live one is read and kept up to date as ever, and after it goes on from the new cursors.
///
/// It may run in the process of the service or, on PostgreSQL, in another one. A crash at any
/// point leaves the live one or the new one, whole; what it has left half built, the next
/// rebuild begins anew. The history begins where the subscription began ([`Service::starts`]).
/// Of two rebuilds at once one fails.
///
/// [`Service::starts`]: crate::Service::starts
///
/// # Errors
/// See [`RebuildError`]; the live projection is as it was.
pub async fn rebuild(
    installation: &Installation,
    what: &Rebuild,
    progress: impl FnMut(Progress),
) -> Result<Rebuilt, RebuildError> {
    let known = find(installation, what)?;
    let under_way = enter(known)?;
    run(known, what, under_way, progress).await
}

/// As [`rebuild`], for whoever does not wait for it: what cannot begin is refused at once, and
/// [`list`](super::list) tells how far it is. Nothing happens unless the future is polled; dropped,
/// it is broken off.
///
/// # Errors
/// [`RebuildError::Unknown`], [`RebuildError::Ambiguous`], [`RebuildError::UnderWay`].
pub fn begin(
    installation: Arc<Installation>,
    what: Rebuild,
) -> Result<BoxFuture<'static, Result<Rebuilt, RebuildError>>, RebuildError> {
    let under_way = enter(find(&installation, &what)?)?;
    Ok(Box::pin(async move {
        let known = find(&installation, &what)?;
        run(known, &what, under_way, |_| {}).await
    }))
}

fn enter(known: &Known) -> Result<UnderWay, RebuildError> {
    let begun = known.note.begin(known.service.now());
    begun.ok_or(RebuildError::UnderWay)
}

async fn run(
    known: &Known,
    what: &Rebuild,
    under_way: UnderWay,
    mut progress: impl FnMut(Progress),
) -> Result<Rebuilt, RebuildError> {
    let mut tell = |so_far| {
        under_way.progress(so_far);
        progress(so_far);
    };
    let outcome = build(known, what, &mut tell).await;
    under_way.end(&outcome);
    outcome
}

async fn build(
    known: &Known,
    what: &Rebuild,
    progress: &mut impl FnMut(Progress),
) -> Result<Rebuilt, RebuildError> {
    let mut starts = Vec::new();
    for (of, feed) in &known.streams {
        starts.push(starts_of(known, of, &**feed, what.what_is_left).await?);
    }
    let mut shadow = Shadow::open(known, &starts).await?;
    crash::point("R1").await;
    // Whatever there is now is applied before the swap.
    let wanted = far(known, &shadow.built, &starts).await?.total;
    let (mut round, mut in_vain, mut before) = (0, 0, 0);
    let (applied, parked) = loop {
        let so_far = catch_up(known, &mut shadow, &starts, progress).await?;
        if so_far.applied < wanted {
            in_vain = if so_far.applied > before {
                0
            } else {
                in_vain + 1
            };
            before = so_far.applied;
            if in_vain > IN_VAIN_MAX {
                let error = "the events that there are do not come".to_owned();
                return Err(RebuildError::Ground { error });
            }
            tokio::task::yield_now().await;
            continue;
        }
        crash::point("R2").await;
        let by = (what.by.clone(), what.note.as_deref());
        match swap::swap(known, &shadow.built, by, round >= ROUNDS).await {
            Ok(Some(parked)) => break (so_far.applied, parked),
            Ok(None) => {}
            // Somebody reads the old tables, or writes to them: nothing has happened.
            Err(Error::Busy(_) | Error::Serialization(_)) if round < ROUNDS => {}
            Err(error) => return Err(error.into()),
        }
        round += 1;
    };
    crash::point("R4").await;
    let place = shadow.close();
    // PostgreSQL's went with the swap. What is left of another is no reason to say that the new
    // one were not in use; the next rebuild removes it.
    if !matches!(place, Beside::Schema { .. })
        && let Err(error) = known.service.db().remove(&place).await
    {
        let error = crate::chain(&error);
        tracing::warn!(projection = known.name, error, "a rebuild's file is left");
    }
    Ok(Rebuilt { applied, parked })
}

/// Applies what there is.
async fn catch_up(
    known: &Known,
    shadow: &mut Shadow,
    starts: &[Starts],
    progress: &mut impl FnMut(Progress),
) -> Result<Progress, RebuildError> {
    let mut steps: u32 = 0;
    while shadow.step().await? {
        steps += 1;
        if steps.is_multiple_of(STEPS) {
            progress(far(known, &shadow.built, starts).await?);
        }
    }
    shadow.built.refuse_stopped().await?;
    let so_far = far(known, &shadow.built, starts).await?;
    progress(so_far);
    Ok(so_far)
}

fn find<'a>(installation: &'a Installation, what: &Rebuild) -> Result<&'a Known, RebuildError> {
    let all = &installation.projections;
    let is_meant = |known: &&Known| {
        let service = what.service.as_deref();
        known.name == what.name && service.is_none_or(|service| service == known.service.name())
    };
    let found: Vec<&Known> = all.iter().filter(is_meant).collect();
    let name = what.name.clone();
    match found[..] {
        [known] => Ok(known),
        [] => {
            let known = all
                .iter()
                .map(|one| format!("{}/{}", one.service.name(), one.name));
            let known = known.collect::<Vec<_>>().join(", ");
            Err(RebuildError::Unknown { name, known })
        }
        _ => {
            let services = found.iter().map(|one| one.service.name());
            let services = services.collect::<Vec<_>>().join(", ");
            Err(RebuildError::Ambiguous { name, services })
        }
    }
}

/// Where the subscription began on a stream; refuses when what came then is gone.
async fn starts_of(
    known: &Known,
    of: &Subscription,
    feed: &dyn Feed,
    what_is_left: bool,
) -> Result<Starts, RebuildError> {
    let stream = of.stream.name;
    let mut conn = known.service.read().await?;
    let has_begun = cursor::count(&mut conn, of.name, stream).await? > 0;
    let sql = "SELECT slot, sequence FROM tidings_starts WHERE subscription = $1 AND stream = $2";
    let begun: Vec<(u16, u64)> = conn.query(sql, params![of.name, stream]).await?;
    drop(conn);
    let mut starts: Starts = match has_begun {
        true => begun.into_iter().collect(),
        false => feed.starts(stream, of.start).await?.into_iter().collect(),
    };
    for (slot, last) in feed.starts(stream, Start::Beginning).await? {
        let start = starts.entry(slot).or_insert(0);
        if last > *start && !what_is_left {
            let stream = stream.to_owned();
            return Err(RebuildError::Gone { stream, slot, last });
        }
        *start = last.max(*start);
    }
    Ok(starts)
}

/// How far the shadow is on all streams.
async fn far(known: &Known, built: &Built, starts: &[Starts]) -> Result<Progress, RebuildError> {
    let mut progress = Progress {
        applied: 0,
        total: 0,
    };
    for ((of, feed), starts) in known.streams.iter().zip(starts) {
        let cursors = built.cursors(of.name, of.stream.name).await?;
        let heads: BTreeMap<u16, u64> = feed.heads(of.stream.name).await?.into_iter().collect();
        for (slot, cursor) in cursors {
            let start = starts.get(&slot).copied().unwrap_or(0);
            let head = heads.get(&slot).copied().unwrap_or(0).max(cursor);
            progress.applied += cursor.saturating_sub(start);
            progress.total += head.saturating_sub(start);
        }
    }
    Ok(progress)
}
