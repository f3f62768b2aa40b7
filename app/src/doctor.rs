//! `tidings doctor`: what is promised in this installation as it is now, and what is not.
//!
//! It only reads, and takes no lock that a running server could wait for.

mod bus;
mod finding;
mod postgres;
mod schemas;
mod sqlite;
mod subscriptions;

use std::io;
use std::process::ExitCode;

use tidings::inspect::Inspection;
use tidings::{Clock, Storage, chain};

use self::finding::{Findings, Grade};
use crate::cli::Doctor;
use crate::move_to::without_password;
use crate::{Error, services};

/// Prints what was found. The exit code is 1 when there is a problem.
pub(crate) async fn doctor(options: Doctor) -> Result<ExitCode, Error> {
    let mut findings = Findings::default();
    let streams = look(&options, &mut findings).await;
    if let Some(address) = &options.bus {
        let monitor = options.bus_monitor.as_deref();
        bus::look(address, monitor, &streams, &mut findings).await;
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

/// Looks at the databases, and names the streams that it has met.
async fn look(options: &Doctor, findings: &mut Findings) -> Vec<&'static str> {
    let storage = options.place.storage();
    if let Storage::Sqlite(folder) = &storage
        && !folder.is_dir()
    {
        let text = "is not there: say where the installation is with --data, or --database";
        findings.problem("database", &folder.display().to_string(), text);
        return Vec::new();
    }
    let setup = services::setup(storage.clone(), services::Settings::default());
    let seen = match setup.inspect().await {
        Ok(seen) => seen,
        Err(error) => {
            let name = match &storage {
                Storage::Postgres(url) => without_password(url),
                _ => "the files".to_owned(),
            };
            let text = format!("cannot be reached: {}", one_line(&chain(&error)));
            findings.problem("database", &name, &text);
            return Vec::new();
        }
    };
    let clock = Clock::system();
    match &storage {
        Storage::Postgres(_) => look_at_postgres(&seen, &clock, findings).await,
        Storage::Sqlite(folder) => sqlite::look(folder, &seen.services, findings).await,
        Storage::Memory => {}
    }
    let keeps_commits = !findings.has_problem("database");
    schemas::look(&seen.services, findings);
    subscriptions::streams(&seen.streams, findings);
    subscriptions::look(&seen, keeps_commits, clock.now(), findings);
    subscriptions::alerts(&seen.services, findings);
    seen.streams.iter().map(|stream| stream.name).collect()
}

async fn look_at_postgres(seen: &Inspection, clock: &Clock, findings: &mut Findings) {
    // One server has them all, so any of its schemas will do.
    let Some(db) = seen.services.iter().find_map(|service| service.db.as_ref()) else {
        return;
    };
    if let Err(error) = postgres::look(db, clock, seen.services.len(), findings).await {
        let text = format!("could not be read: {}", one_line(&chain(&error)));
        findings.problem("database", "settings", &text);
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
