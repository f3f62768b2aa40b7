//! An admin makes accounts for people and says what they may do.

use contracts::UserId;
use tidings::{Context, Handle};

use super::sign_up::read;
use crate::account::{Account, Change, Role};
use crate::hashing::Hasher;
use crate::{Error, store};

/// Letters of a name, at the most.
pub(crate) const NAME_LETTERS_MAX: usize = 100;

/// A new account as an admin wants it. It has no `Debug`, so that no log can hold it.
pub(crate) struct Newcomer<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
    pub(crate) roles: &'a [String],
}

/// What an admin wants of an account; what is not said stays as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: Option<String>,
    /// The roles of the exchange; others are not touched.
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) disabled: Option<bool>,
}

/// Makes an account with a first password, which the admin hands over.
pub(crate) async fn add_person(
    service: &Handle,
    context: Context,
    newcomer: &Newcomer<'_>,
) -> Result<Account, Error> {
    let name = check_name(newcomer.name)?;
    let roles = check_roles(newcomer.roles)?;
    let (email, password) = read(newcomer.email, newcomer.password)?;
    let mut conn = service.read().await?;
    let taken = store::account_of_email(&mut conn, &email.key()).await?;
    drop(conn);
    if taken.is_some() {
        return Err(Error::EmailTaken);
    }
    let hash = service.resource::<Hasher>()?.hash(password).await?;
    let mut tx = service.begin(context).await?;
    let mut account = Account::new(UserId::new(tx.now()), email.as_str());
    account.name = name;
    account.roles = roles.iter().map(|role| role.name().to_owned()).collect();
    account.roles.sort();
    if !store::insert_account_in_tx(&mut tx, &account, &email.key(), &hash).await? {
        return Err(Error::EmailTaken);
    }
    store::audit_in_tx(&mut tx, account.id, Change::Create).await?;
    for role in roles {
        store::audit_in_tx(&mut tx, account.id, Change::Grant(role)).await?;
    }
    tx.publish(account.created())?;
    tx.commit().await?;
    tracing::info!(user_id = %account.id, "an admin has made an account");
    Ok(account)
}

/// Changes an account. There is always an admin who can sign in: the last one can neither be
/// shut nor lose the role, not even by their own hand.
pub(crate) async fn change_person(
    service: &Handle,
    context: Context,
    id: UserId,
    wish: &Wish,
) -> Result<Account, Error> {
    let name = wish.name.as_deref().map(check_name).transpose()?;
    let roles = wish.roles.as_deref().map(check_roles).transpose()?;
    let mut tx = service.begin(context).await?;
    let admins = store::people::count_admins_for_update(&mut tx).await?;
    let before = store::account(&mut tx, id).await?;
    let before = before.ok_or(Error::UnknownAccount)?;
    let mut changes = Vec::new();
    let mut after = before.clone();
    if let Some(name) = name.filter(|name| *name != before.name) {
        after.name = name;
        changes.push(Change::Rename);
    }
    for change in wanted(&before, roles.as_deref(), wish.disabled) {
        if let Some(changed) = after.changed(change) {
            after = changed;
            changes.push(change);
        }
    }
    if changes.is_empty() {
        return Ok(before);
    }
    if before.is_active_admin() && !after.is_active_admin() && admins <= 1 {
        return Err(Error::LastAdmin);
    }
    after.version = before.version + 1;
    store::update_account_in_tx(&mut tx, &after).await?;
    if after.disabled {
        store::delete_sessions_in_tx(&mut tx, id).await?;
        store::links::delete_of_account_in_tx(&mut tx, id).await?;
    }
    for change in changes {
        store::audit_in_tx(&mut tx, id, change).await?;
    }
    if let Some(event) = after.updated() {
        tx.publish(event)?;
    }
    tx.commit().await?;
    tracing::info!(user_id = %id, "an admin has changed an account");
    Ok(after)
}

fn wanted(before: &Account, roles: Option<&[Role]>, disabled: Option<bool>) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(roles) = roles {
        for role in Role::OF_COMPANY {
            match (before.has(role), roles.contains(&role)) {
                (false, true) => changes.push(Change::Grant(role)),
                (true, false) => changes.push(Change::Revoke(role)),
                _ => {}
            }
        }
    }
    match disabled {
        Some(true) => changes.push(Change::Disable),
        Some(false) => changes.push(Change::Enable),
        None => {}
    }
    changes
}

pub(super) fn check_name(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_text = !name.chars().any(char::is_control);
    match is_text && name.chars().count() <= NAME_LETTERS_MAX {
        true => Ok(name),
        false => Err(Error::BadName),
    }
}

pub(super) fn check_roles(names: &[String]) -> Result<Vec<Role>, Error> {
    let mut roles = Vec::new();
    for name in names {
        let role = Role::of_name(name).ok_or(Error::UnknownRole)?;
        if !Role::OF_COMPANY.contains(&role) {
            return Err(Error::RoleOfMachine);
        }
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Ok(roles)
}
