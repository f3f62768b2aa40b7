//! Other processes of the installation, and what does not work there.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde::Deserialize;
use tidings::{Calls, Elsewhere, Installation};

use super::{HERE, ServiceStatus};
use crate::Gateway;

/// By whom processes are asked whether they can work.
pub(crate) const CALLER: &str = "health";
/// Longer than a process gives its databases, which it asks first.
const PROCESS_LIMIT: Duration = Duration::from_secs(3);

/// Another process, as far as anybody has said where it is.
pub(crate) struct Process {
    pub(crate) services: Vec<&'static str>,
    pub(crate) url: Option<String>,
}

/// The services elsewhere that are asked for, together where they have one address.
pub(crate) fn processes(
    installation: &Installation,
    is_asked_for: impl Fn(&Elsewhere) -> bool,
) -> Vec<Process> {
    let mut all: Vec<Process> = Vec::new();
    for service in installation.elsewhere() {
        if !is_asked_for(&service) {
            continue;
        }
        match all.iter_mut().find(|one| one.url == service.url) {
            Some(same) => same.services.push(service.name),
            None => all.push(Process {
                services: vec![service.name],
                url: service.url,
            }),
        }
    }
    all
}

/// What a process says of itself.
enum Told {
    Nothing,
    /// It lives, and cannot do anything yet: it waits for its database.
    Waits,
    Services(Vec<ToldService>),
}

#[derive(Deserialize)]
struct ToldService {
    service: String,
    state: String,
}

impl Told {
    fn state_of(&self, service: &str) -> &'static str {
        match self {
            Told::Nothing => "unreachable",
            Told::Waits => "down",
            Told::Services(all) => {
                let is_down = |one: &ToldService| one.service == service && one.state != "up";
                if all.iter().any(is_down) {
                    "down"
                } else {
                    "up"
                }
            }
        }
    }
}

/// Whether the services of a process can work: they themselves say so, who alone ask their
/// databases. One that is passed on to from there is not asked for.
pub(super) async fn ask_process(gateway: &Gateway, process: &Process) -> Vec<ServiceStatus> {
    let told = told_by(gateway, process).await;
    let state_of = |service: &str| match process.url {
        Some(_) => told.state_of(service),
        None => "unknown",
    };
    let services = process.services.iter();
    let states = services.map(|service| ServiceStatus {
        service,
        state: state_of(service),
        elsewhere: true,
    });
    states.collect()
}

async fn told_by(gateway: &Gateway, process: &Process) -> Told {
    let how = Calls::default().tries(1).timeout(PROCESS_LIMIT);
    let service = process.services.first();
    let client = service.map(|service| gateway.installation().client(CALLER, service, &how));
    let Some(Ok(client)) = client else {
        return Told::Nothing;
    };
    match client.get(&format!("/status?{HERE}")).json().await {
        Ok(services) => Told::Services(services),
        Err(error) if error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) => Told::Waits,
        Err(_) => Told::Nothing,
    }
}

/// Processes of which something does not work, and what that is.
pub(crate) async fn ailing(gateway: &Gateway) -> Vec<Ailing> {
    let all = processes(gateway.installation(), |_| true);
    let asked = all.iter().map(|process| ask_process(gateway, process));
    let told = join_all(asked).await.into_iter().zip(&all);
    told.flat_map(|(told, process)| {
        ["unreachable", "unknown", "down"].map(|state| {
            let such = told.iter().filter(|one| one.state == state);
            Ailing {
                state,
                services: such.map(|one| one.service).collect(),
                url: process.url.clone().unwrap_or_default(),
            }
        })
    })
    .filter(|ailing| !ailing.services.is_empty())
    .collect()
}

/// Services of one process that do not work, all for the same reason.
pub(crate) struct Ailing {
    state: &'static str,
    services: Vec<&'static str>,
    url: String,
}

impl Ailing {
    /// What is wrong, in words.
    pub(crate) fn words(&self) -> String {
        let names = self.services.join(", ");
        let (does, their) = match self.services.len() {
            1 => ("does", "its database"),
            _ => ("do", "their databases"),
        };
        let url = &self.url;
        match self.state {
            "unknown" => format!("Nobody says where to find {names}"),
            "down" => format!("{names} at {url} {does} not reach {their}"),
            _ => format!("{names} {does} not answer at {url}"),
        }
    }
}
