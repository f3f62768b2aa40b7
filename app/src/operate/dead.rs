//! `tidings dead`.

use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::table::{Column, field, time};
use super::{ask, done, parts, show};
use crate::Error;
use crate::cli::{Asking, Dead, DeadOne, Layout, Listing};
use crate::config::Config;

const COLUMNS: [Column; 7] = [
    ("SUBSCRIPTION", |row| {
        format!("{}/{}", field(row, "service"), field(row, "subscription"))
    }),
    ("EVENT", |row| field(row, "event/id")),
    ("TYPE", |row| field(row, "event/type")),
    ("STATE", |row| field(row, "state")),
    ("TRIES", |row| field(row, "attempts")),
    ("LAST", |row| time(row, "last_failed_at")),
    ("ERROR", |row| field(row, "error")),
];

pub(crate) async fn dead(
    what: Dead,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    match what {
        Dead::List { service, listing } => list(service, &listing, config).await,
        Dead::Try { one, asking } => {
            let answer = act(&one, "try", &json!({}), &asking, config).await?;
            // What it would do has many forms; as JSON it is whole.
            done(&answer, &asking, &format!("{answer:#}"))
        }
        Dead::Retry { one, asking } => {
            let answer = act(&one, "retry", &Value::Null, &asking, config).await?;
            done(
                &answer,
                &asking,
                &format!("{} is applied again.", one.event_id),
            )
        }
        Dead::RetryAll {
            subscription,
            error,
            asking,
        } => {
            let (service, name) = parts(&subscription)?;
            let server = ask(&asking, config).await?;
            let query = [
                ("service", Some(service.to_owned())),
                ("subscription", Some(name.to_owned())),
                ("error", error),
            ];
            let path = ["ops", "dead", "retry"];
            let answer = server.post(&path, &query, &Value::Null).await?;
            let mut sentence = format!("{} are applied again.", field(&answer, "retried"));
            if answer.get("more").and_then(Value::as_bool) == Some(true) {
                sentence += " There are more.";
            }
            done(&answer, &asking, &sentence)
        }
        Dead::Edit {
            one,
            file,
            note,
            asking,
        } => {
            let data = read(&file)?;
            let body = json!({ "data": data, "note": note });
            let answer = act(&one, "edit", &body, &asking, config).await?;
            let sentence = format!("{} is applied with the new data.", one.event_id);
            done(&answer, &asking, &sentence)
        }
        Dead::Discard { one, note, asking } => {
            let answer = act(&one, "discard", &json!({ "note": note }), &asking, config).await?;
            done(&answer, &asking, &format!("{} is given up.", one.event_id))
        }
    }
}

async fn list(
    service: Option<String>,
    listing: &Listing,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    let server = ask(&listing.asking, config).await?;
    let query = [("service", service)];
    let listed = server.list(&["ops", "dead"], &query, listing.limit).await?;
    let nothing = "Nothing waits for a person: no event is dead or parked.";
    show(&listed, listing, &COLUMNS, nothing)
}

async fn act(
    one: &DeadOne,
    act: &str,
    body: &Value,
    asking: &Asking,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<Value, Error> {
    let (service, name) = parts(&one.subscription)?;
    let server = ask(asking, config).await?;
    let path = ["ops", "dead", service, name, &one.event_id, act];
    server.post(&path, &[], body).await
}

fn read(file: &Path) -> Result<Value, Error> {
    let text = match file.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => std::fs::read_to_string(file),
    };
    let text = text.map_err(|source| Error::Input {
        file: file.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(Error::BadData)
}
