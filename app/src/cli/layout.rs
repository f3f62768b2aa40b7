//! Where an installation keeps its data, and which part of it runs here.

use std::path::PathBuf;

use clap::Args;

/// What every command that needs an installation is told of it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The installation")]
pub(crate) struct Layout {
    /// The file with settings, instead of tidings.toml in this folder. Environment and flags
    /// count more than what it says.
    #[arg(long, value_name = "FILE", env = "TIDINGS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The folder for databases and the demonstration accounts' passwords.
    #[arg(long, value_name = "DIR", default_value = "data", env = "TIDINGS_DATA")]
    pub(crate) data: PathBuf,
    /// Keep the databases in PostgreSQL instead, one schema a service: postgres://user@host/name.
    #[arg(
        long,
        value_name = "URL",
        env = "TIDINGS_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
    /// Run only these here, with a comma between two: auth, tickets, orders, expiration,
    /// payments, notifications, tasks, accounting, analytics, platforms, commands, gateway. The others run in other
    /// processes: say where with --remote or --gateway, and give all of them one secret.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        env = "TIDINGS_ONLY"
    )]
    pub(crate) only: Vec<String>,
    /// Where a service runs that does not run here: orders=http://10.0.0.7:8080. Several times,
    /// or with commas.
    #[arg(
        long,
        value_name = "SERVICE=URL",
        value_delimiter = ',',
        env = "TIDINGS_REMOTE"
    )]
    pub(crate) remote: Vec<String>,
    /// The address of the gateway, for all services of which --remote says nothing.
    #[arg(long, value_name = "URL", env = "TIDINGS_GATEWAY")]
    pub(crate) gateway: Option<String>,
    /// The broker that carries events between processes: nats://host:4222. Without one they
    /// follow each other's feeds over HTTP.
    #[arg(long, value_name = "URL", env = "TIDINGS_BUS", hide_env_values = true)]
    pub(crate) bus: Option<String>,
    /// The file with the secret by which the processes know each other, at least 32 bytes, the
    /// same for all; or the secret itself in TIDINGS_SECRET.
    #[arg(long, value_name = "FILE", env = "TIDINGS_SECRET_FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// How the lines of the log are written: text for people (the default), or json, one object a
    /// line. What is logged is said by TIDINGS_LOG: info, or warn,orders=debug.
    #[arg(long, value_name = "text|json", env = "TIDINGS_LOG_FORMAT")]
    pub(crate) log_format: Option<String>,
}
