//! `tidings events`.

use std::process::ExitCode;

use super::table::{Column, field, time};
use super::{ask, show};
use crate::Error;
use crate::cli::{EventFilter, Events, Layout};
use crate::config::Config;

const COLUMNS: [Column; 6] = [
    ("TIME", |row| time(row, "time")),
    ("EVENT", |row| field(row, "id")),
    ("TYPE", |row| field(row, "type")),
    ("KEY", |row| field(row, "key")),
    ("CORRELATION", |row| field(row, "context/correlation_id")),
    ("ACTOR", |row| field(row, "context/actor")),
];

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
            let mut query = fields(filter).to_vec();
            query.extend([("from", from), ("until", until)]);
            let path = ["ops", "events"];
            let listed = server.list(&path, &query, listing.limit).await?;
            show(&listed, &listing, &COLUMNS, "There are no such events.")
        }
        _ => todo!(),
    }
}

fn fields(filter: EventFilter) -> [(&'static str, Option<String>); 4] {
    [
        ("stream", filter.stream),
        ("type", filter.kind),
        ("key", filter.key),
        ("correlation_id", filter.correlation_id),
    ]
}
