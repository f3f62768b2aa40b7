//! One process of several: what runs here, where the rest is, and what is waited for.

use std::sync::Arc;
use std::time::Duration;

use tidings::{Bus, Calls, Clock, Elsewhere, Installation, Setup, Storage};

use crate::config::Config;
use crate::services::{GATEWAY, NAMES};
use crate::{Error, bus};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Begins to connect to the bus, where there is one.
///
/// # Errors
/// When it cannot be used.
pub(crate) async fn bus(config: &Config) -> Result<Option<Arc<dyn Bus>>, Error> {
    let Some(url) = &config.bus else {
        return Ok(None);
    };
    let secret = config.secret.as_ref().map(|secret| &secret.value);
    let connected = bus::connect(&url.value, secret).await;
    connected.map(Some).map_err(|source| Error::Bus {
        by: url.by.clone(),
        source,
    })
}

/// Makes of an installation the part of it that runs here, with the bus where there is one.
///
/// # Errors
/// When the processes could not know each other.
pub(crate) fn lay_out(
    setup: Setup,
    config: &Config,
    bus: Option<Arc<dyn Bus>>,
) -> Result<Setup, Error> {
    let mut setup = part(setup, config)?;
    if let Some(bus) = bus {
        setup = setup.bus(bus);
    }
    // The console shows what it can see.
    Ok(match config.only.is_some() && config.runs(GATEWAY) {
        true => setup.attach(),
        false => setup,
    })
}

/// Makes of an installation the part of it that runs here, without a bus: for a command, which
/// hands nothing over. It looks into the databases of the others, too, where it can.
///
/// # Errors
/// When the processes could not know each other.
pub(crate) fn for_command(setup: Setup, config: &Config) -> Result<Setup, Error> {
    Ok(part(setup, config)?.attach())
}

fn part(setup: Setup, config: &Config) -> Result<Setup, Error> {
    let mut setup = setup;
    for (service, url) in &config.databases {
        setup = setup.storage_of(service, Storage::Postgres(url.value.clone()));
    }
    for (service, url) in &config.urls {
        if !config.runs(service) {
            setup = setup.remote(service, &url.value);
        }
    }
    if let Some(url) = &config.gateway {
        setup = setup.gateway_url(&url.value);
    }
    if let Some(secret) = &config.secret {
        setup = setup.secret(&secret.value);
    }
    if config.only.is_none() {
        return Ok(setup);
    }
    let elsewhere = NAMES.into_iter().filter(|name| !config.runs(name));
    let elsewhere: Vec<&str> = elsewhere.collect();
    if !elsewhere.is_empty() && config.secret.is_none() {
        let elsewhere = elsewhere.join(", ");
        return Err(Error::NoSecret { elsewhere });
    }
    Ok(setup.only(&config.services()))
}

/// Says once of every service elsewhere that it does not answer yet, and when it does. Nothing
/// depends on it: what needs a service tries until it is there.
pub(crate) async fn tell_of_waiting(installation: Arc<Installation>) {
    let mut silent = installation.elsewhere();
    silent.retain(|service| {
        if service.url.is_none() {
            let service = service.name;
            tracing::warn!(service, "nobody says where this service runs: what needs it waits. Say it with --remote or --gateway");
        }
        service.url.is_some()
    });
    let mut is_first = true;
    while !silent.is_empty() {
        let mut still = Vec::new();
        for service in silent {
            let answers = answers(&installation, &service).await;
            let (name, url) = (service.name, service.url.clone().unwrap_or_default());
            match answers {
                true if !is_first => tracing::warn!(service = name, url, "the service answers now"),
                true => {}
                false => {
                    if is_first {
                        tracing::warn!(
                            service = name,
                            url,
                            "waiting for a service that does not answer yet"
                        );
                    }
                    still.push(service);
                }
            }
        }
        (silent, is_first) = (still, false);
        Clock::system().sleep(LOOK_EVERY).await;
    }
}

async fn answers(installation: &Installation, service: &Elsewhere) -> bool {
    let how = Calls::default().tries(1).timeout(ANSWER_LIMIT);
    match installation.client("health", service.name, &how) {
        Ok(client) => client.get("/healthz").send().await.is_ok(),
        Err(_) => false,
    }
}
