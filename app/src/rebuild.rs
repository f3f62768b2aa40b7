//! `tidings rebuild`: a projection made anew of all its events, beside the one in use.

use std::io::Write;

use tidings::Clock;
use tidings::projection::{self, Progress};

use crate::cli::Rebuild;
use crate::config::Config;
use crate::{Error, process, services};

/// On PostgreSQL the server may run meanwhile. SQLite files are one process's alone: two would
/// not hear of each other's commits.
pub(crate) async fn rebuild(config: Config, options: Rebuild) -> Result<(), Error> {
    let _folder = config
        .take(&config.services())
        .map_err(|error| match error {
            Error::InUse { folder, .. } => Error::InUseByServer { folder },
            other => other,
        })?;
    let setup = services::setup(config.storage(), services::Settings::default());
    let setup = process::for_command(setup.clock(Clock::system()), &config)?;
    let installation = setup.open().await.map_err(Error::Open)?;
    let mut what = projection::Rebuild::of(&options.subscription);
    if let Some(service) = &options.service {
        what = what.in_service(service);
    }
    if options.what_is_left {
        what = what.of_what_is_left();
    }
    let rebuilt = projection::rebuild(&installation, &what, tell).await;
    let rebuilt = rebuilt.map_err(Error::Rebuild)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} is built anew of {} events and in use.",
        options.subscription, rebuilt.applied
    )?;
    if rebuilt.parked > 0 {
        writeln!(
            out,
            "{} of them are parked: its code refuses them, or they wait behind one that it \
             refuses. They are at /console.",
            rebuilt.parked
        )?;
    }
    Ok(())
}

/// On stderr, so that the output is the result. If nobody can read it, there is nobody to tell.
fn tell(progress: Progress) {
    let Progress { applied, total } = progress;
    let _ = writeln!(std::io::stderr(), "{applied} of {total} events");
}
