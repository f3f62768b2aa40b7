//! Whether a subscription is behind: the age of the oldest event that it has not applied.

use std::collections::BTreeMap;
use std::time::Duration;

use super::watch::Seen;
use super::{Alert, of_slots};
use crate::db::Conn;
use crate::{Error, EventId, SubscriptionInfo, Timestamp, chain, params};

pub(super) const BEHIND: &str = "behind";
/// Whoever was away is given so long before it is told that it is behind: it usually catches up.
const GRACE: Duration = Duration::from_secs(30);
/// Between two questions to the producer: a tenth of the time after which it matters, but not
/// less and not more than this. Transports save it from questions, and so must whoever watches.
const ASKS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
/// A producer that does not answer is not waited for longer than that.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// What is known of one subscription of one stream.
pub(super) struct Behind {
    of: SubscriptionInfo,
    watched_since: Option<Timestamp>,
    /// The oldest event of each slot that is not applied. It stays the oldest until the cursor
    /// has passed it, so nothing is read twice of a slot that stands still.
    oldest: BTreeMap<u16, Owed>,
    /// Since when the producer cannot be asked.
    blind_since: Option<Timestamp>,
    /// When it is asked next; not before something could matter.
    next_ask: Option<Timestamp>,
    has_asked: bool,
    was_late: bool,
}

#[derive(Clone)]
struct Owed {
    id: EventId,
    name: String,
    time: Timestamp,
}

impl Behind {
    pub(super) fn new(of: SubscriptionInfo) -> Self {
        Self {
            of,
            watched_since: None,
            oldest: BTreeMap::new(),
            blind_since: None,
            next_ask: None,
            has_asked: false,
            was_late: false,
        }
    }

    /// `subscription stream`: without a slot, so that it is none of the alerts about slots.
    fn subject(&self) -> String {
        format!("{} {}", self.of.name, self.of.stream)
    }

