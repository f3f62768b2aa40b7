//! What operators ask a running server, and tell it to do.

mod alerts;
mod dead;
mod events;
mod jobs;
mod server;
mod subscriptions;
mod table;
mod tree;

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::Error;
use crate::cli::{Asking, Layout, Listing};
use crate::config::Config;
use server::{Listed, Server};
use table::Column;

pub(crate) use alerts::alerts;
pub(crate) use dead::dead;
pub(crate) use events::events;
pub(crate) use jobs::jobs;
pub(crate) use subscriptions::subscriptions;

/// A list that is not empty, for scripts that want to know.
const SOME: u8 = 3;

/// Finds the server that a command is meant for.
async fn ask(
    asking: &Asking,
    config: impl Fn(&Layout) -> Result<Config, Error>,
) -> Result<Server, Error> {
    Server::find(&config(&asking.layout)?, asking).await
}

/// Prints a list, for people or for programs, and says what is not in it.
fn show(
    listed: &Listed,
    listing: &Listing,
    columns: &[Column],
    nothing: &str,
) -> Result<ExitCode, Error> {
    show_all(listed, listing.asking.json, columns, nothing)?;
    Ok(match listing.exit_code && !listed.items.is_empty() {
        true => ExitCode::from(SOME),
        false => ExitCode::SUCCESS,
    })
}

fn show_all(
    listed: &Listed,
    as_json: bool,
    columns: &[Column],
    nothing: &str,
) -> Result<(), Error> {
    let out = &mut io::stdout().lock();
    if as_json {
        json(out, &Value::from(listed.items.clone()))?;
    } else if listed.items.is_empty() {
        writeln!(out, "{nothing}")?;
    } else {
        table::print(out, columns, &listed.items)?;
    }
    // If nobody can read it, there is nobody to tell.
    let err = &mut io::stderr();
    if listed.is_more {
        let _ = writeln!(err, "There are more; say how many are wanted with --limit.");
    }
    if let Some(unseen) = &listed.unseen {
        let _ = writeln!(err, "Not seen just now: {unseen}.");
    }
    Ok(())
}

/// Prints what was done: a sentence for people, the answer for programs.
fn done(answer: &Value, asking: &Asking, sentence: &str) -> Result<ExitCode, Error> {
    let out = &mut io::stdout().lock();
    match asking.json {
        true => json(out, answer)?,
        false => writeln!(out, "{sentence}")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{value:#}")
}

/// The service and the name of a subscription: `expiration/orders`.
fn parts(subscription: &str) -> Result<(&str, &str), Error> {
    let parts = subscription.split_once('/');
    parts.ok_or_else(|| Error::BadSubscription {
        name: subscription.to_owned(),
    })
}
