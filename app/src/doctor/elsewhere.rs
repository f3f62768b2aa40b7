//! The services that run in other processes: whether they answer, and know us.

use std::time::Duration;

use tidings::inspect::InspectedService;
use tidings::{Clock, Feed, HttpFeed, ServiceTokens, chain};

use super::finding::Findings;
use super::one_line;
use crate::config::Config;

const SECTION: &str = "services";
/// One that takes longer is as good as away.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn look(
    config: &Config,
    services: &[InspectedService],
    clock: &Clock,
    findings: &mut Findings,
) {
    for service in services.iter().filter(|service| !service.runs_here) {
        let url = config.urls.get(service.name).or(config.gateway.as_ref());
        let Some(url) = url else {
            let text = "runs elsewhere, and nobody says where: say it with --remote or --gateway";
            findings.problem(SECTION, service.name, text);
            continue;
        };
        match ask(config, service, &url.value, clock).await {
            Ok(()) => {
                let text = format!("answers at {}, and knows us by the secret", url.value);
                findings.ok(SECTION, service.name, &text);
            }
            Err(reason) => {
                let text = format!("at {}: {reason}; what needs it waits", url.value);
                findings.problem(SECTION, service.name, &text);
            }
        }
    }
}

/// Asks for the heads of a stream, in the service's own name: its own streams everybody is shown
/// who has the secret.
async fn ask(
    config: &Config,
    service: &InspectedService,
    url: &str,
    clock: &Clock,
) -> Result<(), String> {
    let secret = config.secret.as_ref().map(|secret| secret.value.as_slice());
    let tokens = ServiceTokens::try_new(secret.unwrap_or_default());
    let tokens = tokens.map_err(|error| one_line(&chain(&error)))?;
    let (name, now) = (service.name, clock.clone());
    let bearer = move || tokens.sign(name, name, now.now());
    let feed = HttpFeed::try_new(url, clock, bearer).map_err(|error| chain(&error))?;
    let Some(stream) = service.streams.first() else {
        return Ok(());
    };
    let asked = tokio::time::timeout(ANSWER_LIMIT, feed.heads(stream)).await;
    let answered = asked.map_err(|_| format!("no answer in {} s", ANSWER_LIMIT.as_secs()))?;
    answered.map_err(|error| one_line(&chain(&error)))?;
    Ok(())
}
