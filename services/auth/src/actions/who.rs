//! Who a caller is.

use contracts::UserId;
use tidings::Handle;

use crate::account::Account;
use crate::session::Session;
use crate::settings::Settings;
use crate::token::Token;
use crate::{Error, store};

/// The account of a session that holds. Reads only (SEC-20).
pub(crate) async fn account_of_session(
    service: &Handle,
    token: &Token,
) -> Result<Option<(Session, Account)>, Error> {
    let settings = service.resource::<Settings>()?;
    let now = service.now();
    let mut conn = service.read().await?;
    let found = store::session(&mut conn, token).await?;
    Ok(found.filter(|(session, account)| session.holds(&settings, now) && account.is_active()))
}

/// The account that an access token speaks of, as it is now.
pub(crate) async fn account_of_bearer(
    service: &Handle,
    bearer: &str,
) -> Result<Option<Account>, Error> {
    let Ok(identity) = service.verifier().verify(bearer, service.now()) else {
        return Ok(None);
    };
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, UserId::from(identity.user_id)).await?;
    Ok(account.filter(Account::is_active))
}
