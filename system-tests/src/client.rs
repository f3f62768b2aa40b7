//! HTTP over a real socket, with nothing between the test and the bytes.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, HeaderMap};
use hyper::http::request::Builder;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

use crate::Failure;

/// Longer than the server's own limit, so that it is the server that gives up.
const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// A loopback address that no other client of this process has.
///
/// All of 127.0.0.0/8 is this machine; to the server they are different callers, as the
/// clients of a market are, so limits per address mean what they mean outside.
#[must_use]
pub fn loopback() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // From 127.1.0.1 on, two neighbours in different networks of 256.
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::from_bits(0x7f01_0001 + (number % 0x00f0_0000) / 2 * 0x200 + number % 2)
}

/// One caller: where it sits, whom it asks, and the session that it has.
#[derive(Clone, Debug)]
pub struct Client {
    server: SocketAddr,
    from: Ipv4Addr,
    session: Option<String>,
    key: Option<String>,
    bearer: Option<String>,
    header: Option<(String, String)>,
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text; what is not UTF-8 is replaced.
    pub text: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// Nobody took the connection, so nothing was asked.
    NotAsked(Failure),
    /// The question may have arrived, and may have been acted on.
    Unknown(Failure),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::NotAsked(error) => write!(f, "not asked: {error}"),
            NoAnswer::Unknown(error) => write!(f, "no answer: {error}"),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl Answer {
    /// The body as JSON; null if it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A text field of the JSON body; empty if there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

impl Client {
    /// A caller at an address of its own, without a session.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Self {
            server,
            from: loopback(),
            session: None,
            key: None,
            bearer: None,
            header: None,
        }
    }

    /// The same caller with a session cookie's value.
    #[must_use]
    pub fn with_session(mut self, session: String) -> Self {
        self.session = Some(session);
        self
    }

    /// The same caller, who sends this `Idempotency-Key` with everything.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The same caller, who sends this header with everything.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.header = Some((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of the session cookie.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The same caller with an access token.
    #[must_use]
    pub fn with_bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// Asks for something.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::GET, path, None).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends a request with the method given, and JSON if there is any.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        let kind = body.map(|_| "application/json");
        let bytes = body.map(ToString::to_string).unwrap_or_default();
        self.send_bytes(method, path, kind, bytes.into()).await
    }

    /// Sends bytes that say of themselves what they are, which need not be true.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, NoAnswer> {
        let mut request = self.request(method, path);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        self.ask(request, body).await
    }

    /// Asks for a page, as a browser does.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn page(&self, path: &str) -> Result<Answer, NoAnswer> {
        let request = self.request(Method::GET, path).header(ACCEPT, "text/html");
        self.ask(request, Bytes::new()).await
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.server.to_string())
            // What a browser says of a request from the site's own pages.
            .header("sec-fetch-site", "same-origin");
        let request = match &self.key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let request = match &self.bearer {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let request = match &self.header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        match &self.session {
            Some(session) => request.header(COOKIE, format!("__Host-session={session}")),
            None => request,
        }
    }

    async fn ask(&self, request: Builder, body: Bytes) -> Result<Answer, NoAnswer> {
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| NoAnswer::NotAsked(error.into()))?;
        let stream = self.connect().await.map_err(NoAnswer::NotAsked)?;
        match tokio::time::timeout(ANSWER_LIMIT, ask(stream, request)).await {
            Ok(answer) => answer.map_err(NoAnswer::Unknown),
            Err(late) => Err(NoAnswer::Unknown(late.into())),
        }
    }

    /// A bare connection, for what no HTTP library would send.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn connect(&self) -> Result<TcpStream, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        Ok(socket.connect(self.server).await?)
    }
}

async fn ask(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8_lossy(&body).into_owned(),
    })
}
