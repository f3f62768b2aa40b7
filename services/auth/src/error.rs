//! What can go wrong here: what the caller sees, and whether to try again.

use std::time::Duration;

use axum::http::StatusCode;
use tidings::{BadKey, Fate, Fault, FieldError, Problem};

use crate::actions::{BadGuest, Guest, NAME_LETTERS_MAX, PEOPLE_MAX};
use crate::email::BadEmail;
use crate::hashing;
use crate::password::{BadPassword, CHARACTERS_MAX, CHARACTERS_MIN};
use crate::token::NoRandomness;

/// Every fault of the service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("use the database")]
    Store(#[from] tidings::Error),
    /// What was typed cannot make an account, or not be one.
    #[error("accept what was typed")]
    Refused {
        /// What is wrong with the address.
        email: Option<BadEmail>,
        /// What is wrong with the password.
        password: Option<BadPassword>,
    },
    /// Somebody has the address already.
    #[error("make an account: there is one with this address")]
    EmailTaken,
    /// No such account, another password, or an account that has been shut: nobody is told which.
    #[error("sign in: address and password do not belong together")]
    BadCredentials,
    /// Too many tries.
    #[error("try again so soon")]
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// A password hash.
    #[error("handle the password")]
    Hashing(#[from] hashing::Error),
    /// A signing key.
    #[error("sign an access token")]
    Signing(#[from] BadKey),
    /// The service has not started.
    #[error("sign an access token before there is a key")]
    NoKey,
    /// A secret.
    #[error("make a secret")]
    Secret(#[from] NoRandomness),
    /// There is no session, or it has ended.
    #[error("find the session")]
    NotSignedIn,
    /// There is no account with this address.
    #[error("find the account")]
    UnknownAccount,
    /// The account may not do what operators do, or nothing at all.
    #[error("have the role operator, or sign in at all")]
    NotAnOperator,
    /// There is no such role.
    #[error("find the role")]
    UnknownRole,
    /// A role that is given by whoever has the machine.
    #[error("let an admin give a role that is not of the task exchange")]
    RoleOfMachine,
    /// A name that is no line of text.
    #[error("accept the name")]
    BadName,
    /// Nobody could administer any more.
    #[error("do without the last admin")]
    LastAdmin,
    /// Only admins administer people.
    #[error("let somebody administer who is no admin")]
    NotAnAdmin,
    /// Only `notifications` gets links.
    #[error("give a link to somebody who sends no letters")]
    NotALetter,
    /// A link that was used, has ended, was replaced, withdrawn, or never was: nobody is told which.
    #[error("find what the link is for")]
    LinkDead,
    /// There is no invitation to send again or to withdraw.
    #[error("find the invitation")]
    NotInvited,
    /// There is an invitation to this address.
    #[error("invite somebody who is invited")]
    InvitedAlready,
    /// Nobody, or more people than are invited at once.
    #[error("invite that many people")]
    BadNumberOfGuests,
    /// With some of them something is wrong, so nobody was invited.
    #[error("invite all of them")]
    BadGuests(BadGuests),
    /// The old password is another one.
    #[error("change the password without the old one")]
    WrongPassword,
}

/// Who cannot be invited, and why.
#[derive(Debug)]
pub struct BadGuests(pub(crate) Vec<(Guest, BadGuest)>);

impl Error {
    /// Of somebody who is invited alone there is no line to name: what is wrong is told as it
    /// is to somebody who signs up.
    pub(crate) fn of_one(self) -> Self {
        let Self::BadGuests(BadGuests(bad)) = &self else {
            return self;
        };
        match bad.first().map(|(_, why)| why) {
            Some(BadGuest::BadEmail) => Self::Refused {
                email: Some(BadEmail),
                password: None,
            },
            Some(BadGuest::BadName) => Self::BadName,
            Some(BadGuest::Known) => Self::EmailTaken,
            Some(BadGuest::Invited) => Self::InvitedAlready,
            _ => self,
        }
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Self::Store(error) => error.fate(),
            Self::Hashing(hashing::Error::Busy) => Fate::Wait,
            _ => Fate::Retry,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => Self::from(error),
            Error::Refused { email, password } => {
                let email = email.map(|_| bad_email());
                let password = password.map(bad_password);
                Self::fields(email.into_iter().chain(password).collect())
            }
            Error::EmailTaken => Self::field(
                "email_taken",
                "email",
                "There is an account with this e-mail address already. Sign in instead.",
            ),
            Error::BadCredentials => Self::new(
                StatusCode::BAD_REQUEST,
                "bad_credentials",
                "Email and password do not belong together.",
            ),
            Error::TooMany { wait } => {
                let seconds = seconds_up(wait);
                let text = format!(
                    "Too many attempts. Please try again in {}.",
                    spoken(seconds)
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", text)
                    .retry_after(seconds)
            }
            Error::Hashing(hashing::Error::Busy) => Self::unavailable(1),
            Error::NotSignedIn => Self::not_signed_in(),
            other => of_people(other),
        }
    }
}

/// What goes wrong where people are administered and invited.
fn of_people(error: Error) -> Problem {
    match error {
        Error::UnknownAccount => Problem::not_found("There is no such account."),
        Error::UnknownRole => Problem::field("unknown_role", "role", "There is no such role."),
        Error::RoleOfMachine => Problem::field(
            "unknown_role",
            "roles",
            "Admins give the roles worker, manager, accountant, infrastructure, support, engineering and admin. Others are given with `tidings grant`.",
        ),
        Error::BadName => Problem::field(
            "bad_name",
            "name",
            format!("A name is one line of at most {NAME_LETTERS_MAX} letters."),
        ),
        Error::LastAdmin => Problem::conflict(
            "last_admin",
            "This is the last admin. Make somebody else an admin first.",
        ),
        Error::NotAnAdmin => Problem::forbidden("Only admins administer people."),
        Error::NotALetter => Problem::forbidden("Links are for letters only."),
        Error::LinkDead => Problem::new(
            StatusCode::GONE,
            "link_dead",
            "This link is not good, or not any more. Links are good once, and for a limited time.",
        ),
        Error::NotInvited => Problem::conflict(
            "not_invited",
            "There is no open invitation. Whoever has chosen a password has come.",
        ),
        Error::InvitedAlready => Problem::field(
            "already_invited",
            "email",
            "An invitation to this address is open already. Send it again instead.",
        ),
        Error::BadNumberOfGuests => Problem::field(
            "bad_number_of_people",
            "people",
            format!("Name at least one person, and at most {PEOPLE_MAX} at once."),
        ),
        Error::BadGuests(BadGuests(bad)) => Problem::fields(
            bad.iter()
                .map(|(guest, why)| bad_guest(guest, *why))
                .collect(),
        ),
        Error::WrongPassword => Problem::field(
            "wrong_password",
            "current",
            "This is not the password that you have now.",
        ),
        internal => {
            tracing::error!(error = %tidings::chain(&internal), "a request has failed");
            let text = "Something went wrong on our side. Nothing was changed.";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
        }
    }
}

fn bad_guest(guest: &Guest, why: BadGuest) -> FieldError {
    let (code, message) = match why {
        BadGuest::BadEmail => ("bad_email", "this is no e-mail address".to_owned()),
        BadGuest::BadName => (
            "bad_name",
            format!("the name is not one line of at most {NAME_LETTERS_MAX} letters"),
        ),
        BadGuest::Known => ("email_taken", "there is an account already".to_owned()),
        BadGuest::Invited => (
            "already_invited",
            "an invitation is open already; send it again instead".to_owned(),
        ),
        BadGuest::Twice(line) => (
            "invited_twice",
            format!("the address stands on line {line}, too"),
        ),
    };
    // What was typed may be anything, and a page shows it.
    let typed: String = guest.email.chars().take(100).collect();
    FieldError {
        code,
        message: format!("Line {}: {typed}: {message}.", guest.line),
        field: Some("people".to_owned()),
    }
}

fn bad_email() -> FieldError {
    FieldError {
        code: "bad_email",
        message: "Enter an e-mail address, like name@example.com.".to_owned(),
        field: Some("email".to_owned()),
    }
}

fn bad_password(why: BadPassword) -> FieldError {
    let (code, message) = match why {
        BadPassword::Missing => ("password_missing", "Enter a password.".to_owned()),
        BadPassword::TooShort => (
            "password_too_short",
            format!("Choose a password of at least {CHARACTERS_MIN} characters."),
        ),
        BadPassword::TooLong => (
            "password_too_long",
            format!("Choose a password of at most {CHARACTERS_MAX} characters."),
        ),
        BadPassword::Common => (
            "password_too_common",
            "This password is among the first that anybody would try. Choose another one."
                .to_owned(),
        ),
        BadPassword::Guessable => (
            "password_guessable",
            format!(
                "Words of your address and of this site do not count. \
                 Choose a password with at least {CHARACTERS_MIN} characters beside them."
            ),
        ),
    };
    FieldError {
        code,
        message,
        field: Some("password".to_owned()),
    }
}

/// Rounded up: who comes back on the second must not be sent away again.
fn seconds_up(wait: Duration) -> u32 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

fn spoken(seconds: u32) -> String {
    match seconds {
        1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}
