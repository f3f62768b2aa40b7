//! A token for whoever has the machine.

use std::time::Duration;

use tidings::{Claims, Db, Identity, Timestamp, Uuid};

use crate::account::Role;
use crate::email::Email;
use crate::{Error, keys, store};

/// Long enough for one command.
const LIFE: Duration = Duration::from_secs(5 * 60);

/// An access token with which a command asks the running server, signed with the key in this
/// database: whoever can read it can be anybody. With an address it is the token of that
/// account, so that the record of what was done names its owner; without one nobody's (the
/// account of all zeroes), good for operators' routes.
///
/// # Errors
/// [`Error::NotAnOperator`] when the account is not an operator's, or shut;
/// [`Error::UnknownAccount`] when there is none; [`Error::NoKey`] when the service has never
/// started; and when the database cannot be read.
pub async fn operator_token(db: &Db, email: Option<&str>, now: Timestamp) -> Result<String, Error> {
    let mut conn = db.read().await?;
    let role = Role::Operator.name();
    let identity = match email {
        None => Identity {
            user_id: Uuid::nil(),
            email: String::new(),
            roles: vec![role.to_owned()],
        },
        Some(email) => {
            let email = Email::parse(email).map_err(|_| Error::UnknownAccount)?;
            let account = store::account_of_email(&mut conn, &email.key()).await?;
            let account = account.ok_or(Error::UnknownAccount)?;
            if !account.is_active() || !account.has(Role::Operator) {
                return Err(Error::NotAnOperator);
            }
            Identity {
                user_id: account.id.uuid(),
                email: account.email,
                roles: account.roles,
            }
        }
    };
    let signer = keys::newest(&mut conn).await?;
    Ok(signer.sign(&Claims::new(&identity, now, now.plus(LIFE)))?)
}
