//! A message: its states, and what a try to deliver it leads to.
//!
//! | from | trigger | to |
//! | --- | --- | --- |
//! | – | asked for | queued; failed, when it cannot be a message; skipped, when the account is shut |
//! | queued | the mail server has taken it | sent |
//! | queued | refused for good, or five days of trying | failed |
//! | queued | its sender has nothing to link to any more | skipped |
//! | queued | not taken now, or nobody knows | queued |
//! | sent, failed | an operator sends it again | queued |

use std::time::Duration;

use contracts::UserId;
use contracts::notifications::LINK_PLACE;
use tidings::{Timestamp, Uuid};

/// How long a message is tried before it has failed; what mail servers give each other.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 86_400);

const SUBJECT_CHARS_MAX: usize = 200;

impl Message {
    /// The text as its reader gets it.
    pub(crate) fn body_with(&self, link: &str) -> String {
        self.body.replace(LINK_PLACE, link)
    }
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits for the mail server.
    Queued,
    /// The mail server has taken it, or it is in the mailbox.
    Sent,
    /// It will not be sent.
    Failed,
    /// It was not to be sent.
    Skipped,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [State::Queued, State::Sent, State::Failed, State::Skipped];

    /// The word in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sent => "sent",
            State::Failed => "failed",
            State::Skipped => "skipped",
        }
    }

    /// Whether an operator may send it again.
    pub(crate) fn can_resend(self) -> bool {
        matches!(self, State::Sent | State::Failed)
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) sender: String,
    pub(crate) user_id: Option<UserId>,
    pub(crate) address: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// The sender's path that gives what [`LINK_PLACE`] stands for.
    pub(crate) link_from: Option<String>,
    pub(crate) state: State,
    pub(crate) via: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) resends: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) queued_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// A subject on one line: what would end a header's line ends no line here.
pub(crate) fn one_line(subject: &str) -> String {
    let plain = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    let line: String = subject.chars().map(plain).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(SUBJECT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_subject_is_one_line_whatever_is_in_it() {
        let injected = "Your receipt\r\nBcc: all@example.com\u{85}\n\n";
        assert_eq!(one_line(injected), "Your receipt Bcc: all@example.com");
        assert_eq!(one_line(&"é".repeat(500)).chars().count(), 200);
    }
}
