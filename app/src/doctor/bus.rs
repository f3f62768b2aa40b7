//! The broker between machines.
//!
//! Nothing that is promised rests on it: events stay in the producers' databases, and what the
//! broker loses is read from there. So what it does not keep costs time, and is told as that.

mod monitor;

use std::time::Duration;

use tidings::chain;
use tidings_nats::{Nats, NatsKept, NatsReport, NatsSettings};

use super::finding::{Findings, Grade};
use super::one_line;
use crate::move_to::without_password;

const SECTION: &str = "bus";

/// Looks at a broker, and at what it keeps of these streams. `monitor` is where it tells of its
/// settings, `host:8222`; without it that port of its own host is tried.
pub(super) async fn look(
    address: &str,
    monitor: Option<&str>,
    streams: &[&str],
    findings: &mut Findings,
) {
    let shown = without_password(address);
    match report(address, streams).await {
        Ok(found) => {
            let cluster = found.cluster.as_deref();
            let place = cluster.map_or("one server".to_owned(), |name| format!("cluster {name}"));
            let text = format!("NATS {}, {place}", found.version);
            findings.ok(SECTION, &shown, &text);
            syncs(address, monitor, findings).await;
            for one in &found.streams {
                let (grade, text) = match &one.kept {
                    Some(kept) => stream(kept),
                    None => (
                        Grade::Ok,
                        "nothing was published yet, or another prefix is used".to_owned(),
                    ),
                };
                findings.add(grade, SECTION, &one.stream, &text);
            }
        }
        Err(error) => {
            let error = one_line(&chain(&error));
            let text = format!(
                "does not answer ({error}): readers ask the producers instead, later and at \
                 their cost"
            );
            findings.problem(SECTION, &shown, &text);
        }
    }
}

async fn report(address: &str, streams: &[&str]) -> Result<NatsReport, tidings::Error> {
    let settings = NatsSettings {
        answer_limit: Duration::from_secs(3),
        ..NatsSettings::default()
    };
    let nats = Nats::connect(address, settings).await?;
    nats.report(streams).await
}

fn stream(kept: &NatsKept) -> (Grade, String) {
    let messages = kept.messages;
    if !kept.is_as_made {
        let text = "is not kept in files and by limits, as Tidings makes it: services will not \
            use it";
        return (Grade::Problem, text.to_owned());
    }
    let copies = match kept.replicas {
        1 => "one copy".to_owned(),
        replicas => format!("{replicas} copies"),
    };
    let age = match kept.max_age.as_secs() {
        0 => "for ever".to_owned(),
        seconds => format!("for {} hours", seconds / 3600),
    };
    let text = format!(
        "{messages} messages in {copies}, kept {age}; what is older or lost is read from the \
         producer"
    );
    (Grade::Ok, text)
}

/// a broker acknowledges before its disk has what it acknowledges, unless told otherwise.
async fn syncs(address: &str, monitor: Option<&str>, findings: &mut Findings) {
    let own = monitor::beside(address);
    let Some(monitor) = monitor.or(own.as_deref()) else {
        return;
    };
    match monitor::syncs(monitor).await {
        Ok(text) => findings.ok(SECTION, "syncs to disk", &text),
        Err(error) => {
            let text = format!(
                "not known, {monitor} does not tell ({error}): say where its monitoring is \
                 with --bus-monitor"
            );
            findings.warning(SECTION, "syncs to disk", &text);
        }
    }
}
