//! `tidings grant-operator`: the first operator of an installation without demonstration accounts.

use std::io::Write;

use tidings::Clock;

use crate::cli::GrantOperator;
use crate::folder::{Folder, Moved};
use crate::{Error, services};

/// Works on a stopped server's folder only: two processes must not write one SQLite file's
/// numbers, and a running server on PostgreSQL notices by itself.
pub(crate) async fn grant_operator(options: GrantOperator) -> Result<(), Error> {
    let _folder = match options.place.database {
        Some(_) => None,
        None => Some(Folder::take(&options.place.data)?),
    };
    Moved::check(&options.place)?;
    let storage = options.place.storage();
    // The other services may run elsewhere, in another version: they are not touched.
    let auth_alone = services::setup(storage, services::Settings::default())
        .clock(Clock::system())
        .only(&["auth"]);
    let installation = auth_alone.open().await.map_err(Error::Open)?;
    let email = options.email;
    if let Some(auth) = installation.handle("auth") {
        match auth::grant_role(&auth, &email, "operator").await {
            Ok(()) => {}
            Err(auth::Error::UnknownAccount) => return Err(Error::NoAccount { email }),
            Err(error) => return Err(Error::Account(error)),
        }
    }
    writeln!(std::io::stdout(), "{email} is an operator.")?;
    Ok(())
}
