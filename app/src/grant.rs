//! `tidings grant` and `tidings revoke`: what an account may do. The only way to the first
//! operator of an installation without demonstration accounts.

use std::io::Write;

use tidings::{Clock, Handle, Storage};

use crate::cli::Grant;
use crate::config::Config;
use crate::{Error, services};

const AUTH: &str = "auth";

/// Gives a role.
pub(crate) async fn grant(config: Config, options: Grant) -> Result<(), Error> {
    let Grant { role, email, .. } = options;
    let changing = async |auth: &Handle| auth::grant_role(auth, &email, &role).await;
    change(&config, &email, changing).await?;
    writeln!(std::io::stdout(), "{email} has the role {role}.")?;
    Ok(())
}

/// Takes a role.
pub(crate) async fn revoke(config: Config, options: Grant) -> Result<(), Error> {
    let Grant { role, email, .. } = options;
    let changing = async |auth: &Handle| auth::revoke_role(auth, &email, &role).await;
    change(&config, &email, changing).await?;
    writeln!(std::io::stdout(), "{email} does not have the role {role}.")?;
    Ok(())
}

/// Works on a stopped server's folder only: two processes must not write one SQLite file's
/// numbers, and a running server on PostgreSQL notices by itself.
async fn change(
    config: &Config,
    email: &str,
    changing: impl AsyncFnOnce(&Handle) -> Result<(), auth::Error>,
) -> Result<(), Error> {
    let storage = config.storage_of(AUTH);
    if matches!(storage, Storage::Sqlite(_)) && !config.runs(AUTH) {
        return Err(Error::AccountsElsewhere);
    }
    let _folder = config.take(&[AUTH])?;
    // The other services may run elsewhere, in another version: they are not touched.
    let auth_alone = services::setup(storage, services::Settings::default())
        .clock(Clock::system())
        .only(&[AUTH]);
    let installation = auth_alone.open().await.map_err(Error::Open)?;
    let auth = installation.handle(AUTH);
    let auth = auth.ok_or(Error::AccountsElsewhere)?;
    changing(&auth).await.map_err(|error| match error {
        auth::Error::UnknownAccount => Error::NoAccount {
            email: email.to_owned(),
        },
        error => Error::Account(error),
    })
}
