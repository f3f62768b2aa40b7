//! `tidings doctor`: what is promised in this installation as it is now, and what is not.
//!
//! It only reads, and takes no lock that a running server could wait for.

mod bus;
mod databases;
mod elsewhere;
mod finding;
mod postgres;
mod schemas;
mod sqlite;
mod subscriptions;

use std::io;
use std::process::ExitCode;

use tidings::Clock;

use self::finding::{Findings, Grade};
use crate::cli::Doctor;
use crate::config::{Config, Origin};
use crate::{Error, process, services};

/// Prints what was found. The exit code is 1 when there is a problem.
pub(crate) async fn doctor(config: Config, options: Doctor) -> Result<ExitCode, Error> {
    let mut findings = Findings::default();
    if config.bus.is_none() && options.bus_monitor.is_some() {
        return Err(Error::BadSetting {
            by: Origin::Flag("bus-monitor".to_owned()),
            reason: "there is no bus: say where it is with --bus".to_owned(),
        });
    }
    let streams = look(&config, &mut findings).await?;
    if let Some(bus) = &config.bus {
        let monitor = options.bus_monitor.as_deref();
        bus::look(&bus.value, monitor, &streams, &mut findings).await;
    }
    let out = &mut io::stdout();
    if options.json {
        findings.print_json(out)?;
    } else {
        findings.print(out)?;
    }
    Ok(match findings.worst() {
        Grade::Problem => ExitCode::FAILURE,
        Grade::Ok | Grade::Warning => ExitCode::SUCCESS,
    })
}

/// Looks at every database that can be seen from here and at the services elsewhere, and names
/// all streams.
async fn look(config: &Config, findings: &mut Findings) -> Result<Vec<&'static str>, Error> {
    let clock = Clock::system();
    let setup = services::setup(config.storage(), services::Settings::default());
    let setup = process::for_command(setup, config)?;
    let mut seen = setup.inspect().await.map_err(Error::Open)?;
    let streams = seen.services.iter().flat_map(|one| one.streams.clone());
    let streams: Vec<&str> = streams.collect();
    let looked = databases::look(config, &seen.services, &clock, findings).await;
    elsewhere::look(config, &seen.services, &clock, findings).await;
    // Of the others everything is said.
    let can_be_told = |name| !looked.silent.contains(&name);
    seen.services
        .retain(|one| one.is_seen && can_be_told(one.name));
    schemas::look(&seen.services, findings);
    subscriptions::streams(&seen.streams, findings);
    subscriptions::look(&seen, &streams, looked.keeps_commits, clock.now(), findings);
    subscriptions::alerts(&seen.services, findings);
    Ok(streams)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
