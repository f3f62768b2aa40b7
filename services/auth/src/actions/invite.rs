//! An admin invites people: all that are named, or nobody.

use std::collections::BTreeMap;

use contracts::UserId;
use tidings::{Context, Handle, Timestamp, Tx, Uuid};

use super::administer::{check_name, check_roles};
use super::send_link::{give_address_in_tx, send_link_in_tx};
use crate::account::{Account, Change, Role};
use crate::email::Email;
use crate::error::BadGuests;
use crate::link::{Link, Purpose};
use crate::settings::Settings;
use crate::{Error, store};

/// People who can be invited at once.
pub(crate) const PEOPLE_MAX: usize = 500;

/// Somebody who is to be invited, as it was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guest {
    /// The line that it stands on, from 1.
    pub(crate) line: usize,
    pub(crate) email: String,
    pub(crate) name: String,
}

impl Guest {
    /// Somebody who is invited alone.
    pub(crate) fn alone(email: &str, name: &str) -> Self {
        Self {
            line: 1,
            email: email.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Reads `Name <email>`, or an address alone, from each line that holds anything.
    pub(crate) fn lines(text: &str) -> Vec<Self> {
        let lines = text.lines().zip(1..);
        let typed = lines.map(|(line, number)| (line.trim().trim_end_matches([',', ';']), number));
        typed
            .filter(|(line, _)| !line.is_empty())
            .map(|(line, number)| {
                let parts = line
                    .strip_suffix('>')
                    .and_then(|rest| rest.rsplit_once('<'));
                let (name, email) = parts.unwrap_or(("", line));
                Self {
                    line: number,
                    email: email.trim().to_owned(),
                    name: name.trim().trim_matches('"').to_owned(),
                }
            })
            .collect()
    }
}

/// Somebody who has been invited. Neither it nor the link has `Debug`.
pub(crate) struct Invited {
    pub(crate) account: Account,
    pub(crate) ends_at: Timestamp,
    /// What the admin hands over, where there is no mail server. It is never shown again.
    pub(crate) address: Option<String>,
}

/// What keeps somebody from being invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadGuest {
    BadEmail,
    BadName,
    /// There is an account with the address.
    Known,
    /// Somebody with the address has been invited before.
    Invited,
    /// The address stands on an earlier line, too.
    Twice(usize),
}

/// Invites people: each gets an account that nobody can sign in to yet, and a letter. When
/// something is wrong with one of them, nobody is invited.
pub(crate) async fn invite(
    service: &Handle,
    context: Context,
    guests: &[Guest],
    roles: &[String],
) -> Result<Vec<Invited>, Error> {
    let roles = check_roles(roles)?;
    if guests.is_empty() || guests.len() > PEOPLE_MAX {
        return Err(Error::BadNumberOfGuests);
    }
    let mut tx = service.begin(context).await?;
    let checked = check(&mut tx, guests).await?;
    let by = inviter(&mut tx).await?;
    let mut invited = Vec::new();
    let mut late = Vec::new();
    for (guest, (email, name)) in guests.iter().zip(checked) {
        match invite_in_tx(&mut tx, &email, name, &roles, by.as_deref()).await? {
            Some(one) => invited.push(one),
            // Somebody has taken the address since it was looked up.
            None => late.push((guest.clone(), BadGuest::Known)),
        }
    }
    if !late.is_empty() {
        return Err(Error::BadGuests(BadGuests(late)));
    }
    tx.commit().await?;
    tracing::info!(people = invited.len(), "an admin has invited people");
    Ok(invited)
}

/// Looks at everybody before anything is done, so that all mistakes are told at once.
async fn check(tx: &mut Tx, guests: &[Guest]) -> Result<Vec<(Email, String)>, Error> {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for guest in guests {
        let Ok(email) = Email::parse(&guest.email) else {
            bad.push((guest.clone(), BadGuest::BadEmail));
            continue;
        };
        let Ok(name) = check_name(&guest.name) else {
            bad.push((guest.clone(), BadGuest::BadName));
            continue;
        };
        let first = *seen.entry(email.key()).or_insert(guest.line);
        let known = store::account_of_email(tx, &email.key()).await?;
        match known {
            _ if first != guest.line => bad.push((guest.clone(), BadGuest::Twice(first))),
            Some(known) if known.invited => bad.push((guest.clone(), BadGuest::Invited)),
            Some(_) => bad.push((guest.clone(), BadGuest::Known)),
            None => good.push((email, name)),
        }
    }
    match bad.is_empty() {
        true => Ok(good),
        false => Err(Error::BadGuests(BadGuests(bad))),
    }
}

async fn invite_in_tx(
    tx: &mut Tx,
    email: &Email,
    name: String,
    roles: &[Role],
    by: Option<&str>,
) -> Result<Option<Invited>, Error> {
    let mut account = Account::new(UserId::new(tx.now()), email.as_str());
    account.name = name;
    account.invited = true;
    account.roles = roles.iter().map(|role| role.name().to_owned()).collect();
    account.roles.sort();
    if !store::insert_account_in_tx(tx, &account, &email.key(), "").await? {
        return Ok(None);
    }
    store::audit_in_tx(tx, account.id, Change::Invite).await?;
    for role in roles {
        store::audit_in_tx(tx, account.id, Change::Grant(*role)).await?;
    }
    let link = send_link_in_tx(tx, &account, Purpose::Invitation, by).await?;
    Ok(Some(told(tx, account, &link).await?))
}

async fn told(tx: &mut Tx, account: Account, link: &Link) -> Result<Invited, Error> {
    let shows = tx.resource::<Settings>()?.shows_links;
    let address = match shows {
        true => Some(give_address_in_tx(tx, link.id).await?),
        false => None,
    };
    Ok(Invited {
        account,
        ends_at: link.ends_at,
        address,
    })
}

/// What the admin who acts is called.
async fn inviter(tx: &mut Tx) -> Result<Option<String>, Error> {
    let actor = tx.context().actor.clone();
    let id = actor.strip_prefix("user:").map(str::parse::<Uuid>);
    let Some(Ok(id)) = id else {
        return Ok(None);
    };
    let account = store::account(tx, id.into()).await?;
    Ok(account.map(|account| match account.name.is_empty() {
        true => account.email,
        false => account.name,
    }))
}

async fn load_invited(tx: &mut Tx, id: UserId) -> Result<Account, Error> {
    let account = store::account(tx, id).await?;
    let account = account.ok_or(Error::UnknownAccount)?;
    match account.invited && !account.disabled {
        true => Ok(account),
        false => Err(Error::NotInvited),
    }
}

/// Invites somebody again: the link of before is dead, and the days begin anew.
pub(crate) async fn invite_again(
    service: &Handle,
    context: Context,
    id: UserId,
) -> Result<Invited, Error> {
    let mut tx = service.begin(context).await?;
    let account = load_invited(&mut tx, id).await?;
    let by = inviter(&mut tx).await?;
    store::links::delete_of_account_in_tx(&mut tx, id).await?;
    // As a change of the account, so that of it and its owner's coming one is first.
    let mut account = account;
    account.version += 1;
    store::update_account_in_tx(&mut tx, &account).await?;
    store::audit_in_tx(&mut tx, id, Change::InviteAgain).await?;
    let link = send_link_in_tx(&mut tx, &account, Purpose::Invitation, by.as_deref()).await?;
    let invited = told(&mut tx, account, &link).await?;
    tx.commit().await?;
    Ok(invited)
}

/// Takes an invitation back, and the account, of which nobody was told, with it.
pub(crate) async fn withdraw(service: &Handle, context: Context, id: UserId) -> Result<(), Error> {
    let mut tx = service.begin(context).await?;
    let account = store::account(&mut tx, id).await?;
    let account = account.ok_or(Error::UnknownAccount)?;
    if !account.invited || !store::links::delete_invited_account_in_tx(&mut tx, id).await? {
        return Err(Error::NotInvited);
    }
    store::links::delete_of_account_in_tx(&mut tx, id).await?;
    store::audit_in_tx(&mut tx, id, Change::Withdraw).await?;
    tx.commit().await?;
    tracing::info!(user_id = %id, "an invitation was withdrawn");
    Ok(())
}
