//! The pages of imports: a file is sent, rehearsed, and taken over.

mod run;
mod sent;

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::UserId;
use tidings::{Fragment, Handle, Problem, RequestContext, SignedIn, Timestamp, Uuid};

use super::wrong::Wrong;
use crate::access::Member;
use crate::edit::wrong;
use crate::import::{How, accept, as_it_stands};
use crate::store::imports::{self, Import};

/// How many of the last ones are shown.
const SHOWN: u32 = 20;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/import", get(blank).post(submit))
        .route("/platforms/import/{job}", get(run::show))
        .route("/platforms/import/{job}/live", get(run::follow_run))
        .route("/platforms/import/{job}/run", post(run::in_earnest))
}

#[derive(Template)]
#[template(path = "import.html")]
struct Page {
    /// Accountants change costs and licences of what is there.
    may_edit: bool,
    how: How,
    wrong: Wrong,
    imports: Vec<Line>,
}

/// An import in the list of them.
struct Line {
    id: Uuid,
    name: String,
    at: Timestamp,
    by: String,
    tone: &'static str,
    label: &'static str,
    is_rehearsal: bool,
    total: u64,
    created: u64,
    updated: u64,
    failed: u64,
}

impl Line {
    fn of(import: Import, names: &HashMap<UserId, String>) -> Self {
        Self {
            id: import.id.uuid(),
            name: called(&import),
            at: import.created_at,
            by: names
                .get(&import.requested_by)
                .cloned()
                .unwrap_or_else(unknown),
            label: label(&import.status),
            tone: tone(&import.status),
            is_rehearsal: import.dry_run,
            total: import.total,
            created: import.created,
            updated: import.updated,
            failed: import.failed,
        }
    }
}

/// What a file is called, also one that came without a name.
fn called(import: &Import) -> String {
    match import.file_name.is_empty() {
        true => format!("A file in {}", import.format.to_uppercase()),
        false => import.file_name.clone(),
    }
}

fn unknown() -> String {
    "somebody".to_owned()
}

/// The state as the stylesheet knows it.
fn tone(status: &str) -> &'static str {
    match status {
        "queued" => "queued",
        "running" => "running",
        "completed" => "completed",
        "cancelled" => "cancelled",
        _ => "failed",
    }
}

/// The state in words.
fn label(status: &str) -> &'static str {
    match status {
        "queued" => "Waiting",
        "running" => "Reading",
        "completed" => "Done",
        "refused" => "Nothing taken over",
        "cancelled" => "Cancelled",
        _ => "Failed",
    }
}

async fn page(
    service: &Handle,
    member: Member,
    how: How,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let last = imports::last(&mut conn, SHOWN).await?;
    let names = imports::requesters(&mut conn).await?;
    drop(conn);
    let mut lines = Vec::new();
    for import in last {
        lines.push(Line::of(as_it_stands(service, import).await?, &names));
    }
    let status = wrong.status;
    let page = Page {
        may_edit: member.may_edit(),
        how,
        wrong,
        imports: lines,
    };
    let fragment = Fragment::try_new("Import platforms", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/import`
async fn blank(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_import()?;
    page(&service, member, How::default(), Wrong::default()).await
}

/// POST `/platforms/import`
async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    request: Request,
) -> Result<Response, Problem> {
    // Before the file is read: whoever may not import shall not fill the memory.
    let member = Member::of(&who)?.must_import()?;
    let sent = sent::read(request).await?;
    let how = sent.how;
    let accepted = match sent.upload {
        Some(upload) => accept(&service, context, member, how.clone(), upload).await,
        None => Err(wrong("file", "file_missing", "Choose a file.").into()),
    };
    match accepted {
        Ok(accepted) => {
            let url = format!("/platforms/import/{}", accepted.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(error) => Ok(page(&service, member, how, error.try_into()?).await?),
    }
}
