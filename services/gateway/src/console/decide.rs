//! What an operator decides about one thing of a service. The toolkit records who did it.

use std::future::Future;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use tidings::{Error, Handle, Path, Problem, Tx, Uuid};

use super::act::gone;
use super::operator::Operator;
use crate::{Gateway, edge};

/// A service, and the identifier of what is decided about.
pub(crate) type Thing = (String, Uuid);

pub(crate) trait Act: 'static {
    /// Where things of the kind are shown.
    const PAGE: &'static str;
    /// What the next page is told.
    const DONE: &'static str;

    /// Whether it waits for this decision; `None` when there is no such thing.
    fn is_open(
        service: &Handle,
        id: Uuid,
    ) -> impl Future<Output = Result<Option<bool>, Error>> + Send;

    /// `false` when it does not wait for this decision (any more).
    fn perform(tx: &mut Tx, id: Uuid) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// For programs.
pub(crate) async fn call<A: Act>(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(thing): Path<Thing>,
) -> Result<StatusCode, Problem> {
    decide::<A>(&operator, &gateway, &thing).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For people, who are led back to where they decided.
pub(crate) async fn form<A: Act>(
    operator: Operator,
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Path(thing): Path<Thing>,
) -> Result<Redirect, Problem> {
    decide::<A>(&operator, &gateway, &thing).await?;
    let came_from = edge::from_page(&headers);
    let came_from = came_from.filter(|page| page.starts_with("/console"));
    let page = came_from.unwrap_or_else(|| format!("{}/{}/{}", A::PAGE, thing.0, thing.1));
    Ok(Redirect::to(&told(&page, A::DONE)))
}

async fn decide<A: Act>(
    operator: &Operator,
    gateway: &Gateway,
    (service, id): &Thing,
) -> Result<(), Problem> {
    let service = find_service(gateway, service)?;
    if !A::is_open(&service, *id).await?.ok_or_else(not_there)? {
        return Err(gone());
    }
    let mut tx = service.begin(operator.context()).await?;
    if !A::perform(&mut tx, *id).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

pub(crate) fn find_service(gateway: &Gateway, name: &str) -> Result<Handle, Problem> {
    let found = gateway.installation().handle(name);
    found.ok_or_else(|| Problem::not_found(no_service(gateway, name)))
}

pub(crate) fn runs_elsewhere(gateway: &Gateway, name: &str) -> bool {
    let elsewhere = gateway.installation().elsewhere();
    elsewhere.iter().any(|service| service.name == name)
}

/// Why a service is not to be had here: it runs elsewhere, or nowhere.
pub(crate) fn no_service(gateway: &Gateway, name: &str) -> &'static str {
    match runs_elsewhere(gateway, name) {
        true => "This service runs in another process and cannot be looked into from here.",
        false => "There is no such service.",
    }
}

pub(crate) fn not_there() -> Problem {
    Problem::not_found("There is nothing with this id, or it is so old that it was deleted.")
}

/// A page's address with what was done.
fn told(page: &str, done: &str) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let kept = query.split('&');
    let mut query: Vec<_> = kept
        .filter(|pair| {
            !pair.is_empty() && !pair.starts_with("done=") && !pair.starts_with("count=")
        })
        .collect();
    let done = format!("done={done}");
    query.push(&done);
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_page_is_told_of_the_last_act_only() {
        assert_eq!(told("/console", "a"), "/console?done=a");
        assert_eq!(
            told("/console/jobs?state=dead&done=a&cursor=1", "b"),
            "/console/jobs?state=dead&cursor=1&done=b"
        );
    }
}
