//! every line about a flow says which flow it is, and no line says who the people are.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use system_tests::{Books, Failure, Parts, Site, checker};

use crate::bought::{Bought, CORRELATION_ID, buy};
use crate::{BINARY, PARTS};

const REST: Duration = Duration::from_secs(60);
/// Who has tables of the purchase.
const SERVICES: [&str; 5] = [
    "orders",
    "tickets",
    "payments",
    "expiration",
    "notifications",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_22_every_line_event_and_job_of_a_purchase_has_its_correlation_id() -> Result<(), Failure>
{
    let site = Site::on_sqlite(BINARY)?;
    let server = site
        .start_with(&[
            ("TIDINGS_LOG", "debug".to_owned()),
            ("TIDINGS_LOG_FORMAT", "json".to_owned()),
        ])
        .await?;
    let bought = buy(site.address()).await?;
    checker::come_to_rest(&site.books(), REST).await?;
    drop(server);
    all_belong_to_it(&site.log(), &site.books(), &bought).await?;
    site.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_22_the_same_holds_across_two_processes() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let mut servers = Vec::new();
    for part in 0..parts.count() {
        let variables = [("TIDINGS_LOG", "debug"), ("TIDINGS_LOG_FORMAT", "json")];
        servers.push(parts.spawn_with(part, &variables)?);
    }
    for server in &mut servers {
        server.ready().await?;
    }
    let bought = buy(parts.gateway()).await?;
    checker::come_to_rest(&parts.books(), REST).await?;
    drop(servers);
    let log = (0..parts.count())
        .map(|part| parts.log(part))
        .collect::<String>();
    all_belong_to_it(&log, &parts.books(), &bought).await?;
    parts.remove().await
}

async fn all_belong_to_it(log: &str, books: &Books, bought: &Bought) -> Result<(), Failure> {
    let ids = ids_of(books, bought).await?;
    assert!(ids.len() > 10, "a purchase leaves more behind it: {ids:?}");
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let mut seen = BTreeSet::new();
    for line in &lines {
        let text = line.to_string();
        let is_of_the_flow = ids.iter().any(|id| text.contains(id));
        let says_so = line["correlation_id"] == CORRELATION_ID;
        // What people look up afterwards is a flow of its own.
        let is_other_request = line["path"].is_string() && !says_so;
        if is_of_the_flow && !is_other_request {
            assert!(says_so, "a line of the purchase does not say so: {text}");
        }
        if says_so {
            let message = line["message"].as_str().unwrap_or_default();
            seen.insert(message.to_owned());
            assert!(line["service"].is_string(), "{text}");
            assert!(line["trace_id"] == crate::bought::TRACE_ID, "{text}");
        }
    }
    for message in [
        "answered",
        "an event is published",
        "an event is processed",
        "a run of a job has ended",
        "a step is done",
    ] {
        assert!(seen.contains(message), "no line says {message:?}: {seen:?}");
    }
    let processed = lines.iter().find(|line| {
        line["message"] == "an event is processed" && line["correlation_id"] == CORRELATION_ID
    });
    let processed = processed.ok_or("no event was processed")?;
    for field in ["subscription", "event", "actor"] {
        assert!(processed[field].is_string(), "{field}: {processed}");
    }
    assert_eq!(processed["attempt"], 1, "{processed}");
    no_secrets(log, bought);
    Ok(())
}

/// Addresses of events and jobs of the purchase, all of which have its correlation id.
async fn ids_of(books: &Books, bought: &Bought) -> Result<BTreeSet<String>, Failure> {
    let mut ids = BTreeSet::new();
    for service in SERVICES {
        let sql = books.pick(
            "SELECT stream || '.' || slot || '.' || sequence, correlation_id, key
                FROM tidings_outbox",
            "SELECT n.stream || '.' || n.slot || '.' || n.sequence, o.correlation_id, o.key
                FROM tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
        );
        for line in books.read(service, sql).await? {
            if line.text(1) == CORRELATION_ID {
                ids.insert(line.text(0));
            }
            assert!(
                line.text(2) != bought.order || line.text(1) == CORRELATION_ID,
                "{line:?}"
            );
        }
        let sql = "SELECT id, correlation_id, data FROM tidings_jobs";
        for line in books.read(service, sql).await? {
            let is_of_the_order = line.text(2).contains(&bought.order);
            assert!(
                !is_of_the_order || line.text(1) == CORRELATION_ID,
                "{line:?}"
            );
            if line.text(1) == CORRELATION_ID {
                ids.insert(line.text(0));
            }
        }
    }
    ids.insert(bought.order.clone());
    Ok(ids)
}

fn no_secrets(log: &str, bought: &Bought) {
    for person in [&bought.buyer, &bought.seller] {
        assert!(!log.contains(&person.email), "the log has {}", person.email);
        let session = person.client.session().unwrap_or_default();
        assert!(
            !session.is_empty() && !log.contains(session),
            "the log has a session"
        );
    }
    for word in ["pass phrase", "Bearer ", "__Host-session=", "tok_visa"] {
        assert!(!log.contains(word), "the log has {word:?}");
    }
    let _ = &bought.ticket;
}
