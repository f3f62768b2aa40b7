//! What can be set, with defaults that are right for the open internet.

use std::time::Duration;

use crate::throttle::Limit;

/// How `auth` works; [`Settings::default`] is what a public installation should use.
///
/// ```
/// use auth::Settings;
///
/// let settings = Settings {
///     session_idle: std::time::Duration::from_secs(600),
///     ..Settings::default()
/// };
/// let service = auth::service(settings);
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// A session that is not used for so long has ended (SEC-17). Use is noted at most once a minute.
    pub session_idle: Duration,
    /// A session ends after so long whatever happens (SEC-17).
    pub session_longest: Duration,
    /// How long an access token is good; changes of roles take that long at the most (X-31).
    pub token_life: Duration,
    /// What a password hash costs (SEC-03).
    pub hashing: Cost,
    /// How many hashes are computed at once; each holds a thread and `hashing.memory_kib`.
    pub hashing_parallel: usize,
    /// How many more requests may wait for a hash; beyond it is 503 (SEC-04).
    pub hashing_queue: usize,
    /// Failures to sign in from one address.
    pub address: Limit,
    /// Failures to sign in from the neighbours of an address (/24 of IPv4, /48 of IPv6).
    pub network: Limit,
    /// Failures to sign in to one account from places that it does not know.
    pub account: Limit,
    /// Failures to sign in to an account from a browser that has been signed in to it before.
    pub browser: Limit,
    /// New accounts, and tries to make one, from one address.
    pub sign_up: Limit,
    /// Letters about forgotten passwords that are asked for from one address.
    pub forgot_from: Limit,
    /// Letters about forgotten passwords that are asked for to one e-mail address.
    pub forgot_to: Limit,
    /// Where people reach the site, for links in letters: `https://tidings.example`. It is
    /// never taken from a request.
    pub public_url: String,
    /// Whether an admin who invites is shown the links, once, to hand them over: right where
    /// there is no mail server.
    pub shows_links: bool,
}

/// What one Argon2id hash costs, in memory and passes over it; stored with every hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for Cost {
    /// The second choice of OWASP's password storage cheat sheet: 19 MiB, 2 passes, 1 lane.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

impl Default for Settings {
    fn default() -> Self {
        let address = Limit {
            free: 10,
            first: Duration::from_secs(2),
            longest: minutes(15),
            memory: minutes(60),
            most: None,
        };
        let sign_up = Limit {
            free: 20,
            first: minutes(1),
            longest: minutes(60),
            ..address
        };
        Self {
            session_idle: minutes(30),
            session_longest: minutes(12 * 60),
            token_life: minutes(5),
            hashing: Cost::default(),
            hashing_parallel: 2,
            hashing_queue: 64,
            address,
            network: Limit {
                free: 100,
                ..address
            },
            account: Limit {
                most: Some(100),
                memory: minutes(24 * 60),
                ..address
            },
            browser: address,
            sign_up,
            forgot_from: sign_up,
            forgot_to: Limit { free: 3, ..sign_up },
            public_url: "http://127.0.0.1:8080".to_owned(),
            shows_links: false,
        }
    }
}
