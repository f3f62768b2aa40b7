//! All services together.

use contracts::calendar::Calendar;
use tidings::{Clock, Installation, Setup, Storage, Stream};

/// Every service, in the order in which they are told of.
pub(crate) const NAMES: [&str; 11] = [
    "auth",
    "tickets",
    "orders",
    "expiration",
    "payments",
    "notifications",
    "tasks",
    "accounting",
    "analytics",
    "platforms",
    "commands",
];
/// What is no service, and runs beside them or in a process of its own.
pub(crate) const GATEWAY: &str = "gateway";
/// Where `auth` tells its public keys.
const KEYS: (&str, &str) = ("auth", "/.well-known/jwks.json");

/// Says what there is when somebody names what there is not.
pub(crate) fn check_name(name: &str, known: &[&str]) -> Result<(), String> {
    match known.contains(&name) {
        true => Ok(()),
        false => Err(format!(
            "there is no {name:?}; there are {}",
            known.join(", ")
        )),
    }
}

/// What of the services can be set from outside.
pub(crate) struct Settings {
    pub(crate) payments: payments::Settings,
    pub(crate) mail: notifications::Settings,
    pub(crate) tasks: tasks::Settings,
    /// The days of the books, and of whoever counts them.
    pub(crate) calendar: Calendar,
    pub(crate) auth: auth::Settings,
    pub(crate) commands: commands::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            payments: payments::Settings::default(),
            mail: notifications::Settings::mailbox(),
            tasks: tasks::Settings::default(),
            calendar: Calendar::utc(),
            auth: auth::Settings::default(),
            commands: commands::Settings::default(),
        }
    }
}

/// Opens every service of all systems. Nothing moves until the installation is started.
///
/// # Errors
/// When a database cannot be opened or migrated.
pub async fn open(storage: Storage, clock: Clock) -> Result<Installation, tidings::Error> {
    with_settings(storage, clock, Settings::default()).await
}

/// As [`open`], with services that do as they are told.
pub(crate) async fn with_settings(
    storage: Storage,
    clock: Clock,
    settings: Settings,
) -> Result<Installation, tidings::Error> {
    setup(storage, settings).clock(clock).open().await
}

/// The subscriptions and detectors that alerts have rules about, as `service/name`.
pub(crate) fn watched() -> Result<tidings::alert::Watched, tidings::Error> {
    setup(Storage::Memory, Settings::default()).watched()
}

/// All definitions, not opened yet, of which a process may run a part.
pub(crate) fn setup(storage: Storage, settings: Settings) -> Setup {
    let books = accounting::Settings::default().calendar(settings.calendar.clone());
    Setup::new(storage)
        .service(auth::service(settings.auth))
        .service(tickets::service())
        .service(orders::service(orders::Settings::default()))
        .service(expiration::service())
        .service(payments::service(settings.payments))
        .service(notifications::service(settings.mail))
        .service(tasks::service(settings.tasks))
        .service(accounting::service(books))
        .service(analytics::service(settings.calendar))
        .service(platforms::service())
        .service(commands::service(settings.commands))
        .keys_from(KEYS.0, KEYS.1)
        .earlier_schemas(contracts::tasks::FirstTaskEvent::schemas)
}
