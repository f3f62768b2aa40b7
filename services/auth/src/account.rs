//! The account: who somebody is here, and what changes of it others are told.

use contracts::UserId;
use contracts::users::{User, UserEvent};

/// What an account may do beyond buying and selling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sees the console, and decides about dead events.
    Operator,
    /// A program that reads feeds.
    Reader,
    /// A program that publishes to streams that are open.
    Publisher,
    /// Tasks fall to them.
    Worker,
    /// Deals the tasks.
    Manager,
    /// Keeps the books.
    Accountant,
    /// Keeps the register of platforms.
    Infrastructure,
    /// Keeps the repository of command lines, and proposes platforms.
    Support,
    /// Proposes platforms and writes drafts of command lines.
    Engineering,
    /// Administers people, and sees all of the task exchange, the register and the repository.
    Admin,
}

impl Role {
    /// All of them, in the order in which people are told of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Operator,
        Self::Reader,
        Self::Publisher,
        Self::Worker,
        Self::Manager,
        Self::Accountant,
        Self::Infrastructure,
        Self::Support,
        Self::Engineering,
        Self::Admin,
    ];
    /// Those of the company, which admins give and take. The others are given by whoever has the
    /// machine, or an admin could become an operator.
    pub(crate) const OF_COMPANY: [Self; 7] = [
        Self::Worker,
        Self::Manager,
        Self::Accountant,
        Self::Infrastructure,
        Self::Support,
        Self::Engineering,
        Self::Admin,
    ];

    /// Its name in tokens and events.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Reader => "reader",
            Self::Publisher => "publisher",
            Self::Worker => "worker",
            Self::Manager => "manager",
            Self::Accountant => "accountant",
            Self::Infrastructure => "infrastructure",
            Self::Support => "support",
            Self::Engineering => "engineering",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    #[must_use]
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// An account, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Who it is.
    pub(crate) id: UserId,
    /// Its address, as it was typed.
    pub(crate) email: String,
    /// The full name of its owner; empty when nobody has said it.
    pub(crate) name: String,
    /// The names of its roles, in order.
    pub(crate) roles: Vec<String>,
    /// Whether it has been shut.
    pub(crate) disabled: bool,
    /// Whether its owner has yet to choose a password. Until then nobody is told of it.
    pub(crate) invited: bool,
    /// Rises by one with every change, from 1.
    pub(crate) version: u64,
}

/// What somebody with the right to do so does to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Gives it a role.
    Grant(Role),
    /// Takes a role from it.
    Revoke(Role),
    /// Shuts it: its sessions end at once.
    Disable,
    /// Opens it again.
    Enable,
    /// Says what its owner is called.
    Rename,
    /// Makes it, for somebody else.
    Create,
    /// Makes it, and asks its owner to choose a password.
    Invite,
    /// Asks its owner again: the link of before is dead.
    InviteAgain,
    /// Takes the invitation back, and the account with it.
    Withdraw,
    /// Its owner has chosen a password and come in.
    Accept,
    /// Its owner has changed the password.
    NewPassword,
    /// Its owner has forgotten the password, and chosen another.
    PasswordReset,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Invited,
    Disabled,
}

impl Standing {
    pub(crate) const ALL: [Self; 3] = [Self::Active, Self::Invited, Self::Disabled];

    /// Its word in the API.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Disabled => "disabled",
        }
    }

    #[must_use]
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl Change {
    /// Its name in the audit log.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grant(_) => "role_granted",
            Self::Revoke(_) => "role_revoked",
            Self::Disable => "account_disabled",
            Self::Enable => "account_enabled",
            Self::Rename => "name_changed",
            Self::Create => "account_created",
            Self::Invite => "invited",
            Self::InviteAgain => "invited_again",
            Self::Withdraw => "invitation_withdrawn",
            Self::Accept => "invitation_accepted",
            Self::NewPassword => "password_changed",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The role that it is about, for the audit log.
    #[must_use]
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Grant(role) | Self::Revoke(role) => role.name(),
            _ => "",
        }
    }
}

impl Account {
    /// A new account: it has no roles, whatever the request says (SEC-11).
    #[must_use]
    pub(crate) fn new(id: UserId, email: &str) -> Self {
        Self {
            id,
            email: email.to_owned(),
            name: String::new(),
            roles: Vec::new(),
            disabled: false,
            invited: false,
            version: 1,
        }
    }

    /// The account after a change; `None` when it is like that already.
    #[must_use]
    pub(crate) fn changed(&self, change: Change) -> Option<Self> {
        let mut next = self.clone();
        match change {
            Change::Grant(role) => {
                next.roles.retain(|own| own != role.name());
                next.roles.push(role.name().to_owned());
                next.roles.sort();
            }
            Change::Revoke(role) => next.roles.retain(|own| own != role.name()),
            Change::Disable => next.disabled = true,
            Change::Enable => next.disabled = false,
            // The name itself is no part of the change, so that no log can hold it.
            _ => {}
        }
        if next == *self {
            return None;
        }
        next.version += 1;
        Some(next)
    }

    /// Whether it has a role.
    #[must_use]
    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.iter().any(|own| own == role.name())
    }

    /// Where somebody's day begins: where they have most to do.
    #[must_use]
    pub(crate) fn home(&self) -> &'static str {
        let homes = [
            (Role::Admin, "/exchange/team"),
            (Role::Manager, "/exchange/team"),
            (Role::Accountant, "/exchange/books"),
            (Role::Worker, "/exchange/tasks"),
            (Role::Infrastructure, "/platforms"),
            (Role::Support, "/commands"),
            (Role::Engineering, "/commands"),
        ];
        let own = homes.into_iter().find(|(role, _)| self.has(*role));
        own.map_or("/", |(_, home)| home)
    }

    /// How it stands. An invited account that has been shut is shut.
    #[must_use]
    pub(crate) fn standing(&self) -> Standing {
        match (self.disabled, self.invited) {
            (true, _) => Standing::Disabled,
            (false, true) => Standing::Invited,
            (false, false) => Standing::Active,
        }
    }

    /// Whether its owner can sign in.
    #[must_use]
    pub(crate) fn is_active(&self) -> bool {
        self.standing() == Standing::Active
    }

    /// Whether it administers, and can sign in to do so.
    #[must_use]
    pub(crate) fn is_active_admin(&self) -> bool {
        self.has(Role::Admin) && self.is_active()
    }

    /// The public record.
    #[must_use]
    pub(crate) fn public(&self) -> User {
        User {
            user_id: self.id,
            email: self.email.clone(),
            name: self.name.clone(),
            roles: self.roles.clone(),
            disabled: self.disabled,
            version: self.version,
        }
    }

    /// What subscribers are told when it is new.
    #[must_use]
    pub(crate) fn created(&self) -> UserEvent {
        UserEvent::Created(self.public())
    }

    /// What subscribers are told when it has changed: nothing of somebody who has yet to come,
    /// so that no task falls to them (B-10), and an invitation that is withdrawn was never seen.
    #[must_use]
    pub(crate) fn updated(&self) -> Option<UserEvent> {
        (!self.invited).then(|| UserEvent::Updated(self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::Role;
    use crate::ROLES;

    #[test]
    fn every_role_is_found_by_its_name() {
        let found = ROLES.map(|name| Role::of_name(name).map(Role::name));
        assert_eq!(found, ROLES.map(Some));
    }
}
