//! Where callbacks may go. Whoever gives an address must not be able to use the service as a
//! way into its own network (SEC-55 to SEC-58).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;

use super::address::is_public;
use crate::Setup;

/// Longer ones are nobody's.
const URL_BYTES_MAX: usize = 2048;
const PORTS: [u16; 2] = [443, 8443];
/// Names that stand for something near, whatever a name server says.
const NEAR: [&str; 6] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
];

/// How a name becomes addresses; see [`CallbackPolicy::resolver`].
pub(super) type Resolve =
    dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> + Send + Sync;

/// Where callbacks may go; see [`Setup::callbacks`].
///
/// The strict one, which is the default: https on port 443 or 8443, to public addresses. An
/// address is looked at when an operation is accepted and again at every delivery: there, the
/// name is resolved once, **every** address of the answer must be public, and the connection is
/// made to one of these and to no other. No redirect is followed, no proxy used, no connection
/// used twice.
///
/// ```
/// use tidings::CallbackPolicy;
///
/// let strict = CallbackPolicy::strict();
/// assert!(strict.check("https://example.com/hooks?of=me").is_ok());
/// for refused in ["http://example.com/", "https://10.0.0.1/", "https://0x7f.1/", "https://a@b.cd/"] {
///     assert!(strict.check(refused).is_err(), "{refused}");
/// }
/// ```
#[derive(Clone)]
pub struct CallbackPolicy {
    /// For development and tests: other schemes and ports, and these addresses.
    also: Option<Vec<IpAddr>>,
    resolve: Option<Arc<Resolve>>,
    public_url: String,
}

/// Why a callback is not sent to an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadUrl {
    /// It could not be read, or reads differently from how it is written.
    #[error("read it as an address like https://example.com/hook")]
    Unreadable,
    /// It is longer than 2048 bytes.
    #[error("keep it within {URL_BYTES_MAX} bytes")]
    TooLong,
    /// Something else than https.
    #[error("use https")]
    Scheme,
    /// A port that no receiver has.
    #[error("use port 443 or 8443")]
    Port,
    /// A name or a password in front of the host.
    #[error("leave name and password out")]
    UserInfo,
    /// Something behind `#`, which is never sent.
    #[error("leave the fragment out")]
    Fragment,
    /// A host that is not on the public internet.
    #[error("name a host on the public internet")]
    Host,
}

impl CallbackPolicy {
    /// For production.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            also: None,
            resolve: None,
            public_url: String::new(),
        }
    }

    /// For development and tests: http too, any port, and these addresses besides public ones.
    #[must_use]
    pub fn allowing(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            also: Some(addresses.into_iter().collect()),
            ..Self::strict()
        }
    }

    /// Asks this for the addresses of a name instead of the machine's resolver. What it
    /// answers is checked like any answer.
    #[must_use]
    pub fn resolver<F, Fut>(mut self, resolve: F) -> Self
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        self.resolve = Some(Arc::new(move |name| Box::pin(resolve(name))));
        self
    }

    /// What stands in front of `/api/operations/…` in a callback's `result_url`: how the
    /// outside reaches this installation, like `https://tidings.example`. Without it,
    /// receivers get the path alone.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.public_url);
        self
    }

    /// Whether a callback may be sent to this address, as far as that can be said without
    /// resolving its name.
    ///
    /// # Errors
    /// [`BadUrl`] says why not.
    pub fn check(&self, url: &str) -> Result<(), BadUrl> {
        self.read(url).map(|_| ())
    }

    /// Reads an address, with the parser that the client uses too: two that differ would make
    /// a gap between what is checked and what is called.
    pub(super) fn read(&self, text: &str) -> Result<Url, BadUrl> {
        if text.len() > URL_BYTES_MAX {
            return Err(BadUrl::TooLong);
        }
        let authority = authority(text).ok_or(BadUrl::Unreadable)?;
        if authority.contains('@') {
            return Err(BadUrl::UserInfo);
        }
        let url = Url::parse(text).map_err(|_| BadUrl::Unreadable)?;
        let is_lenient = self.also.is_some();
        match url.scheme() {
            "https" => {}
            "http" if is_lenient => {}
            _ => return Err(BadUrl::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadUrl::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(BadUrl::Fragment);
        }
        match url.port_or_known_default() {
            Some(port) if port != 0 && (is_lenient || PORTS.contains(&port)) => {}
            _ => return Err(BadUrl::Port),
        }
        self.check_host(&url)?;
        Ok(url)
    }

    /// Numbers in any notation (decimal, octal, hex) are addresses to the parser, and are
    /// looked at as such.
    fn check_host(&self, url: &Url) -> Result<(), BadUrl> {
        let host = url.host_str().ok_or(BadUrl::Host)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let is_good = match literal.parse::<IpAddr>() {
            Ok(address) => self.allows(address),
            Err(_) => self.also.is_some() || is_far(host),
        };
        is_good.then_some(()).ok_or(BadUrl::Host)
    }

    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let also = self.also.iter().flatten();
        is_public(address) || also.into_iter().any(|one| *one == address)
    }

    pub(super) fn resolve(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        match &self.resolve {
            Some(resolve) => resolve(name),
            None => Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }),
        }
    }

    /// Where the outside finds a path of this installation.
    pub(crate) fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}

impl Default for CallbackPolicy {
    fn default() -> Self {
        Self::strict()
    }
}

impl fmt::Debug for CallbackPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackPolicy")
            .field("also", &self.also)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// What stands between `//` and the path. The parser forgives much (`https:\\host`, tabs in
/// the middle, spaces around) that only somebody who tries the door writes.
fn authority(text: &str) -> Option<&str> {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.contains(is_odd) {
        return None;
    }
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    (!authority.is_empty()).then_some(authority)
}

/// A name with a dot in it that does not end in one of those that stay near.
fn is_far(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_near = |near: &&str| {
        let before = host.strip_suffix(*near);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    host.contains('.') && !NEAR.iter().any(is_near)
}

impl Setup {
    /// Says where callbacks of operations may go; [`CallbackPolicy::strict`] if nothing is said.
    #[must_use]
    pub fn callbacks(mut self, policy: CallbackPolicy) -> Self {
        self.callbacks = policy;
        self
    }
}
