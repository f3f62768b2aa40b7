//! Links that are sent to the owner of an account: what they are for, and how long they hold.

use std::time::Duration;

use contracts::UserId;
use tidings::{Timestamp, Uuid};

use crate::settings::Settings;
use crate::token::Token;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What a link lets its reader do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Choose the first password of an account.
    Invitation,
    /// Choose another password, because the old one is forgotten.
    Reset,
}

impl Purpose {
    /// The word in the database, and the beginning of the address.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// How long a link is good. SEC-09 names ten minutes for a forgotten password; letters
    /// take longer than that on their way through some offices.
    #[must_use]
    pub(crate) const fn life(self) -> Duration {
        match self {
            Self::Invitation => Duration::from_secs(7 * 24 * 60 * 60),
            Self::Reset => HOUR,
        }
    }

    /// The whole address with a secret. Where the site is said by whoever runs it, and never
    /// by the request: a forged `Host` would lead the reader, and the secret, elsewhere.
    #[must_use]
    pub(crate) fn address(self, settings: &Settings, secret: &Token) -> String {
        let site = settings.public_url.trim_end_matches('/');
        format!("{site}/{}/{}", self.word(), secret.reveal())
    }
}

/// A link, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The same as its letter's.
    pub(crate) id: Uuid,
    pub(crate) account_id: UserId,
    pub(crate) purpose: Purpose,
    pub(crate) created_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) letter: Letter,
}

/// What has become of a link's letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// `notifications` has been asked to send it; it has not gone yet.
    Asked,
    Sent,
    /// It cannot be sent, or was given up.
    Failed(String),
}

impl Letter {
    /// The word in the database and the API.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Sent => "sent",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it has failed.
    #[must_use]
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}
