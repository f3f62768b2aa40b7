//! One's own tasks.

use askama::Template;
use axum::extract::State;
use contracts::tasks::TaskStatus;
use serde::Deserialize;
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::row::Line;
use crate::access::Member;
use crate::http::read_status;
use crate::store::{self, list::Narrowed, pulse};
use crate::{Labels, Settings};

#[derive(Deserialize)]
pub(super) struct Asked {
    status: Option<String>,
    q: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "mine.html")]
struct Mine {
    labels: Labels,
    done: &'static str,
    status: &'static str,
    q: String,
    open: i64,
    completed: i64,
    rows: Vec<Line>,
    is_first_part: bool,
    next: Option<String>,
}

impl Mine {
    fn lede(&self) -> String {
        match self.open {
            0 => "Nothing waits for you.".to_owned(),
            1 => "One task waits for you.".to_owned(),
            open => format!("{open} tasks wait for you."),
        }
    }
}

/// GET `/exchange/tasks`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let settings = service.resource::<Settings>()?;
    let status = read_status(asked.status.as_deref())?.unwrap_or(TaskStatus::Open);
    let own = |status, q: &str| Narrowed {
        assignee_id: Some(member.id),
        status: Some(status),
        q: q.to_owned(),
    };
    let q = asked.q.unwrap_or_default();
    let mut conn = service.read().await?;
    // Before the list: a change in between is then told once too often, not missed.
    let seen = pulse::of_person(&mut conn, member.id).await?;
    let narrowed = own(status, &q);
    let rows = store::list::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| row.place());
    let page = Mine {
        done: match asked.done.as_deref() {
            Some("completed") => "completed",
            _ => "",
        },
        status: status.as_str(),
        open: store::list::count(&mut conn, &own(TaskStatus::Open, "")).await?,
        completed: store::list::count(&mut conn, &own(TaskStatus::Completed, "")).await?,
        rows: rows
            .into_iter()
            .map(|row| Line::of(row, member, &settings.labels))
            .collect(),
        labels: settings.labels.clone(),
        q,
        is_first_part: paging.after.is_none(),
        next,
    };
    let live = format!("/exchange/tasks/live?seen={seen}");
    Ok(Fragment::try_new("My tasks", page.render())?.live(live))
}
