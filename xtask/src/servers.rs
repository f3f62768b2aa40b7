//! The real servers that tests and benchmarks talk to. One that cannot be had is a failure with
//! its reason: a run that leaves tests out would look like a run that passed.

mod account;
mod apt;
mod chromium;
mod nats;
mod node;
mod postgres;
mod python;
mod scratch;

pub(crate) use apt::Apt;
pub(crate) use chromium::Chromium;
pub(crate) use nats::NatsServer;
pub(crate) use node::Node;
pub(crate) use postgres::Postgres;
pub(crate) use python::Python;
pub(crate) use scratch::Scratch;

use std::env;
use std::path::PathBuf;

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
