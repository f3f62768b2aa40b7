//! Lets somebody in who has shown who they are.

use tidings::Tx;

use crate::account::Account;
use crate::caller::Caller;
use crate::token::Token;
use crate::{Error, store};

/// Somebody who has just come in, and what their browser gets.
pub(crate) struct Entered {
    pub(crate) account: Account,
    pub(crate) session: Token,
    pub(crate) browser: Token,
}

/// The places that a caller comes from, as accounts remember them: the browser, the address.
pub(super) fn places(caller: &Caller) -> [String; 2] {
    let browser = caller.browser.as_ref().map(Token::digest);
    [
        format!("browser:{}", browser.unwrap_or_default()),
        format!("address:{}", caller.address.line()),
    ]
}

/// Begins a session with a new secret. The session that the browser had before ends,
/// so a secret that was planted before signing in opens nothing (SEC-16).
pub(super) async fn enter_in_tx(
    tx: &mut Tx,
    account: Account,
    caller: &Caller,
) -> Result<Entered, Error> {
    if let Some(old) = &caller.session {
        store::delete_session_in_tx(tx, old).await?;
    }
    let session = Token::generate()?;
    store::insert_session_in_tx(tx, &session, account.id).await?;
    let browser = match &caller.browser {
        Some(known) => known.clone(),
        None => Token::generate()?,
    };
    let known_by = Caller {
        browser: Some(browser.clone()),
        ..caller.clone()
    };
    for place in places(&known_by) {
        store::note_place_in_tx(tx, account.id, &place).await?;
    }
    Ok(Entered {
        account,
        session,
        browser,
    })
}
