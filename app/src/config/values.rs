//! Values, and what is wrong with those that cannot be used.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Given, Origin, Said};
use crate::Error;
use crate::cli::Layout;
use crate::services::{self, GATEWAY, NAMES};

const SECRET: &str = "TIDINGS_SECRET";

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let read = text.parse();
    read.map_err(|_| format!("{text:?} is not ADDRESS:PORT, as in 127.0.0.1:8080 or [::]:8080"))
}

pub(super) fn names(only: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    let known: Vec<&str> = NAMES.into_iter().chain([GATEWAY]).collect();
    for name in &only {
        services::check_name(name, &known)?;
        if !seen.insert(name) {
            return Err(format!("{name} is named twice"));
        }
    }
    if only.is_empty() {
        return Err(format!("name at least one of {}", known.join(", ")));
    }
    Ok(only)
}

/// The URL itself stays out of the text: it may hold a password.
pub(super) fn postgres(url: String) -> Result<String, String> {
    let is_postgres = ["postgres://", "postgresql://"]
        .iter()
        .any(|it| url.starts_with(it));
    match is_postgres {
        true => Ok(url),
        false => Err("a database is postgres://user:password@host/name".to_owned()),
    }
}

pub(super) fn broker(url: String) -> Result<String, String> {
    match ["nats://", "tls://"].iter().any(|it| url.starts_with(it)) {
        true => Ok(url),
        false => Err("a bus is nats://host:4222 or tls://host:4222".to_owned()),
    }
}

pub(super) fn http(url: String) -> Result<String, String> {
    let rest = url.strip_prefix("http://").or(url.strip_prefix("https://"));
    match rest.map(|rest| rest.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['/', '@', '?', '#']) => Ok(url),
        _ => Err("an address of a service is http://host:port, without a path".to_owned()),
    }
}

/// The secret itself in the environment, or the name of its file anywhere. A flag would show
/// it to whoever can list processes.
pub(super) fn secret(
    given: &Given<'_>,
    layout: &Layout,
    from_config: Option<Said<String>>,
) -> Result<Option<Said<Vec<u8>>>, Error> {
    let flag = given.said("secret_file", layout.secret_file.clone());
    let by_flag = flag
        .as_ref()
        .is_some_and(|said| matches!(said.by, Origin::Flag(_)));
    if !by_flag && let Ok(text) = std::env::var(SECRET) {
        let by = Origin::Environment(SECRET.to_owned());
        let said = Said {
            value: text.into_bytes(),
            by,
        };
        return said.try_map(long_enough).map(Some);
    }
    let from_config = from_config.map(|said| Said {
        value: said.value.into(),
        by: said.by,
    });
    let Some(file) = flag.or(from_config) else {
        return Ok(None);
    };
    file.try_map(|file: PathBuf| read_secret(&file)).map(Some)
}

fn read_secret(file: &Path) -> Result<Vec<u8>, String> {
    let read = std::fs::read(file);
    let bytes = read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    long_enough(bytes.trim_ascii().to_owned())
}

fn long_enough(secret: Vec<u8>) -> Result<Vec<u8>, String> {
    match secret.len() {
        32.. => Ok(secret),
        length => Err(format!("the secret has {length} bytes; 32 are the least")),
    }
}
