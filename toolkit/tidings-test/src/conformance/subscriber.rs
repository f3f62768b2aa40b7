//! The reading side of a story.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings::{Error, Feed, Handle, Installation, Running, Setup, Storage, params};

use super::carrier::Route;
use super::letters::{self, Paper, SUBSCRIBER, SUBSCRIPTIONS, Texts};
use super::verdict::Failure;

/// The longest piece of a text that a failure shows.
const SHOWN: usize = 40;

/// A subscriber at work.
pub(super) struct Subscriber {
    handle: Handle,
    subscriptions: usize,
    running: Running,
    _installation: Installation,
}

impl Subscriber {
    pub(super) async fn open(
        storage: Storage,
        route: &Route,
        subscriptions: usize,
    ) -> Result<Self, Failure> {
        let setup = Setup::new(storage).service(letters::subscriber(subscriptions));
        let setup = Paper::ALL.into_iter().fold(setup, |setup, paper| {
            let (feed, transport) = (Arc::clone(&route.feed), Arc::clone(&route.transport));
            setup.elsewhere(paper.stream(), feed, transport)
        });
        let mut installation = setup.open().await?;
        let found = installation.handle(SUBSCRIBER).ok_or(Error::NoRow)?;
        Ok(Self {
            handle: found,
            subscriptions,
            running: installation.start(),
            _installation: installation,
        })
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }

    /// What is not as it must be at a story's end, if anything; the cheap questions first,
    /// because this is asked again and again while the story is still under way.
    pub(super) async fn complaint(
        &self,
        truth: &dyn Feed,
        written: &Texts,
    ) -> Result<Option<String>, Failure> {
        if let Some(parked) = tidings::dead::events(&self.handle, 1).await?.first() {
            let error = parked.error.as_deref().unwrap_or("it waits behind another");
            return Ok(Some(format!("{} is parked: {error}", parked.event.id)));
        }
        for subscription in &SUBSCRIPTIONS[..self.subscriptions] {
            for paper in Paper::ALL {
                let heads = truth.heads(paper.stream()).await?.into_iter().collect();
                let cursors = self.cursors(subscription, paper).await?;
                if let Some(text) = behind(&heads, &cursors) {
                    return Ok(Some(format!("{subscription} {}.{text}", paper.stream())));
                }
            }
            let read = letters::read_by(&self.handle, subscription).await?;
            if let Some(text) = difference(written, &read) {
                return Ok(Some(format!("{subscription}: {text}")));
            }
        }
        let alerts = tidings::alert::open(&self.handle).await?;
        Ok(alerts.first().map(|alert| alert.text.clone()))
    }

    /// How many events of a subscription have been applied.
    pub(super) async fn applied(&self) -> Result<u64, Failure> {
        let sql = "SELECT count(*) FROM read_texts WHERE subscription = $1";
        let of = params![SUBSCRIPTIONS[0]];
        let (count,): (u64,) = self.handle.read().await?.query_one(sql, of).await?;
        Ok(count)
    }

    async fn cursors(&self, subscription: &str, paper: Paper) -> Result<BTreeMap<u16, u64>, Error> {
        let sql = "SELECT slot, sequence FROM tidings_cursors
            WHERE subscription = $1 AND stream = $2 AND sequence > 0";
        let of = params![subscription, paper.stream()];
        let rows: Vec<(u16, u64)> = self.handle.read().await?.query(sql, of).await?;
        Ok(rows.into_iter().collect())
    }
}

fn behind(heads: &BTreeMap<u16, u64>, cursors: &BTreeMap<u16, u64>) -> Option<String> {
    let slots = heads.keys().chain(cursors.keys());
    slots.into_iter().find_map(|slot| {
        let (head, cursor) = (heads.get(slot), cursors.get(slot));
        let number = |at: Option<&u64>| at.copied().unwrap_or(0);
        let text = format!(
            "{slot} was applied up to {}, but its head is {}",
            number(cursor),
            number(head)
        );
        (head != cursor).then_some(text)
    })
}

/// The first key whose texts were not applied as they were written.
fn difference(written: &Texts, read: &Texts) -> Option<String> {
    let keys = written.keys().chain(read.keys());
    keys.into_iter().find_map(|key| {
        let nothing = Vec::new();
        let wrote = written.get(key).unwrap_or(&nothing);
        let had = read.get(key).unwrap_or(&nothing);
        if wrote == had {
            return None;
        }
        let same = wrote.iter().zip(had).take_while(|(a, b)| a == b).count();
        let shown = |at: Option<&(i64, String)>| match at {
            Some((number, text)) => {
                let start: String = text.chars().take(SHOWN).collect();
                format!("number {number}, {} bytes, {start:?}", text.len())
            }
            None => "nothing".to_owned(),
        };
        let (was, is) = (shown(wrote.get(same)), shown(had.get(same)));
        Some(format!(
            "of key {:?} in {}, event {same} was written as {was} and applied as {is}",
            key.1,
            key.0.stream()
        ))
    })
}
