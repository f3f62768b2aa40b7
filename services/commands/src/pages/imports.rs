//! The pages of imports: a file is sent, rehearsed or taken over, and what became of it.

mod sent;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tidings::{
    FieldError, Fragment, Handle, Paging, Path, Problem, RequestContext, SignedIn, Timestamp, Uuid,
};

use super::form;
use crate::Error;
use crate::access::Member;
use crate::actions::{File, ask_to_import_in_tx};
use crate::http::exchange::state_of;
use crate::store::imports::{self, Import};
use crate::store::platforms::{self, Platform};
use sent::{Choice, Sent};

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/commands/import", get(blank).post(submit))
        .route("/commands/import/{id}", get(show))
}

#[derive(Template)]
#[template(path = "import.html")]
struct Page {
    publishes: bool,
    choice: Choice,
    wrong: Vec<FieldError>,
    platforms: Vec<Platform>,
    imports: Vec<Line>,
    is_first_part: bool,
    /// Where there are older ones.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "import_result.html")]
struct ResultPage {
    line: Line,
    import: Import,
}

/// An import with how it stands.
struct Line {
    id: Uuid,
    format: &'static str,
    at: Timestamp,
    state: String,
    is_rehearsal: bool,
    total: u64,
    created: u64,
    updated: u64,
    failed: u64,
}

impl Line {
    async fn of(service: &Handle, import: &Import) -> Result<Self, tidings::Error> {
        Ok(Self {
            id: import.id,
            format: import.format.as_str(),
            at: import.created_at,
            state: state_of(service, import).await?,
            is_rehearsal: import.dry_run,
            total: import.total,
            created: import.created,
            updated: import.updated,
            failed: import.failed,
        })
    }

    fn goes_on(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "running")
    }

    fn label(&self) -> &'static str {
        match self.state.as_str() {
            "queued" => "Waiting",
            "running" => "Reading",
            "completed" | "succeeded" => "Done",
            "cancelled" => "Cancelled",
            _ => "Failed",
        }
    }
}

/// GET `/commands/import`
async fn blank(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let wrong = Vec::new();
    page(&service, member, Choice::default(), wrong, &paging).await
}

async fn page(
    service: &Handle,
    member: Member,
    choice: Choice,
    wrong: Vec<FieldError>,
    paging: &Paging,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let platforms = platforms::proposed(&mut conn).await?;
    let rows = imports::list(&mut conn, paging.after, paging.fetch()).await?;
    drop(conn);
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.id));
    let mut lines = Vec::new();
    for import in &rows {
        lines.push(Line::of(service, import).await?);
    }
    let page = Page {
        publishes: member.edits,
        choice,
        wrong,
        platforms,
        imports: lines,
        is_first_part: paging.after.is_none(),
        next,
    };
    Fragment::try_new("Import commands", page.render())
}

/// POST `/commands/import`
async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    paging: Paging,
    request: Request,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let Sent { choice, text } = sent::read(request).await?;
    let accepted = async {
        let wanted = choice.wanted(&mut service.read().await?).await?;
        let file = File::read(member, wanted, text).await?;
        let mut tx = service.begin(context).await?;
        let accepted = ask_to_import_in_tx(&mut tx, member, &file).await?;
        tx.commit().await?;
        Ok::<_, Error>(accepted)
    };
    match accepted.await {
        Ok(accepted) => {
            let url = format!("/commands/import/{}", accepted.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(error @ (Error::Wrong(_) | Error::PlatformUnknown)) => {
            let problem = Problem::from(error);
            let wrong = problem.errors().to_vec();
            let page = page(&service, member, choice, wrong, &paging).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// GET `/commands/import/{id}`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let found = imports::find(&mut service.read().await?, id).await?;
    let import = found.ok_or(Error::ImportUnknown)?;
    let line = Line::of(&service, &import).await?;
    // Only who has asked for it may follow the operation.
    let follows = line.goes_on() && import.requested_by == member.id;
    let page = ResultPage { line, import };
    let fragment = Fragment::try_new("Import of commands", page.render())?;
    Ok(match follows {
        true => fragment.live(format!("/api/operations/commands/{id}/live")),
        false => fragment,
    })
}
