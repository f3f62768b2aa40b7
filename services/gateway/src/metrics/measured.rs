//! What this process has done since it began.

use super::page::Page;
use crate::Gateway;

/// What a number says of the system that carries events.
const SYSTEM: (&str, &str) = ("messaging_system", "tidings");

pub(super) fn put(gateway: &Gateway, page: &mut Page) {
    requests(gateway, page);
    sent(gateway, page);
    consumed(gateway, page);
    jobs(gateway, page);
}

fn requests(gateway: &Gateway, page: &mut Page) {
    page.family("http_server_request_duration_seconds");
    for (kind, took) in gateway.0.requests.read() {
        let status = kind.status.to_string();
        let labels = [
            ("http_request_method", kind.method),
            ("http_route", &*kind.route),
            ("http_response_status_code", &status),
        ];
        page.histogram(&labels, &took);
    }
}

fn sent(gateway: &Gateway, page: &mut Page) {
    let all = gateway.installation().handles().iter().flat_map(|handle| {
        let sent = handle.sent().into_iter();
        sent.map(move |sent| (handle.name(), sent))
    });
    let all: Vec<_> = all.collect();
    let labels = |service, stream| {
        [
            SYSTEM,
            ("messaging_operation_name", "publish"),
            ("messaging_destination_name", stream),
            ("service", service),
        ]
    };
    page.family("messaging_client_sent_messages_total");
    for (service, sent) in &all {
        page.sample(&labels(service, sent.stream), sent.events);
    }
    page.family("messaging_client_operation_duration_seconds");
    for (service, sent) in &all {
        page.histogram(&labels(service, sent.stream), &sent.commits);
    }
}

fn consumed(gateway: &Gateway, page: &mut Page) {
    let all = gateway.installation().handles().iter().flat_map(|handle| {
        let consumed = handle.consumed().into_iter();
        consumed.map(move |consumed| (handle.name(), consumed))
    });
    let all: Vec<_> = all.collect();
    let groups: Vec<String> = all
        .iter()
        .map(|(service, consumed)| format!("{service}/{}", consumed.subscription))
        .collect();
    let labels = |service, stream, group| {
        [
            SYSTEM,
            ("messaging_operation_name", "process"),
            ("messaging_destination_name", stream),
            ("messaging_consumer_group_name", group),
            ("service", service),
        ]
    };
    page.family("messaging_client_consumed_messages_total");
    for ((service, consumed), group) in all.iter().zip(&groups) {
        page.sample(&labels(service, consumed.stream, group), consumed.events);
    }
    page.family("messaging_process_duration_seconds");
    for ((service, consumed), group) in all.iter().zip(&groups) {
        page.histogram(&labels(service, consumed.stream, group), &consumed.calls);
    }
}

fn jobs(gateway: &Gateway, page: &mut Page) {
    let all = gateway.installation().handles().iter().flat_map(|handle| {
        let ran = handle.ran().into_iter();
        ran.map(move |ran| (handle.name(), ran))
    });
    let all: Vec<_> = all.collect();
    page.family("tidings_job_runs_total");
    for (service, ran) in &all {
        for (outcome, count) in [("ended", ran.ended), ("failed", ran.failed)] {
            let labels = [
                ("service", *service),
                ("kind", &*ran.kind),
                ("outcome", outcome),
            ];
            page.sample(&labels, count);
        }
    }
    page.family("tidings_job_run_duration_seconds");
    for (service, ran) in &all {
        page.histogram(&[("service", service), ("kind", &ran.kind)], &ran.took);
    }
}
