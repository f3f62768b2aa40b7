//! Somebody signs out.

use tidings::Handle;

use crate::caller::Caller;
use crate::{Error, store};

/// Ends the caller's session here, and not only in the browser. Without one nothing happens.
pub(crate) async fn sign_out(service: &Handle, caller: &Caller) -> Result<(), Error> {
    let Some(session) = &caller.session else {
        return Ok(());
    };
    let mut tx = service.begin(caller.context.clone()).await?;
    store::delete_session_in_tx(&mut tx, session).await?;
    Ok(tx.commit().await?)
}
