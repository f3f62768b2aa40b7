//! What the client tells of its connection, and the server of what it does not allow.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Event, ServerError};
use tidings::{Attempts, Cause, Clock, Outages, chain};

/// Refusals that are remembered: of one batch there may be as many as it has events.
const REMEMBERED: usize = 64;

/// Listens to the connection. Cheap to clone; all clones hear the same.
#[derive(Clone)]
pub(crate) struct Told(Arc<Mutex<Heard>>);

struct Heard {
    attempts: Attempts,
    /// What is connected to, for the log.
    what: String,
    /// What the server has refused last, the newest behind.
    refused: VecDeque<String>,
    refusals: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Lost(String);

impl Told {
    pub(crate) fn new(outages: &Outages, url: &str) -> Self {
        let heard = Heard {
            attempts: outages.attempts(),
            what: format!("NATS at {}", without_secrets(url)),
            refused: VecDeque::new(),
            refusals: 0,
        };
        Self(Arc::new(Mutex::new(heard)))
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line when the connection goes, one when it is back, and what else there is.
    pub(crate) fn hear(&self, event: &Event) {
        let mut heard = self.heard();
        let lost = |heard: &mut Heard, text: String| {
            let what = heard.what.clone();
            let now = Clock::system().now();
            heard.attempts.failed(&what, now, &Lost(text));
        };
        match event {
            Event::Connected => {
                tracing::info!(what = heard.what, "connected");
                heard.attempts.worked();
            }
            Event::Disconnected => lost(&mut heard, "the connection is lost".to_owned()),
            Event::ClientError(error) => lost(&mut heard, error.to_string()),
            // Whoever has tried it says so, with this for a reason.
            Event::ServerError(ServerError::Other(text)) => {
                heard.refused.push_back(text.clone());
                if heard.refused.len() > REMEMBERED {
                    heard.refused.pop_front();
                }
                heard.refusals += 1;
            }
            other => tracing::warn!(event = %other, "NATS has told of something"),
        }
    }

    /// How often the server has refused something.
    pub(crate) fn refusals(&self) -> u64 {
        self.heard().refusals
    }

    /// The cause with what the server has refused since: of this stream, if it was that.
    pub(crate) fn explain(&self, before: u64, stream: &str, cause: Cause) -> Cause {
        let heard = self.heard();
        let since = usize::try_from(heard.refusals - before).unwrap_or(usize::MAX);
        let names = [
            format!(".{stream}."),
            format!("_{}\"", stream.to_uppercase()),
        ];
        let is_of_it = |text: &&String| names.iter().any(|name| text.contains(name));
        let mut newest = heard.refused.iter().rev().take(since);
        let last = newest.clone().next();
        match newest.find(is_of_it).or(last) {
            Some(refusal) => format!("{}; the server says: {refusal}", chain(&*cause)).into(),
            None => cause,
        }
    }
}

/// Names, passwords and tokens stand before the host.
fn without_secrets(url: &str) -> String {
    let hosts = url.split(',').map(|one| {
        let rest = one.trim();
        let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
        rest.rsplit_once('@').map_or(rest, |(_, host)| host)
    });
    hosts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_by_its_place_and_not_by_its_password() {
        let shown = without_secrets("nats://me:secret@a.example:4222, tls://token@b:4223");
        assert_eq!(shown, "a.example:4222,b:4223");
    }

    #[test]
    fn a_silence_is_explained_by_what_was_refused_since() {
        let told = Told::new(&Outages::new(&Clock::system()), "nats://a:4222");
        let hear = |text: &str| told.hear(&Event::ServerError(ServerError::Other(text.to_owned())));
        hear("an old thing");
        let before = told.refusals();
        let plain = told.explain(before, "x", "timed out".into());
        assert_eq!(plain.to_string(), "timed out");
        hear("Permissions Violation for Publish to \"tidings.x.7\"");
        hear("Permissions Violation for Publish to \"$JS.API.STREAM.INFO.TIDINGS_Y\"");
        let explained = |stream| told.explain(before, stream, "timed out".into()).to_string();
        let text = "timed out; the server says: Permissions Violation for Publish to ";
        assert_eq!(explained("x"), format!("{text}\"tidings.x.7\""));
        let last = format!("{text}\"$JS.API.STREAM.INFO.TIDINGS_Y\"");
        assert_eq!(explained("y"), last);
        assert_eq!(explained("z"), last);
    }
}
