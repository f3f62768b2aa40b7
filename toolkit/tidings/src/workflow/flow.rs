//! A run as its code sees it, and how it is fitted to what is recorded.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::row::{RunState, StepKind, StepRow, StepState, WorkflowRow};
use super::step::StepFailed;
use super::store;
use super::undo::Undo;
use crate::failure::Failure;
use crate::handle::Handle;
use crate::job::JobRun;
use crate::{Context, Error, Timestamp, Tx, Uuid, crash};

/// A run of a workflow, in the hands of its code.
///
/// Each method that takes a name is a step: it is recorded under this name and at this
/// place, and when the run goes on after a pause or a crash, the code runs again from the
/// top and is given what is recorded. So the code between the steps must do the same each
/// time: what it decides comes from its input and from the results of steps, and never from
/// the clock, from chance or from a table that it reads by itself.
///
/// Waiting, and faults of the ground (database, disk), never come back into the code: it is
/// dropped where it stands and run again later.
pub struct Flow {
    pub(super) run: JobRun,
    pub(super) row: WorkflowRow,
    pub(super) attempts_max: u32,
    pub(super) undos: Vec<Undo>,
    steps: Vec<StepRow>,
    position: u32,
    names: HashSet<String>,
    parting: PartingPlace,
    /// Of a run that is only rehearsed, the messages that wait for it, by name.
    pub(super) rehearsed_with: Option<Vec<(String, String)>>,
}

/// Why the code is left where it stands.
pub(super) enum Parting {
    /// Nothing to do before this moment, or before the run is woken.
    Suspend(Option<Timestamp>),
    /// The run cannot go on, now or ever.
    Failed(Failure),
    /// Somebody has asked the run to stop.
    Cancelled,
    /// What is recorded ends here, and the code is not to do anything.
    Rehearsed,
}

/// Where a flow leaves word for whoever drives it.
#[derive(Clone, Default)]
pub(super) struct PartingPlace(Arc<Mutex<Option<Parting>>>);

impl PartingPlace {
    fn leave(&self, why: Parting) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.get_or_insert(why);
    }

    pub(super) fn take(&self) -> Option<Parting> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }
}

impl Flow {
    pub(super) fn new(
        run: JobRun,
        row: WorkflowRow,
        steps: Vec<StepRow>,
        attempts_max: u32,
        parting: PartingPlace,
    ) -> Self {
        Self {
            run,
            row,
            attempts_max,
            steps,
            parting,
            undos: Vec::new(),
            position: 0,
            names: HashSet::new(),
            rehearsed_with: None,
        }
    }

