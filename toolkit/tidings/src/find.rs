//! Finding stored events over all services: by stream, key, type, correlation, actor and time.
//!
//! ```
//! use tidings::find::{self, Search};
//! use tidings::{Service, Setup, Storage};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let installation = Setup::new(Storage::Memory).service(Service::new("orders")).open().await?;
//! let search = Search { key: Some("o-1".to_owned()), ..Search::default() };
//! let found = find::newest(&installation, &search, None, 50).await;
//! assert!(found.events.is_empty() && found.next.is_none());
//! # Ok::<(), tidings::Error>(()) }).unwrap();
//! ```
//!
//! What a question costs does not grow with the number of events. A key is looked for in its
//! slot. A moment is found by halving. What belongs together has an index. For the rest the log
//! is read backwards, and an answer that has read enough says how far it has come
//! ([`Found::looked_back_to`]) and where the next one goes on.

mod bounds;
mod log;
mod one;
mod place;
mod reception;
mod strand;

use std::collections::HashMap;

use futures_util::future::join_all;

pub use one::{Effects, effects, event, has_flow, producer_of};
pub use place::Marks;
pub use reception::{Decision, Reception, ReceptionState, receptions};

use crate::db::Migration;
use crate::{Envelope, Installation, Timestamp, chain};
use strand::Strand;

/// Rows that one answer reads through at the most.
const LOOKED_MOST: u32 = 50_000;

/// What belongs together is found by its correlation, in commits that each have one index row
/// more (60 bytes an event, 51 on SQLite; no slower as far as a busy machine can tell). PostgreSQL numbers events in
/// another table, which is asked by the event's row (23 bytes).
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0020_find",
    "CREATE INDEX tidings_outbox_correlation ON tidings_outbox (correlation_id);
    CREATE INDEX tidings_jobs_correlation ON tidings_jobs (correlation_id);
    CREATE INDEX tidings_workflows_correlation ON tidings_workflows (correlation_id);
    CREATE TABLE tidings_retried (
        subscription TEXT NOT NULL,
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        type TEXT NOT NULL, key TEXT NOT NULL, correlation_id TEXT NOT NULL,
        attempts BIGINT NOT NULL, error TEXT NOT NULL,
        first_failed_at BIGINT NOT NULL, applied_at BIGINT NOT NULL,
        PRIMARY KEY (subscription, stream, slot, sequence)
    );
    CREATE INDEX tidings_retried_applied ON tidings_retried (applied_at);",
)
.postgres(
    "CREATE INDEX tidings_outbox_correlation ON tidings_outbox (correlation_id);
    CREATE INDEX tidings_numbers_outbox ON tidings_numbers (outbox_id);
    CREATE INDEX tidings_jobs_correlation ON tidings_jobs (correlation_id);
    CREATE INDEX tidings_workflows_correlation ON tidings_workflows (correlation_id);
    CREATE TABLE tidings_retried (
        subscription TEXT NOT NULL,
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        type TEXT NOT NULL, key TEXT NOT NULL, correlation_id TEXT NOT NULL,
        attempts BIGINT NOT NULL, error TEXT NOT NULL,
        first_failed_at BIGINT NOT NULL, applied_at BIGINT NOT NULL,
        PRIMARY KEY (subscription, stream, slot, sequence)
    );
    CREATE INDEX tidings_retried_applied ON tidings_retried (applied_at);",
);

/// Which events are looked for; every one where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Those of one stream.
    pub stream: Option<String>,
    /// Those about one entity.
    pub key: Option<String>,
    /// Those of one type: `order.created`.
    pub event_type: Option<String>,
    /// Those of one flow.
    pub correlation_id: Option<String>,
    /// Those that somebody caused: `user:…`, `service:…`.
    pub actor: Option<String>,
    /// Those that were published then or later, by their producer's clock.
    pub from: Option<Timestamp>,
    /// Those that were published before.
    pub until: Option<Timestamp>,
}

/// An event, and who published it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    /// The service that writes its stream.
    pub service: &'static str,
    /// The event.
    pub event: Envelope,
}

/// Part of an answer.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The events: newest first, or in the order in which they came.
    pub events: Vec<FoundEvent>,
    /// Where the next part begins; nothing where there is no more.
    pub next: Option<Marks>,
    /// The events before that moment have not been looked at yet, although fewer were found
    /// than were asked for.
    pub looked_back_to: Option<Timestamp>,
    /// Services whose database did not answer.
    pub silent: Vec<&'static str>,
}

