//! What is promised to each subscription, and whether it holds now.

use std::time::Duration;

use tidings::Timestamp;
use tidings::inspect::{InspectedService, InspectedStream, InspectedSubscription};

use super::finding::{Findings, Grade};

/// Longer than a restart takes; who owes for longer is not served, or too slow.
const OWES_MOST: Duration = Duration::from_secs(300);
const DAY_S: u64 = 86_400;

/// How long a subscriber of each stream may be away.
pub(super) fn streams(all: &[InspectedStream], now: Timestamp, findings: &mut Findings) {
    for stream in all {
        let (subject, head) = (stream.name, stream.head);
        match stream.oldest_at {
            _ if stream.is_whole => {
                let text = format!(
                    "{head} events, every one kept: a subscriber may be away for any time, and a \
                     new one gets all history"
                );
                findings.ok("streams", subject, &text);
            }
            Some(oldest) => {
                let text = format!(
                    "{head} events, kept since {}: a subscriber that is away for more than {} \
                     would miss some",
                    day(oldest),
                    span(now.since(oldest))
                );
                findings.ok("streams", subject, &text);
            }
            None => {
                let text = format!(
                    "{head} events, none kept: a subscriber that is away for a moment misses some"
                );
                findings.warning("streams", subject, &text);
            }
        }
    }
}

pub(super) fn look(
    all: &[InspectedSubscription],
    keeps_commits: bool,
    now: Timestamp,
    findings: &mut Findings,
) {
    for one in all {
        let subject = format!("{}/{} of {}", one.service, one.name, one.stream);
        let (grade, mut words) = standing(one, now);
        if !keeps_commits {
            words.push("what was acknowledged may be lost: see the problems above".to_owned());
        }
        let text = format!("once and in order per key; {}", words.join("; "));
        findings.add(grade, "subscriptions", &subject, &text);
        for alert in &one.stopped {
            findings.problem(
                "subscriptions",
                &subject,
                &format!("{}: {}", alert.kind, alert.text),
            );
        }
    }
}

/// How a subscription stands, in words.
fn standing(one: &InspectedSubscription, now: Timestamp) -> (Grade, Vec<String>) {
    let mut grade = Grade::Ok;
    let mut words = Vec::new();
    match (one.lag, one.owes_since) {
        (None, _) => {
            grade = Grade::Warning;
            words.push("none of these services writes the stream".to_owned());
        }
        (Some(0), _) => words.push("up to date".to_owned()),
        (Some(lag), since) => {
            let mut text = format!("{lag} events behind");
            if let Some(since) = since {
                let owes = now.since(since);
                text.push_str(&format!(", the oldest for {}", span(owes)));
                if owes > OWES_MOST {
                    grade = Grade::Warning;
                }
            }
            words.push(text);
        }
    }
    if one.parked > 0 {
        grade = grade.max(Grade::Warning);
        let text = format!("{} parked, their keys wait for them", one.parked);
        words.push(text);
    }
    if one.dead > 0 {
        grade = Grade::Problem;
        words.push(format!(
            "{} dead, a person must decide about them",
            one.dead
        ));
    }
    (grade, words)
}

/// Everything else that waits for a person.
pub(super) fn alerts(services: &[InspectedService], findings: &mut Findings) {
    for service in services {
        for alert in &service.alerts {
            let subject = format!("{} {} {}", service.name, alert.kind, alert.subject);
            findings.problem("alerts", &subject, &alert.text);
        }
        if service.dead_jobs > 0 {
            let text = format!(
                "{} dead, a person must decide about them",
                service.dead_jobs
            );
            findings.problem("alerts", &format!("{} jobs", service.name), &text);
        }
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} minutes", seconds / 60),
        seconds if seconds < 2 * DAY_S => format!("{} hours", seconds / 3600),
        seconds => format!("{} days", seconds / DAY_S),
    }
}
