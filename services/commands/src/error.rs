//! What can go wrong with commands: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use tidings::operation::NotAccepted;
use tidings::{Fate, Fault, FieldError, Problem};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// The register, which is asked once for all platforms.
    #[error("ask the register")]
    Register(#[from] tidings::CallError),
    /// The account has no role in the repository.
    #[error("let somebody in who has no part in the repository")]
    NotAMember,
    /// Engineering edits its own drafts only.
    #[error("let somebody edit a command that is not their draft")]
    NotTheirs,
    /// Engineering publishes nothing.
    #[error("let somebody publish who writes drafts only")]
    NotAPublisher,
    /// A part of the line would be taken as it stands.
    #[error("let somebody save a raw parameter who may not")]
    RawNotAllowed,
    /// There is no such platform.
    #[error("find the platform")]
    PlatformUnknown,
    /// There is no such command.
    #[error("find the command")]
    CommandUnknown,
    /// There is no such revision.
    #[error("find the revision")]
    RevisionUnknown,
    /// The platform is in the archive.
    #[error("change a command of an archived platform")]
    PlatformArchived,
    /// The same line is there already: its id.
    #[error("store the same command line twice")]
    Exists(contracts::CommandId),
    /// Nothing becomes a draft again.
    #[error("make a draft of what is none")]
    NotADraftAgain,
    /// Somebody else was first: the version that it has now.
    #[error("change version {seen}, which is {now} now")]
    Stale {
        /// What the caller has seen.
        seen: String,
        /// What it is.
        now: u64,
    },
    /// It destroys something, and nobody has said that they mean it.
    #[error("fill in a destructive command that nobody has confirmed")]
    ConfirmationRequired,
    /// There is no such use.
    #[error("find the use")]
    UsageUnknown,
    /// Somebody else has used it.
    #[error("let somebody tell of the use of somebody else")]
    NotTheirUse,
    /// There is no such import.
    #[error("find the import")]
    ImportUnknown,
    /// The reader of a file has come to a sudden end.
    #[error("read the file to its end")]
    Unreadable,
    /// The import was not accepted.
    #[error("accept the import")]
    NotAccepted(#[source] Box<NotAccepted>),
    /// What was typed is no command.
    #[error("accept what was typed")]
    Wrong(Vec<FieldError>),
}

impl From<Vec<FieldError>> for Error {
    fn from(fields: Vec<FieldError>) -> Self {
        Error::Wrong(fields)
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            Error::Register(error) => error.fate(),
            _ => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Register(error) => error.into(),
            Error::NotAMember => Problem::forbidden("You have no part in the command repository."),
            Error::NotTheirs => Problem::forbidden(
                "Engineering edits its own drafts; support and infrastructure edit commands.",
            ),
            Error::NotAPublisher => Problem::forbidden(
                "Engineering writes drafts; support and infrastructure publish them.",
            ),
            Error::RawNotAllowed => Problem::forbidden(
                "This command takes a value as it stands, without quotes: only infrastructure may save that.",
            ),
            Error::PlatformUnknown => Problem::not_found("There is no such platform."),
            Error::CommandUnknown => Problem::not_found("There is no such command."),
            Error::RevisionUnknown => Problem::not_found("There is no such revision."),
            Error::PlatformArchived => Problem::conflict(
                "platform_archived",
                "The platform is in the archive: its commands can be read, and not changed.",
            ),
            Error::Exists(id) => {
                let text = format!("The platform has this command line already: {id}.");
                Problem::conflict("command_exists", text)
            }
            Error::NotADraftAgain => Problem::conflict(
                "not_a_draft_again",
                "What was published stays published or is deprecated: nothing becomes a draft again.",
            ),
            Error::Stale { seen, now } => {
                let text = format!("You have seen version {seen}; it is at version {now} now.");
                Problem::new(StatusCode::PRECONDITION_FAILED, "stale_version", text)
            }
            Error::ConfirmationRequired => Problem::conflict(
                "confirmation_required",
                "This command destroys something: say that you mean it, with confirm.",
            ),
            Error::UsageUnknown => Problem::not_found("There is no such use of this command."),
            Error::NotTheirUse => {
                Problem::forbidden("Only who has used a command says what came of it.")
            }
            Error::ImportUnknown => Problem::not_found("There is no such import."),
            Error::Unreadable => Problem::internal(),
            Error::NotAccepted(error) => (*error).into(),
            Error::Wrong(fields) => {
                Problem::fields(fields).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            }
        }
    }
}
