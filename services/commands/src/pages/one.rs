//! A command: what it does, the form that fills it in, and what came of that before.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::commands::{Risk, Status};
use serde::Deserialize;
use tidings::{FieldError, Fragment, Handle, Path, Problem, Query, SignedIn, Timestamp};

use super::fill::{self, Field, Filled, Values};
use super::{anchor, command, url, words};
use crate::Error;
use crate::access::Member;
use crate::command::{self, Command};
use crate::render::Rendered;
use crate::store;
use crate::store::search::Found;
use crate::store::usages::{self, Narrowed, Usage};

/// Uses that the page shows.
const RECENT: u32 = 5;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// What has just been done.
    done: String,
}

#[derive(Template)]
#[template(path = "command.html")]
struct CommandPage {
    found: Found,
    /// Who changed it last.
    modified_by: String,
    undo: Option<Command>,
    warnings: Vec<String>,
    fields: Vec<Field>,
    /// What was filled in, and what came of it.
    filled: Filled,
    may_edit: bool,
    publishes: bool,
    recent: Vec<Recent>,
    done: String,
}

/// A use of a command.
pub(super) struct Recent {
    pub(super) by: String,
    pub(super) at: Timestamp,
    /// The state of what came of it, and words for it.
    pub(super) outcome: (&'static str, &'static str),
    /// What was filled in.
    pub(super) values: String,
    pub(super) note: String,
}

impl From<Usage> for Recent {
    fn from(usage: Usage) -> Self {
        let told = |(name, values): (String, Option<Vec<String>>)| match values {
            Some(values) => format!("{name}: {}", values.join(", ")),
            None => format!("{name}: kept nowhere"),
        };
        let values: Vec<String> = usage.params.into_iter().map(told).collect();
        Self {
            by: usage.user_name.unwrap_or_else(unknown),
            at: usage.at,
            outcome: words::outcome(usage.outcome),
            values: values.join("; "),
            note: usage.note,
        }
    }
}

impl CommandPage {
    fn command(&self) -> &Command {
        &self.found.command
    }

    fn is_destructive(&self) -> bool {
        self.command().risk == Risk::Destructive
    }

    fn is_draft(&self) -> bool {
        self.command().status == Status::Draft
    }

    fn is_deprecated(&self) -> bool {
        self.command().status == Status::Deprecated
    }

    /// Lines that the field of the filled-in line shows.
    fn rows(&self, rendered: &Rendered) -> usize {
        let long: usize = rendered
            .text
            .lines()
            .map(|line| 1 + line.chars().count() / 60)
            .sum();
        long.clamp(1, 16)
    }
}

/// GET `/commands/{id}`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<String>,
    Query(told): Query<Told>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let command = command(&mut service.read().await?, &id).await?;
    // What has nothing to fill in is there at once, unless somebody must say that they mean it.
    let filled = match command.params.is_empty() && command.risk != Risk::Destructive {
        true => fill::fill(&command, &Values::new(), false)?,
        false => Filled::default(),
    };
    page(&service, member, command, None, filled, &told.done).await
}

/// The page of a command, with what was filled in.
pub(super) async fn page(
    service: &Handle,
    member: Member,
    command: Command,
    typed: Option<&Values>,
    filled: Filled,
    done: &str,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let numbers = [i64::from(command.number)];
    let found = store::search::load(&mut conn, &numbers, member.id).await?;
    // A platform is never forgotten, so its commands always have one.
    let found = found.into_iter().next().ok_or(Error::PlatformUnknown)?;
    // Somebody may have changed it since the line was filled in: shown, and told when it was
    // used, is what was filled in.
    let found = Found { command, ..found };
    let undo = match found.command.undo_command_id {
        Some(id) => store::find(&mut conn, id).await?,
        None => None,
    };
    let modified_by = found.names.last_modified_by.clone();
    let id = found.command.command_id;
    let narrowed = Narrowed {
        command_id: Some(id),
        ..Narrowed::default()
    };
    let recent = usages::list(&mut conn, &narrowed, None, RECENT).await?;
    drop(conn);
    let status = match (&filled.rendered, typed) {
        (None, Some(_)) if filled.mistakes.0.is_empty() => StatusCode::CONFLICT,
        (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let page = CommandPage {
        warnings: command::warnings(&found.command, &found.platform),
        fields: fill::fields(&found.command, typed, &filled.mistakes),
        may_edit: member.may_edit(&found.command) && !found.platform.archived,
        publishes: member.edits && !found.platform.archived,
        recent: recent.into_iter().map(|row| row.usage.into()).collect(),
        modified_by: modified_by.unwrap_or_else(unknown),
        undo,
        filled,
        done: done.to_owned(),
        found,
    };
    let title = page.command().how_to.clone();
    let page: Result<Fragment, Problem> = Fragment::try_new(title, page.render());
    let mut response = page?.status(status).into_response();
    // A line that was filled in may hold a secret.
    let no_store = header::HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

/// What somebody is called before their account was heard of.
pub(super) fn unknown() -> String {
    "Somebody".to_owned()
}

/// Where a mistake is mended: the id of its field.
fn place(mistake: &FieldError) -> String {
    anchor(mistake.field.as_deref().unwrap_or("fill"))
}
