//! `tidings jobs`.

use std::process::ExitCode;

use serde_json::Value;

use super::table::{Column, field, time};
use super::{ask, done, show};
use crate::Error;
use crate::cli::{Jobs, Layout};
use crate::config::Config;

const COLUMNS: [Column; 7] = [
    ("SERVICE", |row| field(row, "service")),
    ("KIND", |row| field(row, "kind")),
    ("ID", |row| field(row, "id")),
    ("STATE", |row| field(row, "state")),
    ("TRIES", |row| field(row, "attempts")),
    ("ENQUEUED", |row| time(row, "created_at")),
    ("ERROR", |row| field(row, "error")),
];

pub(crate) async fn jobs(
    what: Jobs,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    match what {
        Jobs::List {
            state,
            service,
            kind,
            listing,
        } => {
            let server = ask(&listing.asking, config).await?;
            let nothing = match state.as_str() {
                "all" => "There are no such jobs.".to_owned(),
                state => format!("There are no {state} jobs."),
            };
            let query = [("state", Some(state)), ("service", service), ("kind", kind)];
            let listed = server.list(&["ops", "jobs"], &query, listing.limit).await?;
            show(&listed, &listing, &COLUMNS, &nothing)
        }
        Jobs::Retry {
            service,
            job_id,
            asking,
        } => {
            let server = ask(&asking, config).await?;
            let path = ["ops", "jobs", &service, &job_id, "retry"];
            let answer = server.post(&path, &[], &Value::Null).await?;
            done(&answer, &asking, "The job runs again.")
        }
        Jobs::Cancel {
            service,
            job_id,
            asking,
        } => {
            let server = ask(&asking, config).await?;
            let path = ["ops", "jobs", &service, &job_id, "cancel"];
            let answer = server.post(&path, &[], &Value::Null).await?;
            let sentence = "The job does not run, or was told to stop if it does.";
            done(&answer, &asking, sentence)
        }
    }
}
