//! The form in which a task is written down.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tidings::{FieldError, Form, Fragment, Handle, Problem, RequestContext, SignedIn};

use crate::Error;
use crate::access::Member;
use crate::actions::create_task_in_tx;
use crate::draft::Draft;

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    description: String,
    jira_id: String,
}

#[derive(Template)]
#[template(path = "new_task.html")]
struct NewTask {
    typed: Typed,
    wrong: Vec<FieldError>,
}

impl NewTask {
    fn mistake(&self, field: &str) -> Option<&str> {
        let mut of_field = self
            .wrong
            .iter()
            .filter(|one| one.field.as_deref() == Some(field));
        of_field.next().map(|one| one.message.as_str())
    }
}

fn form(typed: Typed, wrong: Vec<FieldError>) -> Result<Fragment, Problem> {
    Fragment::try_new("New task", NewTask { typed, wrong }.render())
}

/// GET `/exchange/tasks/new`
pub(super) async fn blank(SignedIn(who): SignedIn) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    form(Typed::default(), Vec::new())
}

/// POST `/exchange/tasks`
pub(super) async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let draft = Draft {
        title: typed.title.clone(),
        description: typed.description.clone(),
        jira_id: Some(typed.jira_id.clone()),
    };
    let created = async {
        let mut tx = service.begin(context).await?;
        let task = create_task_in_tx(&mut tx, &service, member.id, draft).await?;
        tx.commit().await?;
        Ok::<_, Error>(task)
    };
    match created.await {
        // Whoever has written it down may look at it, whosever it is.
        Ok(task) => {
            let url = format!("/exchange/tasks/{}?done=created", task.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(error @ (Error::Wrong(_) | Error::NoWorkers)) => {
            let problem = Problem::from(error);
            let page = form(typed, problem.errors().to_vec())?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
