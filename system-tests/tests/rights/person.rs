//! Somebody who asks, and says of the request what a browser or a program says.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::json;
use system_tests::{Answer, Client, Failure};

const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// What a browser says of a request from the site's own pages.
const FROM_HERE: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// Who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A program, which gets JSON.
    Program,
    /// A person with a browser, who gets a page.
    Person,
    /// The script of a page that follows changes.
    Stream,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    Nothing,
    Json(String),
    Form(String),
    /// A form with a file, of which nothing is filled in.
    Upload,
}

/// One caller, at an address of its own.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    /// The account's id; empty of nobody.
    pub(crate) id: String,
    server: SocketAddr,
    client: Client,
    session: Option<String>,
}

impl Person {
    /// Somebody who has not signed in.
    pub(crate) fn nobody(server: SocketAddr) -> Self {
        Self {
            name: "nobody",
            id: String::new(),
            server,
            client: Client::new(server),
            session: None,
        }
    }

    /// Somebody with a new account, signed in.
    pub(crate) async fn sign_up(server: SocketAddr, name: &'static str) -> Result<Self, Failure> {
        let nobody = Self::nobody(server);
        let body = json!({
            "email": email(name),
            "password": format!("the long pass phrase of the {name}"),
        });
        let answer = nobody.client.post("/api/users/signup", &body).await?;
        if answer.status != 201 {
            return Err(format!("sign-up gave {} {}", answer.status, answer.text).into());
        }
        let cookie = answer.header("set-cookie");
        let session = cookie
            .strip_prefix("__Host-session=")
            .and_then(|rest| rest.split(';').next());
        let session = session.ok_or_else(|| format!("no session in {cookie:?}"))?;
        Ok(Self {
            name,
            id: answer.field("id"),
            session: Some(session.to_owned()),
            ..nobody
        })
    }

    /// The role in the company, which most are called by.
    pub(crate) fn role(&self) -> &'static str {
        match self.name {
            "colleague" => "worker",
            name => name,
        }
    }

    /// Asks as a page or a program of this site does.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        reader: Reader,
        sent: &Sent,
    ) -> Result<Answer, Failure> {
        self.ask_with(method, path, reader, sent, &FROM_HERE).await
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str, reader: Reader) -> Result<Answer, Failure> {
        self.ask("GET", path, reader, &Sent::Nothing).await
    }

    /// Asks with the headers given, which say where the request comes from.
    pub(crate) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        reader: Reader,
        sent: &Sent,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let accept = match reader {
            Reader::Program => "application/json",
            Reader::Person => "text/html",
            Reader::Stream => "text/event-stream",
        };
        let (kind, body) = match sent {
            Sent::Nothing => (None, ""),
            Sent::Json(text) => (Some("application/json"), text.as_str()),
            Sent::Form(text) => (Some("application/x-www-form-urlencoded"), text.as_str()),
            Sent::Upload => (Some("multipart/form-data; boundary=x"), "--x--\r\n"),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.server.to_string())
            .header(ACCEPT, accept);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        if let Some(session) = &self.session {
            request = request.header(COOKIE, format!("__Host-session={session}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
        let answer = tokio::time::timeout(ANSWER_LIMIT, self.send(request)).await;
        let answer = answer.map_err(|_| format!("{method} {path} is not answered"))?;
        answer.map_err(|error| format!("{method} {path} by {}: {error}", self.name).into())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let stream = TokioIo::new(self.client.connect().await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let kind = parts.headers.get(CONTENT_TYPE);
        // A stream has no end; that it has begun is the answer.
        let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let bytes = if is_stream {
            Bytes::new()
        } else {
            body.collect().await?.to_bytes()
        };
        connection.abort();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

/// The address that somebody signs up with.
pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.com")
}
