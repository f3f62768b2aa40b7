//! Every database that the settings name: a folder of SQLite files, and any number of PostgreSQL
//! databases, each with the services that keep their data there.

use std::collections::BTreeMap;

use tidings::inspect::InspectedService;
use tidings::{Clock, Storage, chain};

use super::finding::Findings;
use super::{one_line, postgres, sqlite};
use crate::config::Config;
use crate::move_to::without_password;

const SECTION: &str = "database";

/// The address of a database; none is the folder.
type Place = Option<String>;

/// What looking at them has shown.
pub(super) struct Looked {
    /// Whether what they acknowledge is kept, as far as they were reached.
    pub(super) keeps_commits: bool,
    /// The services of which nothing can be said.
    pub(super) silent: Vec<&'static str>,
}

/// Looks at each of them.
pub(super) async fn look(
    config: &Config,
    services: &[InspectedService],
    clock: &Clock,
    findings: &mut Findings,
) -> Looked {
    let mut places: BTreeMap<Place, Vec<&InspectedService>> = BTreeMap::new();
    for service in services.iter().filter(|service| service.is_seen) {
        let place = match config.storage_of(service.name) {
            Storage::Postgres(url) => Some(url),
            Storage::Sqlite(_) | Storage::Memory => None,
        };
        places.entry(place).or_default().push(service);
    }
    let is_one_of_many = places.len() > 1;
    let (mut silent, mut problems) = (Vec::new(), Vec::new());
    for (place, services) in places {
        let shown = shown(config, &place);
        if is_one_of_many {
            findings.about(&shown);
        }
        match fault(config, &place, &services) {
            Some(fault) => {
                silent.extend(services.iter().map(|service| service.name));
                problems.push((shown, fault));
            }
            None => look_at(config, place.is_some(), &services, clock, findings).await,
        }
    }
    findings.about("");
    let keeps_commits = !findings.has_problem(SECTION);
    for (shown, fault) in problems {
        findings.problem(SECTION, &shown, &fault);
    }
    Looked {
        keeps_commits,
        silent,
    }
}

fn shown(config: &Config, place: &Place) -> String {
    match place {
        Some(url) => without_password(url),
        None => config.data.value.display().to_string(),
    }
}

/// Why nothing can be seen there.
fn fault(config: &Config, place: &Place, services: &[&InspectedService]) -> Option<String> {
    if place.is_none()
        && let Some(fault) = sqlite::unreadable(&config.data.value)
    {
        return Some(fault);
    }
    // Of files each has its own; of a server, one that was not reached has none.
    let mut unreached = services.iter().filter(|service| service.db.is_none());
    let fault = unreached.find_map(|service| service.fault.as_deref())?;
    let is_server = place.is_some();
    is_server.then(|| format!("cannot be reached: {}", one_line(fault)))
}

async fn look_at(
    config: &Config,
    is_postgres: bool,
    services: &[&InspectedService],
    clock: &Clock,
    findings: &mut Findings,
) {
    if !is_postgres {
        return sqlite::look(&config.data.value, services, findings).await;
    }
    // One server has them all, so any of its schemas will do.
    let Some(db) = services.iter().find_map(|service| service.db.as_ref()) else {
        return;
    };
    if let Err(error) = postgres::look(db, clock, services.len(), findings).await {
        let text = format!("could not be read: {}", one_line(&chain(&error)));
        findings.problem(SECTION, "settings", &text);
    }
}
