//! Every row that the services keep, to be compared with what it was before.

use std::collections::BTreeMap;

use system_tests::{Books, Failure};

const SERVICES: [&str; 10] = [
    "auth",
    "tickets",
    "orders",
    "expiration",
    "payments",
    "notifications",
    "tasks",
    "accounting",
    "platforms",
    "commands",
];

/// That a session was used is noted, once a minute at the most: it is what keeps it open.
/// Everything else of a session has to stay as it is.
const SESSIONS: &str = "SELECT token_digest, account_id, created_at FROM sessions";

/// What happens by the clock happens whether anybody reads or not.
const CLOCKWORK: &str = "tidings_schedules";
const JOBS: &str =
    "SELECT * FROM tidings_jobs WHERE kind NOT IN (SELECT name FROM tidings_schedules)";

/// The rows of every table of every service, in an order of their own.
pub(crate) async fn of(books: &Books) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut all = BTreeMap::new();
    for service in SERVICES {
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' \
            AND name NOT LIKE 'sqlite_%' ORDER BY name";
        for table in books.read(service, tables).await? {
            let table = table.text(0);
            let query = match table.as_str() {
                CLOCKWORK => continue,
                "tidings_jobs" => JOBS.to_owned(),
                "sessions" => SESSIONS.to_owned(),
                _ => format!("SELECT * FROM {table}"),
            };
            let lines = books.read(service, &query).await?;
            let mut lines: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
            lines.sort();
            all.insert(format!("{service}.{table}"), lines);
        }
    }
    Ok(all)
}

/// What is in one and not in the other, by table; empty if nothing has changed.
pub(crate) fn differences(
    before: &BTreeMap<String, Vec<String>>,
    after: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (table, lines) in before {
        let now = after.get(table).map(Vec::as_slice).unwrap_or_default();
        let gone = lines.iter().filter(|line| !now.contains(line));
        found.extend(gone.map(|line| format!("{table} had {line}")));
        let new = now.iter().filter(|line| !lines.contains(line));
        found.extend(new.map(|line| format!("{table} has {line}")));
    }
    let new = after.keys().filter(|table| !before.contains_key(*table));
    found.extend(new.map(|table| format!("{table} is new")));
    found
}
