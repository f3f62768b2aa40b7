//! The public keys of a service in another process: fetched, kept, and fetched again.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use tokio::sync::watch;

use super::{Identity, Rejected, Verifier};
use crate::worker::Worker;
use crate::{Calls, Client, Clock, Installation, Outages, Timestamp, chain};

/// A key that is withdrawn counts no longer than this.
const FETCH_EVERY: Duration = Duration::from_secs(5 * 60);
/// Tokens with keys that nobody has would otherwise cost a request each.
const FETCH_AGAIN: Duration = Duration::from_secs(10);
/// How long a request waits for the keys that it needs.
const WAIT: Duration = Duration::from_secs(2);
/// A key set is small; more is a mistake.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is between those who need a key and the one who fetches it.
#[derive(Clone)]
pub(super) struct Fetching {
    /// When keys were fetched last; never, as long as it has not been possible.
    fetched_at: Arc<RwLock<Option<Timestamp>>>,
    /// Rises when somebody needs a key that is not known.
    asked: watch::Sender<u64>,
    /// Rises with every try.
    tried: watch::Sender<u64>,
}

impl Fetching {
    fn fetched_at(&self) -> Option<Timestamp> {
        *self
            .fetched_at
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a key that is not known now may be known after another look.
    fn may_help(&self, now: Timestamp) -> bool {
        self.fetched_at()
            .is_none_or(|at| now >= at.plus(FETCH_AGAIN))
    }

    async fn fetch_again(&self, clock: &Clock) {
        let mut tried = self.tried.subscribe();
        self.asked.send_modify(|count| *count += 1);
        tokio::select! {
            biased;
            _ = tried.changed() => {}
            () = clock.sleep(WAIT) => {}
        }
    }
}

impl Verifier {
    /// As [`Verifier::verify`]; where the keys come from another process, a key that is not
    /// known is looked for there first.
    ///
    /// # Errors
    /// As [`Verifier::verify`], and [`Rejected::NoKeys`] when no key could be had so far: the
    /// token may be good.
    pub async fn identify(&self, token: &str, clock: &Clock) -> Result<Identity, Rejected> {
        let verified = self.verify(token, clock.now());
        let Some(fetching) = self.fetching.get() else {
            return verified;
        };
        if !matches!(verified, Err(Rejected::UnknownKey)) || !fetching.may_help(clock.now()) {
            return verified;
        }
        fetching.fetch_again(clock).await;
        match self.verify(token, clock.now()) {
            Err(Rejected::UnknownKey) if fetching.fetched_at().is_none() => Err(Rejected::NoKeys),
            verified => verified,
        }
    }

    /// Puts these keys into the place of all others.
    fn replace(&self, keys: &[(String, [u8; 32])]) {
        let decoded = keys
            .iter()
            .map(|(kid, key)| (kid.clone(), DecodingKey::from_ed_der(key)));
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *known = decoded.collect();
    }
}

/// Keeps the keys of a service elsewhere.
pub(crate) struct KeyKeeper {
    verifier: Verifier,
    fetching: Fetching,
    asked: watch::Receiver<u64>,
    auth: Client,
    path: String,
    clock: Clock,
    /// When to fetch next, whatever happens; at once after the start.
    due: Timestamp,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<PublicKey>,
}

/// A key as RFC 8037 writes it; keys of other kinds are passed over.
#[derive(Deserialize)]
struct PublicKey {
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    x: String,
}

impl KeySet {
    fn into_keys(self) -> Vec<(String, [u8; 32])> {
        let keys = self.keys.into_iter().filter(|key| key.crv == "Ed25519");
        let decoded = keys.filter_map(|key| {
            let bytes = URL_SAFE_NO_PAD.decode(&key.x).ok()?;
            Some((key.kid, bytes.try_into().ok()?))
        });
        decoded.collect()
    }
}

impl KeyKeeper {
    fn new(verifier: &Verifier, auth: Client, path: String, clock: Clock) -> Self {
        let fetching = Fetching {
            fetched_at: Arc::default(),
            asked: watch::Sender::new(0),
            tried: watch::Sender::new(0),
        };
        // An installation has one keeper.
        let _ = verifier.fetching.set(fetching.clone());
        Self {
            verifier: verifier.clone(),
            asked: fetching.asked.subscribe(),
            fetching,
            auth,
            path,
            due: clock.now(),
            clock,
        }
    }

    /// Fetches when it is time to. Says whether there was anything to do.
    pub(crate) async fn step(&mut self) -> Result<bool, String> {
        let now = self.clock.now();
        let is_asked = self.asked.has_changed().unwrap_or(false);
        self.asked.mark_unchanged();
        if now < self.due && !(is_asked && self.fetching.may_help(now)) {
            return Ok(false);
        }
        let outcome = self.fetch(now).await;
        self.fetching.tried.send_modify(|count| *count += 1);
        outcome.map(|()| true)
    }

    async fn fetch(&mut self, now: Timestamp) -> Result<(), String> {
        let fetched = self.auth.get(&self.path).json::<KeySet>().await;
        let keys = fetched.map_err(|error| chain(&error))?.into_keys();
        if keys.is_empty() {
            return Err("there is none in the set".to_owned());
        }
        self.verifier.replace(&keys);
        let fetched_at = self.fetching.fetched_at.write();
        *fetched_at.unwrap_or_else(PoisonError::into_inner) = Some(now);
        self.due = now.plus(FETCH_EVERY);
        Ok(())
    }

    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.fetching.asked.subscribe()
    }

    pub(crate) fn pause(&self) -> Duration {
        self.due.since(self.clock.now())
    }
}

impl Installation {
    /// Fetches the keys of access tokens where they are made elsewhere.
    pub(crate) fn fetch_keys(
        &mut self,
        clock: &Clock,
        outages: &Outages,
        from: Option<(String, String)>,
    ) {
        let Some((service, path)) = from else { return };
        if self
            .handle(&service)
            .is_some_and(|handle| handle.runs_here())
        {
            return;
        }
        let me = self.handles().iter().find(|handle| handle.runs_here());
        let me = me.map_or("gateway", |handle| handle.name());
        // One try, because what fails is tried again anyway.
        let how = Calls::default().tries(1).answer_bytes(ANSWER_BYTES_MAX);
        let Ok(auth) = self.client(me, &service, &how) else {
            tracing::warn!(
                service,
                "nobody says where the keys of access tokens are: none is believed"
            );
            return;
        };
        let keeper = KeyKeeper::new(&self.verifier, auth, path, clock.clone());
        let worker = Worker::keys(outages, clock.clone(), keeper);
        let workers = self.workers.get_mut();
        workers.unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}