    pub(super) fn name(&self) -> &'static str {
        self.of.name
    }

    pub(super) async fn look(&mut self, after: Duration, seen: &mut Seen) -> Result<(), Error> {
        let now = self.of.service.now();
        self.watched_since.get_or_insert(now);
        let mut conn = self.of.service.read().await?;
        let cursors = self.cursors(&mut conn).await?;
        // What stands still there has an alert that says more.
        let stopped = of_slots(&mut conn, self.of.name, self.of.stream).await?;
        let parked = self.parked(&mut conn, now.minus(after)).await?;
        drop(conn);
        self.oldest.retain(|slot, owed| {
            let cursor = cursors.get(slot).copied().unwrap_or(0);
            cursor < owed.id.sequence && !stopped.contains_key(slot)
        });
        if self.must_ask(now, after) {
            let is_stopped = |slot: &u16| stopped.contains_key(slot);
            match self.ask(&cursors, is_stopped).await {
                Ok(()) => {
                    self.blind_since = None;
                    self.has_asked = true;
                }
                Err(error) => {
                    let stream = self.of.stream;
                    tracing::debug!(
                        stream,
                        error = chain(&error),
                        "the producer cannot be asked"
                    );
                    self.blind_since.get_or_insert(now);
                }
            }
        }
        self.judge(parked, after, seen);
        Ok(())
    }

    /// Whether it is time, or what is known has changed so that an alert might be over.
    fn must_ask(&mut self, now: Timestamp, after: Duration) -> bool {
        let (least, most) = ASKS;
        let next = now.plus((after / 10).clamp(least, most));
        match self.next_ask {
            // Whoever has just started is about to catch up.
            None => {
                self.next_ask = Some(next);
                false
            }
            Some(due) if now >= due || (self.was_late && self.oldest.is_empty()) => {
                self.next_ask = Some(next);
                true
            }
            Some(_) => false,
        }
    }

    fn judge(&mut self, parked: Option<Owed>, after: Duration, seen: &mut Seen) {
        let now = self.of.service.now();
        let since = self.watched_since.unwrap_or(now);
        let oldest = self.oldest.values().min_by_key(|owed| owed.time);
        let is_late = |since: Timestamp| now.since(since) > after;
        let is_old_hand = now.since(since) >= GRACE.min(after);
        let text = match (oldest, parked, self.blind_since) {
            (Some(owed), ..) if is_late(owed.time) => Some(owed.words()),
            (_, Some(owed), _) => Some(format!(
                "{}: it has failed and is tried again",
                owed.words()
            )),
            (_, _, Some(blind)) if is_late(blind) => Some(format!(
                "nobody who writes {} has answered since {}: how far it is behind is not known",
                self.of.stream,
                blind.in_words_exact()
            )),
            (_, _, None) if self.has_asked => {
                self.was_late = false;
                return;
            }
            _ => None,
        };
        self.was_late = text.is_some();
        match text {
            Some(text) if is_old_hand => seen.found(Alert::of(BEHIND, &self.subject(), text)),
            // Open ones stay open: nothing shows that it has caught up.
            _ => seen.keep(BEHIND, self.subject()),
        }
    }

    async fn cursors(&self, conn: &mut Conn) -> Result<BTreeMap<u16, u64>, Error> {
        let sql = "SELECT slot, sequence FROM tidings_cursors
            WHERE subscription = $1 AND stream = $2";
        let rows: Vec<(u16, u64)> = conn
            .query(sql, params![self.of.name, self.of.stream])
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// The event that has failed for longest.
    async fn parked(&self, conn: &mut Conn, before: Timestamp) -> Result<Option<Owed>, Error> {
        let sql = "SELECT slot, sequence, type, time FROM tidings_parked
            WHERE subscription = $1 AND stream = $2 AND state = 'parked' AND first_failed_at < $3
            ORDER BY first_failed_at LIMIT 1";
        let params = params![self.of.name, self.of.stream, before];
        let found: Option<(u16, u64, String, Timestamp)> = conn.query_opt(sql, params).await?;
        Ok(found.map(|(slot, sequence, name, time)| Owed {
            id: EventId {
                stream: self.of.stream.to_owned(),
                slot,
                sequence,
            },
            name,
            time,
        }))
    }

    /// Asks the producer for the next event of every slot that is behind and of which it is not
    /// known.
    async fn ask(
        &mut self,
        cursors: &BTreeMap<u16, u64>,
        is_stopped: impl Fn(&u16) -> bool,
    ) -> Result<(), Error> {
        let Some(feed) = self.of.feed.as_ref().map(|feed| feed.0.clone()) else {
            return Ok(());
        };
        // Before the first step of its reader it has no cursors, and owes nothing that is known.
        if cursors.is_empty() {
            return Ok(());
        }
        let clock = self.of.service.clock().clone();
        let stream = self.of.stream;
        let asked = async {
            let mut found = Vec::new();
            for (slot, head) in feed.heads(stream).await? {
                let cursor = cursors.get(&slot).copied().unwrap_or(0);
                if cursor >= head || is_stopped(&slot) || self.oldest.contains_key(&slot) {
                    continue;
                }
                let page = feed.read(stream, slot, cursor, 1).await?;
                found.extend(page.events.into_iter().next());
            }
            Ok(found)
        };
        let found: Vec<crate::Envelope> = tokio::select! {
            biased;
            found = asked => found?,
            () = clock.sleep(ANSWER_LIMIT) => {
                return Err(Error::ConnectionLost("the producer is too slow".into()));
            }
        };
        self.oldest.extend(found.into_iter().map(|event| {
            let owed = Owed {
                name: event.name,
                time: event.time,
                id: event.id,
            };
            (owed.id.slot, owed)
        }));
        Ok(())
    }
}

impl Owed {
    fn words(&self) -> String {
        let Self { id, name, time } = self;
        let time = time.in_words_exact();
        format!("{id} ({name}), published {time}, has not been applied")
    }
}
