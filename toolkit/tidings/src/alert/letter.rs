//! What people are told at once: which alerts have opened, are still open, and are closed.

use serde::Serialize;

use super::{AlertRow, kind};
use crate::Timestamp;
use crate::stream::fnv1a;

/// Alerts of each list that are told one by one; of others there is a count.
const LISTED: usize = 50;

/// An alert, and the service that it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The service.
    pub service: String,
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertRow,
}

/// What goes to people by one [`Channel`](super::Channel) at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
    /// Those that have opened.
    pub opened: Vec<Told>,
    /// Those that are open for long, and that nobody has taken on.
    pub reminded: Vec<Told>,
    /// Those that are closed; some of them opened since the last letter, too.
    pub closed: Vec<Told>,
    /// Where to read on, if it is known.
    pub url: Option<String>,
}

impl Letter {
    /// Stays the same when the same is told once more, after a crash or a failure: by it a
    /// receiver may tell.
    #[must_use]
    pub fn id(&self) -> String {
        let lists = [
            ("o", &self.opened),
            ("r", &self.reminded),
            ("c", &self.closed),
        ];
        let mut text = String::new();
        for (word, list) in lists {
            for one in list {
                text += &format!("{word}{}\n", one.alert.id);
                // The next reminder of the same alert is another letter.
                if word == "r" {
                    text += &format!("{}\n", self.at.as_micros());
                }
            }
        }
        format!("alerts_{:016x}", fnv1a(text.bytes()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.reminded.is_empty() && self.closed.is_empty()
    }

    /// Its first line: `2 alerts: orders behind, payments dead`.
    #[must_use]
    pub fn subject(&self) -> String {
        let (what, list) = match (&self.opened[..], &self.reminded[..]) {
            ([], []) => ("closed", &self.closed),
            ([], _) => ("still open", &self.reminded),
            _ => ("opened", &self.opened),
        };
        match &list[..] {
            [one] => {
                let subject = &one.alert.subject;
                format!(
                    "Alert {what}: {} {}, {subject}",
                    one.service, one.alert.kind
                )
            }
            many => {
                let mut about: Vec<String> = many
                    .iter()
                    .map(|one| format!("{} {}", one.service, one.alert.kind))
                    .collect();
                about.sort();
                about.dedup();
                about.truncate(3);
                format!("{} alerts {what}: {}", many.len(), about.join(", "))
            }
        }
    }

    /// All of it, as text for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (title, list) in [
            ("Opened", &self.opened),
            ("Still open, and nobody has taken it on", &self.reminded),
            ("Closed", &self.closed),
        ] {
            if list.is_empty() {
                continue;
            }
            text += &format!("{title}\n\n");
            for one in list.iter().take(LISTED) {
                text += &one.words();
            }
            if list.len() > LISTED {
                text += &format!("and {} more\n\n", list.len() - LISTED);
            }
        }
        if let Some(url) = &self.url {
            text += &format!("{url}\n");
        }
        text
    }

    /// The lists without their ends, for programs; `more` says what was left out.
    pub(super) fn cut(&self) -> Self {
        let first = |list: &Vec<Told>| list.iter().take(LISTED).cloned().collect();
        Self {
            at: self.at,
            opened: first(&self.opened),
            reminded: first(&self.reminded),
            closed: first(&self.closed),
            url: self.url.clone(),
        }
    }

    pub(super) fn left_out(&self) -> usize {
        let lists = [&self.opened, &self.reminded, &self.closed];
        lists
            .iter()
            .map(|list| list.len().saturating_sub(LISTED))
            .sum()
    }
}

impl Told {
    fn words(&self) -> String {
        let AlertRow {
            kind: word,
            subject,
            text,
            opened_at,
            closed_at,
            ..
        } = &self.alert;
        let mut words = format!("* {}: {word}, {subject}\n  {text}\n", self.service);
        match closed_at {
            Some(closed_at) => {
                words += &format!("  open from {opened_at} to {closed_at}\n");
            }
            None => {
                words += &format!("  since {opened_at}\n");
                if let Some(kind) = kind(word) {
                    words += &format!("  {}\n", kind.to_do);
                }
            }
        }
        words + "\n"
    }
}
