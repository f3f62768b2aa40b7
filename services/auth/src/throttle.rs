//! How tries to sign in are slowed down without locking a victim out (SEC-07, SEC-08).
//!
//! A try is counted as a failure before the password is looked at, in one transaction
//! with the question whether it may be made, and the count is taken back when the
//! password was right. So of any number of tries at once exactly as many get through
//! as the limit says, and a caller who hangs up early has not tried for nothing.
//!
//! Which counts a try meets depends on where it comes from:
//!
//! | from | counted by |
//! | --- | --- |
//! | a place the account does not know | address, network, account |
//! | an address that has signed in to the account before | address, network |
//! | a browser that has signed in to the account before | that browser and account |
//!
//! - *One attacker, one address:* the address is closed, for twice as long with every
//!   further failure. The account is open to everybody else.
//! - *One attacker, many addresses, one account* (a botnet): the account is closed to
//!   places it does not know. Its owner signs in as ever from the usual address and
//!   from every browser used before; from a new browser at a new address the owner
//!   waits, at most [`Limit::longest`] at a time. After 100 failures in a row without
//!   a success the account takes one try a day from unknown places.
//! - *Many accounts from few addresses* (credential stuffing): the addresses and their
//!   networks are closed.
//! - *The attacker shares the victim's address* (an office, a reverse proxy: forwarded
//!   addresses are not believed): the browser that has signed in before is not touched
//!   by the address's count.
//! - *An attacker with an account of their own:* signing in to it takes back its own
//!   try only, so it does not clean the address.
//!
//! Unknown e-mail addresses are counted as known ones are, so a 429 says nothing about
//! whether the account exists. There is no count over everything: it would be a switch
//! for turning everybody away. What all of them can do at once is bounded by the
//! hashing queue (SEC-04).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::token::hex;

/// How often something may fail, and for how long it is closed then.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Failures that cost nothing.
    pub free: u32,
    /// How long it is closed after the last free one; every further one doubles it.
    pub first: Duration,
    /// The longest that it is closed.
    pub longest: Duration,
    /// How long after it has opened again the failures are forgotten.
    pub memory: Duration,
    /// Failures in a row after which it is closed for a day each time.
    pub most: Option<u32>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Limit {
    /// For how long it is closed after so many failures.
    #[must_use]
    pub fn closed_for(&self, failures: u32) -> Duration {
        if self.most.is_some_and(|most| failures >= most) {
            return DAY;
        }
        let Some(beyond) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let doubled = 1u32.checked_shl(beyond).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// Where a request comes from: the other end of the connection, never what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A machine on the network.
    Remote(IpAddr),
    /// A caller in this process.
    Local,
}

impl Address {
    /// One customer's line: an IPv4 address, or the /64 that one IPv6 customer has at least.
    #[must_use]
    pub fn line(&self) -> String {
        self.prefix(32, 64)
    }

    /// The neighbourhood: /24 of IPv4, /48 of IPv6.
    #[must_use]
    pub fn network(&self) -> String {
        self.prefix(24, 48)
    }

    fn prefix(&self, v4: u32, v6: u32) -> String {
        match self {
            Self::Local => "local".to_owned(),
            // An IPv4 caller at an IPv6 socket is an IPv4 caller.
            Self::Remote(ip) => match ip.to_canonical() {
                IpAddr::V4(ip) => {
                    let mask = u32::MAX << (32 - v4);
                    format!("{}/{v4}", Ipv4Addr::from_bits(ip.to_bits() & mask))
                }
                IpAddr::V6(ip) => {
                    let mask = u128::MAX << (128 - v6);
                    format!("{}/{v6}", Ipv6Addr::from_bits(ip.to_bits() & mask))
                }
            },
        }
    }
}

/// How well an account knows the place that a try comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Familiar {
    /// Nobody has signed in from there, or there is no such account.
    No,
    /// Somebody has signed in from the address.
    Address,
    /// Somebody has signed in with the browser.
    Browser,
}

/// One count that a try meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name in the table.
    pub name: String,
    /// Which limit it has.
    pub kind: ScopeKind,
}

/// What a count is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// An address.
    Address,
    /// A network.
    Network,
    /// An account, from places it does not know.
    Account,
    /// A browser that has signed in to the account.
    Browser,
    /// Signing up from an address.
    SignUp,
    /// Asking from an address for letters about forgotten passwords.
    ForgotFrom,
    /// Asking for such letters to one e-mail address.
    ForgotTo,
}

impl ScopeKind {
    /// Whether a success shows that the failures before were the owner's own.
    #[must_use]
    pub fn is_of_account(self) -> bool {
        matches!(self, Self::Account | Self::Browser)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::Account => "account",
            Self::Browser => "browser",
            Self::SignUp => "sign_up",
            Self::ForgotFrom => "forgot_from",
            Self::ForgotTo => "forgot_to",
        }
    }

    fn scope(self, what: &str) -> Scope {
        Scope {
            name: format!("{}:{what}", self.prefix()),
            kind: self,
        }
    }
}

/// The counts that a try to sign in meets, in the order of their names: two tries that
/// take the same rows in different orders would wait for each other for ever.
#[must_use]
pub fn scopes(familiar: Familiar, email_key: &str, address: Address, browser: &str) -> Vec<Scope> {
    // People type passwords into the wrong field; a digest keeps them out of the table.
    let account = hex(&Sha256::digest(email_key));
    let mut scopes = match familiar {
        Familiar::Browser => vec![ScopeKind::Browser.scope(&format!("{account}:{browser}"))],
        Familiar::Address => vec![],
        Familiar::No => vec![ScopeKind::Account.scope(&account)],
    };
    if familiar != Familiar::Browser {
        scopes.push(ScopeKind::Address.scope(&address.line()));
        scopes.push(ScopeKind::Network.scope(&address.network()));
    }
    scopes.sort_by(|one, other| one.name.cmp(&other.name));
    scopes
}

/// The count that signing up meets.
#[must_use]
pub fn sign_up_scope(address: Address) -> Scope {
    ScopeKind::SignUp.scope(&address.line())
}

/// The counts that asking for a letter about a forgotten password meets, in the order of their
/// names. Nobody's letter box can be filled this way, and whoever asks is slowed down.
#[must_use]
pub fn forgot_scopes(email_key: &str, address: Address) -> Vec<Scope> {
    let account = hex(&Sha256::digest(email_key));
    vec![
        ScopeKind::ForgotFrom.scope(&address.line()),
        ScopeKind::ForgotTo.scope(&account),
    ]
}
