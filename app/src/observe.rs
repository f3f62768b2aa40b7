//! What this process tells of its work: its log, and traces if somebody wants them.

use std::time::Duration;

use clap::ArgMatches;
use tidings_observe::{Format, Otlp};

use crate::Error;
use crate::cli::{Cli, Command};
use crate::config::{Config, log_format_of};

/// The clients of NATS and PostgreSQL tell of every try and every connection that is lost; we
/// tell once of the broker or database.
const USUAL: &str = "warn,async_nats=off,deadpool=error";
/// How long the end of the process may wait for a collector.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// How a process is watched.
pub(crate) struct Observing {
    filter: String,
    format: Format,
    otlp: Option<Otlp>,
}

impl Observing {
    /// What flags, environment and file say of it.
    ///
    /// # Errors
    /// When what is said of traces cannot be used.
    pub(crate) fn of(cli: &Cli, matches: &ArgMatches) -> Result<Self, Error> {
        let own = matches.subcommand().map_or(matches, |(_, own)| own);
        let config = match &cli.command {
            None => Config::read(&cli.serve, own),
            Some(Command::Serve(options)) => Config::read(options, own),
            Some(_) => {
                return Ok(Self {
                    format: log_format_of(own).unwrap_or_default(),
                    ..Self::quiet()
                });
            }
        };
        // What is wrong with a setting is told where it is needed.
        let Ok(config) = config else {
            return Ok(Self::quiet());
        };
        Ok(Self {
            format: config.log_format.value,
            otlp: config.traces()?.map(Otlp::new),
            ..Self::quiet()
        })
    }

    fn quiet() -> Self {
        Self {
            filter: std::env::var("TIDINGS_LOG").unwrap_or_else(|_| USUAL.to_owned()),
            format: Format::default(),
            otlp: None,
        }
    }

    /// From now on lines are written.
    pub(crate) fn begin(&self) {
        tidings_observe::init(&self.filter, self.format, self.otlp.as_ref());
    }

    /// Exports traces while something runs, and what is left of them after it.
    ///
    /// # Errors
    /// As the work, and when traces cannot be sent at all.
    pub(crate) async fn around<T>(
        self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(otlp) = self.otlp else {
            return work.await;
        };
        let exporting = otlp.start().map_err(Error::Traces)?;
        let outcome = work.await;
        exporting.finish(LAST_SPANS).await;
        outcome
    }
}
