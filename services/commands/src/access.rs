//! Who may do what with commands.

use contracts::UserId;
use contracts::commands::Status;
use tidings::Identity;

use crate::Error;
use crate::command::{self, Command};

/// They edit and publish commands.
const EDITORS: [&str; 3] = ["support", INFRASTRUCTURE, ADMIN];
/// They write drafts.
const ENGINEERING: &str = "engineering";
const INFRASTRUCTURE: &str = "infrastructure";
const ADMIN: &str = "admin";

/// Somebody who works with the repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) id: UserId,
    /// Whether they edit and publish; others write drafts only.
    pub(crate) edits: bool,
    /// Whether they may save commands that take values as they stand.
    pub(crate) saves_raw: bool,
}

impl Member {
    /// # Errors
    /// For somebody who has an account and no part in the repository.
    pub(crate) fn of(identity: &Identity) -> Result<Self, Error> {
        let has = |role: &str| identity.has_role(role);
        let edits = EDITORS.into_iter().any(has);
        if !edits && !has(ENGINEERING) {
            return Err(Error::NotAMember);
        }
        Ok(Self {
            id: identity.user_id.into(),
            edits,
            saves_raw: has(INFRASTRUCTURE) || has(ADMIN),
        })
    }

    /// How far a command has come that they write down and say nothing of.
    pub(crate) fn begins_with(self) -> Status {
        match self.edits {
            true => Status::Published,
            false => Status::Draft,
        }
    }

    /// Whether they may change this command at all.
    pub(crate) fn may_edit(self, command: &Command) -> bool {
        self.edits || (command.status == Status::Draft && command.author == self.id)
    }

    /// Whether they may turn what was before (nothing for a new one) into what comes after.
    ///
    /// # Errors
    /// For what is for others to do.
    pub(crate) fn check(self, before: Option<&Command>, after: &Command) -> Result<(), Error> {
        if before.is_some_and(|before| !self.may_edit(before)) {
            return Err(Error::NotTheirs);
        }
        // What is new and deprecated at once would be found by everybody, and approved by nobody.
        let is_draft = after.status == Status::Draft;
        let ends = before.is_some() && after.status == Status::Deprecated;
        if !self.edits && !is_draft && !ends {
            return Err(Error::NotAPublisher);
        }
        let is_raw = command::has_raw(after) || before.is_some_and(command::has_raw);
        let is_new = before.is_none_or(|before| !command::fills_in_alike(before, after));
        match is_raw && is_new && !self.saves_raw {
            true => Err(Error::RawNotAllowed),
            false => Ok(()),
        }
    }
}
