//! Somebody with the right to do so changes what an account may do.

use tidings::Handle;

use crate::account::{Change, Role};
use crate::email::Email;
use crate::{Error, store};

/// Gives an account a role, one of [`ROLES`](crate::ROLES). Audited; in force with its next access token.
/// An account that has it already is left as it is.
///
/// # Errors
/// [`Error::UnknownAccount`], [`Error::UnknownRole`], and the database's.
pub async fn grant_role(service: &Handle, email: &str, role: &str) -> Result<(), Error> {
    let role = Role::of_name(role).ok_or(Error::UnknownRole)?;
    change(service, email, Change::Grant(role)).await
}

/// Takes a role from an account; the counterpart of [`grant_role`].
///
/// # Errors
/// As [`grant_role`].
pub async fn revoke_role(service: &Handle, email: &str, role: &str) -> Result<(), Error> {
    let role = Role::of_name(role).ok_or(Error::UnknownRole)?;
    change(service, email, Change::Revoke(role)).await
}

/// Shuts an account: its sessions end at once, and nobody can sign in to it (SEC-17, SEC-33).
/// Access tokens that are out are good until they expire, five minutes at the most.
///
/// # Errors
/// [`Error::UnknownAccount`], and the database's.
pub async fn disable_account(service: &Handle, email: &str) -> Result<(), Error> {
    change(service, email, Change::Disable).await
}

/// Opens an account again that was shut. Its old sessions stay ended.
///
/// # Errors
/// [`Error::UnknownAccount`], and the database's.
pub async fn enable_account(service: &Handle, email: &str) -> Result<(), Error> {
    change(service, email, Change::Enable).await
}

async fn change(service: &Handle, email: &str, change: Change) -> Result<(), Error> {
    let email = Email::parse(email).map_err(|_| Error::UnknownAccount)?;
    let mut tx = service.begin_own().await?;
    let account = store::account_of_email(&mut tx, &email.key()).await?;
    let account = account.ok_or(Error::UnknownAccount)?;
    let Some(changed) = account.changed(change) else {
        return Ok(());
    };
    store::update_account_in_tx(&mut tx, &changed).await?;
    if changed.disabled {
        store::delete_sessions_in_tx(&mut tx, changed.id).await?;
        store::links::delete_of_account_in_tx(&mut tx, changed.id).await?;
    }
    store::audit_in_tx(&mut tx, changed.id, change).await?;
    if let Some(event) = changed.updated() {
        tx.publish(event)?;
    }
    tx.commit().await?;
    tracing::info!(user_id = %changed.id, change = change.name(), "an account has been changed");
    Ok(())
}
