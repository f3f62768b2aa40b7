//! Somebody makes an account.

use contracts::UserId;
use tidings::Handle;

use super::enter::{Entered, enter_in_tx};
use crate::Error;
use crate::account::Account;
use crate::caller::Caller;
use crate::email::Email;
use crate::hashing::Hasher;
use crate::password::Password;
use crate::settings::Settings;
use crate::store::{self, Counted, Outcome};
use crate::throttle::sign_up_scope;

/// Makes an account and signs its owner in.
///
/// An address that has an account already is told so, as X-32 wants it: without mail
/// there is no other way to tell its owner. That differs from SEC-06 (the same answer
/// for known and unknown addresses), so whoever asks for many is slowed down: every
/// try that could make an account counts against the caller's address.
pub(crate) async fn sign_up(
    service: &Handle,
    caller: &Caller,
    email: &str,
    password: &str,
) -> Result<Entered, Error> {
    let (email, password) = read(email, password)?;
    let counted = count(service, caller).await?;
    let mut conn = service.read().await?;
    let taken = store::account_of_email(&mut conn, &email.key()).await?;
    drop(conn);
    if taken.is_some() {
        return Err(Error::EmailTaken);
    }
    let hash = match service.resource::<Hasher>()?.hash(password).await {
        Ok(hash) => hash,
        Err(error) => {
            take_back(service, caller, &counted).await?;
            return Err(error.into());
        }
    };
    let mut tx = service.begin(caller.context.clone()).await?;
    let account = Account::new(UserId::new(tx.now()), email.as_str());
    if !store::insert_account_in_tx(&mut tx, &account, &email.key(), &hash).await? {
        return Err(Error::EmailTaken);
    }
    tx.publish(account.created())?;
    let entered = enter_in_tx(&mut tx, account, caller).await?;
    tx.commit().await?;
    tracing::info!(user_id = %entered.account.id, "somebody has signed up");
    Ok(entered)
}

/// Reads both, and says of both what is wrong.
pub(super) fn read(email: &str, password: &str) -> Result<(Email, Password), Error> {
    let email = match Email::parse(email) {
        Ok(email) => email,
        Err(bad) => {
            return Err(Error::Refused {
                email: Some(bad),
                // Without the address only its words cannot be looked for.
                password: Password::typed(password).err(),
            });
        }
    };
    let chosen = Password::chosen(password, &email);
    let password = chosen.map_err(|bad| Error::Refused {
        email: None,
        password: Some(bad),
    })?;
    Ok((email, password))
}

async fn count(service: &Handle, caller: &Caller) -> Result<Vec<Counted>, Error> {
    let settings = service.resource::<Settings>()?;
    let mut tx = service.begin(caller.context.clone()).await?;
    let scopes = vec![sign_up_scope(caller.address)];
    match store::count_in_tx(&mut tx, &settings, scopes).await? {
        Outcome::Open(counted) => {
            tx.commit().await?;
            Ok(counted)
        }
        Outcome::ClosedUntil(until) => {
            let wait = until.since(tx.now());
            Err(Error::TooMany { wait })
        }
    }
}

/// It was our fault and not the caller's that nothing came of the try.
async fn take_back(service: &Handle, caller: &Caller, counted: &[Counted]) -> Result<(), Error> {
    let settings = service.resource::<Settings>()?;
    let mut tx = service.begin(caller.context.clone()).await?;
    store::take_back_in_tx(&mut tx, &settings, counted).await?;
    Ok(tx.commit().await?)
}
