//! How one subscription stands, in words and in colour.

use super::grouped;
use super::pulse::{Beat, Picture};
use crate::drawing::Tone;

/// How a subscription stands.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub(super) tone: Tone,
    /// For the badge.
    pub(super) words: String,
    /// In a drawing: with a sign, so that the colour is not needed.
    pub(super) short: String,
    /// What flows: events in a second, and how many wait.
    pub(super) flow: String,
}

impl Stand {
    pub(super) fn of(picture: &Picture, service: &str, subscription: &str, stream: &str) -> Self {
        let name = (
            service.to_owned(),
            subscription.to_owned(),
            stream.to_owned(),
        );
        match picture.subscriptions.get(&name) {
            Some(beat) => Self::known(beat),
            None => Self {
                tone: Tone::Unknown,
                words: "Not known just now".to_owned(),
                short: "? not known".to_owned(),
                flow: String::new(),
            },
        }
    }

    fn known(beat: &Beat) -> Self {
        let status = &beat.status;
        let (tone, words, sign) = if beat.is_stopped {
            (Tone::Bad, "Stands still".to_owned(), "■ ")
        } else if status.dead > 0 {
            (Tone::Bad, format!("{} dead", grouped(&status.dead)), "✕ ")
        } else if status.paused.is_some() {
            (Tone::Warn, "Paused".to_owned(), "‖ ")
        } else if status.parked > 0 {
            (
                Tone::Warn,
                format!("{} parked", grouped(&status.parked)),
                "▲ ",
            )
        } else if beat.is_behind {
            (Tone::Warn, "Behind".to_owned(), "▲ ")
        } else {
            (Tone::Ok, "Up to date".to_owned(), "✓ ")
        };
        let rate = beat.rate.map(per_second);
        let lag = (status.lag > 0).then(|| format!("{} wait", grouped(&status.lag)));
        let flow: Vec<String> = rate.into_iter().chain(lag).collect();
        Self {
            tone,
            short: format!("{sign}{}", words.to_lowercase()),
            words,
            flow: flow.join(" · "),
        }
    }

    /// What the stylesheet calls it.
    pub(super) fn status(&self) -> &'static str {
        match self.tone {
            Tone::Ok | Tone::Plain => "running",
            Tone::Unknown => "unknown",
            Tone::Warn => "lagging",
            Tone::Bad => "dead",
        }
    }
}

/// Two figures are enough, and do not change with every look.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        rate if rate <= 0.0 => "0/s".to_owned(),
        rate if rate < 0.095 => "<0.1/s".to_owned(),
        rate if rate < 9.95 => format!("{rate:.1}/s"),
        rate => format!("{rate:.0}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::per_second;

    #[test]
    fn rates_have_two_figures() {
        let rates = [0.0, 0.02, 0.1, 1.25, 9.99, 48.2, 1234.5].map(per_second);
        assert_eq!(
            rates,
            ["0/s", "<0.1/s", "0.1/s", "1.2/s", "10/s", "48/s", "1234/s"]
        );
    }
}
