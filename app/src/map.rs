//! `tidings map`: who publishes what and who reads it, from the definitions alone: without a
//! server and without a database.

mod mermaid;
mod text;

use std::io::Write;

use clap::ValueEnum;
use tidings::catalog::{Api, Server};

use crate::Error;
use crate::cli::Map;
use crate::config::Config;
use crate::services::{self, NAMES, check_name};

/// How the map is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table to read.
    Text,
    /// A diagram for Markdown.
    Mermaid,
    /// A drawing.
    Svg,
    /// Everything that is known, for programs.
    Json,
    /// An AsyncAPI 3.0 document.
    Asyncapi,
}

pub(crate) fn map(config: &Config, options: &Map, out: &mut dyn Write) -> Result<(), Error> {
    let settings = services::Settings::default();
    let setup = services::setup(tidings::Storage::Memory, settings);
    let mut catalog = setup.into_catalog().map_err(Error::Open)?;
    if let Some(name) = &options.service {
        // The name was looked at when the line was read.
        catalog = catalog.around(name).unwrap_or(catalog);
    }
    let told = match options.format {
        Format::Text => text::of(&catalog),
        Format::Mermaid => mermaid::of(&catalog),
        Format::Svg => gateway::map_svg(&catalog).map_err(std::io::Error::other)?,
        Format::Json => pretty(&catalog)?,
        Format::Asyncapi => pretty(&catalog.asyncapi(&api(config)))?,
    };
    writeln!(out, "{}", told.trim_end())?;
    Ok(())
}

fn pretty(value: &impl serde::Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(value).map_err(std::io::Error::other)?)
}

/// What an AsyncAPI document says of the installation.
pub(crate) fn api(config: &Config) -> Api {
    Api {
        title: "Tidings".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        servers: servers(config),
    }
}

/// Where the streams can be read.
pub(crate) fn servers(config: &Config) -> Vec<Server> {
    let said = config.public_url.as_ref().or(config.gateway.as_ref());
    let feeds = said.map(|url| url.value.clone());
    let feeds = feeds.unwrap_or_else(|| format!("http://{}", config.listen.value));
    // Of several brokers of one cluster any leads to the others.
    let bus = config
        .bus
        .iter()
        .filter_map(|url| url.value.split(',').next());
    let bus = bus.map(|url| Server::Nats(url.trim().to_owned()));
    std::iter::once(Server::Feeds(feeds)).chain(bus).collect()
}

/// For the command line.
pub(crate) fn parse_service(name: &str) -> Result<String, String> {
    check_name(name, &NAMES).map(|()| name.to_owned())
}
