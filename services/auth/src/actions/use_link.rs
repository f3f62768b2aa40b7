//! Somebody comes with a link, and chooses a password.

use tidings::Handle;

use super::enter::{Entered, enter_in_tx};
use super::send_link::tell_of_change_in_tx;
use crate::account::{Account, Change};
use crate::caller::Caller;
use crate::email::Email;
use crate::hashing::Hasher;
use crate::link::Purpose;
use crate::password::Password;
use crate::token::Token;
use crate::{Error, store};

/// Whose account a link opens. Reads only: it is not used up (SEC-20).
pub(crate) async fn account_of_link(
    service: &Handle,
    purpose: Purpose,
    secret: &str,
) -> Result<Account, Error> {
    let secret = Token::parse(secret).ok_or(Error::LinkDead)?;
    let mut conn = service.read().await?;
    let link = store::links::of_secret(&mut conn, purpose, &secret, service.now()).await?;
    let link = link.ok_or(Error::LinkDead)?;
    let account = store::account(&mut conn, link.account_id).await?;
    account
        .filter(|one| fits(one, purpose))
        .ok_or(Error::LinkDead)
}

/// An account that has been shut, or stands otherwise than the link says, is not opened by it.
fn fits(account: &Account, purpose: Purpose) -> bool {
    !account.disabled && account.invited == (purpose == Purpose::Invitation)
}

/// Uses a link up: its owner gets the password that was chosen, and is let in. Whoever was
/// signed in before is out, other links of the account are dead (SEC-09, SEC-13), and of two
/// who come at once one is let in.
pub(crate) async fn use_link(
    service: &Handle,
    caller: &Caller,
    purpose: Purpose,
    secret: &str,
    password: &str,
) -> Result<Entered, Error> {
    // Before the password is hashed, which is work that nobody should get for nothing.
    let account = account_of_link(service, purpose, secret).await?;
    let secret = Token::parse(secret).ok_or(Error::LinkDead)?;
    let password = chosen(&account, password)?;
    let hash = service.resource::<Hasher>()?.hash(password).await?;
    let mut tx = service.begin(caller.context.clone()).await?;
    let link = store::links::take_in_tx(&mut tx, purpose, &secret).await?;
    let link = link.ok_or(Error::LinkDead)?;
    let account = store::account(&mut tx, link.account_id).await?;
    let account = account.filter(|one| fits(one, purpose));
    let mut account = account.ok_or(Error::LinkDead)?;
    store::set_hash_in_tx(&mut tx, account.id, &hash).await?;
    store::delete_sessions_in_tx(&mut tx, account.id).await?;
    store::links::delete_of_account_in_tx(&mut tx, account.id).await?;
    if purpose == Purpose::Invitation {
        account.invited = false;
        account.version += 1;
        store::update_account_in_tx(&mut tx, &account).await?;
        store::audit_in_tx(&mut tx, account.id, Change::Accept).await?;
        tx.publish(account.created())?;
    } else {
        store::audit_in_tx(&mut tx, account.id, Change::PasswordReset).await?;
        tell_of_change_in_tx(&mut tx, &account).await?;
    }
    let entered = enter_in_tx(&mut tx, account, caller).await?;
    tx.commit().await?;
    tracing::info!(user_id = %entered.account.id, by = purpose.word(), "somebody has come by a link");
    Ok(entered)
}

/// Reads a new password for an account that there is.
pub(super) fn chosen(account: &Account, password: &str) -> Result<Password, Error> {
    let email = Email::parse(&account.email).map_err(|_| Error::UnknownAccount)?;
    Password::chosen(password, &email).map_err(|bad| Error::Refused {
        email: None,
        password: Some(bad),
    })
}
