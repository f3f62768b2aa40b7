//! A session gets an access token.

use tidings::{Claims, Handle, Identity, Timestamp};

use super::who::account_of_session;
use crate::caller::Caller;
use crate::keys::Keys;
use crate::settings::Settings;
use crate::{Error, store};

/// An access token, and until when it is good.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

/// Signs an access token for the caller's session, and notes that the session is used.
///
/// The token holds the roles of this moment, so a change of roles is in force
/// everywhere once the tokens of before have run out, and an account that has
/// been shut gets none. It never outlives the session's longest life.
pub(crate) async fn issue_token(service: &Handle, caller: &Caller) -> Result<Issued, Error> {
    let token = caller.session.as_ref().ok_or(Error::NotSignedIn)?;
    let found = account_of_session(service, token).await?;
    let (session, account) = found.ok_or(Error::NotSignedIn)?;
    let settings = service.resource::<Settings>()?;
    let now = service.now();
    if session.is_to_be_noted(now) {
        let mut tx = service.begin(caller.context.clone()).await?;
        store::note_use_in_tx(&mut tx, token).await?;
        tx.commit().await?;
    }
    let expires_at = now
        .plus(settings.token_life)
        .min(session.ends_at(&settings));
    let identity = Identity {
        user_id: account.id.uuid(),
        email: account.email,
        roles: account.roles,
    };
    let claims = Claims::new(&identity, now, expires_at);
    let token = service.resource::<Keys>()?.signer()?.sign(&claims)?;
    Ok(Issued { token, expires_at })
}
