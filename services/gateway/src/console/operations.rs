//! The operations that somebody outside waits for.

use askama::Template;
use tidings::operation::{self, OperationFilter, OperationRow};
use tidings::{Paging, Problem, Query, Timestamp, Uuid};

use super::list::{Filter, Found, Of, Part, known};
use super::masked;
use super::page::{Page, Said};
use super::text::word;
use crate::Gateway;

pub(crate) const STATES: [&str; 5] = ["queued", "running", "succeeded", "failed", "cancelled"];
const PATH: &str = "/console/operations";

#[derive(Template)]
#[template(path = "console/operations.html")]
pub(crate) struct Operations {
    said: Said,
    filter: Filter,
    services: Vec<&'static str>,
    known: Vec<String>,
    operations: Vec<OperationView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

/// An operation as a line of a table.
pub(crate) struct OperationView {
    pub(crate) service: &'static str,
    pub(crate) operation: OperationRow,
    pub(crate) href: String,
}

impl OperationView {
    pub(crate) fn of(of: Of<OperationRow>) -> Self {
        let Of { service, item } = of;
        Self {
            service,
            href: format!("{PATH}/{service}/{}", item.id),
            operation: item,
        }
    }

    pub(crate) fn can_cancel(&self) -> bool {
        can_cancel(&self.operation)
    }
}

pub(crate) fn can_cancel(operation: &OperationRow) -> bool {
    !operation.is_finished() && !operation.cancelling
}

impl Page for Operations {
    type Asked = (Query<Filter>, Paging);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, paging).await?;
        Ok(Self {
            said: Said::of([found.silent]),
            services: gateway.service_names(),
            known: known(found.items.iter().map(|one| &one.item.kind)),
            operations: found.items.into_iter().map(OperationView::of).collect(),
            first: paging.after.map(|_| filter.url(PATH, paging, None)),
            older: found.next.map(|at| filter.url(PATH, paging, Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Operations".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// The newest operations of those services that answer.
pub(crate) async fn find(
    gateway: &Gateway,
    filter: &Filter,
    paging: &Paging,
) -> Result<Part<OperationRow, (Timestamp, Uuid)>, Problem> {
    let services = filter.services(gateway, &STATES)?;
    let asked = OperationFilter {
        owner: None,
        state: filter.state().map(ToOwned::to_owned),
        kind: filter.kind().map(ToOwned::to_owned),
    };
    let mut found = Found::default();
    for handle in services {
        let answer = operation::list(handle, &asked, paging.after, paging.fetch()).await;
        found.add(handle, answer);
    }
    let mask = gateway.installation().mask();
    let part = found.newest(paging, |one: &OperationRow| (one.created_at, one.id));
    Ok(part.map(|one| masked::operation(mask, one)))
}
