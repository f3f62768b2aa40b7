//! The session: how long somebody stays signed in (SEC-17).

use std::time::Duration;

use tidings::Timestamp;

use crate::Settings;

/// Use is noted at most so often, so that most requests only read.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// When a session began and when it was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// When somebody signed in.
    pub(crate) created_at: Timestamp,
    /// When it was last noted that it was used.
    pub(crate) seen_at: Timestamp,
}

impl Session {
    /// When it ends whatever happens.
    #[must_use]
    pub(crate) fn ends_at(&self, settings: &Settings) -> Timestamp {
        self.created_at.plus(settings.session_longest)
    }

    /// Whether it still holds. As use is noted once a minute, an idle session may end
    /// up to a minute early, and never late.
    #[must_use]
    pub(crate) fn holds(&self, settings: &Settings, now: Timestamp) -> bool {
        now < self.seen_at.plus(settings.session_idle) && now < self.ends_at(settings)
    }

    /// Whether its use should be noted.
    #[must_use]
    pub(crate) fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= NOTED_EVERY
    }
}
