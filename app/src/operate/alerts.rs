//! `tidings alerts`.

use std::process::ExitCode;

use serde_json::json;

use super::table::{Column, field, time};
use super::{ask, done, show};
use crate::Error;
use crate::cli::{Alerts, Layout};
use crate::config::Config;

const COLUMNS: [Column; 7] = [
    ("SERVICE", |row| field(row, "service")),
    ("ID", |row| field(row, "id")),
    ("KIND", |row| field(row, "kind")),
    ("SUBJECT", |row| field(row, "subject")),
    ("SINCE", |row| time(row, "opened_at")),
    ("CLOSED", |row| time(row, "closed_at")),
    ("WHAT", |row| field(row, "text")),
];

pub(crate) async fn alerts(
    what: Alerts,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    match what {
        Alerts::List { state, listing } => {
            let server = ask(&listing.asking, config).await?;
            let nothing = match state.as_str() {
                "open" => "Nothing is wrong: no alert is open.",
                _ => "There are no such alerts.",
            };
            let query = [("state", Some(state))];
            let path = ["ops", "alerts"];
            let listed = server.list(&path, &query, listing.limit).await?;
            show(&listed, &listing, &COLUMNS, nothing)
        }
        Alerts::Acknowledge {
            service,
            alert_id,
            note,
            asking,
        } => {
            let server = ask(&asking, config).await?;
            let path = ["ops", "alerts", &service, &alert_id, "acknowledge"];
            let answer = server.post(&path, &[], &json!({ "note": note })).await?;
            let sentence = "Acknowledged: it closes when its cause is gone.";
            done(&answer, &asking, sentence)
        }
    }
}
