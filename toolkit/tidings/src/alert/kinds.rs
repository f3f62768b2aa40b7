//! Which kinds of alert there are, what each means, and what is to be done.

use std::time::Duration;

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its word in tables, addresses and configuration.
    pub word: &'static str,
    /// How long something must be so before it is an alert, if nothing else is said. `None` of a
    /// kind that is told of at once by whoever meets it: no rule changes that.
    pub after: Option<Duration>,
    /// Whether only a person closes it.
    pub is_for_a_person: bool,
    /// What has happened.
    pub means: &'static str,
    /// What is to be done.
    pub to_do: &'static str,
}

const fn told(word: &'static str, means: &'static str, to_do: &'static str) -> Kind {
    Kind {
        word,
        after: None,
        is_for_a_person: false,
        means,
        to_do,
    }
}

const fn watched(
    word: &'static str,
    after_s: u64,
    means: &'static str,
    to_do: &'static str,
) -> Kind {
    Kind {
        word,
        after: Some(Duration::from_secs(after_s)),
        is_for_a_person: false,
        means,
        to_do,
    }
}

const fn decided(word: &'static str, means: &'static str, to_do: &'static str) -> Kind {
    Kind {
        word,
        after: None,
        is_for_a_person: true,
        means,
        to_do,
    }
}

/// Every kind, those of events first.
pub const KINDS: &[Kind] = &[
    watched(
        "behind",
        5 * 60,
        "A subscription has not applied an event for long: it was lost on the way, its reader cannot work, or there is more than it can do.",
        "Look whether the two services and what is between them work; the event is applied once they do. A subscription that is merely slow catches up by itself.",
    ),
    watched(
        "dead",
        0,
        "Events could not be applied, and later ones of their keys wait behind them.",
        "Read the error, mend its cause, and try them again; or discard them with a note.",
    ),
    told(
        "gap",
        "The producer cannot give a number that it has given out.",
        "Restore the producer's database from a backup that has the event; the slot goes on by itself.",
    ),
    decided(
        "ahead",
        "The producer's database went back in time: it ends before what was applied, or has other events there.",
        "Decide from where the slot goes on.",
    ),
    decided(
        "gone",
        "Events were deleted by age before a subscription had applied them.",
        "Decide from where the slot goes on, and keep events for longer than a subscription may be away.",
    ),
    watched(
        "paused",
        24 * 3600,
        "A subscription was paused by a person long ago, and owes more and more.",
        "Resume it, or take this on with a note that says until when it stays paused.",
    ),
    watched(
        "numbers",
        60,
        "Events are committed and have no numbers yet, so nobody sees them.",
        "Look for a transaction that was left open in PostgreSQL, and whether a process of the service runs.",
    ),
    told(
        "bus",
        "A broker takes no events of a stream; readers elsewhere ask the service itself.",
        "Look after the broker. Nothing is lost, and what waits is handed over once it is back.",
    ),
    told(
        "unhandled",
        "A service sends a command that nobody handles.",
        "Install the service that handles it, or a version of it that does.",
    ),
    watched(
        "job",
        0,
        "Jobs have failed too often and wait for a person.",
        "Read the error, mend its cause, and try them again; or cancel them.",
    ),
    watched(
        "late",
        10 * 60,
        "Jobs are due for long and nobody takes them, or the worker of one has given no sign of life.",
        "Look whether a process of the service runs and whether its workers are busy; what is due runs as soon as there is one.",
    ),
    watched(
        "run",
        5 * 60,
        "A run of a workflow is under way and nothing carries it.",
        "Restart the service: every start looks for such runs and carries them on. Then tell who wrote it, for it should not happen.",
    ),
    told(
        "stuck",
        "A run of a workflow cannot go on.",
        "Read why, and decide: try it again, undo it, or end it as it is.",
    ),
    told(
        "unknown",
        "Nobody knows how a call of a workflow has ended, and the other side was asked in vain for long.",
        "Find out on the other side what has become of it, and say so on the page of the run.",
    ),
    watched(
        "operation",
        15 * 60,
        "An operation that somebody waits for makes no progress.",
        "Look at the job that carries it; cancel the operation if it cannot end.",
    ),
    told(
        "callback",
        "Callbacks to a host were tried as often as they are, and none was taken.",
        "Ask whoever runs the receiver, then send them again.",
    ),
    watched(
        "breaker",
        5 * 60,
        "A service is left alone for long by one that calls it, because it does not answer.",
        "Look after the service that is called; calls begin again by themselves.",
    ),
    watched(
        "detector",
        0,
        "Something in the business has not moved on as it should have: an event was lost on the way to it, or its work stands still.",
        "The sentence names what it is about: look at it, and at the alerts about events and jobs, which often say why.",
    ),
];

/// A kind by its word.
#[must_use]
pub fn kind(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.word == word)
}
