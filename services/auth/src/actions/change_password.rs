//! Somebody who is signed in changes their password, or signs out elsewhere.

use contracts::UserId;
use tidings::Handle;

use super::enter::{Entered, enter_in_tx};
use super::send_link::tell_of_change_in_tx;
use super::sign_in::count;
use super::use_link::chosen;
use crate::account::{Account, Change};
use crate::caller::Caller;
use crate::email::Email;
use crate::hashing::{Hasher, Verdict};
use crate::password::Password;
use crate::session::Session;
use crate::settings::Settings;
use crate::{Error, store};

/// Changes the password of whoever knows the old one. All other sessions end, this one gets a
/// new secret, links that were sent are dead, and the owner is told by mail (SEC-13, SEC-16).
///
/// A wrong old password counts as a failed try to sign in does: a session that was stolen is
/// no way to guess.
pub(crate) async fn change_password(
    service: &Handle,
    caller: &Caller,
    id: UserId,
    current: &str,
    password: &str,
) -> Result<Entered, Error> {
    let account = load(service, id).await?;
    let email = Email::parse(&account.email).map_err(|_| Error::UnknownAccount)?;
    let current = Password::typed(current).map_err(|_| Error::WrongPassword)?;
    let password = chosen(&account, password)?;
    let counted = count(service, caller, &email).await?;
    let mut conn = service.read().await?;
    let stored = store::password_hash(&mut conn, &email.key()).await?;
    drop(conn);
    let hasher = service.resource::<Hasher>()?;
    let settings = service.resource::<Settings>()?;
    let checked = match hasher.verify(current, stored.clone()).await {
        Ok(Verdict::Wrong) => return Err(Error::WrongPassword),
        Ok(_) => hasher.hash(password).await,
        Err(error) => Err(error),
    };
    let mut tx = service.begin(caller.context.clone()).await?;
    let hash = match checked {
        Ok(hash) => hash,
        Err(error) => {
            // It was our fault and not the caller's that nothing came of the try.
            store::take_back_in_tx(&mut tx, &settings, &counted).await?;
            tx.commit().await?;
            return Err(error.into());
        }
    };
    let account = store::account(&mut tx, id).await?;
    let account = account
        .filter(Account::is_active)
        .ok_or(Error::NotSignedIn)?;
    // Of two who change it at once, one did not know the old one any more.
    let old = stored.unwrap_or_default();
    if !store::replace_hash_in_tx(&mut tx, id, &old, &hash).await? {
        return Err(Error::WrongPassword);
    }
    store::clear_in_tx(&mut tx, &settings, &counted).await?;
    store::delete_sessions_in_tx(&mut tx, id).await?;
    store::links::delete_of_account_in_tx(&mut tx, id).await?;
    store::audit_in_tx(&mut tx, id, Change::NewPassword).await?;
    tell_of_change_in_tx(&mut tx, &account).await?;
    let entered = enter_in_tx(&mut tx, account, caller).await?;
    tx.commit().await?;
    tracing::info!(user_id = %id, "somebody has changed their password");
    Ok(entered)
}

/// The account of somebody who is signed in.
pub(crate) async fn load(service: &Handle, id: UserId) -> Result<Account, Error> {
    let account = store::account(&mut service.read().await?, id).await?;
    account.filter(Account::is_active).ok_or(Error::NotSignedIn)
}

/// The sessions of an account that hold, and whether each is the caller's own.
pub(crate) async fn sessions(
    service: &Handle,
    caller: &Caller,
    id: UserId,
) -> Result<Vec<(Session, bool)>, Error> {
    let settings = service.resource::<Settings>()?;
    let own = caller.session.as_ref().map(crate::token::Token::digest);
    let all = store::sessions::sessions_of(&mut service.read().await?, id).await?;
    let holding = all
        .into_iter()
        .filter(|(session, _)| session.holds(&settings, service.now()));
    let sessions = holding.map(|(session, digest)| (session, Some(digest) == own));
    Ok(sessions.collect())
}

/// Ends all sessions of an account but the caller's own (SEC-13).
pub(crate) async fn sign_out_elsewhere(
    service: &Handle,
    caller: &Caller,
    id: UserId,
) -> Result<(), Error> {
    let mut tx = service.begin(caller.context.clone()).await?;
    let own = caller.session.as_ref();
    store::sessions::delete_other_sessions_in_tx(&mut tx, id, own).await?;
    Ok(tx.commit().await?)
}
