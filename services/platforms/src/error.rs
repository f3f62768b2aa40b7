//! What can go wrong with the register: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::operation::NotAccepted;
use tidings::{Fate, Fault, FieldError, Problem};

use crate::platform::allowed_moves;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// The account has no role that has a part in the register.
    #[error("let somebody in who has no part in the register")]
    NotAMember,
    /// It is for others to do.
    #[error("let somebody do what is not theirs: {0}")]
    NotTheirs(String),
    /// There is no such platform.
    #[error("find the platform")]
    PlatformUnknown,
    /// What was typed cannot be so.
    #[error("accept what was typed")]
    Wrong(Vec<FieldError>),
    /// There is one of this publisher and name.
    #[error("add a platform that is there already, as {id}")]
    Exists {
        /// The one that is there.
        id: PlatformId,
        /// Its number.
        number: i32,
    },
    /// It has changed since the caller has read it.
    #[error("change what has changed since: it is at version {now}")]
    Stale {
        /// At which version it is.
        now: u64,
    },
    /// Life goes one step at a time.
    #[error("move a platform from {from} to {to}")]
    LifecycleMove {
        /// Where it stands.
        from: Lifecycle,
        /// Where somebody would have it.
        to: Lifecycle,
    },
    /// It is in the archive.
    #[error("change what is in the archive")]
    Archived,
    /// It is retired, and read-only.
    #[error("change what is retired")]
    Retired,
    /// There is nothing to bring back.
    #[error("restore what is in use")]
    NothingToRestore,
    /// There is no such import.
    #[error("find the import")]
    ImportUnknown,
    /// Somebody has changed the platform of a row after the import was accepted.
    #[error("import over what somebody has changed meanwhile")]
    ChangedMeanwhile,
    /// The rows of a rehearsal were imported already, or forgotten.
    #[error("import what is not kept any more")]
    FileGone,
    /// The reader of a file has come to a sudden end.
    #[error("read the file to its end")]
    Unreadable,
    /// The import was not accepted.
    #[error("accept the import")]
    NotAccepted(#[source] Box<NotAccepted>),
    /// There is no such team.
    #[error("find the team")]
    TeamUnknown,
    /// Another team has this name.
    #[error("give a second team the name {0}")]
    TeamExists(String),
    /// Something is its own still.
    #[error("remove a team that has {platforms} platforms, or open reviews")]
    TeamOwns {
        /// How many platforms, also in the archive.
        platforms: u64,
        /// The names of the first of them, and of open reviews.
        named: Vec<String>,
    },
    /// There is no such custom field.
    #[error("find the custom field")]
    FieldUnknown,
    /// Platforms have values in it.
    #[error("change a custom field that {platforms} platforms have")]
    FieldInUse {
        /// How many.
        platforms: u64,
    },
    /// Its values are being taken from the platforms.
    #[error("use a custom field that is being removed")]
    FieldGoing,
    /// There is no such review.
    #[error("find the review")]
    ReviewUnknown,
    /// The platform is not on the list of the review.
    #[error("find the platform on the list of the review")]
    NotInReview,
    /// The list of the review is being filled.
    #[error("use a review before its list is complete")]
    ReviewOpening,
    /// The review has ended.
    #[error("write something down in a review that is closed")]
    ReviewClosed,
}

impl From<Vec<FieldError>> for Error {
    fn from(wrong: Vec<FieldError>) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<FieldError> for Error {
    fn from(wrong: FieldError) -> Self {
        Self::Wrong(vec![wrong])
    }
}

impl From<NotAccepted> for Error {
    fn from(error: NotAccepted) -> Self {
        match error {
            NotAccepted::Store(error) => Self::Store(error),
            other => Self::NotAccepted(Box::new(other)),
        }
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Self::Store(error) => error.fate(),
            _ => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::NotAMember => Problem::forbidden("You have no part in the asset register."),
            Error::NotTheirs(text) => Problem::forbidden(text),
            Error::PlatformUnknown => Problem::not_found("There is no such platform."),
            Error::Wrong(fields) => {
                Problem::fields(fields).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Error::Exists { id, number } => Problem::conflict(
                "platform_exists",
                format!("There is a platform of this publisher and name: {id}, number {number}."),
            ),
            Error::Stale { now } => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "stale_version",
                format!("It has changed since: it is at version {now}. Read it again."),
            ),
            Error::LifecycleMove { from, to } => Problem::conflict(
                "lifecycle_move",
                format!(
                    "A platform does not go from {from} to {to}. From {from} it goes {}.",
                    allowed_moves(from)
                ),
            ),
            Error::Archived => Problem::conflict(
                "platform_archived",
                "This platform is in the archive, and nothing of it changes but its owner. Restore it first.",
            ),
            Error::Retired => Problem::conflict(
                "platform_retired",
                "This platform is retired and stays as it is. Restore it first.",
            ),
            Error::ImportUnknown => Problem::not_found("There is no such import."),
            Error::Unreadable => Problem::internal(),
            Error::NotAccepted(error) => (*error).into(),
            Error::TeamUnknown => Problem::not_found("There is no such team."),
            Error::FieldUnknown => Problem::not_found("There is no such custom field."),
            Error::ReviewUnknown => Problem::not_found("There is no such review."),
            Error::NotInReview => Problem::new(
                StatusCode::NOT_FOUND,
                "not_in_review",
                "This platform is not on the list of the review.",
            ),
            error @ (Error::TeamExists(_)
            | Error::TeamOwns { .. }
            | Error::FieldInUse { .. }
            | Error::FieldGoing
            | Error::ChangedMeanwhile
            | Error::FileGone
            | Error::ReviewOpening
            | Error::ReviewClosed) => conflict(&error),
            Error::NothingToRestore => Problem::conflict(
                "nothing_to_restore",
                "This platform is neither in the archive nor retired.",
            ),
        }
    }
}

/// What does not go with what teams, custom fields, reviews and imports are at present.
fn conflict(error: &Error) -> Problem {
    match error {
        Error::TeamExists(name) => Problem::conflict(
            "team_exists",
            format!("There is a team of this name: {name}."),
        ),
        Error::TeamOwns { platforms, named } => Problem::conflict(
            "team_owns",
            format!(
                "This team still has {platforms} platforms or open reviews, such as {}. Give them to another one first.",
                named.join(", ")
            ),
        ),
        Error::FieldInUse { platforms } => Problem::conflict(
            "field_in_use",
            format!(
                "{platforms} platforms have a value in this field. Say that these may go (drop_values=true) to remove it."
            ),
        ),
        Error::FieldGoing => Problem::conflict(
            "field_going",
            "This field was removed, and its values are being taken from the platforms. Try again in a moment.",
        ),
        Error::ChangedMeanwhile => Problem::conflict(
            "changed_meanwhile",
            "Somebody has changed this platform after the import was accepted.",
        ),
        Error::FileGone => Problem::conflict(
            "file_gone",
            "The rows of this file are not kept any more: they were imported, or a day has passed. Send the file again.",
        ),
        Error::ReviewOpening => Problem::conflict(
            "review_opening",
            "The list of this review is still being put together. Try again in a moment.",
        ),
        _ => Problem::conflict("review_closed", "This review is closed."),
    }
}
