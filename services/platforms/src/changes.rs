//! What every write has changed: one record for each thing that is another than before.

mod fields;

use contracts::UserId;
use serde_json::Value;
use tidings::{FieldError, Timestamp, Tx, Uuid};

use crate::edit::wrong;
use crate::{Error, store};
use fields::changed_fields;

/// The longest comment, in letters.
pub(crate) const COMMENT_LETTERS_MAX: usize = 200;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    Archive,
    Restore,
    /// Created or updated by a file.
    Import,
    /// Of teams, fields and reviews; platforms are archived.
    Delete,
}

impl Action {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Archive => "archive",
            Self::Restore => "restore",
            Self::Import => "import",
            Self::Delete => "delete",
        }
    }
}

/// Who changes what for which reason; the same for all that is asked for at once.
#[derive(Clone, Debug)]
pub(crate) struct Changing {
    pub(crate) request_id: Uuid,
    pub(crate) by: UserId,
    pub(crate) action: Action,
    pub(crate) comment: String,
}

impl Changing {
    /// A request of its own.
    ///
    /// # Errors
    /// When the comment is no short text.
    pub(crate) fn new(
        now: Timestamp,
        by: UserId,
        action: Action,
        comment: &str,
    ) -> Result<Self, FieldError> {
        let comment = comment.trim();
        if comment.chars().count() > COMMENT_LETTERS_MAX {
            let text = format!("A comment has at most {COMMENT_LETTERS_MAX} letters.");
            return Err(wrong("comment", "field_too_long", text));
        }
        let is_bad = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        if comment.chars().any(is_bad) {
            let text = "The comment has characters that cannot be shown.";
            return Err(wrong("comment", "bad_text", text));
        }
        Ok(Self {
            request_id: tidings::uuid_at(now),
            by,
            action,
            comment: comment.replace("\r\n", "\n"),
        })
    }

    /// The same request with something else done.
    pub(crate) fn to(&self, action: Action) -> Self {
        Self {
            action,
            ..self.clone()
        }
    }
}

/// One row of the history, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) id: Uuid,
    pub(crate) request_id: Uuid,
    pub(crate) actor: UserId,
    pub(crate) action: String,
    pub(crate) entity: String,
    pub(crate) entity_id: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) changed_fields: Vec<String>,
    pub(crate) comment: String,
    pub(crate) at: Timestamp,
}

impl Change {
    /// What was changed of something, if anything was. What came into being has no `before`,
    /// what went has no `after`. Fields that every write moves (the version, who wrote last and
    /// when) are no change.
    pub(crate) fn find(
        now: Timestamp,
        changing: &Changing,
        (entity, entity_id): (&str, String),
        before: Option<Value>,
        after: Option<Value>,
    ) -> Option<Self> {
        let changed_fields = changed_fields(before.as_ref(), after.as_ref());
        let is_there = before.is_some() == after.is_some();
        if changed_fields.is_empty() && is_there {
            return None;
        }
        Some(Self {
            id: tidings::uuid_at(now),
            request_id: changing.request_id,
            actor: changing.by,
            action: changing.action.as_str().to_owned(),
            entity: entity.to_owned(),
            entity_id,
            before,
            after,
            changed_fields,
            comment: changing.comment.clone(),
            at: now,
        })
    }
}

/// Writes down what was changed of something; says whether anything was, as [`Change::find`]
/// does.
///
/// # Errors
/// When the database fails.
pub(crate) async fn record_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    entity: &str,
    entity_id: String,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<bool, Error> {
    let change = Change::find(tx.now(), changing, (entity, entity_id), before, after);
    store::changes::insert(tx, change.as_slice()).await?;
    Ok(change.is_some())
}
