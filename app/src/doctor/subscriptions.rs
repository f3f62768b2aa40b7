//! What is promised to each subscription, and whether it holds now.

use std::time::Duration;

use tidings::inspect::{InspectedService, InspectedStream, InspectedSubscription, Inspection};
use tidings::{Kind, Timestamp};

use super::finding::{Findings, Grade};

/// Longer than a restart takes; who owes for longer is not served, or too slow.
const OWES_MOST: Duration = Duration::from_secs(300);
const DAY_S: u64 = 86_400;

/// How long a subscriber of each stream may be away.
pub(super) fn streams(all: &[InspectedStream], findings: &mut Findings) {
    for stream in all {
        let head = events(stream.head);
        let text = match (stream.kind, stream.keeps) {
            (Kind::State, _) => format!(
                "{head}, of each key the last is kept for ever: a subscriber may be away \
                 for any time"
            ),
            (_, None) if stream.is_whole => {
                format!("{head}, every one kept: a subscriber may be away for any time")
            }
            (_, None) => format!(
                "{head}, kept for ever from {} on: older ones were deleted",
                stream.oldest_at.map_or("now".to_owned(), day)
            ),
            (_, Some(keeps)) => format!(
                "{head}, kept for {}: a subscriber that is away for longer stands still \
                 until a person decides",
                span(keeps)
            ),
        };
        findings.ok("streams", stream.name, &text);
    }
}

pub(super) fn look(
    seen: &Inspection,
    known: &[&str],
    keeps_commits: bool,
    now: Timestamp,
    findings: &mut Findings,
) {
    for one in &seen.subscriptions {
        let subject = format!("{}/{} of {}", one.service, one.name, one.stream);
        let of = seen.streams.iter().find(|stream| stream.name == one.stream);
        let keeps = of.and_then(|stream| stream.keeps);
        let is_known = known.contains(&one.stream);
        let (grade, mut words) = standing(one, is_known, keeps, now);
        if !keeps_commits {
            words.push("what was acknowledged may be lost: see the problems above".to_owned());
        }
        let text = format!("once and in order per key; {}", words.join("; "));
        findings.add(grade, "subscriptions", &subject, &text);
        for alert in &one.stopped {
            let text = format!("{}: {}", alert.kind, alert.text);
            findings.problem("subscriptions", &subject, &text);
        }
    }
}

/// How a subscription stands, in words.
fn standing(
    one: &InspectedSubscription,
    is_known: bool,
    keeps: Option<Duration>,
    now: Timestamp,
) -> (Grade, Vec<String>) {
    let mut grade = Grade::Ok;
    let mut words = Vec::new();
    match (one.lag, one.owes_since) {
        (None, _) if is_known => {
            words.push("what it owes is told where its producer can be seen".to_owned());
        }
        (None, _) => {
            grade = Grade::Warning;
            words.push("none of these services writes the stream".to_owned());
        }
        (Some(0), _) => words.push("up to date".to_owned()),
        (Some(lag), since) => {
            let mut text = format!("{} behind", events(lag));
            if let Some(since) = since {
                let owes = now.since(since);
                text.push_str(&format!(", the oldest for {}", span(owes)));
                if owes > OWES_MOST {
                    grade = Grade::Warning;
                }
                if let Some(keeps) = keeps.filter(|keeps| owes > *keeps / 2) {
                    let left = span(keeps.saturating_sub(owes));
                    text.push_str(&format!(" and to be deleted in {left}"));
                }
            }
            words.push(text);
        }
    }
    if let Some(paused) = &one.paused {
        grade = grade.max(Grade::Warning);
        let (since, by, why) = (paused.at, &paused.actor, &paused.note);
        words.push(format!("paused since {since} by {by}: {why}"));
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

fn events(number: u64) -> String {
    match number {
        1 => "1 event".to_owned(),
        number => format!("{number} events"),
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
