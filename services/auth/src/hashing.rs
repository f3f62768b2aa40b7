//! Password hashes: Argon2id on a bounded number of threads (SEC-03, SEC-04).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OnceCell, Semaphore};

use crate::password::Password;
use crate::settings::{Cost, Settings};

/// Computes and checks password hashes, a few at a time.
pub(crate) struct Hasher {
    cost: Cost,
    threads: Arc<Semaphore>,
    /// Requests that wait or are being served.
    inside: Arc<AtomicUsize>,
    inside_max: usize,
    dummy: OnceCell<String>,
}

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already.
    #[error("hash a password: too many wait already")]
    Busy,
    /// The hash could not be computed, or what is stored is none.
    #[error("hash a password")]
    Hash(#[source] password_hash::Error),
    /// The parameters are not such that Argon2 takes.
    #[error("use the cost of hashing")]
    Cost(#[source] argon2::Error),
    /// The thread has ended badly.
    #[error("finish hashing a password")]
    Ended(#[source] tokio::task::JoinError),
}

/// What a check of a password says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, and the stored hash was made with other parameters than today's.
    RightButOutdated,
}

/// A place inside; given back when it is dropped, also by a caller that goes away.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Hasher {
    pub(crate) fn new(settings: &Settings) -> Self {
        let threads = settings.hashing_parallel.max(1);
        Self {
            cost: settings.hashing,
            threads: Arc::new(Semaphore::new(threads)),
            inside: Arc::default(),
            inside_max: threads.saturating_add(settings.hashing_queue),
            dummy: OnceCell::new(),
        }
    }

    /// Hashes a new password with a salt of its own, as a PHC string.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Error> {
        let cost = self.cost;
        self.run(move || hash(cost, &password)).await
    }

    /// Checks a password against a stored hash. Without one it does the same work and
    /// says no, so that the time does not tell who has an account (SEC-05).
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<Verdict, Error> {
        let dummy = self.dummy().await?.to_owned();
        let cost = self.cost;
        self.run(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or(dummy);
            let verdict = verify(cost, &password, &stored)?;
            Ok(if known { verdict } else { Verdict::Wrong })
        })
        .await
    }

    /// The hash that stands in for accounts that do not exist; made before the first request.
    pub(crate) async fn dummy(&self) -> Result<&str, Error> {
        let make = || async {
            let nobody = Password::typed("nobody's password").map_err(|_| Error::Busy)?;
            self.hash(nobody).await
        };
        self.dummy.get_or_try_init(make).await.map(String::as_str)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let before = self.inside.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.inside));
        if before >= self.inside_max {
            return Err(Error::Busy);
        }
        let turn = Arc::clone(&self.threads).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Busy)?;
        let running = tokio::task::spawn_blocking(move || {
            // The thread goes on when the caller hangs up, so it, not the caller, holds these.
            let _held = (turn, place);
            work()
        });
        running.await.map_err(Error::Ended)?
    }
}

fn argon2(cost: Cost) -> Result<Argon2<'static>, Error> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(Error::Cost)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(cost: Cost, password: &Password) -> Result<String, Error> {
    let hash: PasswordHash = argon2(cost)?
        .hash_password(password.as_bytes())
        .map_err(Error::Hash)?;
    Ok(hash.to_string())
}

fn verify(cost: Cost, password: &Password, stored: &str) -> Result<Verdict, Error> {
    let stored = PasswordHash::new(stored).map_err(|_| {
        // What is stored is not shown in an error: errors go to logs.
        Error::Hash(password_hash::Error::EncodingInvalid)
    })?;
    let argon2 = argon2(cost)?;
    match argon2.verify_password(password.as_bytes(), &stored) {
        Ok(()) if is_of_cost(&stored, cost) => Ok(Verdict::Right),
        Ok(()) => Ok(Verdict::RightButOutdated),
        Err(password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
        Err(error) => Err(Error::Hash(error)),
    }
}

fn is_of_cost(stored: &PasswordHash, cost: Cost) -> bool {
    let same = |params: Params| {
        params.m_cost() == cost.memory_kib && params.t_cost() == cost.passes && params.p_cost() == 1
    };
    stored.algorithm == Algorithm::Argon2id.ident()
        && stored.version == Some(Version::V0x13.into())
        && Params::try_from(stored).is_ok_and(same)
}
