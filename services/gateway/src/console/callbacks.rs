//! Callbacks: what is still to be told to somebody outside, and what they did not take.

use std::collections::HashMap;

use askama::Template;
use tidings::callback::{self, Attempt, CallbackRow};
use tidings::{Error, Handle, Paging, Problem, Query, Timestamp, Tx, Uuid};

use super::decide::Act;
use super::list::{Filter, Found, Of, Part};
use super::page::{Page, Said};
use super::text::word;
use crate::Gateway;

const STATES: [&str; 4] = ["queued", "exhausted", "delivered", "gone"];
/// Those that are shown where no state is chosen.
const OPEN: [&str; 2] = ["queued", "exhausted"];
const PATH: &str = "/console/callbacks";

#[derive(Template)]
#[template(path = "console/callbacks.html")]
pub(crate) struct Callbacks {
    said: Said,
    filter: Filter,
    services: Vec<&'static str>,
    callbacks: Vec<CallbackView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

/// A callback as a line of a table.
pub(crate) struct CallbackView {
    pub(crate) service: &'static str,
    pub(crate) callback: CallbackRow,
    pub(crate) last: Option<Attempt>,
    /// Where its form posts to.
    pub(crate) href: String,
    /// The operation that it tells of.
    pub(crate) operation: String,
}

impl CallbackView {
    pub(crate) fn of(of: Of<CallbackRow>, last: Option<Attempt>) -> Self {
        let Of { service, item } = of;
        Self {
            service,
            last,
            href: format!("{PATH}/{service}/{}", item.id),
            operation: format!("/console/operations/{service}/{}", item.operation),
            callback: item,
        }
    }

    pub(crate) fn can_redeliver(&self) -> bool {
        can_redeliver(&self.callback)
    }
}

/// One that has not failed yet is on its way without anybody's help.
fn can_redeliver(callback: &CallbackRow) -> bool {
    callback.state != "queued" || callback.failures > 0
}

/// What came of a try, in words.
pub(crate) fn outcome(attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("answered {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "under way, or cut off".to_owned(),
    }
}

impl Page for Callbacks {
    type Asked = (Query<Filter>, Paging);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, paging).await?;
        let mut last = last_attempts(gateway, &found.items).await?;
        let views = found.items.into_iter().map(|one| {
            let last = last.remove(&one.item.id);
            CallbackView::of(one, last)
        });
        Ok(Self {
            said: Said::of([found.silent]),
            services: gateway.service_names(),
            callbacks: views.collect(),
            first: paging.after.map(|_| filter.url(PATH, paging, None)),
            older: found.next.map(|at| filter.url(PATH, paging, Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Callbacks".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// The newest callbacks of those services that answer: the open ones, if nothing is said.
pub(crate) async fn find(
    gateway: &Gateway,
    filter: &Filter,
    paging: &Paging,
) -> Result<Part<CallbackRow, (Timestamp, Uuid)>, Problem> {
    let services = filter.services(gateway, &STATES)?;
    let states = match filter.state() {
        Some(state) => vec![Some(state)],
        None if filter.wants_all() => vec![None],
        None => OPEN.map(Some).to_vec(),
    };
    let mut found = Found::default();
    for handle in services {
        for state in &states {
            let answer = callback::list(handle, *state, paging.after, paging.fetch()).await;
            found.add(handle, answer);
        }
    }
    Ok(found.newest(paging, |one| (one.created_at, one.id)))
}

async fn last_attempts(
    gateway: &Gateway,
    callbacks: &[Of<CallbackRow>],
) -> Result<HashMap<Uuid, Attempt>, Problem> {
    let mut last = HashMap::new();
    for handle in gateway.installation().handles() {
        let own = callbacks.iter().filter(|one| one.service == handle.name());
        let ids: Vec<_> = own.map(|one| one.item.id).collect();
        if !ids.is_empty() {
            last.extend(callback::last_attempts(handle, &ids).await?);
        }
    }
    Ok(last)
}

pub(crate) struct Redeliver;

impl Act for Redeliver {
    const PAGE: &'static str = PATH;
    const DONE: &'static str = "callback_redelivered";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let callback = callback::get(service, id).await?;
        Ok(callback.map(|callback| can_redeliver(&callback)))
    }

    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        callback::redeliver(tx, id).await
    }
}
