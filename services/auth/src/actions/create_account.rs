//! The application makes an account.

use contracts::UserId;
use tidings::Handle;

use super::sign_up::read;
use crate::account::{Account, Change};
use crate::hashing::Hasher;
use crate::{Error, store};

/// Makes an account, or finds the one that the address has already, whose password
/// stays as it is. For demonstration accounts; nothing is made by itself (SEC-11).
///
/// # Errors
/// As signing up: the address and the password must be good.
pub async fn create_account(
    service: &Handle,
    email: &str,
    password: &str,
) -> Result<UserId, Error> {
    let (email, password) = read(email, password)?;
    let mut conn = service.read().await?;
    let known = store::account_of_email(&mut conn, &email.key()).await?;
    drop(conn);
    if let Some(known) = known {
        return Ok(known.id);
    }
    let hash = service.resource::<Hasher>()?.hash(password).await?;
    let mut tx = service.begin_own().await?;
    let account = Account::new(UserId::new(tx.now()), email.as_str());
    if store::insert_account_in_tx(&mut tx, &account, &email.key(), &hash).await? {
        tx.publish(account.created())?;
        tx.commit().await?;
        return Ok(account.id);
    }
    let winner = store::account_of_email(&mut tx, &email.key()).await?;
    winner
        .map(|account| account.id)
        .ok_or(Error::UnknownAccount)
}

/// Says what the owner of an account is called, unless somebody has said so already. For
/// demonstration accounts, as [`create_account`].
///
/// # Errors
/// [`Error::UnknownAccount`], and the database's.
pub async fn name_account(service: &Handle, id: UserId, name: &str) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    let account = store::account(&mut tx, id).await?;
    let mut account = account.ok_or(Error::UnknownAccount)?;
    if !account.name.is_empty() {
        return Ok(());
    }
    account.name = name.to_owned();
    account.version += 1;
    store::update_account_in_tx(&mut tx, &account).await?;
    store::audit_in_tx(&mut tx, id, Change::Rename).await?;
    if let Some(event) = account.updated() {
        tx.publish(event)?;
    }
    Ok(tx.commit().await?)
}
