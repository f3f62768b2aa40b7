//! Who may do what with the register.

use contracts::UserId;
use contracts::platforms::Lifecycle;
use tidings::{FieldError, Identity};

use crate::Error;
use crate::columns::differing;
use crate::platform::Platform;

/// They edit everything.
const EDITORS: [&str; 2] = ["infrastructure", "admin"];
/// They read, and propose platforms.
const PROPOSERS: [&str; 2] = ["support", "engineering"];
const ACCOUNTANT: &str = "accountant";

/// What an accountant edits beside everything that begins with `cost_` and `licence_`.
const COST_FIELDS: [&str; 3] = ["budget_code", "purchase_order", "cost_centre"];

/// Somebody with a part in the register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) id: UserId,
    edits: bool,
    accounts: bool,
    proposes: bool,
}

impl Member {
    /// # Errors
    /// For somebody who has an account and no part in the register.
    pub(crate) fn of(identity: &Identity) -> Result<Self, Error> {
        let has = |role: &str| identity.has_role(role);
        let member = Self {
            id: identity.user_id.into(),
            edits: EDITORS.into_iter().any(has),
            accounts: has(ACCOUNTANT),
            proposes: PROPOSERS.into_iter().any(has),
        };
        match member.edits || member.accounts || member.proposes {
            true => Ok(member),
            false => Err(Error::NotAMember),
        }
    }

    /// Somebody who edits everything, for what the service does by itself on their behalf.
    pub(crate) fn editor(id: UserId) -> Self {
        Self {
            id,
            edits: true,
            accounts: false,
            proposes: false,
        }
    }

    /// Somebody who edits costs and licences, for the same.
    pub(crate) fn accountant(id: UserId) -> Self {
        Self {
            id,
            edits: false,
            accounts: true,
            proposes: false,
        }
    }

    /// Whether they edit everything: infrastructure and administrators.
    pub(crate) fn may_edit(self) -> bool {
        self.edits
    }

    /// Whether they edit costs and licences, and see all reports.
    pub(crate) fn may_edit_costs(self) -> bool {
        self.edits || self.accounts
    }

    /// Whether they add platforms, be it only as proposals.
    pub(crate) fn may_propose(self) -> bool {
        self.edits || self.proposes
    }

    /// # Errors
    /// For whoever does not edit everything.
    pub(crate) fn must_edit(self) -> Result<Self, Error> {
        match self.edits {
            true => Ok(self),
            false => Err(not_theirs("This is for infrastructure and administrators.")),
        }
    }

    /// # Errors
    /// For whoever imports nothing: files are for those who edit what many platforms have.
    pub(crate) fn must_import(self) -> Result<Self, Error> {
        match self.may_edit_costs() {
            true => Ok(self),
            false => Err(not_theirs(
                "Imports are for infrastructure, administrators and accountants.",
            )),
        }
    }

    /// # Errors
    /// For whoever adds no platforms, be it as proposals.
    pub(crate) fn must_propose(self) -> Result<Self, Error> {
        match self.may_propose() {
            true => Ok(self),
            false => Err(not_theirs(
                "Accountants add no platforms: ask infrastructure, or somebody who may propose one.",
            )),
        }
    }

    /// # Errors
    /// For whoever changes no relations, be it of proposals.
    pub(crate) fn must_relate(self) -> Result<Self, Error> {
        match self.may_propose() {
            true => Ok(self),
            false => Err(not_theirs("Accountants change no relations.")),
        }
    }

    /// # Errors
    /// For whoever neither edits costs nor everything: sums are not for proposers.
    pub(crate) fn must_see_costs(self) -> Result<Self, Error> {
        match self.may_edit_costs() {
            true => Ok(self),
            false => Err(not_theirs(
                "What platforms cost together is for accountants, infrastructure and administrators.",
            )),
        }
    }

    /// Whether a platform is a proposal of their own, which they may still edit.
    fn may_edit_proposal(self, platform: &Platform) -> bool {
        self.proposes && platform.created_by == self.id && platform.lifecycle == Lifecycle::Proposed
    }

    /// Whether they may edit a field of a platform by its flat name, for forms.
    pub(crate) fn may_edit_field(self, platform: &Platform, column: &str) -> bool {
        let is_proposal = self.may_edit_proposal(platform) && column != "lifecycle";
        self.edits || is_proposal || (self.accounts && is_of_costs(column))
    }

    /// # Errors
    /// When something changes that is not theirs to change: [`Error::NotTheirs`] names it.
    pub(crate) fn check(self, before: Option<&Platform>, after: &Platform) -> Result<(), Error> {
        if self.edits {
            return Ok(());
        }
        let Some(before) = before else {
            return self.check_new(after);
        };
        self.check_columns(before, differing(before, after))
    }

    /// The fields that differ and are not theirs to change.
    pub(crate) fn foreign(self, before: &Platform, after: &Platform) -> Vec<String> {
        if self.edits {
            return Vec::new();
        }
        let columns = differing(before, after).into_iter();
        columns
            .filter(|column| !self.may_edit_field(before, column))
            .collect()
    }

    /// # Errors
    /// When something that was told wrongly is not theirs to change: whoever may not say it at
    /// all is told that, and not how to say it.
    pub(crate) fn check_told(self, platform: &Platform, wrong: &[FieldError]) -> Result<(), Error> {
        let fields = wrong.iter().filter_map(|error| error.field.as_deref());
        let columns = fields.filter(|field| *field != "comment");
        // Parts of objects are named by their ways: `licence.seats`.
        let columns = columns.map(|field| field.replace('.', "_"));
        self.check_columns(platform, columns)
    }

    fn check_columns(
        self,
        platform: &Platform,
        columns: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<(), Error> {
        let columns: Vec<_> = columns.into_iter().collect();
        let columns = columns.iter().map(AsRef::as_ref);
        let others: Vec<&str> = columns
            .filter(|column| !self.may_edit_field(platform, column))
            .collect();
        match others.is_empty() {
            true => Ok(()),
            false => Err(not_theirs(&format!(
                "You may not change {} of this platform.",
                others.join(", ")
            ))),
        }
    }

    fn check_new(self, after: &Platform) -> Result<(), Error> {
        self.must_propose()?;
        match after.lifecycle {
            Lifecycle::Proposed => Ok(()),
            _ => Err(not_theirs(
                "You may propose platforms: their lifecycle is proposed.",
            )),
        }
    }
}

fn is_of_costs(column: &str) -> bool {
    let begins = column.starts_with("cost_") || column.starts_with("licence_");
    begins || column == "cost" || COST_FIELDS.contains(&column)
}

fn not_theirs(text: &str) -> Error {
    Error::NotTheirs(text.to_owned())
}
