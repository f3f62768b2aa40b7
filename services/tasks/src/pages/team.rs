//! The team view: how the tasks are spread, the shuffles, and everybody's tasks.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::UserId;
use contracts::tasks::TaskStatus;
use serde::Deserialize;
use tidings::{
    Conn, Fragment, Handle, Paging, Problem, Query, RequestContext, SignedIn, Timestamp, Uuid,
};

use super::row::{Line, unknown};
use crate::access::Member;
use crate::actions::request_shuffle_in_tx;
use crate::http::read_status;
use crate::shuffle::as_it_stands;
use crate::store::list::Narrowed;
use crate::store::shuffles::Shuffle;
use crate::store::{self, people, pulse};
use crate::{Error, Labels, Settings};

/// How many shuffles are shown.
const SHUFFLES: u32 = 5;

#[derive(Deserialize)]
pub(super) struct Asked {
    status: Option<String>,
    assignee: Option<String>,
    q: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "team.html")]
struct Team {
    labels: Labels,
    shuffled: bool,
    open: i64,
    completed: i64,
    misplaced: i64,
    eligible: usize,
    people: Vec<Person>,
    /// The longest bar.
    most: i64,
    shuffles: Vec<Run>,
    is_dealing: bool,
    status: &'static str,
    assignee: String,
    q: String,
    rows: Vec<Line>,
    is_first_part: bool,
    next: Option<String>,
}

/// One line of the distribution.
struct Person {
    id: UserId,
    name: String,
    is_eligible: bool,
    open: i64,
    completed: i64,
}

/// One shuffle.
struct Run {
    status: String,
    label: &'static str,
    percent: u8,
    is_over: bool,
    total: u64,
    reassigned: u64,
    skipped: u64,
    /// Dealt or skipped so far.
    reached: u64,
    by: String,
    at: Timestamp,
}

impl Run {
    fn of(shuffle: Shuffle, by: String) -> Self {
        Self {
            label: match shuffle.status.as_str() {
                "queued" => "Waiting",
                "running" => "Dealing",
                "completed" => "Done",
                "cancelled" => "Cancelled",
                _ => "Failed",
            },
            percent: shuffle.percent(),
            is_over: shuffle.is_over(),
            total: shuffle.total,
            reached: shuffle.reassigned + shuffle.skipped,
            reassigned: shuffle.reassigned,
            skipped: shuffle.skipped,
            by,
            at: shuffle.created_at,
            status: shuffle.status,
        }
    }

    /// What it has done, in a sentence.
    fn dealt_in_words(&self) -> String {
        let tasks = |count: u64| match count {
            1 => "One task".to_owned(),
            count => format!("{count} tasks"),
        };
        match (self.reassigned, self.skipped) {
            (0, 0) => "There was nothing to deal.".to_owned(),
            (dealt, 0) => format!("{} dealt.", tasks(dealt)),
            (0, skipped) => format!("Nothing dealt, {skipped} skipped."),
            (dealt, skipped) => format!("{} dealt, {skipped} skipped.", tasks(dealt)),
        }
    }
}

/// GET `/exchange/team`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?.must_deal()?;
    page(&service, member, asked, &paging).await
}

async fn page(
    service: &Handle,
    member: Member,
    asked: Asked,
    paging: &Paging,
) -> Result<Fragment, Problem> {
    let labels = service.resource::<Settings>()?.labels.clone();
    let status = read_status(asked.status.as_deref())?;
    let assignee = asked.assignee.unwrap_or_default();
    let narrowed = Narrowed {
        assignee_id: Uuid::try_parse(&assignee).ok().map(UserId::from),
        status,
        q: asked.q.unwrap_or_default(),
    };
    // Before the rest: a change in between is then told once too often, not missed.
    let seen = pulse::of_all(&mut service.read().await?).await?;
    let shuffles = shuffles(service).await?;
    let mut conn = service.read().await?;
    let rows = store::list::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| row.place());
    let people = distribution(&mut conn).await?;
    let page = Team {
        shuffled: asked.done.as_deref() == Some("shuffle"),
        open: of_status(&mut conn, TaskStatus::Open).await?,
        completed: of_status(&mut conn, TaskStatus::Completed).await?,
        misplaced: store::list::count_misplaced(&mut conn).await?,
        eligible: people.iter().filter(|one| one.is_eligible).count(),
        most: people.iter().map(|one| one.open).max().unwrap_or(0).max(1),
        people,
        is_dealing: shuffles.iter().any(|run| !run.is_over),
        shuffles,
        status: status.map_or("", TaskStatus::as_str),
        assignee: narrowed.assignee_id.map_or(String::new(), |_| assignee),
        q: narrowed.q,
        rows: rows
            .into_iter()
            .map(|row| Line::of(row, member, &labels))
            .collect(),
        labels,
        is_first_part: paging.after.is_none(),
        next,
    };
    let live = format!("/exchange/team/live?seen={seen}");
    Ok(Fragment::try_new("Team", page.render())?.live(live))
}

async fn of_status(conn: &mut Conn, status: TaskStatus) -> Result<i64, tidings::Error> {
    let status = Some(status);
    let narrowed = Narrowed {
        status,
        ..Narrowed::default()
    };
    store::list::count(conn, &narrowed).await
}

async fn distribution(conn: &mut Conn) -> Result<Vec<Person>, tidings::Error> {
    let shares = people::shares(conn).await?;
    let person = |share: people::Share| Person {
        id: share.id,
        name: share.name.unwrap_or_else(unknown),
        is_eligible: share.eligible,
        open: share.open,
        completed: share.completed,
    };
    Ok(shares.into_iter().map(person).collect())
}

async fn shuffles(service: &Handle) -> Result<Vec<Run>, tidings::Error> {
    let last = store::shuffles::last(&mut service.read().await?, SHUFFLES).await?;
    let mut runs = Vec::new();
    for shuffle in last {
        let by = people::name(&mut service.read().await?, shuffle.requested_by).await?;
        let shuffle = as_it_stands(service, shuffle).await?;
        runs.push(Run::of(shuffle, by.unwrap_or_else(unknown)));
    }
    Ok(runs)
}

/// POST `/exchange/shuffle`
pub(super) async fn shuffle(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_deal()?;
    let asked = async {
        let mut tx = service.begin(context).await?;
        let accepted = request_shuffle_in_tx(&mut tx, member.id).await?;
        tx.commit().await?;
        Ok::<_, Error>(accepted)
    };
    // It is followed on the page, not at the operation's own address.
    let _ = asked.await?;
    Ok(Redirect::to("/exchange/team?done=shuffle").into_response())
}