    /// The identifier of the run.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.row.id
    }

    /// What the run is about: the key that it was started with.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.row.key
    }

    /// The version of the code that the run was started with, for code that has learned
    /// something new and must go on with runs that have not:
    ///
    /// ```
    /// # use tidings::{Error, Flow, Tx, StepFailed};
    /// # async fn thank(_: (), _: &mut Tx) -> Result<(), Error> { Ok(()) }
    /// # async fn part(cx: &mut Flow) -> Result<(), StepFailed> {
    /// if cx.version() >= 2 {
    ///     cx.step("thank", (), thank).await?;
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn version(&self) -> u32 {
        self.row.version
    }

    /// When the run was started, by the service clock; the same at every replay.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// The service that the run belongs to.
    #[must_use]
    pub fn service(&self) -> &Handle {
        self.run.service()
    }

    /// Leaves the code where it stands, for good.
    pub(super) async fn part<T>(&mut self, why: Parting) -> T {
        self.parting.leave(why);
        std::future::pending().await
    }

    pub(super) async fn give_up<T>(&mut self, error: String) -> T {
        self.part(Parting::Failed(Failure::hopeless(error))).await
    }

    /// Faults of the ground never reach the code.
    pub(super) async fn sure<T>(&mut self, outcome: Result<T, Error>) -> T {
        match outcome {
            Ok(value) => value,
            Err(error) => self.part(Parting::Failed(error.into())).await,
        }
    }

    /// The step at this place: as it is recorded, or a new one (whose `attempts` are 0).
    pub(super) async fn place(&mut self, name: &str, kind: StepKind) -> StepRow {
        match self.fit(name, kind) {
            Ok(step) if step.state == StepState::Cancelled => self.part(Parting::Cancelled).await,
            Ok(step) if self.rehearsed_with.is_some() && !step.state.is_recorded() => {
                self.part(Parting::Rehearsed).await
            }
            Ok(step) => step,
            Err(misfit) => self.give_up(misfit).await,
        }
    }

    fn fit(&mut self, name: &str, kind: StepKind) -> Result<StepRow, String> {
        let position = self.position;
        self.position += 1;
        if !self.names.insert(name.to_owned()) {
            return Err(format!("the code has two steps named {name:?}"));
        }
        if let Some(recorded) = self.steps.get(position as usize) {
            return if recorded.name == name && recorded.kind == kind {
                Ok(recorded.clone())
            } else {
                Err(format!(
                    "step {position} is recorded as {} {:?}, and the code asks for {kind} {name:?}",
                    recorded.kind, recorded.name
                ))
            };
        }
        let is_undo = matches!(kind, StepKind::Undo | StepKind::UndoCall);
        if self.row.ends_as.is_some() && !is_undo {
            return Err(format!(
                "the run is being undone, and the code asks for another step, {kind} {name:?}"
            ));
        }
        Ok(StepRow {
            position,
            name: name.to_owned(),
            kind,
            state: StepState::Started,
            result: None,
            error: None,
            attempts: 0,
            asks: 0,
            job_id: None,
            due_at: None,
            started_at: self.service().now(),
            finished_at: None,
        })
    }

    /// What is recorded behind the place where the code has ended.
    pub(super) fn left_over(&self) -> Option<String> {
        let step = self.steps.get(self.position as usize)?;
        Some(format!(
            "step {} is recorded as {} {:?}, and the code has ended before it",
            step.position, step.kind, step.name
        ))
    }

    /// The same for what the code had done when it began to be undone.
    pub(super) fn left_over_before_undoing(&self) -> Option<String> {
        let step = self.steps.get(self.position as usize)?;
        let is_undo = matches!(step.kind, StepKind::Undo | StepKind::UndoCall);
        (!is_undo).then(|| self.left_over()).flatten()
    }

    /// How a step has ended, if it has.
    pub(super) async fn recorded<T: DeserializeOwned>(
        &mut self,
        step: &StepRow,
    ) -> Option<Result<T, StepFailed>> {
        match step.state {
            StepState::Done => {
                let text = step.result.as_deref().unwrap_or("null");
                match serde_json::from_str(text) {
                    Ok(value) => Some(Ok(value)),
                    Err(error) => {
                        let (position, name) = (step.position, &step.name);
                        let text = format!(
                            "the result of step {position} {name:?} is not what the code takes: {error}"
                        );
                        self.give_up(text).await
                    }
                }
            }
            StepState::Failed => Some(Err(StepFailed::of(step))),
            _ => None,
        }
    }

    /// Stops here until the step is due.
    pub(super) async fn until_due(&mut self, step: &StepRow) {
        if let Some(due) = step.due_at
            && self.service().now() < due
        {
            self.part(Parting::Suspend(Some(due))).await
        }
    }

    /// Begins a transaction of the run. It fails when somebody else carries the run.
    pub(super) async fn begin(&mut self) -> Tx {
        self.begin_and_ask().await.0
    }

    /// As [`Flow::begin`], and says whether somebody has asked the run to stop.
    pub(super) async fn begin_and_ask(&mut self) -> (Tx, bool) {
        let begun = self.try_begin().await;
        self.sure(begun).await
    }

    /// As [`Flow::begin`], where the run may stop: not in the middle of a call.
    pub(super) async fn begin_unless_cancelled(&mut self, step: &StepRow) -> Tx {
        let (mut tx, cancel) = self.begin_and_ask().await;
        if !cancel || self.row.ends_as.is_some() {
            return tx;
        }
        let mut step = step.clone();
        step.ended(StepState::Cancelled, tx.now());
        let recorded = self.stop_at(&mut tx, &step).await;
        let committed = match recorded {
            Ok(()) => tx.commit().await,
            Err(error) => Err(error),
        };
        self.sure(committed).await;
        crash::point("S3").await;
        self.row.ends_as = Some(RunState::Cancelled);
        self.remember(step);
        self.part(Parting::Cancelled).await
    }

    async fn stop_at(&mut self, tx: &mut Tx, step: &StepRow) -> Result<(), Error> {
        store::put_step(tx, self.row.id, step).await?;
        store::compensate(tx, self.row.id, RunState::Cancelled, None).await
    }

    async fn try_begin(&mut self) -> Result<(Tx, bool), Error> {
        let mut tx = self.run.begin().await?;
        tx.set_context(self.context());
        let cancel = store::touch(&mut tx, self.row.id).await?;
        Ok((tx, cancel))
    }

    pub(super) fn context(&self) -> Context {
        Context {
            causation_id: Some(format!("workflow:{}", self.row.id)),
            ..self.row.context.clone()
        }
    }

    /// For what a step leads to: it names the step as its cause.
    pub(super) fn context_of(&self, step: &str) -> Context {
        Context {
            causation_id: Some(format!("workflow:{}/{step}", self.row.id)),
            ..self.row.context.clone()
        }
    }

    /// Records a step in the transaction of its effect, and commits both.
    pub(super) async fn record(&mut self, mut tx: Tx, step: &StepRow) -> Result<(), Error> {
        store::put_step(&mut tx, self.row.id, step).await?;
        // Not for a step that is only begun: one that ends every process must not do it for ever.
        if self.run.attempt() > 1 && step.finished_at.is_some() {
            store::forget_attempts(&mut tx, self.run.id()).await?;
        }
        crash::point("S1").await;
        tx.commit().await?;
        crash::point("S2").await;
        self.remember(step.clone());
        Ok(())
    }

    /// Records a step that waits, and leaves the code until then.
    pub(super) async fn wait<T>(
        &mut self,
        mut tx: Tx,
        step: &StepRow,
        what: &str,
        until: Option<Timestamp>,
    ) -> T {
        let noted = store::wait_for(&mut tx, self.row.id, what).await;
        self.sure(noted).await;
        let recorded = self.record(tx, step).await;
        self.sure(recorded).await;
        self.part(Parting::Suspend(until)).await
    }

    /// Whether anything was done that undoes something.
    pub(super) fn has_undone(&self) -> bool {
        let is_undo = |step: &StepRow| matches!(step.kind, StepKind::Undo | StepKind::UndoCall);
        self.steps.iter().any(is_undo)
    }

    fn remember(&mut self, step: StepRow) {
        match self.steps.get_mut(step.position as usize) {
            Some(place) => *place = step,
            None => self.steps.push(step),
        }
    }
}
