//! One call, as it is put together.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::error::CallError;
use super::{CALLER_HEADER, Client, SERVICE_TOKEN_HEADER, tries};
use crate::Context;
use crate::http::{CORRELATION_HEADER, CallingService, is_plain};
use crate::spans::{Remote, TRACEPARENT, traceparent};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A call that is being put together; nothing happens before [`Call::send`] or [`Call::json`].
#[must_use]
pub struct Call {
    pub(super) client: Client,
    pub(super) method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    context: Option<Context>,
    pub(super) timeout: Duration,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

impl Call {
    pub(super) fn new(client: Client, method: Method, path: &str) -> Self {
        let timeout = client.0.limits().timeout;
        let wrong = check_path(path).err().map(ToOwned::to_owned);
        Self {
            client,
            method,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            context: None,
            timeout,
            wrong,
        }
    }

    /// Adds to the query: a struct, or pairs like `&[("after", cursor)]`.
    pub fn query(mut self, query: &impl Serialize) -> Self {
        match serde_urlencoded::to_string(query) {
            Ok(text) => {
                if !self.query.is_empty() && !text.is_empty() {
                    self.query.push('&');
                }
                self.query.push_str(&text);
                self
            }
            Err(error) => self.wrong(format!("the query: {error}")),
        }
    }

    /// What the call belongs to: its correlation id goes with it.
    pub fn context(mut self, context: &Context) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// In whose name the call is made: their access token.
    pub fn bearer(mut self, token: &str) -> Self {
        match HeaderValue::from_str(&format!("Bearer {token}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(header::AUTHORIZATION, value);
                self
            }
            Err(_) => self.wrong("the token is no text of a header".to_owned()),
        }
    }

    /// Makes a POST repeatable: the other side gives the same answer to the same key, so the
    /// call is tried again as a GET is.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY, key)
    }

    /// Any other header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive([header::COOKIE, header::AUTHORIZATION].contains(&name));
                self.headers.insert(name, value);
                self
            }
            Err(_) => self.wrong(format!("the header {name} is no text of a header")),
        }
    }

    /// Sends a value as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => {
                let json = HeaderValue::from_static("application/json");
                self.headers.insert(header::CONTENT_TYPE, json);
                self.body = text.into();
                self
            }
            Err(error) => self.wrong(format!("the body: {error}")),
        }
    }

    /// How long one try may take, instead of what the client says.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the call and reads its answer as JSON.
    ///
    /// # Errors
    /// [`CallError`] for everything but a 2xx with a body of this form.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let client = self.client.clone();
        let read = self.run().await.and_then(|answer| {
            answer.json().map_err(|error| CallError::Unreadable {
                to: client.0.to(),
                source: error.into(),
            })
        });
        client.0.count(&read);
        read
    }

    /// Makes the call; gives status, headers and body of a success.
    ///
    /// Dropping the future gives the call up; what was sent may have been done.
    ///
    /// # Errors
    /// [`CallError`] for everything but a 2xx.
    pub async fn send(self) -> Result<Answer, CallError> {
        let client = self.client.clone();
        let answer = self.run().await;
        client.0.count(&answer);
        answer
    }

    async fn run(mut self) -> Result<Answer, CallError> {
        if let Some(reason) = self.wrong.take() {
            let to = self.client.0.to();
            return Err(CallError::Unsendable { to, reason });
        }
        self.sign();
        Box::pin(tries::run(&self)).await
    }

    /// Whether doing it twice is doing it once.
    pub(super) fn is_repeatable(&self) -> bool {
        self.method.is_idempotent() || self.headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// One try of it.
    pub(super) fn request(&self) -> Result<Request<Bytes>, CallError> {
        let mut target = self.path.clone();
        if !self.query.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&self.query);
        }
        let uri: Result<Uri, _> = target.parse();
        let uri = uri.map_err(|error| CallError::Unsendable {
            to: self.client.0.to(),
            reason: format!("the path: {error}"),
        })?;
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        let channel = &self.client.0;
        // Of each try its own: a token lives shorter than a call may.
        if let Some(token) = channel.service_token()
            && let Ok(mut value) = HeaderValue::from_str(&token)
        {
            value.set_sensitive(true);
            request.headers_mut().insert(SERVICE_TOKEN_HEADER, value);
        }
        // Within the process this is enough; it never goes over the network.
        let caller = CallingService(channel.from().to_owned());
        request.extensions_mut().insert(caller);
        Ok(request)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn correlation_id(&self) -> &str {
        let sent = self.headers.get(CORRELATION_HEADER);
        sent.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// What the other side takes for its parent in the trace.
    pub(super) fn span_id(&self) -> Option<u64> {
        Remote::of(&self.headers).map(|remote| remote.span_id)
    }

    /// Who calls, and what the call belongs to.
    fn sign(&mut self) {
        let channel = &self.client.0;
        if let Ok(caller) = HeaderValue::from_str(channel.from()) {
            self.headers.insert(CALLER_HEADER, caller);
        }
        let context = self.context.take();
        // What cannot be a header of ours is no correlation id of ours.
        let id = context
            .map(|context| context.correlation_id)
            .filter(|id| is_plain(id))
            .unwrap_or_else(|| crate::uuid_at(channel.now()).to_string());
        if !self.headers.contains_key(TRACEPARENT)
            && let Ok(value) = HeaderValue::from_str(&traceparent(&id, channel.span_id()))
        {
            self.headers.insert(TRACEPARENT, value);
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            self.headers.insert(CORRELATION_HEADER, value);
        }
    }

    fn wrong(mut self, reason: String) -> Self {
        self.wrong.get_or_insert(reason);
        self
    }
}

/// A path that means one thing to everybody: over the network, `/a/../b` would be `/b`.
fn check_path(path: &str) -> Result<(), &'static str> {
    let bare = path.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    match () {
        () if !bare.starts_with('/') => Err("the path does not begin with a slash"),
        () if path.contains(['#', '\\']) => Err("the path has a character that ends it"),
        () if bare.split('/').any(is_dots) => Err("the path leads upwards"),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        for path in ["/", "/api/tickets/7?after=../x", "/a..b/.c", "//a"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in [
            "",
            "api",
            "http://elsewhere/",
            "/a/../b",
            "/a/%2E./b",
            "/./",
            "/a#b",
            "/a\\..\\b",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
