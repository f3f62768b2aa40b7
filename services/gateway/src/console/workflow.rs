//! One run of a workflow with its steps, and what is decided about it.

use askama::Template;
use tidings::workflow::{self, RunState, StepKind, StepRow, StepState, WorkflowRow};
use tidings::{Error, Handle, Mask, Path, Problem, Tx, Uuid};

use super::decide::{Act, Thing, find_service, not_there};
use super::list::Of;
use super::masked;
use super::page::{Page, Said};
use super::text::{pretty, span, word};
use super::workflows::{RunView, can_cancel, can_retry};
use crate::Gateway;

#[derive(Template)]
#[template(path = "console/workflow.html")]
pub(crate) struct OneRun {
    said: Said,
    view: RunView,
    input: String,
    steps: Vec<StepView>,
}

/// A step as a stop of the timeline.
struct StepView {
    step: StepRow,
    kind: &'static str,
    /// How it looks: done, ahead, or wrong.
    look: &'static str,
    /// What was tried, in words.
    tries: Option<String>,
    result: Option<String>,
    /// Unless it began and ended in one.
    took: Option<String>,
    waits_for: Option<&'static str>,
    /// What a person may say about it: whether it may be made again, too.
    asks: Option<MayRepeat>,
}

/// A call can be made again; a job that has ended cannot.
type MayRepeat = bool;

impl OneRun {
    fn run(&self) -> &WorkflowRow {
        &self.view.run
    }

    fn asks(&self) -> bool {
        self.steps.iter().any(|step| step.asks.is_some())
    }

    /// Whether there is more to come than what the steps say.
    fn goes_on(&self) -> bool {
        let waits = self.steps.iter().any(|step| step.waits_for.is_some());
        self.run().finished_at.is_none() && !self.view.can_retry() && !waits
    }
}

impl Page for OneRun {
    type Asked = Path<Thing>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let Path((service, id)) = asked;
        let handle = find_service(gateway, service)?;
        let mask = gateway.installation().mask();
        let (item, steps) = read(&handle, *id, mask).await?.ok_or_else(not_there)?;
        let service = handle.name();
        Ok(Self {
            said: Said::default(),
            input: pretty(&item.input),
            steps: steps
                .into_iter()
                .map(|step| step_view(step, item.state))
                .collect(),
            view: RunView::of(Of { service, item }),
        })
    }

    fn title(&self) -> String {
        format!("Run of {}", self.run().name)
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// A run with its steps, as they are shown.
pub(crate) async fn read(
    service: &Handle,
    id: Uuid,
    mask: &Mask,
) -> Result<Option<(WorkflowRow, Vec<StepRow>)>, Error> {
    let mut conn = service.read().await?;
    let Some(run) = workflow::get(&mut conn, id).await? else {
        return Ok(None);
    };
    let steps = workflow::steps(&mut conn, id).await?.into_iter();
    let steps = steps.map(|step| masked::step(mask, step, &run.input));
    let steps = steps.collect();
    Ok(Some((masked::workflow(mask, run), steps)))
}

fn step_view(step: StepRow, run: RunState) -> StepView {
    StepView {
        kind: match step.kind {
            StepKind::Step => "Transaction",
            StepKind::Call => "Call outside",
            StepKind::Sleep => "Pause",
            StepKind::Wait => "Waits for a message",
            StepKind::Job => "Job",
            StepKind::Undo => "Undoing, by a transaction",
            StepKind::UndoCall => "Undoing, by a call outside",
        },
        look: match step.state {
            StepState::Done => "",
            StepState::Failed | StepState::Unknown => "is-bad",
            _ => "is-next",
        },
        tries: tries(&step),
        result: step
            .result
            .as_deref()
            .filter(|text| *text != "null")
            .map(pretty),
        took: step
            .finished_at
            .filter(|at| *at > step.started_at)
            .map(|at| span(at.since(step.started_at))),
        waits_for: waits_for(&step, run),
        asks: asks(&step, run),
        step,
    }
}

/// Pauses and messages are not tried.
fn tries(step: &StepRow) -> Option<String> {
    let times = |count, once: &str, often: &str| match count {
        0 => None,
        1 => Some(once.to_owned()),
        count => Some(format!("{often} {count} times")),
    };
    let tried = times(step.attempts, "tried once", "tried")?;
    let asked = times(step.asks, "asked about once", "asked about");
    Some(asked.map_or(tried.clone(), |asked| format!("{tried}, {asked}")))
}

fn asks(step: &StepRow, run: RunState) -> Option<MayRepeat> {
    let is_open = run == RunState::Stuck && step.state != StepState::Done;
    match step.kind {
        StepKind::Call | StepKind::UndoCall if is_open => Some(true),
        StepKind::Job if is_open && step.state == StepState::Waiting => Some(false),
        _ => None,
    }
}

fn waits_for(step: &StepRow, run: RunState) -> Option<&'static str> {
    if run == RunState::Stuck {
        return (step.state == StepState::Unknown).then_some("Nobody here knows how it has ended");
    }
    Some(match (step.state, step.kind) {
        (StepState::Started, StepKind::Step | StepKind::Undo) => "Tried again",
        (StepState::Started, _) => "Under way",
        (StepState::Waiting, StepKind::Sleep) => "Goes on",
        (StepState::Waiting, StepKind::Wait) => "Waits for the message",
        (StepState::Waiting, StepKind::Job) => "Waits for the job",
        (StepState::Waiting, _) => "Waits",
        (StepState::Unknown, _) => "Asked about again",
        (StepState::Again, _) => "Is made again",
        _ => return None,
    })
}

pub(crate) struct Retry;

impl Act for Retry {
    const PAGE: &'static str = "/console/workflows";
    const DONE: &'static str = "run_retried";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let run = workflow::get(&mut service.read().await?, id).await?;
        Ok(run.map(|run| can_retry(&run)))
    }

    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        workflow::retry(tx, id).await
    }
}

pub(crate) struct Cancel;

impl Act for Cancel {
    const PAGE: &'static str = "/console/workflows";
    const DONE: &'static str = "run_cancelled";

    async fn is_open(service: &Handle, id: Uuid) -> Result<Option<bool>, Error> {
        let run = workflow::get(&mut service.read().await?, id).await?;
        Ok(run.map(|run| can_cancel(&run)))
    }

    async fn perform(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
        workflow::cancel(tx, id).await
    }
}
