//! From when on something is an alert, as operators say.

use std::collections::BTreeMap;
use std::time::Duration;

use super::kinds::{KINDS, kind};
use crate::{Error, Service};

/// What is said of a kind, a subscription or a detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// How long something must be so.
    pub after: Option<Duration>,
    /// It is not looked for.
    pub off: bool,
}

impl Rule {
    /// An alert after so long.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        Self {
            after: Some(span),
            off: false,
        }
    }

    /// Not looked for.
    #[must_use]
    pub fn off() -> Self {
        Self {
            after: None,
            off: true,
        }
    }
}

/// What is an alert, and from when on. Where nothing is said the default of the
/// [kind](super::KINDS) counts, and of a detector the one it was declared with.
///
/// ```
/// use std::time::Duration;
/// use tidings::alert::{AlertRules, Rule};
///
/// let rules = AlertRules::default()
///     .kind("behind", Rule::after(Duration::from_secs(120)))
///     .subscription("reports/orders", Rule::after(Duration::from_secs(3600)))
///     .detector("orders/order past its hold", Rule::off());
/// # let _ = rules;
/// ```
#[derive(Clone, Debug, Default)]
pub struct AlertRules {
    kinds: BTreeMap<String, Rule>,
    subscriptions: BTreeMap<String, Rule>,
    detectors: BTreeMap<String, Rule>,
    keep: Option<Duration>,
}

/// How long an alert is kept after it was closed.
const KEEP: Duration = Duration::from_secs(90 * 86_400);

impl AlertRules {
    /// What is said of all of one kind.
    #[must_use]
    pub fn kind(mut self, word: &str, rule: Rule) -> Self {
        self.kinds.insert(word.to_owned(), rule);
        self
    }

    /// When a subscription, `service/name`, is behind.
    #[must_use]
    pub fn subscription(mut self, name: &str, rule: Rule) -> Self {
        self.subscriptions.insert(name.to_owned(), rule);
        self
    }

    /// What is said of a detector, `service/name`.
    #[must_use]
    pub fn detector(mut self, name: &str, rule: Rule) -> Self {
        self.detectors.insert(name.to_owned(), rule);
        self
    }

    /// How long alerts are kept after they were closed: 90 days if nothing is said.
    #[must_use]
    pub fn keep(mut self, span: Duration) -> Self {
        self.keep = Some(span);
        self
    }

    pub(crate) fn kept(&self) -> Duration {
        self.keep.unwrap_or(KEEP)
    }

    /// After how long there is an alert of a kind; `None` when it is not looked for.
    pub(super) fn of_kind(&self, word: &str) -> Option<Duration> {
        let usual = kind(word).and_then(|kind| kind.after).unwrap_or_default();
        spans(self.kinds.get(word), usual)
    }

    pub(super) fn of_subscription(&self, service: &str, name: &str) -> Option<Duration> {
        let usual = self.of_kind("behind");
        match self.subscriptions.get(&format!("{service}/{name}")) {
            Some(rule) => spans(Some(rule), rule.after.or(usual).unwrap_or_default()),
            None => usual,
        }
    }

    pub(super) fn of_detector(
        &self,
        service: &str,
        name: &str,
        declared: Duration,
    ) -> Option<Duration> {
        let usual = match self.kinds.get("detector") {
            Some(rule) => spans(Some(rule), declared),
            None => Some(declared),
        };
        match self.detectors.get(&format!("{service}/{name}")) {
            Some(rule) => spans(Some(rule), usual.unwrap_or(declared)),
            None => usual,
        }
    }
}

fn spans(rule: Option<&Rule>, usual: Duration) -> Option<Duration> {
    match rule {
        Some(rule) if rule.off => None,
        Some(rule) => Some(rule.after.unwrap_or(usual)),
        None => Some(usual),
    }
}

/// What rules can be about, each sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Kinds that a rule changes.
    pub kinds: Vec<String>,
    /// Subscriptions, as `service/name`.
    pub subscriptions: Vec<String>,
    /// Detectors, as `service/name`.
    pub detectors: Vec<String>,
}

impl Watched {
    pub(crate) fn of(services: &[Service]) -> Self {
        let ruled = KINDS.iter().filter(|kind| kind.after.is_some());
        let subscriptions = services.iter().flat_map(|service| {
            let own = service.subscriptions.iter();
            own.map(|one| format!("{}/{}", service.name, one.name))
        });
        let detectors = services.iter().flat_map(|service| {
            let own = service.detectors.iter();
            own.map(|one| format!("{}/{}", service.name, one.name))
        });
        let mut watched = Self {
            kinds: ruled.map(|kind| kind.word.to_owned()).collect(),
            subscriptions: subscriptions.collect(),
            detectors: detectors.collect(),
        };
        for names in [
            &mut watched.kinds,
            &mut watched.subscriptions,
            &mut watched.detectors,
        ] {
            names.sort();
            names.dedup();
        }
        watched
    }
}

/// A rule about something that is not there would be a rule that nobody notices is not kept.
pub(crate) fn refuse_unknown(rules: &AlertRules, services: &[Service]) -> Result<(), Error> {
    let watched = Watched::of(services);
    for (what, said, known) in [
        (
            "kind of alert that has a rule",
            &rules.kinds,
            &watched.kinds,
        ),
        ("subscription", &rules.subscriptions, &watched.subscriptions),
        ("detector", &rules.detectors, &watched.detectors),
    ] {
        if let Some(name) = said.keys().find(|name| !known.contains(name)) {
            let known = known.join(", ");
            return Err(Error::Unsafe(format!(
                "alerts: there is no {what} {name:?}; there are {known}"
            )));
        }
    }
    Ok(())
}
