//! The pages of reviews: all of them, and the form that opens one.

mod review;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::TeamId;
use contracts::calendar::Day;
use contracts::platforms::{Lifecycle, PlatformKind};
use serde::Deserialize;
use tidings::{Conn, Form, Fragment, Handle, Paging, Problem, RequestContext, SignedIn};

use super::wrong::Wrong;
use crate::access::Member;
use crate::actions::open_review_in_tx;
use crate::changes::{Action, Changing};
use crate::review::{Review, ReviewDraft, ReviewId, Scope};
use crate::store::reviews::Counts;
use crate::{Error, store};

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/reviews", get(show).post(open))
        .route("/platforms/reviews/{id}", get(review::show))
        .route("/platforms/reviews/{id}/close", post(review::close))
        .route(
            "/platforms/reviews/{id}/items/{platform}",
            post(review::find),
        )
}

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    due_on: String,
    q: String,
    owner: String,
    lifecycle: String,
    publisher: String,
    tag: String,
    kind: String,
}

impl Typed {
    fn draft(&self) -> ReviewDraft {
        ReviewDraft {
            name: self.name.clone(),
            due_on: self.due_on.clone(),
            scope: Scope {
                q: Some(self.q.clone()),
                owner: Some(self.owner.clone()),
                lifecycle: Some(self.lifecycle.clone()),
                publisher: Some(self.publisher.clone()),
                tag: Some(self.tag.clone()),
                kind: Some(self.kind.clone()),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "reviews.html")]
struct Reviews {
    may_edit: bool,
    rows: Vec<Row>,
    is_first_part: bool,
    next: Option<String>,
    teams: Vec<(TeamId, String)>,
    lifecycles: Vec<&'static str>,
    kinds: Vec<&'static str>,
    today: Day,
    typed: Typed,
    wrong: Wrong,
}

/// A review in the list.
struct Row {
    id: ReviewId,
    name: String,
    state: Standing,
    due_on: Day,
    total: u64,
    looked_at: u64,
    missing: u64,
}

/// How a review stands, for people.
struct Standing {
    word: &'static str,
    label: &'static str,
}

impl Standing {
    fn of(review: &Review, today: Day) -> Self {
        let (word, label) = match review.status() {
            "closed" => ("closed", "Closed"),
            "opening" => ("running", "Being put together"),
            _ if review.due_on < today => ("lagging", "Overdue"),
            _ => ("open", "Open"),
        };
        Self { word, label }
    }
}

impl Row {
    fn of(review: Review, counts: Counts, today: Day) -> Self {
        Self {
            state: Standing::of(&review, today),
            id: review.id,
            name: review.name,
            due_on: review.due_on,
            total: review.total,
            looked_at: review.total.saturating_sub(counts.not_audited),
            missing: counts.missing,
        }
    }
}

async fn rows(
    conn: &mut Conn,
    paging: Option<&Paging>,
    today: Day,
) -> Result<(Vec<Row>, Option<String>), Error> {
    let (after, fetch) = paging.map_or((None, 50), |paging| (paging.after, paging.fetch()));
    let reviews = store::reviews::list(conn, after, fetch).await?;
    let (reviews, next) = match paging {
        Some(paging) => paging.cut(reviews, |one| (one.opened_at, one.id.uuid())),
        None => (reviews, None),
    };
    let mut rows = Vec::new();
    for review in reviews {
        let counts = store::reviews::counts(conn, review.id).await?;
        rows.push(Row::of(review, counts, today));
    }
    Ok((rows, next))
}

async fn page(
    service: &Handle,
    member: Member,
    paging: Option<&Paging>,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let today = Day::of(service.now());
    let (rows, next) = rows(&mut conn, paging, today).await?;
    let teams = store::teams::all(&mut conn).await?.into_iter();
    let status = wrong.status;
    let page = Reviews {
        may_edit: member.may_edit(),
        rows,
        is_first_part: paging.is_none_or(|paging| paging.after.is_none()),
        next,
        teams: teams.map(|team| (team.id, team.told.name)).collect(),
        lifecycles: Lifecycle::ALL.iter().map(|one| one.as_str()).collect(),
        kinds: PlatformKind::ALL.iter().map(|one| one.as_str()).collect(),
        today,
        typed,
        wrong,
    };
    let fragment = Fragment::try_new("Reviews", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/reviews`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let (typed, wrong) = (Typed::default(), Wrong::default());
    page(&service, member, Some(&paging), typed, wrong).await
}

/// POST `/platforms/reviews`
async fn open(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let draft = typed.draft();
    let opened = async {
        let changing = Changing::new(service.now(), member.id, Action::Create, "")?;
        let mut tx = service.begin(context).await?;
        let review = open_review_in_tx(&mut tx, &changing, draft).await?;
        tx.commit().await?;
        Ok::<_, Error>(review)
    };
    match opened.await {
        Ok(review) => {
            let url = format!("/platforms/reviews/{}?done=opened", review.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(error) => page(&service, member, None, typed, error.try_into()?).await,
    }
}
