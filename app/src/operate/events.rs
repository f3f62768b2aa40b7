//! `tidings events`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use tidings::{Clock, EventId};

use super::server::Server;
use super::table::{self, Column, field, time};
use super::{ask, json, show, tree};
use crate::Error;
use crate::cli::{EventFilter, Events, Layout};
use crate::config::Config;

const COLUMNS: [Column; 6] = [
    ("TIME", |row| time(row, "time")),
    ("EVENT", |row| field(row, "id")),
    ("TYPE", |row| field(row, "type")),
    ("KEY", |row| field(row, "key")),
    ("CORRELATION", |row| field(row, "correlation_id")),
    ("ACTOR", |row| field(row, "actor")),
];

const RECEPTIONS: [Column; 5] = [
    ("SUBSCRIPTION", |row| {
        format!("{}/{}", field(row, "service"), field(row, "subscription"))
    }),
    ("STATE", |row| field(row, "state")),
    ("TRIES", |row| field(row, "attempts")),
    ("NEXT", |row| time(row, "next_at")),
    ("ERROR", |row| field(row, "error")),
];

const EFFECTS: [Column; 5] = [
    ("KIND", |row| field(row, "kind")),
    ("SERVICE", |row| field(row, "service")),
    ("NAME", |row| field(row, "name")),
    ("ID", |row| field(row, "id")),
    ("TIME", |row| time(row, "at")),
];

/// What is known of an event, in the order in which a person wants to know it.
const FACTS: [(&str, &str); 8] = [
    ("event", "id"),
    ("type", "type"),
    ("version", "version"),
    ("time", "time"),
    ("key", "key"),
    ("actor", "actor"),
    ("correlation", "correlation_id"),
    ("cause", "causation_id"),
];

/// How often new events are asked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn events(
    what: Events,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    match what {
        Events::List {
            filter,
            from,
            until,
            listing,
        } => {
            let server = ask(&listing.asking, config).await?;
            let mut query = fields(&filter);
            query.extend([("from", from), ("until", until)]);
            let path = ["ops", "events"];
            let listed = server.list(&path, &query, listing.limit).await?;
            show(&listed, &listing, &COLUMNS, "There are no such events.")
        }
        Events::Tail { filter, asking } => {
            let server = ask(&asking, config).await?;
            tail(&server, &filter, asking.json).await
        }
        Events::Show { event_id, asking } => {
            let server = ask(&asking, config).await?;
            let event = server.get(&["ops", "events", &event_id], &[]).await?;
            let out = &mut io::stdout().lock();
            match asking.json {
                true => json(out, &event)?,
                false => facts(out, &event)?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Events::Trace { id, asking } => {
            let server = ask(&asking, config).await?;
            let id = flow_of(&server, id).await?;
            let trace = server.get(&["ops", "trace", &id], &[]).await?;
            let out = &mut io::stdout().lock();
            match asking.json {
                true => json(out, &trace)?,
                false => tree::print(out, &trace)?,
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn fields(filter: &EventFilter) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("stream", filter.stream.clone()),
        ("type", filter.kind.clone()),
        ("key", filter.key.clone()),
        ("correlation_id", filter.correlation_id.clone()),
    ]
}

/// Prints what comes, from now on. While the server is away it waits: what was published
/// meanwhile is printed when it is back.
async fn tail(server: &Server, filter: &EventFilter, as_json: bool) -> Result<ExitCode, Error> {
    let path = ["ops", "events"];
    let mut query = fields(filter);
    query.push(("limit", Some("1".to_owned())));
    let mut after = server.part(&path, &query).await?.after;
    query.pop();
    let mut is_away = false;
    loop {
        Clock::system().sleep(LOOK_EVERY).await;
        query.push(("after", after.clone()));
        let answered = server.part(&path, &query).await;
        query.pop();
        let part = match answered {
            Err(error @ Error::Ask { .. }) => {
                if !is_away {
                    // If nobody can read it, there is nobody to tell.
                    let _ = writeln!(io::stderr(), "tidings: waits: {}", error.line());
                }
                is_away = true;
                continue;
            }
            other => other?,
        };
        is_away = false;
        after = part.after.or(after);
        let out = &mut io::stdout().lock();
        for event in &part.items {
            match as_json {
                true => writeln!(out, "{event}")?,
                false => writeln!(out, "{}", line(event))?,
            }
        }
        out.flush()?;
    }
}

/// An event on one line; columns that are likely to be as wide as the next one's.
fn line(event: &Value) -> String {
    let (id, kind) = (field(event, "id"), field(event, "type"));
    let (time, key) = (time(event, "time"), field(event, "key"));
    let flow = field(event, "correlation_id");
    format!("{time}  {id:<22}  {kind:<24}  {key:<36}  {flow}")
}

fn facts(out: &mut dyn Write, event: &Value) -> io::Result<()> {
    for (name, path) in FACTS {
        writeln!(out, "{name:<12}  {}", field(event, path))?;
    }
    writeln!(out, "\n{:#}", event.get("data").unwrap_or(&Value::Null))?;
    section(
        out,
        event,
        "subscriptions",
        &RECEPTIONS,
        "Nobody subscribes.",
    )?;
    section(
        out,
        event,
        "effects",
        &EFFECTS,
        "Nothing has followed from it.",
    )
}

fn section(
    out: &mut dyn Write,
    event: &Value,
    name: &str,
    columns: &[Column],
    nothing: &str,
) -> io::Result<()> {
    writeln!(out)?;
    match event.get(name).and_then(Value::as_array) {
        Some(rows) if !rows.is_empty() => table::print(out, columns, rows),
        _ => writeln!(out, "{nothing}"),
    }
}

/// The flow that an event belongs to, where one is named; otherwise what was said.
async fn flow_of(server: &Server, id: String) -> Result<String, Error> {
    if id.parse::<EventId>().is_err() {
        return Ok(id);
    }
    let event = server.get(&["ops", "events", &id], &[]).await?;
    let flow = event.get("correlation_id").and_then(Value::as_str);
    flow.map(ToOwned::to_owned).ok_or_else(|| server.strange())
}
