//! Somebody says that they have forgotten their password.

use serde::{Deserialize, Serialize};
use tidings::{Handle, Job, Tx};

use super::send_link::send_link_in_tx;
use crate::caller::Caller;
use crate::email::Email;
use crate::link::Purpose;
use crate::settings::Settings;
use crate::store::{self, Outcome};
use crate::{Error, account::Account, throttle::forgot_scopes};

/// Sends a link to whoever has an address, if anybody has.
#[derive(Serialize, Deserialize)]
pub(crate) struct SendReset {
    email_key: String,
}

impl Job for SendReset {
    const KIND: &'static str = "send_reset";
}

/// Promises a letter to whoever has this address.
///
/// A known address and an unknown one take the same way here, the same statements and the
/// same answer: that there is an account is looked up by a job (SEC-06). Each request counts
/// against the caller's address and against the address that was typed, known or not.
pub(crate) async fn forget_password(
    service: &Handle,
    caller: &Caller,
    email: &str,
) -> Result<(), Error> {
    let email = Email::parse(email).map_err(|bad| Error::Refused {
        email: Some(bad),
        password: None,
    })?;
    let settings = service.resource::<Settings>()?;
    let email_key = email.key();
    let mut tx = service.begin(caller.context.clone()).await?;
    let scopes = forgot_scopes(&email_key, caller.address);
    match store::count_in_tx(&mut tx, &settings, scopes).await? {
        Outcome::Open(_) => {}
        Outcome::ClosedUntil(until) => {
            let wait = until.since(tx.now());
            return Err(Error::TooMany { wait });
        }
    }
    tx.enqueue(&SendReset { email_key }).await?;
    Ok(tx.commit().await?)
}

/// An account that has been shut, or was not taken yet, gets nothing.
pub(crate) async fn send_reset(job: SendReset, tx: &mut Tx) -> Result<(), Error> {
    let account = store::account_of_email(tx, &job.email_key).await?;
    if let Some(account) = account.filter(Account::is_active) {
        send_link_in_tx(tx, &account, Purpose::Reset, None).await?;
    }
    Ok(())
}
