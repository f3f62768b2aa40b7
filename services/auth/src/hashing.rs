//! Password hashes: Argon2id on a bounded number of threads (SEC-03, SEC-04).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OnceCell, Semaphore};

use crate::password::Password;
use crate::settings::{Cost, Settings};

/// Computes and checks password hashes, a few at a time.
pub(crate) struct Hasher {
    cost: Cost,
    threads: Arc<Semaphore>,
    memory: Arc<Memory>,
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

/// What hashes are computed in, one for each that is under way. Kept, because an allocator keeps
/// what is freed for each thread that has ever computed one: 700 MB after a hundred sign-ups.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn take(&self) -> Vec<Block> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop().unwrap_or_default()
    }

    fn give_back(&self, blocks: Vec<Block>) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(blocks);
    }
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
            memory: Arc::default(),
            inside: Arc::default(),
            inside_max: threads.saturating_add(settings.hashing_queue),
            dummy: OnceCell::new(),
        }
    }

    /// Hashes a new password with a salt of its own, as a PHC string.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Error> {
        let cost = self.cost;
        self.run(move |memory| hash(cost, &password, memory)).await
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
        self.run(move |memory| {
            let known = stored.is_some();
            let stored = stored.unwrap_or(dummy);
            let verdict = verify(cost, &password, &stored, memory)?;
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
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let before = self.inside.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.inside));
        if before >= self.inside_max {
            return Err(Error::Busy);
        }
        let turn = Arc::clone(&self.threads).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Busy)?;
        let memory = Arc::clone(&self.memory);
        let running = tokio::task::spawn_blocking(move || {
            // The thread goes on when the caller hangs up, so it, not the caller, holds these.
            let _held = (turn, place);
            let mut blocks = memory.take();
            let outcome = work(&mut blocks);
            memory.give_back(blocks);
            outcome
        });
        running.await.map_err(Error::Ended)?
    }
}

fn hash(cost: Cost, password: &Password, memory: &mut Vec<Block>) -> Result<String, Error> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(Error::Cost)?;
    let salt = Salt::generate();
    let settings = ParamsString::try_from(&params).map_err(Error::Hash)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let output = compute(&argon2, password, &salt, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: settings,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn compute(
    argon2: &Argon2<'_>,
    password: &Password,
    salt: &Salt,
    memory: &mut Vec<Block>,
) -> Result<Output, Error> {
    let params = argon2.params();
    memory.resize(params.block_count(), Block::default());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut bytes = vec![0; length];
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, memory)
        .map_err(|error| Error::Hash(error.into()))?;
    Output::new(&bytes).map_err(|error| Error::Hash(error.into()))
}

fn verify(
    cost: Cost,
    password: &Password,
    stored: &str,
    memory: &mut Vec<Block>,
) -> Result<Verdict, Error> {
    // What is stored is not shown in an error: errors go to logs.
    let none = || Error::Hash(password_hash::Error::EncodingInvalid);
    let stored = PasswordHash::new(stored).map_err(|_| none())?;
    let (salt, expected) = stored.salt.as_ref().zip(stored.hash).ok_or_else(none)?;
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(|_| none())?;
    let version = stored.version.map(Version::try_from).transpose();
    let version = version.map_err(|_| none())?.unwrap_or_default();
    let params = Params::try_from(&stored).map_err(Error::Hash)?;
    let argon2 = Argon2::new(algorithm, version, params);
    // Outputs are compared in constant time.
    match compute(&argon2, password, salt, memory)? == expected {
        true if is_of_cost(&stored, cost) => Ok(Verdict::Right),
        true => Ok(Verdict::RightButOutdated),
        false => Ok(Verdict::Wrong),
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

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(&Settings {
            hashing: Cost {
                memory_kib: 64,
                passes: 1,
            },
            hashing_parallel: 2,
            hashing_queue: 100,
            ..Settings::default()
        })
    }

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[tokio::test]
    async fn hashes_that_others_have_made_are_read() {
        // The example of the documentation of argon2-cffi.
        let made = "$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$\
            YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg";
        let hasher = hasher();
        let verdict = async |text| {
            let stored = Some(made.to_owned());
            hasher.verify(password(text), stored).await.unwrap()
        };
        assert_eq!(
            verdict("correct horse battery staple").await,
            Verdict::RightButOutdated
        );
        assert_eq!(
            verdict("Correct horse battery staple").await,
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn a_hash_is_right_for_its_password_alone_whatever_was_computed_in_between() {
        let hasher = hasher();
        let first = hasher.hash(password("the first of them")).await.unwrap();
        let other = hasher.hash(password("the first of them")).await.unwrap();
        assert_ne!(first, other, "each has a salt of its own");
        for stored in [first, other] {
            let right = hasher.verify(password("the first of them"), Some(stored.clone()));
            assert_eq!(right.await.unwrap(), Verdict::Right);
            let wrong = hasher.verify(password("the second of them"), Some(stored));
            assert_eq!(wrong.await.unwrap(), Verdict::Wrong);
        }
    }

    /// SEC-04
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_hashes_take_the_memory_of_as_many_as_are_computed_at_once() {
        let hasher = Arc::new(hasher());
        let mut all = JoinSet::new();
        for number in 0..40 {
            let hasher = Arc::clone(&hasher);
            let password = password(&format!("the password {number}"));
            all.spawn(async move { hasher.hash(password).await.unwrap() });
        }
        all.join_all().await;
        let kept = hasher.memory.0.lock().unwrap().len();
        assert!((1..=2).contains(&kept), "{kept}");
    }
}
