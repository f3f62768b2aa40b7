//! A letter with a link is asked for, and its link given when it is sent.

use contracts::notifications::{Recipient, SendEmail, SendLink};
use tidings::{Context, Handle, Tx, Uuid, uuid_at};

use crate::account::Account;
use crate::link::{Letter, Link, Purpose};
use crate::settings::Settings;
use crate::token::Token;
use crate::{Error, letters, store};

/// Makes a link, and asks `notifications` to send it. The command holds no secret: that is
/// made when the letter is sent, by [`give_link`].
pub(super) async fn send_link_in_tx(
    tx: &mut Tx,
    account: &Account,
    purpose: Purpose,
    by: Option<&str>,
) -> Result<Link, Error> {
    let now = tx.now();
    let link = Link {
        id: uuid_at(now),
        account_id: account.id,
        purpose,
        created_at: now,
        ends_at: now.plus(purpose.life()),
        letter: Letter::Asked,
    };
    store::links::insert_in_tx(tx, &link).await?;
    let (subject, text) = match purpose {
        Purpose::Invitation => letters::invitation(account, by, link.ends_at),
        Purpose::Reset => letters::reset(account, link.ends_at),
    };
    let command = SendLink {
        message_id: link.id,
        // Not by the account: others do not know it before its owner has come.
        to: Recipient::Address(account.email.clone()),
        subject,
        text,
        link_from: format!("/api/users/links/{}", link.id),
    };
    tx.send(&command).await?;
    Ok(link)
}

/// Makes another secret for a link, and gives its address: to the letter that is being sent,
/// or to the admin who invites where there is no mail server.
pub(super) async fn give_address_in_tx(tx: &mut Tx, id: Uuid) -> Result<String, Error> {
    let secret = Token::generate()?;
    let purpose = store::links::add_secret_in_tx(tx, id, &secret).await?;
    let purpose = purpose.ok_or(Error::LinkDead)?;
    Ok(purpose.address(&*tx.resource::<Settings>()?, &secret))
}

/// Gives the address of a link to the letter that is being sent.
pub(crate) async fn give_link(
    service: &Handle,
    context: Context,
    id: Uuid,
) -> Result<String, Error> {
    let mut tx = service.begin(context).await?;
    let address = give_address_in_tx(&mut tx, id).await?;
    tx.commit().await?;
    Ok(address)
}

/// Tells the owner that the password is another one now.
pub(super) async fn tell_of_change_in_tx(tx: &mut Tx, account: &Account) -> Result<(), Error> {
    let now = tx.now();
    let settings = tx.resource::<Settings>()?;
    let (subject, text) = letters::changed(account, now, &settings);
    let command = SendEmail {
        message_id: uuid_at(now),
        to: Recipient::Address(account.email.clone()),
        subject,
        text,
    };
    tx.send(&command).await?;
    Ok(())
}