/// Events that were found, newest first, before those of an earlier answer.
///
/// Of services elsewhere only those that are looked into from here. One whose database does not
/// answer is left out, and named in [`Found::silent`].
pub async fn newest(
    installation: &Installation,
    search: &Search,
    before: Option<&Marks>,
    limit: u32,
) -> Found {
    let mut strands = strand::backwards(installation, search);
    if let Some(before) = before {
        strands.retain_mut(|strand| match before.get(&strand.name) {
            Some(mark) => {
                strand.mark = mark;
                true
            }
            // It had ended, or did not answer: what it has now is newer.
            None => false,
        });
    }
    let mut found = Found::default();
    let each = LOOKED_MOST / u32::try_from(strands.len().max(1)).unwrap_or(u32::MAX);
    let part = each.min(log::PART);
    // Each asks once, side by side: the merge needs something of every one.
    let looks = strands.iter_mut();
    let first = join_all(looks.map(|strand| strand.look(search, limit, part))).await;
    let mut left = LOOKED_MOST;
    let mut asked = Vec::new();
    for (strand, looked) in strands.into_iter().zip(first) {
        match looked {
            Ok(rows) => {
                left = left.saturating_sub(rows);
                asked.push(strand);
            }
            Err(error) => found.hush(&strand, &error),
        }
    }
    merge(&mut found, asked, search, limit, (part, left)).await;
    found
}

/// Takes the newest of all strands, one after the other, until there are enough.
async fn merge(
    found: &mut Found,
    mut strands: Vec<Strand>,
    search: &Search,
    limit: u32,
    (part, mut left): (u32, u32),
) {
    while found.events.len() < limit as usize {
        let newest = strands.iter_mut().max_by_key(|strand| strand.reaches());
        let Some(strand) = newest.filter(|strand| !strand.is_over()) else {
            break;
        };
        if let Some(event) = strand.take() {
            found.events.push(event);
            continue;
        }
        if left == 0 {
            found.looked_back_to = Some(strand.reaches());
            break;
        }
        match strand.look(search, limit, part).await {
            Ok(rows) => left = left.saturating_sub(rows.max(1)),
            Err(error) => {
                found.hush(strand, &error);
                strand.end();
            }
        }
    }
    let open = strands.iter().filter(|strand| !strand.is_over());
    let marks: HashMap<String, i64> = open
        .map(|strand| (strand.name.clone(), strand.next_mark()))
        .collect();
    found.next = (!marks.is_empty()).then(|| Marks::of(marks));
}

impl Found {
    fn hush(&mut self, strand: &Strand, error: &crate::Error) {
        let service = strand.service();
        tracing::warn!(service, error = %chain(error), "a service could not be searched");
        if !self.silent.contains(&service) {
            self.silent.push(service);
        }
    }
}

/// Where every log ends now, for [`following`].
pub async fn ends(installation: &Installation, search: &Search) -> Found {
    let mut found = Found::default();
    let mut marks = HashMap::new();
    for strand in strand::forwards(installation, search) {
        match strand.last_mark().await {
            Ok(mark) => {
                marks.insert(strand.name.clone(), mark);
            }
            Err(error) => {
                found.hush(&strand, &error);
                marks.insert(strand.name.clone(), Marks::END);
            }
        }
    }
    found.next = Some(Marks::of(marks));
    found
}

/// Events that were found behind the marks of [`ends`] or of an earlier answer, in the order in
/// which they can be read; nothing is passed over, however late it was committed. The marks for
/// the next question are always given.
///
/// A log that is new since then is read from its beginning, one that did not answer then from
/// where it ends when it does.
pub async fn following(
    installation: &Installation,
    search: &Search,
    after: &Marks,
    limit: u32,
) -> Found {
    let mut found = Found::default();
    let mut marks = after.clone();
    let mut strands = Vec::new();
    for mut strand in strand::forwards(installation, search) {
        strand.mark = after.get(&strand.name).unwrap_or(0);
        match strand.look_on(search, limit).await {
            Ok(()) => strands.push(strand),
            Err(error) => found.hush(&strand, &error),
        }
    }
    while found.events.len() < limit as usize {
        let waiting = strands.iter_mut().filter(|strand| strand.has_found());
        let Some(oldest) = waiting.min_by_key(|strand| strand.reaches()) else {
            break;
        };
        found.events.extend(oldest.take());
    }
    for strand in strands {
        marks.set(strand.name.clone(), strand.next_mark_on());
    }
    found.next = Some(marks);
    found
}
