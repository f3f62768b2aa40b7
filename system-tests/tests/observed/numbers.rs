//! The numbers of a running program: read by a published reader, explained in the guide, named
//! right by the dashboard and the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use system_tests::{Client, Failure, Site, checker};

use crate::BINARY;
use crate::bought::buy;

const GUIDE: &str = include_str!("../../../docs/guides/observing.md");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/tidings.json");
const RULES: &str = include_str!("../../../deploy/prometheus/alerts.yml");
/// Of what is not there in a healthy installation without a broker, families are empty or absent.
const MAY_BE_EMPTY: [&str; 7] = [
    "tidings_workflows",
    "tidings_bus_lag_events",
    "tidings_breaker_state",
    "tidings_calls_total",
    "tidings_call_tries_total",
    "tidings_calls_in_flight",
    "tidings_instance_slots",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_reader_understands_every_number_that_the_guide_explains() -> Result<(), Failure>
{
    let site = Site::on_sqlite(BINARY)?;
    let server = site.start().await?;
    buy(site.address()).await?;
    checker::come_to_rest(&site.books(), std::time::Duration::from_secs(60)).await?;
    let page = Client::new(site.address()).get("/metrics").await?;
    assert_eq!(page.status, 200);
    let families = understood(&page.text)?;
    let explained = explained();
    for (name, family) in &families {
        let (kind, labels) = explained
            .get(name)
            .ok_or_else(|| format!("{name} is not explained"))?;
        assert_eq!(family["type"], *kind, "{name}");
        let has: BTreeSet<&str> = family["labels"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        // A label that is empty is none.
        assert!(
            has.is_subset(&labels.iter().map(String::as_str).collect()),
            "{name}: {has:?}"
        );
    }
    for name in explained
        .keys()
        .filter(|name| !MAY_BE_EMPTY.contains(&name.as_str()))
    {
        let family = families
            .get(name)
            .ok_or_else(|| format!("{name} is not told"))?;
        assert!(
            family["samples"].as_u64() > Some(0),
            "{name} has no samples"
        );
    }
    for name in [
        "http_server_request_duration_seconds",
        "messaging_client_sent_messages_total",
        "messaging_client_consumed_messages_total",
        "messaging_process_duration_seconds",
        "tidings_job_runs_total",
        "process_resident_memory_bytes",
    ] {
        assert!(
            families[name]["sum"].as_f64() > Some(0.0),
            "{name}: {}",
            families[name]
        );
    }
    for secret in ["@example.com", "tok_visa"] {
        assert!(!page.text.contains(secret));
    }
    drop(server);
    site.remove().await
}

#[test]
fn every_query_of_the_dashboard_and_the_rules_names_numbers_that_there_are() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = Vec::new();
    collect(&dashboard, &mut queries);
    assert!(queries.len() > 15, "{queries:?}");
    let rules = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    queries.extend(rules.map(ToOwned::to_owned));
    let explained = explained();
    for query in &queries {
        let (names, labels) = words(query);
        // Whether a process answers at all, Prometheus itself notes.
        assert!(!names.is_empty() || query.starts_with("up{"), "{query}");
        let mut known: BTreeSet<&str> = BTreeSet::from(["le", "job"]);
        for name in names {
            let found = ["", "_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| explained.get(name.strip_suffix(suffix)?));
            let (kind, labels) = found.unwrap_or_else(|| panic!("{name} of {query}"));
            let is_part = name.ends_with("_bucket");
            assert!(is_part == (kind == "histogram") || !is_part, "{query}");
            known.extend(labels.iter().map(String::as_str));
        }
        for label in labels {
            assert!(known.contains(&*label), "{label} of {query}");
        }
    }
}

/// Everything that is asked, wherever in the dashboard.
fn collect(value: &Value, queries: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("expr", Value::String(query)) => queries.push(query.clone()),
                    (_, value) => collect(value, queries),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, queries)),
        _ => {}
    }
}

/// The names of numbers in a query, and those of labels: what stands in braces before a sign of
/// comparison, or in brackets after `by`.
fn words(query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut names, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let bytes: Vec<char> = query.chars().collect();
    let (mut at, mut in_braces, mut in_by, mut in_quotes) = (0, false, false, false);
    let mut last = String::new();
    while at < bytes.len() {
        let c = bytes[at];
        if c == '"' {
            in_quotes = !in_quotes;
        } else if in_quotes {
        } else if c.is_ascii_alphabetic() || c == '_' {
            let rest: String = bytes[at..].iter().collect();
            let word: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            at += word.len() - 1;
            let is_ours = ["tidings_", "messaging_", "http_", "process_"]
                .iter()
                .any(|one| word.starts_with(one));
            if in_braces || in_by {
                labels.insert(word.clone());
            } else if is_ours {
                names.insert(word.clone());
            }
            last = word;
        } else {
            match c {
                '{' => in_braces = true,
                '}' => in_braces = false,
                '(' if last == "by" => in_by = true,
                ')' => in_by = false,
                _ => {}
            }
            if !c.is_whitespace() {
                last.clear();
            }
        }
        at += 1;
    }
    (names, labels)
}

/// What the guide says: of each number its kind and its labels.
fn explained() -> BTreeMap<String, (String, Vec<String>)> {
    let rows = GUIDE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
        let [name, kind, labels, _] = cells.as_slice() else {
            return None;
        };
        if !["counter", "gauge", "histogram"].contains(kind) {
            return None;
        }
        let labels = labels
            .split(", ")
            .map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        Some((
            name.trim_end_matches('`').to_owned(),
            ((*kind).to_owned(), labels),
        ))
    });
    rows.collect()
}

fn from_xtask(name: &str) -> OsString {
    let found = std::env::var_os(name);
    found.expect("run `cargo xtask test`, which brings Python and its packages")
}

/// What the Prometheus project's parser makes of a page.
fn understood(page: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let mut child = Command::new(from_xtask("TIDINGS_TEST_PYTHON"))
        .env("PYTHONPATH", from_xtask("TIDINGS_TEST_PYTHON_PACKAGES"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python/metrics.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(page.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("the page was not understood\n{page}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
