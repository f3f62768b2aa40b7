//! A feed in another process, read over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use futures_util::future::BoxFuture;

use super::answer::{Answer, BYTES_MAX, Trouble, WholePage};
use super::asked::LIMIT_MAX;
use super::routes::Heads;
use super::{Feed, FeedPage, HttpTransport, Standing};
use crate::client::{check_base, http_client};
use crate::handle::Handle;
use crate::worker::Source;
use crate::{CLOUDEVENT_BATCH, Clock, Error, Marked, Outages, Start};

/// How long an answer may take beyond what it was allowed to wait for events.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

type Bearer = dyn Fn() -> String + Send + Sync;

/// The feed of a service that another process runs.
///
/// ```
/// # async fn follow() -> Result<(), tidings::Error> {
/// use std::sync::Arc;
/// use tidings::{Clock, HttpFeed, HttpTransport, ServiceTokens, Setup, Storage};
///
/// let clock = Clock::system();
/// let tokens = ServiceTokens::new(b"32 bytes that nobody else can know");
/// let now = clock.clone();
/// let tickets = HttpFeed::try_new("http://10.0.0.7:7001", &clock, move || {
///     tokens.sign("orders", "tickets", now.now())
/// })?;
/// let transport = HttpTransport::new(tickets.clone());
/// let setup = Setup::new(Storage::Memory)
///     .elsewhere("tickets", Arc::new(tickets), Arc::new(transport));
/// # drop(setup);
/// # Ok(()) }
/// ```
///
/// The address is the service's own or that of a gateway before it. An answer that is not
/// believable (no JSON, another stream's events, not as complete as what was asked from) is
/// an error, and nothing of it is used. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct HttpFeed {
    http: reqwest::Client,
    base: Arc<str>,
    bearer: Arc<Bearer>,
    pub(super) clock: Clock,
    pub(super) outages: Outages,
    compressed: bool,
}

impl HttpFeed {
    /// The feeds at an address like `https://tickets.example:7001`. `bearer` gives the token
    /// that each request shows: a service's, or the access token of a reader.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the address is more or less than a scheme, a host and a port.
    pub fn try_new(
        base: &str,
        clock: &Clock,
        bearer: impl Fn() -> String + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        check_base(base).map_err(|reason| Error::Unsafe(format!("a feed at {base}: {reason}")))?;
        Ok(Self {
            http: http_client()?,
            base: base.trim_end_matches('/').into(),
            bearer: Arc::new(bearer),
            clock: clock.clone(),
            outages: Outages::new(clock),
            compressed: false,
        })
    }

    /// Asks for compressed answers: about a tenth of the bytes, for some of both sides' CPU
    /// time. Pays between data centres, not within one machine.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        self.compressed = true;
        self
    }

    /// What is asked, for errors and logs.
    pub(super) fn address(&self, stream: &str) -> String {
        format!("{}/feed/{stream}", self.base)
    }

    /// A page of the whole stream; `from` is a part of the query.
    pub(super) async fn whole(
        &self,
        stream: &str,
        from: &str,
        limit: u32,
        patience: Duration,
    ) -> Result<WholePage, Trouble> {
        let millis = patience.as_millis();
        let rest = format!("?{from}&limit={limit}&timeout={millis}");
        self.get(stream, &rest, patience).await?.whole_page(stream)
    }

    async fn heads_with(&self, stream: &str, rest: &str) -> Result<Heads, Trouble> {
        self.get(stream, rest, Duration::ZERO).await?.heads(stream)
    }

    async fn get(&self, stream: &str, rest: &str, patience: Duration) -> Result<Answer, Trouble> {
        let limit = patience + ANSWER_LIMIT;
        tokio::select! {
            answer = self.ask(stream, rest) => answer,
            () = self.clock.sleep(limit) => Err(Trouble::TimedOut(limit.as_secs())),
        }
    }

    async fn ask(&self, stream: &str, rest: &str) -> Result<Answer, Trouble> {
        let address = format!("{}{rest}", self.address(stream));
        let encoding = match self.compressed {
            true => "gzip",
            false => "identity",
        };
        let sent = self
            .http
            .get(address)
            .bearer_auth((self.bearer)())
            .header(header::ACCEPT, CLOUDEVENT_BATCH)
            .header(header::ACCEPT_ENCODING, encoding)
            .send();
        // The query says what somebody has read; the log has no need of it.
        let unreachable = |error: reqwest::Error| Trouble::Unreachable(error.without_url());
        let mut response = sent.await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if body.len() + part.len() > BYTES_MAX {
                return Err(Trouble::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

impl Feed for HttpFeed {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async move {
            let limit = limit.clamp(1, LIMIT_MAX);
            let rest = format!("/{slot}?after={after}&limit={limit}");
            let answer = self.get(stream, &rest, Duration::ZERO).await;
            let page = answer.and_then(|answer| answer.page(stream, slot, after));
            page.map_err(|trouble| trouble.into_error(&self.address(stream)))
        })
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move { Ok(self.standing(stream).await?.heads) })
    }

    fn standing<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Standing, Error>> {
        Box::pin(async move {
            let heads = self.heads_with(stream, "/heads").await;
            let standing = heads.and_then(Heads::standing);
            standing.map_err(|trouble| trouble.into_error(&self.address(stream)))
        })
    }

    fn marks<'a>(
        &'a self,
        stream: &'a str,
        places: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Vec<Marked>, Error>> {
        Box::pin(async move {
            let rest = format!("/heads?marks={}", written(places));
            let heads = self.heads_with(stream, &rest).await;
            let marks = heads.and_then(Heads::marks);
            marks.map_err(|trouble| trouble.into_error(&self.address(stream)))
        })
    }

    fn starts<'a>(
        &'a self,
        stream: &'a str,
        start: Start,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move {
            let rest = format!("/heads?starts={start}");
            let heads = self.heads_with(stream, &rest).await;
            let starts = heads.and_then(Heads::starts);
            starts.map_err(|trouble| trouble.into_error(&self.address(stream)))
        })
    }
}

/// Places as a query has them: `0:17,3:4`.
pub(super) fn written(places: &[(u16, u64)]) -> String {
    let pairs = places
        .iter()
        .map(|(slot, number)| format!("{slot}:{number}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// What a service reads of another one of its installation, which runs elsewhere. Nothing
/// without a secret, by which the other could know who asks.
pub(crate) fn of_service(
    http: &reqwest::Client,
    base: &str,
    subscriber: &Handle,
    producer: &'static str,
) -> Option<Source> {
    let (tokens, clock) = (
        subscriber.service_tokens()?.clone(),
        subscriber.clock().clone(),
    );
    let (me, now) = (subscriber.name(), clock.clone());
    let feed = HttpFeed {
        http: http.clone(),
        base: base.trim_end_matches('/').into(),
        bearer: Arc::new(move || tokens.sign(me, producer, now.now())),
        clock,
        outages: subscriber.outages().clone(),
        compressed: false,
    };
    Some(Source {
        transport: Arc::new(HttpTransport::new(feed.clone())),
        feed: Arc::new(feed),
    })
}

impl std::fmt::Debug for HttpFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpFeed({})", self.base)
    }
}
