//! A page of the console: how it is shown, and how an open one hears that it has changed.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;
use tidings::{Fragment, Installation, Problem, Query, Seen, follow_all};

use super::operator::Operator;
use super::text::grouped;
use crate::Gateway;
use crate::health::elsewhere::{Process, processes};

/// What a page shows, read anew whenever it is asked for.
pub(crate) trait Page: Template + Send + Sized + 'static {
    /// What the address says: which thing, which part of a list.
    type Asked: FromRequestParts<Gateway> + Clone + Send + Sync + 'static;

    fn load(
        gateway: &Gateway,
        asked: &Self::Asked,
    ) -> impl Future<Output = Result<Self, Problem>> + Send;

    /// Whether it tells of all services, so that those that are not seen are missing in it.
    const IS_OF_ALL: bool = true;

    /// Whether an open one follows what changes.
    fn is_live(&self) -> bool {
        true
    }

    fn title(&self) -> String;

    fn said(&mut self) -> &mut Said;
}

/// What stands above every page's content.
#[derive(Default)]
pub(crate) struct Said {
    /// What the act before this page has done.
    pub(crate) done: Option<String>,
    /// Services whose database did not answer.
    pub(crate) silent: Vec<&'static str>,
    /// Services elsewhere whose databases cannot be looked into from here.
    pub(crate) unseen: Vec<Process>,
}

impl Said {
    /// Whether the page shows every service, so that what is not on it is not there.
    pub(crate) fn is_whole(&self) -> bool {
        self.silent.is_empty() && self.unseen.is_empty()
    }

    /// Whose databases did not answer.
    pub(crate) fn silence(&self) -> String {
        let names = self.silent.join(", ");
        match self.silent.len() {
            1 => format!("The database of {names} does not answer"),
            _ => format!("The databases of {names} do not answer"),
        }
    }

    pub(crate) fn of<const N: usize>(silent: [Vec<&'static str>; N]) -> Self {
        let mut silent = silent.concat();
        silent.sort_unstable();
        silent.dedup();
        Self {
            silent,
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Before {
    done: Option<String>,
    /// How many things it was about.
    count: Option<u64>,
}

pub(crate) async fn show<P: Page>(
    _: Operator,
    State(gateway): State<Gateway>,
    uri: Uri,
    Query(Before { done, count }): Query<Before>,
    asked: P::Asked,
) -> Result<Fragment, Problem> {
    let mut page = P::load(&gateway, &asked).await?;
    let live = page.is_live().then(|| live(&uri, revision(&page)));
    let said = page.said();
    said.done = done.and_then(|done| in_words(&done, count.unwrap_or(0)));
    if P::IS_OF_ALL {
        said.unseen = unseen(gateway.installation());
    }
    let mut shown = Fragment::try_new(page.title(), page.render())?;
    shown.live = live;
    Ok(shown)
}

/// The role is looked at again whenever the browser comes back (SEC-27).
pub(crate) async fn changes<P: Page>(
    _: Operator,
    State(gateway): State<Gateway>,
    Seen(seen): Seen,
    asked: P::Asked,
) -> Response {
    let looking = gateway.clone();
    let services = gateway.installation().handles();
    follow_all(services, &gateway.0.clock, seen, move || {
        let (gateway, asked) = (looking.clone(), asked.clone());
        async move {
            let page = P::load(&gateway, &asked).await;
            // What is gone has changed, and the page says so when it is fetched.
            Ok::<_, Infallible>(page.map_or(0, |page| revision(&page)))
        }
    })
}

/// Of which nothing can be seen from here.
pub(crate) fn unseen(installation: &Installation) -> Vec<Process> {
    processes(installation, |service| !service.is_attached)
}

/// Differs when the page does.
fn revision(page: &impl Template) -> u64 {
    let mut hasher = DefaultHasher::new();
    // One that cannot be rendered is told of where it is shown.
    page.render().unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// Where a page's stream is: beside it, for the same part of what it lists.
fn live(uri: &Uri, revision: u64) -> String {
    let query = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<_> = query
        .filter(|pair| {
            let told = ["done=", "count=", "seen="];
            !pair.is_empty() && !told.iter().any(|one| pair.starts_with(one))
        })
        .collect();
    let seen = format!("seen={revision}");
    query.push(&seen);
    format!("{}/live?{}", uri.path(), query.join("&"))
}

fn in_words(done: &str, count: u64) -> Option<String> {
    Some(match (done, count) {
        ("retried_all", 1) => "One event is tried again.".to_owned(),
        ("retried_all", count) => format!("{} events are tried again.", grouped(&count)),
        ("retried_some", count) => {
            let count = grouped(&count);
            format!("{count} events are tried again, which is enough for once. There are more.")
        }
        (done, _) => words_for(done)?.to_owned(),
    })
}

fn words_for(done: &str) -> Option<&'static str> {
    Some(match done {
        "edited" => {
            "The event is tried again with the new data. What it was stays on record with your \
             note."
        }
        "paused" => "The subscription is paused. What comes for it is kept until it goes on.",
        "resumed" => "The subscription goes on.",
        "rebuilding" => "It is being built anew beside the one in use, which stays until then.",
        "retried" => "The event is tried again.",
        "discarded" => "The event is discarded, and your note is kept.",
        "alert_acknowledged" => "It is yours, and your note is kept.",
        "job_retried" => "The job runs again.",
        "job_cancelled" => "The job is cancelled. One that is running stops when it next looks.",
        "run_retried" => "The run goes on.",
        "run_cancelled" => "The run is asked to stop: it undoes what it has done and ends.",
        "step_decided" => "The run goes on with what you have said, and your note is kept.",
        "settled" => "The slots go on, and your note is kept.",
        "run_abandoned" => "The run is given up, and your note is kept.",
        "operation_cancelled" => "The operation is asked to stop.",
        "callback_redelivered" => "The callback is sent again.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::live;

    #[test]
    fn the_stream_of_a_page_follows_the_same_part_of_the_list() {
        let lists = [
            ("/console", "/console/live?seen=7"),
            ("/console?done=retried", "/console/live?seen=7"),
            (
                "/console/jobs?state=dead&done=job_retried&cursor=1",
                "/console/jobs/live?state=dead&cursor=1&seen=7",
            ),
        ];
        for (page, stream) in lists {
            assert_eq!(live(&page.parse().unwrap(), 7), stream);
        }
    }
}
