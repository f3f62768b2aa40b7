//! One job, and what is decided about it.

use askama::Template;
use tidings::{Error, Handle, JobRow, Path, Problem, Tx, Uuid, dead, jobs};

use super::decide::{Act, Thing, find_service, not_there};
use super::jobs::{JobView, can_cancel, can_retry};
use super::list::Of;
use super::masked;
use super::page::{Page, Said};
use super::text::{moment, pretty, word};
use crate::Gateway;

#[derive(Template)]
#[template(path = "console/job.html")]
pub(crate) struct OneJob {
    said: Said,
    view: JobView,
    data: String,
    /// The run of a workflow that it carries.
    run: Option<String>,
    children: Vec<JobView>,
}

impl OneJob {
    fn job(&self) -> &JobRow {
        &self.view.job
    }
}

impl Page for OneJob {
    type Asked = Path<Thing>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let Path((service, id)) = asked;
        let handle = find_service(gateway, service)?;
        let (service, now) = (handle.name(), gateway.now());
        let mask = gateway.installation().mask();
        let job = jobs::get(&handle, *id).await?.ok_or_else(not_there)?;
        let job = masked::job(mask, job);
        let children = jobs::children(&handle, *id).await?.into_iter();
        Ok(Self {
            said: Said::default(),
            data: pretty(&job.data),
            run: carried(&job).map(|run| format!("/console/workflows/{service}/{run}")),
            children: children
                .map(|item| masked::job(mask, item))
                .map(|item| JobView::of(Of { service, item }, now))
                .collect(),
            view: JobView::of(Of { service, item: job }, now),
        })
    }

    fn title(&self) -> String {
        format!("Job {}", self.job().kind)
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// The run that a workflow's job carries.
fn carried(job: &JobRow) -> Option<Uuid> {
    #[derive(serde::Deserialize)]
    struct Carried {
        run: Uuid,
    }
    job.kind.strip_prefix("workflow.")?;
    let carried: Carried = serde_json::from_str(&job.data).ok()?;
    Some(carried.run)
}

pub(crate) struct Retry;

impl Act for Retry {
    const PAGE: &'static str = "/console/jobs";
    const DONE: &'static str = "job_retried";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let job = jobs::get(service, id).await?;
        Ok(job.map(|job| can_retry(&job)))
    }

    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        dead::retry_job(tx, id).await
    }
}

pub(crate) struct Cancel;

impl Act for Cancel {
    const PAGE: &'static str = "/console/jobs";
    const DONE: &'static str = "job_cancelled";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let job = jobs::get(service, id).await?;
        Ok(job.map(|job| can_cancel(&job)))
    }

    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        jobs::cancel(tx, id).await
    }
}
