//! The runs of all workflows.

use std::collections::BTreeMap;

use askama::Template;
use tidings::workflow::{self, RunCount, RunState, WorkflowRow};
use tidings::{Paging, Problem, Query};

use super::list::{Filter, Found, Of, Older, Part, known, narrowed};
use super::masked;
use super::page::{Page, Said};
use super::text::{grouped, word};
use crate::Gateway;

pub(crate) const STATES: [&str; 7] = [
    "running",
    "compensating",
    "stuck",
    "done",
    "failed",
    "compensated",
    "cancelled",
];

#[derive(Template)]
#[template(path = "console/workflows.html")]
pub(crate) struct Workflows {
    said: Said,
    filter: Filter,
    services: Vec<&'static str>,
    stuck: u64,
    /// Kinds that the filter offers.
    known: Vec<String>,
    kinds: Vec<KindView>,
    runs: Vec<RunView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

/// A workflow of one service, and how many runs of it are in each state that has any.
struct KindView {
    service: &'static str,
    kind: String,
    cells: Vec<Cell>,
}

struct Cell {
    state: RunState,
    count: u64,
    href: String,
}

/// A run as a line of a table.
pub(crate) struct RunView {
    pub(crate) service: &'static str,
    pub(crate) run: WorkflowRow,
    pub(crate) href: String,
}

impl RunView {
    pub(crate) fn of(Of { service, item: run }: Of<WorkflowRow>) -> Self {
        Self {
            service,
            href: format!("/console/workflows/{service}/{}", run.id),
            run,
        }
    }

    pub(crate) fn state(&self) -> &'static str {
        self.run.state.word()
    }

    pub(crate) fn can_retry(&self) -> bool {
        can_retry(&self.run)
    }

    pub(crate) fn can_cancel(&self) -> bool {
        can_cancel(&self.run)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.run.cancel && self.run.state == RunState::Running
    }
}

pub(crate) fn can_retry(run: &WorkflowRow) -> bool {
    run.state == RunState::Stuck
}

/// One that is being undone cannot be stopped a second time.
pub(crate) fn can_cancel(run: &WorkflowRow) -> bool {
    matches!(run.state, RunState::Running | RunState::Stuck) && run.ends_as.is_none() && !run.cancel
}

impl Page for Workflows {
    type Asked = (Query<Filter>, Paging<Older>);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, paging).await?;
        let mut counts = Found::default();
        for handle in gateway.installation().handles() {
            if !found.silent.contains(&handle.name()) {
                counts.add(handle, workflow::counts(handle).await);
            }
        }
        Ok(Self {
            said: Said::of([found.silent, counts.silent]),
            services: gateway.service_names(),
            stuck: stuck(&counts.items),
            known: known(counts.items.iter().map(|one| &one.item.name)),
            kinds: kinds(counts.items),
            runs: found.items.into_iter().map(RunView::of).collect(),
            first: paging
                .after
                .map(|_| filter.url("/console/workflows", paging, None)),
            older: found
                .next
                .map(|at| filter.url("/console/workflows", paging, Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Workflows".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// The newest runs of those services that answer.
pub(crate) async fn find(
    gateway: &Gateway,
    filter: &Filter,
    paging: &Paging<Older>,
) -> Result<Part<WorkflowRow>, Problem> {
    let services = filter.services(gateway, &STATES)?;
    let before = paging.after.map(|Older(id)| id);
    let asked = workflow::Filter {
        state: filter.state().and_then(|state| state.parse().ok()),
        name: filter.kind().map(ToOwned::to_owned),
    };
    let mut found = Found::default();
    for handle in services {
        let answer = workflow::list(handle, &asked, before, paging.fetch()).await;
        found.add(handle, answer);
    }
    let mask = gateway.installation().mask();
    let part = found.newest(paging, |run: &WorkflowRow| Older(run.id));
    Ok(part.map(|run| masked::workflow(mask, run)))
}

fn stuck(counts: &[Of<RunCount>]) -> u64 {
    let stuck = counts
        .iter()
        .filter(|one| one.item.state == RunState::Stuck);
    stuck.map(|one| one.item.count).sum()
}

fn kinds(counts: Vec<Of<RunCount>>) -> Vec<KindView> {
    let mut kinds: BTreeMap<(&'static str, String), Vec<Cell>> = BTreeMap::new();
    for Of { service, item } in counts {
        let cell = Cell {
            href: narrowed("/console/workflows", service, &item.name, item.state.word()),
            state: item.state,
            count: item.count,
        };
        kinds.entry((service, item.name)).or_default().push(cell);
    }
    let kinds = kinds.into_iter();
    kinds
        .map(|((service, kind), cells)| KindView {
            service,
            kind,
            cells,
        })
        .collect()
}
