//! A purchase is one trace, from the browser to the last effect, and whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use system_tests::{Failure, Parts, Site, checker};

use crate::bought::{BROWSER_SPAN, Bought, TRACE_ID, buy};
use crate::collector::{Collector, Span};
use crate::{BINARY, PARTS};

const GRACE: Duration = Duration::from_secs(35);
const REST: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_22_a_purchase_is_one_whole_trace_in_one_process() -> Result<(), Failure> {
    let collector = Collector::listen().await?;
    let site = Site::on_sqlite(BINARY)?;
    let server = site
        .start_with(&[("TIDINGS_OTLP", collector.url.clone())])
        .await?;
    let bought = buy(site.address()).await?;
    checker::come_to_rest(&site.books(), REST).await?;
    server.stop(GRACE).await?;
    is_whole(&collector, &bought);
    site.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_22_a_purchase_is_one_whole_trace_across_two_processes() -> Result<(), Failure> {
    let collector = Collector::listen().await?;
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let mut servers = Vec::new();
    for part in 0..parts.count() {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
        servers.push(parts.spawn_with(part, &variables)?);
    }
    for server in &mut servers {
        server.ready().await?;
    }
    let bought = buy(parts.gateway()).await?;
    checker::come_to_rest(&parts.books(), REST).await?;
    for server in servers {
        server.stop(GRACE).await?;
    }
    let spans = is_whole(&collector, &bought);
    let passed_on = spans.iter().filter(|span| span.kind == SpanKind::Client);
    assert!(
        passed_on.count() > 0,
        "nothing has crossed from one process to the other"
    );
    parts.remove().await
}

/// The spans of the purchase, after a look at each.
fn is_whole(collector: &Collector, bought: &Bought) -> Vec<Span> {
    let mut spans = collector.spans();
    spans.retain(|span| span.trace_id == TRACE_ID);
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (&*span.id, span)).collect();
    assert_eq!(
        by_id.len(),
        spans.len(),
        "two spans have one id: {}",
        drawn(&spans)
    );
    for span in &spans {
        let parent = by_id.get(&*span.parent_id);
        let is_known = parent.is_some() || span.parent_id == BROWSER_SPAN;
        assert!(
            is_known,
            "{} has a parent that nobody has seen\n{}",
            span.name,
            drawn(&spans)
        );
        assert!(span.began <= span.ended, "{span:?}");
        // Clocks of one machine.
        let is_later = parent.is_none_or(|parent| parent.began <= span.began);
        assert!(is_later, "{span:?} began before {parent:?}");
    }
    let names: BTreeSet<(&str, &str)> = spans.iter().map(|it| (&*it.service, &*it.name)).collect();
    for expected in [
        ("gateway", "POST /api/orders"),
        ("orders", "publish orders"),
        ("tickets", "process orders"),
        ("expiration", "process orders"),
        ("tickets", "publish tickets"),
        ("orders", "process tickets"),
        ("gateway", "POST /api/payments"),
        ("payments", "publish payments"),
        ("orders", "process payments"),
        ("payments", "run workflow.pay"),
        ("payments", "step charge"),
        ("notifications", "process commands.orders.notifications"),
        ("notifications", "run deliver"),
    ] {
        assert!(
            names.contains(&expected),
            "no {expected:?} in\n{}",
            drawn(&spans)
        );
    }
    last_effect_leads_back(&spans, &by_id);
    no_secrets(collector, bought);
    spans
}

/// From what `tickets` did last, up to the browser: each event by who has published it, each
/// handler by what it was given.
fn last_effect_leads_back(spans: &[Span], by_id: &BTreeMap<&str, &Span>) {
    let sold = spans
        .iter()
        .filter(|span| span.service == "tickets" && span.name == "process orders");
    let last = sold.max_by_key(|span| span.began).unwrap();
    assert_eq!(last.kind, SpanKind::Consumer);
    assert_eq!(last.attributes["messaging.system"], "tidings");
    assert_eq!(last.attributes["messaging.operation.type"], "process");
    assert_eq!(last.attributes["messaging.destination.name"], "orders");
    let mut chain = vec![last.name.as_str()];
    let mut at = last;
    while let Some(parent) = by_id.get(&*at.parent_id) {
        chain.push(&parent.name);
        at = parent;
    }
    assert_eq!(at.parent_id, BROWSER_SPAN, "{chain:?}");
    assert_eq!(
        (at.kind, &*at.name),
        (SpanKind::Server, "POST /api/payments"),
        "{chain:?}"
    );
    assert!(
        chain.starts_with(&[
            "process orders",
            "publish orders",
            "process payments",
            "publish payments"
        ]),
        "{chain:?}"
    );
}

fn no_secrets(collector: &Collector, bought: &Bought) {
    for bytes in collector.bytes() {
        for secret in [&bought.buyer.email, &bought.seller.email] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "a trace has {secret}");
        }
    }
}

/// For whoever reads why it has failed.
fn drawn(spans: &[Span]) -> String {
    let mut all: Vec<&Span> = spans.iter().collect();
    all.sort_by_key(|span| span.began);
    let lines = all.into_iter().map(|span| {
        format!(
            "{} <- {} {}: {}",
            span.id, span.parent_id, span.service, span.name
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
