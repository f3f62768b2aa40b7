//! A receiver of callbacks, on a real port, that does whatever a receiver may do.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tidings::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How it behaves towards one request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Answers with this.
    Says(String),
    /// Takes the request and never answers.
    Hangs,
    /// Answers 200, one byte a (real) tenth of a second, never to an end.
    Drips,
    /// Closes before the request was read.
    BreaksOff,
    /// Answers 200, promises more than it sends, and closes.
    AnswersAndBreaksOff,
    /// Answers 200 with 64 MB.
    Floods,
}

pub(crate) fn status(code: u16) -> Behaviour {
    with(code, "", "noted")
}

pub(crate) fn with(code: u16, headers: &str, body: &str) -> Behaviour {
    let length = body.len();
    Behaviour::Says(format!(
        "HTTP/1.1 {code} Words\r\n{headers}content-length: {length}\r\n\r\n{body}"
    ))
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// What must be the same in every try.
    pub(crate) fn same(&self) -> (String, Vec<u8>) {
        (self.header("webhook-id").to_owned(), self.body.clone())
    }
}

#[derive(Default)]
struct Kept {
    script: Mutex<VecDeque<Behaviour>>,
    heard: Mutex<Vec<Heard>>,
    flooded: Mutex<usize>,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    kept: Arc<Kept>,
    count: watch::Receiver<usize>,
}

impl Receiver {
    /// Behaves as the script says, request by request; the last line counts for all that follow.
    pub(crate) async fn new(script: impl IntoIterator<Item = Behaviour>) -> Self {
        Self::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), script).await
    }

    pub(crate) async fn at(
        address: SocketAddr,
        script: impl IntoIterator<Item = Behaviour>,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Kept::default());
        kept.script.lock().unwrap().extend(script);
        let (counted, count) = watch::channel(0);
        tokio::spawn(serve(listener, Arc::clone(&kept), counted));
        Self {
            address,
            kept,
            count,
        }
    }

    /// An address at this receiver, under a name of the test's choice.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hooks?of=me", self.address.port())
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.kept.heard.lock().unwrap().clone()
    }

    /// Waits until so many requests have come, or connections without one.
    pub(crate) async fn has_heard(&self, count: usize) {
        let mut counted = self.count.clone();
        let waited = counted.wait_for(|now| *now >= count);
        let in_time = tokio::time::timeout(Duration::from_secs(20), waited);
        in_time.await.expect("it was not called").unwrap();
    }

    /// Bytes of a flood that somebody has taken.
    pub(crate) fn flooded(&self) -> usize {
        *self.kept.flooded.lock().unwrap()
    }
}

async fn serve(listener: TcpListener, kept: Arc<Kept>, counted: watch::Sender<usize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (kept, counted) = (Arc::clone(&kept), counted.clone());
        tokio::spawn(async move {
            let behaviour = {
                let mut script = kept.script.lock().unwrap();
                match script.len() {
                    0 | 1 => script.front().cloned(),
                    _ => script.pop_front(),
                }
            };
            let behaviour = behaviour.unwrap_or_else(|| status(200));
            // Broken connections are what this is about.
            let _ = behave(stream, behaviour, &kept, &counted).await;
        });
    }
}

async fn behave(
    mut stream: TcpStream,
    behaviour: Behaviour,
    kept: &Kept,
    counted: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let count = || counted.send_modify(|count| *count += 1);
    if matches!(behaviour, Behaviour::BreaksOff) {
        stream.read_u8().await?;
        count();
        // Closed with the rest unread, which resets the connection.
        return Ok(());
    }
    let heard = read(&mut stream).await?;
    kept.heard.lock().unwrap().push(heard);
    count();
    match behaviour {
        Behaviour::Says(text) => stream.write_all(text.as_bytes()).await?,
        Behaviour::Hangs | Behaviour::BreaksOff => std::future::pending().await,
        Behaviour::Drips => loop {
            for byte in b"HTTP/1.1 200 OK\r\nx-slow: 1234567890".iter().cycle() {
                stream.write_u8(*byte).await?;
                Clock::system().sleep(Duration::from_millis(100)).await;
            }
        },
        Behaviour::AnswersAndBreaksOff => {
            let text = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nthat is all";
            stream.write_all(text).await?;
        }
        Behaviour::Floods => {
            let start = b"HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n";
            stream.write_all(start).await?;
            for _ in 0..1024 {
                stream.write_all(&[b'x'; 65536]).await?;
                *kept.flooded.lock().unwrap() += 65536;
            }
        }
    }
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Heard> {
    let mut bytes = Vec::new();
    let head = loop {
        bytes.push(stream.read_u8().await?);
        if bytes.ends_with(b"\r\n\r\n") {
            break String::from_utf8(bytes).unwrap();
        }
    };
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::try_from(value).unwrap(),
        );
    }
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Heard {
        line,
        headers,
        body,
    })
}
