//! `tidings subscriptions`.

use std::process::ExitCode;

use serde_json::json;

use super::table::{Column, field, time};
use super::{ask, done, parts, show_all};
use crate::Error;
use crate::cli::{Layout, OneSubscription, Subscriptions};
use crate::config::Config;

const COLUMNS: [Column; 6] = [
    ("SUBSCRIPTION", |row| {
        format!("{}/{}", field(row, "service"), field(row, "name"))
    }),
    ("STREAM", |row| field(row, "stream")),
    ("OWES", |row| field(row, "lag")),
    ("PARKED", |row| field(row, "parked")),
    ("DEAD", |row| field(row, "dead")),
    ("PAUSED", |row| time(row, "paused/at")),
];

/// More subscriptions than anybody has.
const ALL: u32 = 10_000;

pub(crate) async fn subscriptions(
    what: Subscriptions,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    let (one, act, sentence) = match what {
        Subscriptions::List { asking } => {
            let server = ask(&asking, config).await?;
            let path = ["ops", "subscriptions"];
            let listed = server.list(&path, &[], ALL).await?;
            show_all(
                &listed,
                asking.json,
                &COLUMNS,
                "There are no subscriptions.",
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        Subscriptions::Pause(one) => (one, "pause", "is paused; its events are kept"),
        Subscriptions::Resume(one) => (one, "resume", "goes on"),
        Subscriptions::Rebuild(one) => (one, "rebuild", "is being built anew"),
    };
    let OneSubscription {
        subscription,
        note,
        asking,
    } = one;
    let (service, name) = parts(&subscription)?;
    let server = ask(&asking, config).await?;
    let path = ["ops", "subscriptions", service, name, act];
    let answer = server.post(&path, &[], &json!({ "note": note })).await?;
    done(&answer, &asking, &format!("{subscription} {sentence}."))
}
