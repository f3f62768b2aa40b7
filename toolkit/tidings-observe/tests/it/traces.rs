//! What a collector gets, read with OpenTelemetry's own types.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use tidings::spans::{WORK, trace_id};
use tidings_observe::Otlp;
use tidings_observe::otlp::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;

const FLOW: &str = "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
const LIMIT: Duration = Duration::from_secs(10);

/// One request with a body, answered with a status.
async fn take(listener: &TcpListener, status: &str) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    loop {
        assert!(
            stream.read_buf(&mut read).await.unwrap() > 0,
            "it has hung up"
        );
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().trim().parse().unwrap();
        if read.len() >= end + 4 + length {
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return read.split_off(end + 4);
        }
    }
}

fn settings(endpoint: &str, variables: &'static [(&str, &str)]) -> Settings {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::of_environment(Some(endpoint), variable)
        .unwrap()
        .unwrap()
}

/// A request, in it a call that is refused, and work for another flow.
fn work(otlp: &Otlp) {
    let subscriber = tracing_subscriber::registry().with(otlp.layer());
    tracing::subscriber::with_default(subscriber, || {
        let request = tracing::error_span!(
            target: WORK, "request", service = "gateway", method = "POST", route = "/api/orders",
            correlation_id = FLOW, otel.parent_id = 0x2a_u64, status = tracing::field::Empty
        );
        let inside = request.enter();
        let call = tracing::error_span!(
            target: WORK, "call", from = "orders", to = "payments", method = "GET",
            otel.span_id = 0x2b_u64, error = tracing::field::Empty
        );
        call.record("error", "refused");
        drop(call);
        drop(
            tracing::error_span!(target: WORK, "job", service = "orders", kind = "sweep", correlation_id = "other"),
        );
        // None of ours.
        drop(tracing::error_span!("something else"));
        request.record("status", 201_u16);
        drop(inside);
    });
}

fn decoded(bytes: &[u8]) -> Vec<(String, Span)> {
    let request = ExportTraceServiceRequest::decode(bytes).unwrap();
    let all = request.resource_spans.into_iter().flat_map(|of| {
        let resource = of.resource.unwrap().attributes;
        let name = resource
            .into_iter()
            .find(|pair| pair.key == "service.name")
            .unwrap();
        let name = format!("{:?}", name.value.unwrap().value.unwrap());
        let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans
            .map(move |span| (name.clone(), span))
            .collect::<Vec<_>>()
    });
    all.collect()
}

#[tokio::test]
async fn a_collector_gets_spans_in_their_places_with_the_names_of_opentelemetry() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let otlp = Otlp::new(settings(&endpoint, &[]));
    work(&otlp);
    let exporting = otlp.start().unwrap();
    let body = take(&listener, "200 OK").await;
    exporting.finish(LIMIT).await;
    let spans = decoded(&body);
    assert_eq!(spans.len(), 3, "{spans:?}");
    let named = |name: &str| {
        let found = spans.iter().find(|(_, span)| span.name == name);
        found.unwrap_or_else(|| panic!("{name} of {spans:?}"))
    };
    let trace = trace_id(FLOW).to_be_bytes();
    let (service, request) = named("POST /api/orders");
    assert!(service.contains("gateway"), "{service}");
    assert_eq!(
        (request.kind(), &*request.trace_id),
        (SpanKind::Server, &trace[..])
    );
    assert_eq!(request.parent_span_id, 0x2a_u64.to_be_bytes());
    assert!(request.status.is_none());
    assert!(request.start_time_unix_nano <= request.end_time_unix_nano);
    let text = format!("{:?}", request.attributes);
    for part in [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "IntValue(201)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, call) = named("GET payments");
    assert_eq!(
        (call.kind(), &*call.trace_id),
        (SpanKind::Client, &trace[..])
    );
    assert_eq!(call.span_id, 0x2b_u64.to_be_bytes());
    assert_eq!(call.parent_span_id, request.span_id);
    let status = call.status.clone().unwrap();
    assert_eq!((status.code, &*status.message), (2, "refused"));
    // Another flow's work has no parent here, but a link.
    let (_, job) = named("run sweep");
    assert_eq!(job.trace_id, trace_id("other").to_be_bytes());
    assert!(job.parent_span_id.is_empty());
    assert_eq!(job.links[0].span_id, request.span_id);
}

#[tokio::test]
async fn what_a_collector_refuses_for_now_is_sent_again_and_what_it_refuses_for_good_is_not() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let otlp = Otlp::new(settings(&endpoint, &[]));
    work(&otlp);
    let exporting = otlp.start().unwrap();
    let first = take(&listener, "503 Service Unavailable").await;
    assert_eq!(take(&listener, "400 Bad Request").await, first);
    work(&otlp);
    let next = take(&listener, "200 OK").await;
    assert_eq!(decoded(&next).len(), 3);
    exporting.finish(LIMIT).await;
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up_and_a_full_queue_takes_nothing_more() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let otlp = Otlp::new(settings(&endpoint, &[("OTEL_BSP_MAX_QUEUE_SIZE", "4")]));
    for _ in 0..100 {
        work(&otlp);
    }
    let exporting = otlp.start().unwrap();
    let body = take(&listener, "200 OK").await;
    assert_eq!(decoded(&body).len(), 4);
    drop(listener);
    work(&otlp);
    // Nobody is there: the end is not waited for without end.
    exporting.finish(Duration::from_millis(500)).await;
}

#[tokio::test]
async fn of_a_sampled_part_all_processes_choose_the_same_traces() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    const HALF: &[(&str, &str)] = &[
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
    ];
    let mut chosen = Vec::new();
    for _ in 0..2 {
        let otlp = Otlp::new(settings(&endpoint, HALF));
        let subscriber = tracing_subscriber::registry().with(otlp.layer());
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..200 {
                let id = format!("flow-{number}");
                drop(tracing::error_span!(target: WORK, "job", kind = "x", correlation_id = id));
            }
        });
        let exporting = otlp.start().unwrap();
        let body = take(&listener, "200 OK").await;
        exporting.finish(LIMIT).await;
        let ids = decoded(&body).into_iter().map(|(_, span)| span.trace_id);
        chosen.push(ids.collect::<Vec<_>>());
    }
    assert_eq!(chosen[0], chosen[1]);
    assert!((60..140).contains(&chosen[0].len()), "{}", chosen[0].len());
}
