//! One task: what it says, whose it is, and how it came to them.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::tasks::TaskStatus;
use contracts::{TaskId, UserId};
use serde::Deserialize;
use tidings::{
    Conn, Fragment, Handle, Path, Problem, Query, RequestContext, SignedIn, Timestamp, Uuid,
};

use super::row::{fee, reward, unknown};
use crate::access::Member;
use crate::actions::complete_task;
use crate::store::{self, pulse};
use crate::task::Task;
use crate::{Error, Settings};

#[derive(Default, Deserialize)]
pub(super) struct Told {
    /// What has just been done.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    id: TaskId,
    jira_id: Option<String>,
    title: String,
    description: Vec<String>,
    status: &'static str,
    label: String,
    holder: String,
    is_mine: bool,
    author: String,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
    fee: Option<String>,
    reward: Option<String>,
    may_complete: bool,
    deals: bool,
    /// What went wrong with what was just asked for.
    refused: Option<String>,
    created_now: bool,
    history: Vec<Step>,
}

/// One line of the history.
struct Step {
    what: String,
    at: Timestamp,
}

/// GET `/exchange/tasks/{id}`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Query(told): Query<Told>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let created_now = told.done.as_deref() == Some("created");
    page(&service, member, id.into(), created_now, None).await
}

/// POST `/exchange/tasks/{id}/complete`
pub(super) async fn complete(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    match complete_task(&service, context, member, id.into()).await {
        Ok(_) => Ok(Redirect::to("/exchange/tasks?done=completed").into_response()),
        Err(error @ Error::AlreadyCompleted) => {
            let problem = Problem::from(error);
            let text = problem.message().to_owned();
            let page = page(&service, member, id.into(), false, Some(text)).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    service: &Handle,
    member: Member,
    id: TaskId,
    created_now: bool,
    refused: Option<String>,
) -> Result<Fragment, Problem> {
    let settings = service.resource::<Settings>()?;
    let mut conn = service.read().await?;
    // Before the task: a change in between is then told once too often, not missed.
    let seen = pulse::of_task(&mut conn, id).await?;
    let task = member.task(&mut conn, id).await?;
    let price = store::prices::find(&mut conn, id).await?;
    let holder = name(&mut conn, task.assignee_id).await?;
    let author = name(&mut conn, task.created_by).await?;
    let history = history(&mut conn, &task, &holder).await?;
    let is_mine = task.assignee_id == member.id;
    let page = TaskPage {
        id,
        status: task.status.as_str(),
        label: settings.labels.of(task.status).to_owned(),
        holder,
        is_mine,
        author,
        created_at: task.created_at,
        completed_at: task.completed_at,
        fee: price.map(fee),
        reward: price.map(reward),
        may_complete: is_mine && task.status == TaskStatus::Open,
        deals: member.deals,
        refused,
        created_now,
        history,
        description: paragraphs(&task.told.description),
        jira_id: task.told.jira_id,
        title: task.told.title,
    };
    let live = format!("/exchange/tasks/{id}/live?seen={seen}");
    let title = page.title.clone();
    Ok(Fragment::try_new(title, page.render())?.live(live))
}

async fn name(conn: &mut Conn, id: UserId) -> Result<String, tidings::Error> {
    let name = store::people::name(conn, id).await?;
    Ok(name.unwrap_or_else(unknown))
}

fn paragraphs(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}

/// Oldest first, and its completion last.
async fn history(conn: &mut Conn, task: &Task, holder: &str) -> Result<Vec<Step>, tidings::Error> {
    let rows = store::history(conn, task.id).await?;
    let mut steps: Vec<Step> = rows
        .into_iter()
        .map(|(assignment, name)| {
            let name = name.unwrap_or_else(unknown);
            let is_same = assignment.previous_assignee_id == Some(assignment.assignee_id);
            let what = match (assignment.shuffle_id, is_same) {
                (None, _) => format!("Created, and fell to {name}"),
                (Some(_), true) => format!("Dealt anew, and fell to {name} again"),
                (Some(_), false) => format!("Dealt anew, and fell to {name}"),
            };
            let at = assignment.at;
            Step { what, at }
        })
        .collect();
    if let Some(at) = task.completed_at {
        let what = format!("Completed by {holder}");
        steps.push(Step { what, at });
    }
    Ok(steps)
}
