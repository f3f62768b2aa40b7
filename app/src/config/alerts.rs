//! The table `[alerts]` of `tidings.toml`: from when on something is an alert, and whom it is
//! told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use notifications::{AlertMail, BadSettings};
use serde::Deserialize;
use tidings::alert::{AlertRules, Channel, Notices, Rule, Webhook};
use toml::Spanned;

use super::file::{Place, Text};
use super::{File, Origin, Said};
use crate::{Error, services};

const DAY: u64 = 86_400;
const KEEP: Duration = Duration::from_secs(90 * DAY);
const REMIND: Duration = Duration::from_secs(DAY);

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAlerts {
    mail: Option<Spanned<Vec<String>>>,
    webhook: Text,
    webhook_secret_file: Text,
    remind: Text,
    keep: Text,
    #[serde(default)]
    kinds: Rules,
    #[serde(default)]
    subscriptions: Rules,
    #[serde(default)]
    detectors: Rules,
}

type Rules = BTreeMap<Spanned<String>, Spanned<WrittenRule>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    after: Option<String>,
    #[serde(default)]
    off: bool,
}

/// What the file says of alerts, with the line of each value.
#[derive(Default)]
pub(super) struct AlertsTable {
    mail: Option<Said<Vec<String>>>,
    webhook: Option<Said<String>>,
    secret_file: Option<Said<String>>,
    remind: Option<Said<String>>,
    keep: Option<Said<String>>,
    rules: WrittenRules,
}

impl WrittenAlerts {
    pub(super) fn at(self, place: &Place<'_>) -> AlertsTable {
        let mut rules = Vec::new();
        for (of, written) in [
            ("kinds", self.kinds),
            ("subscriptions", self.subscriptions),
            ("detectors", self.detectors),
        ] {
            for (name, rule) in written {
                let name = place.said(Some(name));
                let rule = place.said(Some(rule));
                rules.extend(name.zip(rule).map(|(name, rule)| (of, name, rule)));
            }
        }
        AlertsTable {
            mail: place.said(self.mail),
            webhook: place.said(self.webhook),
            secret_file: place.said(self.webhook_secret_file),
            remind: place.said(self.remind),
            keep: place.said(self.keep),
            rules,
        }
    }
}

/// What is in force.
pub(crate) struct Alerts {
    mail: Option<Said<Vec<String>>>,
    webhook: Option<Said<String>>,
    secret: Option<Said<String>>,
    remind: Said<Duration>,
    keep: Said<Duration>,
    rules: SaidRules,
}

impl Alerts {
    /// What the file says, and the defaults for what it does not.
    pub(super) fn of(file: &mut File) -> Result<Self, Error> {
        let written = std::mem::take(&mut file.alerts);
        let span = |said: Option<Said<String>>, usual| match said {
            Some(said) => said.try_map(|text| read_span(&text)),
            None => Ok(Said::default(usual)),
        };
        let secret = written.secret_file.map(|said| said.try_map(read_secret));
        let alerts = Self {
            mail: written.mail,
            webhook: written.webhook,
            secret: secret.transpose()?,
            remind: span(written.remind, REMIND)?,
            keep: span(written.keep, KEEP)?,
            rules: rules(written.rules)?,
        };
        alerts.webhook()?;
        Ok(alerts)
    }

    fn webhook(&self) -> Result<Option<Webhook>, Error> {
        let Some(url) = &self.webhook else {
            return Ok(None);
        };
        let bad = |reason: String| Error::BadSetting {
            by: url.by.clone(),
            reason,
        };
        let secret = self.secret.as_ref().ok_or_else(|| {
            let text = "a webhook needs a secret by which the receiver knows us: say \
                webhook_secret_file, a file with whsec_ and the base64 of 32 random bytes";
            bad(text.to_owned())
        })?;
        let webhook = Webhook::try_new(&url.value, &secret.value);
        webhook.map(Some).map_err(|error| bad(error.to_string()))
    }

    pub(super) fn notices(
        &self,
        mail: &notifications::Settings,
        site: String,
    ) -> Result<Notices, Error> {
        let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
        if let Some(to) = &self.mail {
            let made = AlertMail::try_new(mail, &to.value).map_err(|error| Error::BadSetting {
                by: to.by.clone(),
                reason: match error {
                    BadSettings::NoServer => {
                        "letters about alerts need a mail server: say smtp and from in [mail]"
                            .to_owned()
                    }
                    other => other.to_string(),
                },
            })?;
            channels.push(Arc::new(made));
        }
        if let Some(webhook) = self.webhook()? {
            channels.push(Arc::new(webhook));
        }
        Ok(Notices {
            channels,
            remind: self.remind.value,
            url: Some(format!("{}/console/alerts", site.trim_end_matches('/'))),
        })
    }

    pub(crate) fn rules(&self) -> AlertRules {
        let keep = AlertRules::default().keep(self.keep.value);
        self.rules
            .iter()
            .fold(keep, |rules, (of, name, rule)| match *of {
                "kinds" => rules.kind(name, rule.value),
                "subscriptions" => rules.subscription(name, rule.value),
                _ => rules.detector(name, rule.value),
            })
    }

