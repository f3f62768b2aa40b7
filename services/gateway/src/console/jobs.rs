//! The jobs of all services, and their schedules.

use std::collections::BTreeMap;

use askama::Template;
use tidings::{JobCount, JobRow, Paging, Problem, Query, ScheduleRow, Timestamp, jobs};

use super::list::{Filter, Found, Of, Older, Part, known, narrowed};
use super::masked;
use super::page::{Page, Said};
use super::text::{grouped, moment, word};
use crate::Gateway;

pub(crate) const STATES: [&str; 5] = ["ready", "running", "dead", "done", "cancelled"];
/// Those that are counted.
const OPEN: [&str; 3] = ["ready", "running", "dead"];

#[derive(Template)]
#[template(path = "console/jobs.html")]
pub(crate) struct Jobs {
    said: Said,
    filter: Filter,
    services: Vec<&'static str>,
    ready: u64,
    running: u64,
    dead: u64,
    /// Kinds that the filter offers.
    known: Vec<String>,
    kinds: Vec<KindView>,
    jobs: Vec<JobView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
    schedules: Vec<Of<ScheduleRow>>,
}

/// A kind of one service, and how many jobs of it are in each open state.
struct KindView {
    service: &'static str,
    kind: String,
    cells: [Cell; 3],
    /// The oldest moment at which one that waits was due.
    oldest: Option<Timestamp>,
}

struct Cell {
    state: &'static str,
    count: u64,
    href: String,
}

/// A job as a line of a table.
pub(crate) struct JobView {
    pub(crate) service: &'static str,
    pub(crate) job: JobRow,
    pub(crate) href: String,
    /// Before the moment that is told: "due", "since" …; or all there is to say.
    pub(crate) when: &'static str,
    pub(crate) at: Option<Timestamp>,
}

impl JobView {
    pub(crate) fn of(of: Of<JobRow>, now: Timestamp) -> Self {
        let Of { service, item: job } = of;
        let (when, at) = when(&job, now);
        let href = format!("/console/jobs/{service}/{}", job.id);
        Self {
            service,
            job,
            href,
            when,
            at,
        }
    }

    pub(crate) fn can_retry(&self) -> bool {
        can_retry(&self.job)
    }

    pub(crate) fn can_cancel(&self) -> bool {
        can_cancel(&self.job)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        is_stopping(&self.job)
    }
}

pub(crate) fn can_retry(job: &JobRow) -> bool {
    job.state == "dead"
}

pub(crate) fn can_cancel(job: &JobRow) -> bool {
    OPEN.contains(&job.state.as_str()) && !is_stopping(job)
}

/// Whether it runs on although somebody has cancelled it.
fn is_stopping(job: &JobRow) -> bool {
    job.state == "running" && job.cancel
}

/// When something happens or happened to a job, as a word and a moment.
fn when(job: &JobRow, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    match job.state.as_str() {
        "ready" if job.run_at <= now => ("due now", None),
        "ready" => match moment(job.run_at) {
            Some(at) => ("due", Some(at)),
            None => ("when it is woken", None),
        },
        "running" => ("since", job.started_at),
        "dead" => ("gave up", job.finished_at),
        _ => ("ended", job.finished_at),
    }
}

impl Page for Jobs {
    type Asked = (Query<Filter>, Paging<Older>);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, paging).await?;
        let (mut counts, mut schedules) = (Found::default(), Found::default());
        for handle in gateway.installation().handles() {
            if !found.silent.contains(&handle.name()) {
                counts.add(handle, jobs::counts(handle).await);
                schedules.add(handle, jobs::schedules(handle).await);
            }
        }
        let now = gateway.now();
        let views = found.items.into_iter().map(|job| JobView::of(job, now));
        Ok(Self {
            said: Said::of([found.silent, counts.silent, schedules.silent]),
            services: gateway.service_names(),
            ready: in_state(&counts.items, "ready"),
            running: in_state(&counts.items, "running"),
            dead: in_state(&counts.items, "dead"),
            known: known(counts.items.iter().map(|one| &one.item.kind)),
            kinds: kinds(counts.items),
            jobs: views.collect(),
            first: paging
                .after
                .map(|_| filter.url("/console/jobs", paging, None)),
            older: found
                .next
                .map(|at| filter.url("/console/jobs", paging, Some(&at))),
            schedules: schedules.items,
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Jobs".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// The newest jobs of those services that answer.
pub(crate) async fn find(
    gateway: &Gateway,
    filter: &Filter,
    paging: &Paging<Older>,
) -> Result<Part<JobRow>, Problem> {
    let before = paging.after.map(|Older(id)| id);
    let mut found = Found::default();
    for handle in filter.services(gateway, &STATES)? {
        let (state, kind) = (filter.state(), filter.kind());
        let answer = jobs::list(handle, state, kind, before, paging.fetch()).await;
        found.add(handle, answer);
    }
    let mask = gateway.installation().mask();
    let part = found.newest(paging, |job: &JobRow| Older(job.id));
    Ok(part.map(|job| masked::job(mask, job)))
}

fn in_state(counts: &[Of<JobCount>], state: &str) -> u64 {
    let of_state = counts.iter().filter(|one| one.item.state == state);
    of_state.map(|one| one.item.count).sum()
}

fn kinds(counts: Vec<Of<JobCount>>) -> Vec<KindView> {
    let mut kinds: BTreeMap<(&'static str, String), Vec<JobCount>> = BTreeMap::new();
    for Of { service, item } in counts {
        let kind = (service, item.kind.clone());
        kinds.entry(kind).or_default().push(item);
    }
    kinds
        .into_iter()
        .map(|((service, kind), counts)| KindView {
            service,
            cells: OPEN.map(|state| cell(service, &kind, state, &counts)),
            oldest: oldest(&counts),
            kind,
        })
        .collect()
}

fn cell(service: &str, kind: &str, state: &'static str, counts: &[JobCount]) -> Cell {
    let found = counts.iter().find(|one| one.state == state);
    Cell {
        state,
        count: found.map_or(0, |one| one.count),
        href: narrowed("/console/jobs", service, kind, state),
    }
}

fn oldest(counts: &[JobCount]) -> Option<Timestamp> {
    let ready = counts.iter().find(|one| one.state == "ready");
    ready.and_then(|one| moment(one.oldest))
}
