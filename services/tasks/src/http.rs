//! The API of tasks.

mod shuffles;
mod wire;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::tasks::TaskStatus;
use serde::Deserialize;
use tidings::{Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Uuid};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Member;
use crate::actions::{complete_task, create_task_in_tx};
use crate::draft::Draft;
use crate::store;
use crate::store::list::Narrowed;
use wire::{AssignmentBody, TaskBody};

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(create, list))
        .routes(routes!(show))
        .routes(routes!(complete))
        .routes(routes!(history))
        .routes(routes!(shuffles::request))
        .routes(routes!(shuffles::list))
        .routes(routes!(shuffles::show))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// Write down what is to be done; it falls at once to somebody, by lot.
#[utoipa::path(post, path = "/api/tasks", tag = "tasks", request_body = Draft, responses(
    (status = 201, description = "Created and assigned", body = TaskBody,
        headers(("Location" = String, description = "Where the task is"))),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the task exchange"),
    (status = 422, description = "no_workers, or title_has_brackets, title_missing, title_too_long, bad_title, description_too_long, bad_description, bad_jira_id"),
))]
async fn create(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(draft): Json<Draft>,
) -> Result<impl IntoResponse, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let task = create_task_in_tx(&mut tx, &service, member.id, draft).await?;
    let holder = store::people::name(&mut tx, task.assignee_id).await?;
    let location = [(header::LOCATION, format!("/api/tasks/{}", task.id))];
    let body = TaskBody::of(task, holder, None);
    tx.answer(StatusCode::CREATED, &location, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, location, Json(body)))
}

/// What narrows a list of tasks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// One's own tasks, as without it.
    mine: Option<String>,
    /// Everybody's tasks; for managers and admins.
    all: Option<String>,
    /// Somebody's tasks; for managers and admins, unless it is oneself.
    assignee: Option<Uuid>,
    /// Only tasks that stand so: `open`, `completed`.
    status: Option<String>,
    /// Words that all must be in title, description or number.
    q: Option<String>,
}

impl Asked {
    fn check(self, member: Member) -> Result<Narrowed, Problem> {
        let mut narrowed = Narrowed {
            assignee_id: Some(member.id),
            status: read_status(self.status.as_deref())?,
            q: self.q.unwrap_or_default(),
        };
        if self.all.is_some() && self.mine.is_some() {
            let text = "Ask for mine or for all, not for both.";
            return Err(Problem::field("bad_scope", "all", text));
        }
        if self.all.is_some() {
            member.must_deal()?;
            narrowed.assignee_id = None;
        }
        if let Some(id) = self.assignee {
            let is_oneself = id == member.id.uuid();
            if !is_oneself {
                member.must_deal()?;
            }
            narrowed.assignee_id = Some(id.into());
        }
        Ok(narrowed)
    }
}

/// The status of a word; none where nothing is said.
pub(crate) fn read_status(word: Option<&str>) -> Result<Option<TaskStatus>, Problem> {
    match word {
        None | Some("") => Ok(None),
        Some("open") => Ok(Some(TaskStatus::Open)),
        Some("completed") => Ok(Some(TaskStatus::Completed)),
        Some(_) => {
            let text = "status must be open or completed.";
            Err(Problem::field("bad_status", "status", text))
        }
    }
}

/// Tasks, newest first: one's own, or everybody's.
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The tasks; a Link header leads to the next part", body = [TaskBody]),
    (status = 400, description = "bad_status, bad_scope, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Everybody's tasks are for managers and admins"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<List<TaskBody>, Problem> {
    let narrowed = asked.check(Member::of(&identity)?)?;
    let mut conn = service.read().await?;
    let rows = store::list::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| row.place());
    let items = rows.into_iter().map(TaskBody::from).collect();
    Ok(List { items, next })
}

/// A task, for its holder, its author, managers and admins.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "The task", body = TaskBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Somebody else's, or for all that one may know not there"),
        (status = 404, description = "No such task, for those who see all"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<TaskBody>, Problem> {
    let mut conn = service.read().await?;
    let task = Member::of(&identity)?.task(&mut conn, id.into()).await?;
    let holder = store::people::name(&mut conn, task.assignee_id).await?;
    let price = store::prices::find(&mut conn, task.id).await?;
    Ok(Json(TaskBody::of(task, holder, price)))
}

/// Say that one's own task is done. It cannot be taken back.
#[utoipa::path(post, path = "/api/tasks/{id}/complete", tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "It is completed", body = TaskBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "It is not one's own, or not any more"),
        (status = 404, description = "No such task, for those who see all"),
        (status = 409, description = "already_completed"),
    ))]
async fn complete(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<TaskBody>, Problem> {
    let member = Member::of(&identity)?;
    let task = complete_task(&service, context, member, id.into()).await?;
    let mut conn = service.read().await?;
    let holder = store::people::name(&mut conn, task.assignee_id).await?;
    let price = store::prices::find(&mut conn, task.id).await?;
    Ok(Json(TaskBody::of(task, holder, price)))
}

/// Who has had a task, oldest first.
#[utoipa::path(get, path = "/api/tasks/{id}/assignments", tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "Its assignments", body = [AssignmentBody]),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Somebody else's, or for all that one may know not there"),
        (status = 404, description = "No such task, for those who see all"),
    ))]
async fn history(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<AssignmentBody>>, Problem> {
    let mut conn = service.read().await?;
    let task = Member::of(&identity)?.task(&mut conn, id.into()).await?;
    let history = store::history(&mut conn, task.id).await?;
    Ok(Json(
        history.into_iter().map(AssignmentBody::from).collect(),
    ))
}
