//! The uses of all commands, found by a value that was filled in.

use askama::Template;
use axum::extract::State;
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::one::Recent;
use crate::access::Member;
use crate::http::usages::{Asked, find};

#[derive(Template)]
#[template(path = "uses.html")]
struct UsesPage {
    asked: Asked,
    lines: Vec<Line>,
    is_first_part: bool,
    next: Option<String>,
}

/// A use, and of which command.
struct Line {
    number: i32,
    how_to: String,
    platform: String,
    recent: Recent,
}

impl UsesPage {
    fn is_narrowed(&self) -> bool {
        !self.asked.param_value.is_empty() || !self.asked.user.is_empty()
    }
}

/// GET `/commands/uses`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let narrowed = asked.narrowed(member, None)?;
    let (rows, next) = find(&mut service.read().await?, &narrowed, &paging).await?;
    let lines = rows.into_iter().map(|row| Line {
        number: row.number,
        how_to: row.how_to,
        platform: row.platform,
        recent: row.usage.into(),
    });
    let page = UsesPage {
        lines: lines.collect(),
        is_first_part: paging.after.is_none(),
        next,
        asked,
    };
    Fragment::try_new("Uses", page.render())
}
