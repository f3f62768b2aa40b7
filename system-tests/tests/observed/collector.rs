//! A collector of traces that keeps what it is sent, read with OpenTelemetry's own types.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use system_tests::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A span, as far as a test asks.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace_id: String,
    pub(crate) id: String,
    pub(crate) parent_id: String,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// Listens until it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Collector {
    pub(crate) async fn listen() -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let got = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&got);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&keep)));
            }
        });
        Ok(Self { url, got, task })
    }

    /// Everything that was sent, byte for byte.
    pub(crate) fn bytes(&self) -> Vec<Vec<u8>> {
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Everything that was sent.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let all = self.bytes().into_iter().flat_map(|bytes| {
            let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
            request.resource_spans
        });
        all.flat_map(|of| {
            let resource = of.resource.map(|resource| texts(resource.attributes));
            let service = resource.unwrap_or_default()["service.name"].clone();
            let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let spans: Vec<_> = spans.collect();
            spans.into_iter().map(move |span| Span {
                trace_id: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent_id: hex(&span.parent_span_id),
                service: service.clone(),
                kind: span.kind(),
                name: span.name,
                began: span.start_time_unix_nano,
                ended: span.end_time_unix_nano,
                attributes: texts(span.attributes),
            })
        })
        .collect()
    }
}

fn texts(
    attributes: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>,
) -> BTreeMap<String, String> {
    let all = attributes.into_iter().map(|pair| {
        let value = match pair.value.and_then(|value| value.value) {
            Some(any_value::Value::StringValue(text)) => text,
            Some(any_value::Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (pair.key, value)
    });
    all.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Requests of one connection, one after the other.
async fn take(mut stream: TcpStream, keep: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut read = Vec::new();
    while let Some(body) = request(&mut stream, &mut read).await {
        keep.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(body);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            assert!(head.starts_with("post /v1/traces "), "{head}");
            assert!(
                head.contains("content-type: application/x-protobuf"),
                "{head}"
            );
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))?;
            let whole = end + 4 + length.trim().parse::<usize>().ok()?;
            if read.len() >= whole {
                let rest = read.split_off(whole);
                let body = std::mem::replace(read, rest).split_off(end + 4);
                return Some(body);
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}
