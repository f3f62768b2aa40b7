//! Somebody signs in.

use tidings::Handle;

use super::enter::{Entered, enter_in_tx, places};
use crate::Error;
use crate::account::Account;
use crate::caller::Caller;
use crate::email::Email;
use crate::hashing::{Hasher, Verdict};
use crate::password::Password;
use crate::settings::Settings;
use crate::store::{self, Counted, Outcome};
use crate::throttle::{Familiar, scopes};

/// Signs somebody in.
///
/// An unknown address, a wrong password and an account that has been shut take the same
/// way: the same statements, the same work for the password, the same answer (SEC-05).
/// `throttle` says how tries are slowed down.
pub(crate) async fn sign_in(
    service: &Handle,
    caller: &Caller,
    email: &str,
    password: &str,
) -> Result<Entered, Error> {
    let (email, password) = read(email, password)?;
    let counted = count(service, caller, &email).await?;
    let mut conn = service.read().await?;
    let stored = store::password_hash(&mut conn, &email.key()).await?;
    drop(conn);
    let hasher = service.resource::<Hasher>()?;
    let verdict = match hasher.verify(password.clone(), stored.clone()).await {
        Ok(verdict) => verdict,
        Err(error) => {
            // It was our fault and not the caller's that nothing came of the try.
            let settings = service.resource::<Settings>()?;
            let mut tx = service.begin(caller.context.clone()).await?;
            store::take_back_in_tx(&mut tx, &settings, &counted).await?;
            tx.commit().await?;
            return Err(error.into());
        }
    };
    let newer = match verdict {
        Verdict::Wrong => return Err(refuse(caller)),
        Verdict::Right => None,
        // Made with other parameters than today's, and only now is the password here. If
        // there is no room for another hash, the next time will do.
        Verdict::RightButOutdated => hasher.hash(password).await.ok(),
    };
    let hashes = stored.zip(newer);
    finish(service, caller, &email, &counted, hashes).await
}

fn read(email: &str, password: &str) -> Result<(Email, Password), Error> {
    match (Email::parse(email), Password::typed(password)) {
        (Ok(email), Ok(password)) => Ok((email, password)),
        (email, password) => Err(Error::Refused {
            email: email.err(),
            password: password.err(),
        }),
    }
}

fn refuse(caller: &Caller) -> Error {
    tracing::info!(
        correlation_id = caller.context.correlation_id,
        address = caller.address.line(),
        "a try to sign in has failed"
    );
    Error::BadCredentials
}

/// Asks whether the try may be made, and counts it as a failure for now.
pub(super) async fn count(
    service: &Handle,
    caller: &Caller,
    email: &Email,
) -> Result<Vec<Counted>, Error> {
    let settings = service.resource::<Settings>()?;
    let key = email.key();
    let [browser, address] = places(caller);
    let mut tx = service.begin(caller.context.clone()).await?;
    let now = tx.now();
    let known = store::familiar_places(&mut tx, &key, [&browser, &address], now).await?;
    let familiar = if known.contains(&browser) {
        Familiar::Browser
    } else if known.contains(&address) {
        Familiar::Address
    } else {
        Familiar::No
    };
    let scopes = scopes(familiar, &key, caller.address, &browser);
    match store::count_in_tx(&mut tx, &settings, scopes).await? {
        Outcome::Open(counted) => {
            tx.commit().await?;
            Ok(counted)
        }
        Outcome::ClosedUntil(until) => {
            tracing::info!(
                correlation_id = caller.context.correlation_id,
                address = caller.address.line(),
                "a try to sign in was put off"
            );
            let wait = until.since(now);
            Err(Error::TooMany { wait })
        }
    }
}

async fn finish(
    service: &Handle,
    caller: &Caller,
    email: &Email,
    counted: &[Counted],
    hashes: Option<(String, String)>,
) -> Result<Entered, Error> {
    let settings = service.resource::<Settings>()?;
    let mut tx = service.begin(caller.context.clone()).await?;
    let account = store::account_of_email(&mut tx, &email.key()).await?;
    // The account may have been shut while the password was checked.
    let Some(account) = account.filter(Account::is_active) else {
        return Err(refuse(caller));
    };
    if let Some((old, new)) = hashes {
        store::replace_hash_in_tx(&mut tx, account.id, &old, &new).await?;
    }
    store::clear_in_tx(&mut tx, &settings, counted).await?;
    let entered = enter_in_tx(&mut tx, account, caller).await?;
    tx.commit().await?;
    tracing::info!(user_id = %entered.account.id, "somebody has signed in");
    Ok(entered)
}
