//! What a command has said before, and the way back.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tidings::{Fragment, Handle, Path, Problem, Query, SignedIn};

use super::diff::{Change, changes};
use super::one::unknown;
use super::{command, url};
use crate::access::Member;
use crate::command::Command;
use crate::store::{self, revisions::Revision};

/// Revisions of a page.
const SHOWN: u32 = 20;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Only those before this one.
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "revisions.html")]
struct RevisionsPage {
    command: Command,
    lines: Vec<Line>,
    may_revert: bool,
    is_first_part: bool,
    /// The revision before which the next part begins.
    next: Option<u64>,
}

/// A revision, and what it changed.
struct Line {
    revision: Revision,
    by: String,
    changes: Vec<Change>,
}

/// GET `/commands/{id}/revisions`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let mut conn = service.read().await?;
    let command = command(&mut conn, &id).await?;
    let platform = store::platforms::find(&mut conn, command.platform_id).await?;
    let is_archived = platform.is_none_or(|platform| platform.archived);
    // One more: the last one shown is told by what was before it.
    let found = SHOWN + 1;
    let all = store::revisions::list(&mut conn, command.command_id, asked.before, found).await?;
    let lines = lines(&all);
    let next = match all.len() > lines.len() {
        true => lines.last().map(|line| line.revision.record.version),
        false => None,
    };
    let page = RevisionsPage {
        may_revert: member.may_edit(&command) && !is_archived,
        is_first_part: asked.before.is_none(),
        next,
        lines,
        command,
    };
    let title = format!("History of {}", page.command.how_to);
    Fragment::try_new(title, page.render())
}

/// Newest first, each beside the one before it.
fn lines(all: &[Revision]) -> Vec<Line> {
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let line = |(place, revision): (usize, &Revision)| Line {
        by: revision.name.clone().unwrap_or_else(unknown),
        changes: match all.get(place + 1) {
            Some(before) => changes(&before.record, &revision.record),
            None => Vec::new(),
        },
        revision: revision.clone(),
    };
    all.iter().enumerate().take(shown).map(line).collect()
}
