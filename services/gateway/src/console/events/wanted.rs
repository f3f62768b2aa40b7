//! Where something is found that an operator has in hand, whatever it is: the address of an
//! event, the id of a flow, a job, a run or an operation, or the key of an entity.

use futures_util::future::join_all;
use tidings::find::{self, Search};
use tidings::{Error, EventId, Handle, Uuid, chain, jobs, operation, workflow};

use super::{PATH, encode_part, flow_href};
use crate::Gateway;
use crate::page::encode;

/// The page of it; nothing where nobody knows it. A service that does not answer knows nothing.
pub(super) async fn page_of(gateway: &Gateway, text: &str) -> Option<String> {
    let installation = gateway.installation();
    if let Ok(event) = text.parse::<EventId>()
        && let Some((_, info)) = find::producer_of(installation, &event.stream)
        && event.slot < info.slots
    {
        return Some(format!("{PATH}/{}", encode_part(&event.to_string())));
    }
    // As causes are written.
    let bare = text.strip_prefix("job:").or(text.strip_prefix("workflow:"));
    let bare = bare.map_or(text, |rest| rest.split('/').next().unwrap_or(rest));
    let services = installation.handles().iter();
    let asked = services.clone().map(|service| has_flow(service, bare));
    if join_all(asked).await.contains(&true) {
        return Some(flow_href(bare));
    }
    if let Ok(id) = Uuid::try_parse(bare) {
        let asked = services.map(|service| thing(service, id));
        let found = join_all(asked).await.into_iter().flatten().next();
        if found.is_some() {
            return found;
        }
    }
    let search = Search {
        key: Some(text.to_owned()),
        ..Search::default()
    };
    let found = find::newest(installation, &search, None, 1).await;
    let is_key = !found.events.is_empty();
    is_key.then(|| format!("{PATH}?key={}", encode(text)))
}

async fn has_flow(service: &Handle, id: &str) -> bool {
    known(service, find::has_flow(service, id).await).unwrap_or_default()
}

/// The page of a service's operation, run or job.
async fn thing(service: &Handle, id: Uuid) -> Option<String> {
    let name = service.name();
    if known(service, operation::get(service, id).await)?.is_some() {
        return Some(format!("/console/operations/{name}/{id}"));
    }
    let mut conn = known(service, service.read().await)?;
    if known(service, workflow::get(&mut conn, id).await)?.is_some() {
        return Some(format!("/console/workflows/{name}/{id}"));
    }
    // One connection is enough for who asks for all.
    drop(conn);
    let job = known(service, jobs::get(service, id).await)?;
    job.map(|_| format!("/console/jobs/{name}/{id}"))
}

fn known<T>(service: &Handle, answer: Result<T, Error>) -> Option<T> {
    let told = |error: &Error| {
        let (service, error) = (service.name(), chain(error));
        tracing::warn!(service, error, "a service could not be searched");
    };
    answer.inspect_err(told).ok()
}
