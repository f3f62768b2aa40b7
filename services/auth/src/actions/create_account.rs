//! The application makes an account.

use contracts::UserId;
use tidings::Handle;

use super::sign_up::read;
use crate::account::Account;
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
