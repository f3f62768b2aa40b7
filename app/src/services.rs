//! All services together.

use tidings::{Clock, Installation, Setup, Storage};

/// Opens every service of the marketplace. Nothing moves until the installation is started.
///
/// # Errors
/// When a database cannot be opened or migrated.
pub async fn open(storage: Storage, clock: Clock) -> Result<Installation, tidings::Error> {
    with_payments(storage, clock, payments::Settings::default()).await
}

/// As [`open`], with payments that answer as they are told.
pub(crate) async fn with_payments(
    storage: Storage,
    clock: Clock,
    payments: payments::Settings,
) -> Result<Installation, tidings::Error> {
    Setup::new(storage)
        .clock(clock)
        .service(auth::service(auth::Settings::default()))
        .service(tickets::service())
        .service(orders::service(orders::Settings::default()))
        .service(expiration::service())
        .service(payments::service(payments))
        .open()
        .await
}
