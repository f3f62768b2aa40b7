//! What is not HTTP, or only half of it.

use std::time::{Duration, Instant};

use system_tests::{Client, Failure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Sends garbage, and gives what was wrong with the answers.
pub(super) async fn refused(client: &Client) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    for garbage in garbage() {
        let mut stream = client.connect().await?;
        // The server may hang up in the middle of it, as it should.
        let _ = stream.write_all(&garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(ANSWER_LIMIT, stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        let shown = String::from_utf8_lossy(&garbage[..garbage.len().min(60)]).into_owned();
        if read.is_err() {
            wrong.push(format!("{shown:?} is still being waited for"));
        }
        let is_refused = answer.is_empty()
            || answer.starts_with("HTTP/1.1 4")
            || answer.starts_with("HTTP/1.0 4");
        if !is_refused || super::SECRETS.iter().any(|secret| answer.contains(secret)) {
            wrong.push(format!("{shown:?} was answered with {answer}"));
        }
    }
    Ok(wrong)
}

fn garbage() -> Vec<Vec<u8>> {
    let ticket = "{\"title\":\"x\",\"price_minor\":100}";
    let many_headers = "x: y\r\n".repeat(2000);
    let long_header = format!("x: {}\r\n", "y".repeat(20_000));
    let texts = [
        "\r\n\r\n\r\n".to_owned(),
        "hello\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET  /  HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\n b: folded\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost\0: a\r\n\r\n".to_owned(),
        "POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"
            .to_owned(),
        "POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
            .to_owned(),
        "POST /api/tickets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            .to_owned(),
        "POST /api/tickets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc".to_owned(),
        // Said to be longer than it is, then cut off.
        format!(
            "POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{ticket}"
        ),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many_headers}\r\n"),
        format!("GET /api/tickets HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{long_header}\r\n"),
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1_000_000)),
        // Somebody else's page, with a session that the browser has added.
        format!(
            "POST /api/tickets HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\nCookie: __Host-session=x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ticket}",
            ticket.len()
        ),
        format!(
            "POST /api/tickets HTTP/1.1\r\nHost: a\r\nCookie: __Host-session=a; __Host-session=b\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ticket}",
            ticket.len()
        ),
        format!(
            "POST /api/tickets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ey.not.it\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ticket}",
            ticket.len()
        ),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    // The beginning of a TLS handshake, of HTTP/2, and noise.
    all.push(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20));
    all.push((0..=255).cycle().take(4096).collect());
    all.push(vec![0; 100_000]);
    all
}

/// A request that has stopped in its middle.
pub(super) struct Half {
    kind: &'static str,
    stream: TcpStream,
}

/// Opens connections that stop in the middle: of the headers, and of the body.
pub(super) async fn half_requests(client: &Client, count: usize) -> Result<Vec<Half>, Failure> {
    let kinds = [
        ("headers", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "),
        (
            "body",
            "POST /api/users/signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Sec-Fetch-Site: same-origin\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{\"email\":",
        ),
    ];
    let mut halves = Vec::new();
    for (kind, text) in kinds.into_iter().cycle().take(count) {
        let mut stream = client.connect().await?;
        stream.write_all(text.as_bytes()).await?;
        halves.push(Half { kind, stream });
    }
    Ok(halves)
}

/// Which of them the server has not ended within the limit.
pub(super) async fn still_open(halves: Vec<Half>, limit: Duration) -> Vec<&'static str> {
    let until = Instant::now() + limit;
    let mut open = Vec::new();
    for Half { kind, mut stream } in halves {
        let left = until.saturating_duration_since(Instant::now());
        let mut rest = Vec::new();
        if tokio::time::timeout(left, stream.read_to_end(&mut rest))
            .await
            .is_err()
        {
            open.push(kind);
        }
    }
    open.dedup();
    open
}
