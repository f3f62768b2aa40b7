//! The form in which a command is written down or changed.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::PlatformId;
use contracts::commands::{ParamType, Risk, Shell};
use serde::Deserialize;
use tidings::{
    Conn, Context, FieldError, Form, Fragment, Handle, Path, Problem, Query, RequestContext,
    SignedIn,
};

use super::diff::{Change, changes};
use super::typed::{NO_PLATFORM, Typed, TypedParam};
use super::{Mistakes, anchor, command, url, words};
use crate::access::Member;
use crate::actions::{Seen, create_command_in_tx, edit_command_in_tx};
use crate::command::Command;
use crate::param::PARAMS_MAX;
use crate::store::platforms::Platform;
use crate::text::wrong;
use crate::{Error, store};

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage {
    /// The command that is changed; none for a new one.
    command: Option<Command>,
    typed: Typed,
    platforms: Vec<Platform>,
    mistakes: Mistakes,
    /// Why it was not saved, if that is no field's fault.
    refused: Option<String>,
    /// What somebody else has changed meanwhile.
    changes: Vec<Change>,
    /// A command that says the same, and what it is called.
    same: Option<(i32, String)>,
    /// Whether what they write down is published at once.
    publishes: bool,
    saves_raw: bool,
}

impl FormPage {
    fn action(&self) -> String {
        match &self.command {
            Some(command) => format!("{}/edit", url(command)),
            None => "/commands/new".to_owned(),
        }
    }

    /// The parameters, and an empty one for the next.
    fn rows(&self) -> Vec<TypedParam> {
        let mut rows = self.typed.params.clone();
        let ends_empty = rows.last().is_some_and(|last| last.name.is_empty());
        if rows.len() < PARAMS_MAX && !ends_empty {
            rows.push(TypedParam::named(""));
        }
        rows
    }

    /// The mistake of a part of a parameter, or of the parameter itself.
    fn mistake(&self, field: &str, part: &str) -> Option<&str> {
        match part {
            "" => self.mistakes.of(field),
            "allowed_values" => self.mistakes.within(&format!("{field}.{part}")),
            part => self.mistakes.of(&format!("{field}.{part}")),
        }
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.mistakes.within(field).is_some()
    }

    /// The types that may be chosen for a parameter.
    fn kinds(&self, param: &TypedParam) -> Vec<ParamType> {
        let is_shown =
            |kind: &ParamType| *kind != ParamType::Raw || self.saves_raw || param.is_kind(kind);
        ParamType::ALL.iter().copied().filter(is_shown).collect()
    }

    /// Whether a row is more than the empty one for the next parameter.
    fn is_typed(&self, row: &usize) -> bool {
        *row < self.typed.params.len()
    }

    fn is_risk(&self, risk: &Risk) -> bool {
        match self.typed.risk.is_empty() {
            true => *risk == Risk::Caution,
            false => self.typed.risk == risk.as_str(),
        }
    }

    fn is_shell(&self, shell: &Shell) -> bool {
        self.typed.shell == shell.as_str()
    }

    /// Says why it was not saved.
    async fn refuse(&mut self, conn: &mut Conn, error: Error) -> Result<(), Error> {
        match error {
            Error::Wrong(wrong) => self.mistakes = Mistakes(wrong),
            Error::Exists(id) => {
                let found = store::find(conn, id).await?;
                self.same = found.map(|command| (command.number, command.how_to));
            }
            Error::Stale { .. } => self.overtaken(conn).await?,
            error => self.refused = Some(Problem::from(error).message().to_owned()),
        }
        Ok(())
    }

