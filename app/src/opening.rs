//! Opening an installation whose database may be away: waiting for it, and saying so.

use std::time::Duration;

use std::sync::Arc;
use tidings::{Bus, Clock, Installation, Outages};

use crate::config::Config;
use crate::move_to::without_password;
use crate::{Error, process, services};

const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MOST: Duration = Duration::from_secs(5);

/// Opens what runs here. While PostgreSQL is away it tries again, for ever; `waits` is called
/// when it begins to. Dropping the future is like a crash at that moment: nothing is lost.
///
/// # Errors
/// When waiting would not help: the settings are wrong, the server does not let us in, a
/// migration fails.
pub(crate) async fn open(config: &Config, mut waits: impl FnMut()) -> Result<Installation, Error> {
    let bus = process::bus(config).await?;
    let clock = Clock::system();
    let mut attempts = Outages::new(&clock).attempts();
    let mut tries: u32 = 0;
    loop {
        let began = clock.now();
        let outcome = try_open(config, bus.clone()).await;
        match outcome {
            Err(Error::Open(error)) if error.is_away() && has_server(config) => {
                attempts.failed(&databases(config), began, &error);
                waits();
            }
            other => {
                attempts.worked();
                return other;
            }
        }
        let doubled = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(tries.min(10)));
        tries = tries.saturating_add(1);
        clock.sleep(doubled.min(PAUSE_MOST)).await;
    }
}

async fn try_open(config: &Config, bus: Option<Arc<dyn Bus>>) -> Result<Installation, Error> {
    let settings = services::Settings {
        mail: config.mail()?,
        tasks: config.tasks.settings(),
        calendar: config.calendar()?,
        auth: config.auth(),
        commands: commands::Settings {
            first_sync: config.first_sync.value,
        },
        ..services::Settings::default()
    };
    let setup = services::setup(config.storage(), settings)
        .clock(Clock::system())
        .alert_rules(config.alerts.rules())
        .notices(config.notices()?);
    let opened = process::lay_out(setup, config, bus)?.open().await;
    opened.map_err(Error::Open)
}

/// Files are there or not; waiting for them helps nobody.
fn has_server(config: &Config) -> bool {
    config.database.is_some() || !config.databases.is_empty()
}

/// What is waited for, without passwords.
fn databases(config: &Config) -> String {
    let own = config.databases.iter();
    let own = own
        .filter(|(service, _)| config.runs(service))
        .map(|(_, url)| url);
    let urls = config.database.iter().chain(own);
    let mut places: Vec<String> = urls.map(|url| without_password(&url.value)).collect();
    places.sort();
    places.dedup();
    places.join(", ")
}