    /// For `tidings config`: name, value, who has said it. Of a webhook only the host: its path
    /// may hold a token.
    pub(super) fn shown(&self) -> Vec<(String, (String, Origin))> {
        let none = || ("none".to_owned(), Origin::Default);
        let mail = self.mail.as_ref();
        let mail = mail.map_or_else(none, |said| (said.value.join(", "), said.by.clone()));
        let webhook = self.webhook.as_ref();
        let webhook = webhook.map_or_else(none, |said| (host(&said.value), said.by.clone()));
        let span = |said: &Said<Duration>| (in_words(said.value), said.by.clone());
        let mut rows = vec![
            ("alerts.mail".to_owned(), mail),
            ("alerts.webhook".to_owned(), webhook),
            ("alerts.remind".to_owned(), span(&self.remind)),
            ("alerts.keep".to_owned(), span(&self.keep)),
        ];
        if let Some(secret) = &self.secret {
            let value = format!("{} bytes", secret.value.len());
            rows.push((
                "alerts.webhook_secret".to_owned(),
                (value, secret.by.clone()),
            ));
        }
        rows.extend(self.rules.iter().map(|(of, name, rule)| {
            let value = match rule.value {
                Rule { off: true, .. } => "off".to_owned(),
                Rule { after, .. } => {
                    after.map_or_else(String::new, |after| format!("after {}", in_words(after)))
                }
            };
            (format!("alerts.{of}.{name}"), (value, rule.by.clone()))
        }));
        rows
    }
}

type WrittenRules = Vec<(&'static str, Said<String>, Said<WrittenRule>)>;
/// Of what: `kinds`, `subscriptions` or `detectors`; of which; what.
type SaidRules = Vec<(&'static str, String, Said<Rule>)>;

fn rules(written: WrittenRules) -> Result<SaidRules, Error> {
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let watched = services::watched().map_err(Error::Open)?;
    let mut rules = Vec::new();
    for (of, name, rule) in written {
        let known = match of {
            "kinds" => &watched.kinds,
            "subscriptions" => &watched.subscriptions,
            _ => &watched.detectors,
        };
        let name = name.try_map(|name| match known.contains(&name) {
            true => Ok(name),
            false => Err(unknown(of, &name, known)),
        })?;
        let rule = rule.try_map(read_rule)?;
        rules.push((of, name.value, rule));
    }
    Ok(rules)
}

fn unknown(of: &str, name: &str, known: &[String]) -> String {
    let known = known.join(", ");
    match of {
        "kinds" if tidings::alert::kind(name).is_some() => {
            format!("{name} is told of at once, and no rule changes that; rules are about {known}")
        }
        "kinds" => format!("there is no kind of alert {name:?}; there are {known}"),
        "subscriptions" => format!("there is no subscription {name:?}; there are {known}"),
        _ => format!("there is no detector {name:?}; there are {known}"),
    }
}

fn read_rule(written: WrittenRule) -> Result<Rule, String> {
    match (written.after, written.off) {
        (None, true) => Ok(Rule::off()),
        (Some(after), false) => Ok(Rule::after(read_span(&after)?)),
        (Some(_), true) => Err("say after or off, not both".to_owned()),
        (None, false) => Err("say after = \"5m\", or off = true".to_owned()),
    }
}

/// `90s`, `5m`, `2h`, `1d`.
fn read_span(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a span as 30s, 5m, 2h or 90d");
    let unit = text.chars().next_back().ok_or_else(bad)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY,
        _ => return Err(bad()),
    };
    let number = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok());
    let number = number.filter(|number: &u64| *number <= 100_000);
    Ok(Duration::from_secs(number.ok_or_else(bad)? * seconds))
}

fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(DAY, "d"), (3600, "h"), (60, "m")];
    let unit = units
        .iter()
        .find(|(of, _)| seconds > 0 && seconds.is_multiple_of(*of));
    unit.map_or_else(
        || format!("{seconds}s"),
        |(of, unit)| format!("{}{unit}", seconds / of),
    )
}

fn host(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}/…")
}

fn read_secret(file: String) -> Result<String, String> {
    let read = std::fs::read_to_string(&file);
    let text = read.map_err(|error| format!("{file} cannot be read: {error}"))?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{host, in_words, read_span};

    #[test]
    fn spans_are_read_as_they_are_shown() {
        for text in ["30s", "5m", "2h", "90d", "90s"] {
            assert_eq!(in_words(read_span(text).unwrap()), text);
        }
        for bad in [
            "",
            "5",
            "m",
            "5 m",
            "-5m",
            "5.5m",
            "5mm",
            "999999999d",
            "5min",
        ] {
            assert!(read_span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_webhook_only_the_host_is_shown() {
        assert_eq!(
            host("https://hooks.example/T0/s3cret?k=v"),
            "https://hooks.example/…"
        );
        assert_eq!(host("http://10.0.0.7:9000"), "http://10.0.0.7:9000/…");
    }
}