    /// Somebody else was first: shows what they have changed, and is a form of what they have
    /// made of it, so that saving again puts this in its place. After any other refusal it stays
    /// one of the version that was opened, or the change of another would be lost unseen.
    async fn overtaken(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let text = "Somebody else has changed this command since you opened it. Save again to put yours in its place.";
        self.refused = Some(text.to_owned());
        let Some(command) = &self.command else {
            return Ok(());
        };
        let id = command.command_id;
        let now = store::find(conn, id).await?.ok_or(Error::CommandUnknown)?;
        let opened = self.typed.version.parse().unwrap_or(0);
        if let Some(seen) = store::revisions::find(conn, id, opened).await? {
            self.changes = changes(&seen.record, &now);
        }
        self.typed.version = now.version.to_string();
        self.command = Some(now);
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    platform: String,
    /// What was looked for and not found.
    how_to: String,
}

/// GET `/commands/new`
pub(super) async fn blank(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let mut conn = service.read().await?;
    let id = store::platforms::resolve(&mut conn, &asked.platform).await?;
    let platform = match id {
        Some(id) => store::platforms::find(&mut conn, id).await?,
        None => None,
    };
    drop(conn);
    let typed = Typed {
        platform: platform.as_ref().map(proposed).unwrap_or_default(),
        how_to: asked.how_to,
        ..Typed::default()
    };
    page(&service, member, None, typed, None).await
}

/// GET `/commands/{id}/edit`
pub(super) async fn open(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<String>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let mut conn = service.read().await?;
    let command = command(&mut conn, &id).await?;
    if !member.may_edit(&command) {
        return Err(Error::NotTheirs.into());
    }
    let platform = store::platforms::find(&mut conn, command.platform_id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    if platform.archived {
        return Err(Error::PlatformArchived.into());
    }
    let undo = match command.undo_command_id {
        Some(id) => store::find(&mut conn, id).await?,
        None => None,
    };
    drop(conn);
    let undo = undo.map(|undo| format!("{} {}", undo.number, undo.how_to));
    let typed = Typed::of(
        command.clone(),
        proposed(&platform),
        undo.unwrap_or_default(),
    );
    page(&service, member, Some(command), typed, None).await
}

/// POST `/commands/new`
pub(super) async fn create(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let mut typed = Typed::read(pairs);
    if typed.change_params() {
        return Ok(page(&service, member, None, typed, None)
            .await?
            .into_response());
    }
    match try_create(&service, context, member, &typed).await {
        Ok(command) => Ok(saved(&command, "created")),
        Err(error) => refused(&service, member, None, typed, error).await,
    }
}

async fn try_create(
    service: &Handle,
    context: Context,
    member: Member,
    typed: &Typed,
) -> Result<Command, Error> {
    let mut tx = service.begin(context).await?;
    let platform: Option<PlatformId> = typed.platform(&mut tx).await?;
    let Some(platform) = platform else {
        return Err(vec![wrong("platform", "bad_platform", NO_PLATFORM)].into());
    };
    let edit = typed.edit(&mut tx, None).await?;
    let saved = create_command_in_tx(&mut tx, member, platform, &edit).await?;
    tx.commit().await?;
    Ok(saved.command)
}

/// POST `/commands/{id}/edit`
pub(super) async fn save(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let command = command(&mut service.read().await?, &id).await?;
    let mut typed = Typed::read(pairs);
    if typed.change_params() {
        let page = page(&service, member, Some(command), typed, None).await?;
        return Ok(page.into_response());
    }
    match try_save(&service, context, member, &command, &typed).await {
        Ok((command, true)) => Ok(saved(&command, "saved")),
        Ok((command, false)) => Ok(saved(&command, "same")),
        Err(error) => refused(&service, member, Some(command), typed, error).await,
    }
}

async fn try_save(
    service: &Handle,
    context: Context,
    member: Member,
    before: &Command,
    typed: &Typed,
) -> Result<(Command, bool), Error> {
    let mut tx = service.begin(context).await?;
    let id = before.command_id;
    let edit = typed.edit(&mut tx, Some(before)).await?;
    let seen = typed.version.parse().ok().map(Seen::version);
    let saved = edit_command_in_tx(&mut tx, member, id, &edit, seen.as_ref()).await?;
    tx.commit().await?;
    Ok((saved.command, saved.changed))
}

fn saved(command: &Command, done: &str) -> Response {
    Redirect::to(&format!("{}?done={done}", url(command))).into_response()
}

/// The form again, with what was typed and what is wrong with it.
async fn refused(
    service: &Handle,
    member: Member,
    command: Option<Command>,
    mut typed: Typed,
    error: Error,
) -> Result<Response, Problem> {
    let is_typed = matches!(
        error,
        Error::Wrong(_)
            | Error::Exists(_)
            | Error::Stale { .. }
            | Error::RawNotAllowed
            | Error::NotADraftAgain
            | Error::PlatformArchived
    );
    if !is_typed {
        return Err(error.into());
    }
    // Whoever has forgotten the parameters of the template finds them in the form.
    typed.add_places();
    let status = match error {
        Error::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Stale { .. } => StatusCode::PRECONDITION_FAILED,
        Error::RawNotAllowed => StatusCode::FORBIDDEN,
        _ => StatusCode::CONFLICT,
    };
    let page = page(service, member, command, typed, Some(error)).await?;
    Ok(page.status(status).into_response())
}

async fn page(
    service: &Handle,
    member: Member,
    command: Option<Command>,
    typed: Typed,
    error: Option<Error>,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let title = match &command {
        Some(command) => format!("Change {}", command.how_to),
        None => "New command".to_owned(),
    };
    let mut page = FormPage {
        publishes: member.edits,
        saves_raw: member.saves_raw,
        command,
        typed,
        platforms: store::platforms::proposed(&mut conn).await?,
        mistakes: Mistakes::default(),
        refused: None,
        changes: Vec::new(),
        same: None,
    };
    if let Some(error) = error {
        page.refuse(&mut conn, error).await?;
    }
    drop(conn);
    Fragment::try_new(title, page.render())
}

/// A platform as a field proposes it: what counts is the number.
pub(super) fn proposed(platform: &Platform) -> String {
    format!("{} {}", platform.number, platform.name)
}

fn joined(one: &str, other: &str) -> String {
    format!("{one}{other}")
}

/// Where a mistake is mended: the id of its field.
fn place(mistake: &FieldError) -> String {
    const ALLOWED: &str = ".allowed_values";
    let field = mistake.field.as_deref().unwrap_or("how_to");
    // The values to choose from are one field, whichever of them is wrong.
    match field.split_once(ALLOWED) {
        Some((param, _)) => anchor(&format!("{param}{ALLOWED}")),
        None => anchor(field),
    }
}
