//! What is done to a command by a button.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::commands::Outcome;
use serde::Deserialize;
use tidings::{Form, Handle, Path, Problem, RequestContext, SignedIn};

use super::{command, url};
use crate::Error;
use crate::access::Member;
use crate::actions::{
    Seen, Used, deprecate_command_in_tx, edit_command_in_tx, revert_command_in_tx,
    use_command_in_tx,
};
use crate::edit::Edit;
use crate::store;

/// What comes with a button.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pressed {
    /// The version that was on the page.
    version: Option<u64>,
    /// The revision that it shall say again.
    revision: Option<u64>,
    /// Where the button was.
    from: String,
}

impl Pressed {
    fn seen(&self) -> Option<Seen> {
        self.version.map(Seen::version)
    }
}

/// POST `/commands/{id}/publish`
pub(super) async fn publish(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    if !member.edits {
        return Err(Error::NotAPublisher.into());
    }
    let edit = Edit {
        status: Some("published".to_owned()),
        ..Edit::default()
    };
    let mut tx = service.begin(context).await?;
    let command = command(&mut tx, &id).await?;
    let seen = pressed.seen();
    edit_command_in_tx(&mut tx, member, command.command_id, &edit, seen.as_ref()).await?;
    tx.commit().await?;
    let to = match pressed.from.as_str() {
        "drafts" => "/commands/drafts?done=published".to_owned(),
        _ => format!("{}?done=published", url(&command)),
    };
    Ok(Redirect::to(&to).into_response())
}

/// POST `/commands/{id}/deprecate`
pub(super) async fn deprecate(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let mut tx = service.begin(context).await?;
    let command = command(&mut tx, &id).await?;
    let seen = pressed.seen();
    deprecate_command_in_tx(&mut tx, member, command.command_id, None, seen.as_ref()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?done=deprecated", url(&command))).into_response())
}

/// POST `/commands/{id}/revert`
pub(super) async fn revert(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let mut tx = service.begin(context).await?;
    let command = command(&mut tx, &id).await?;
    let (seen, revision) = (pressed.seen(), pressed.revision.unwrap_or(0));
    revert_command_in_tx(&mut tx, member, command.command_id, revision, seen.as_ref()).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?done=reverted", url(&command))).into_response())
}

/// What comes with the star.
#[derive(Deserialize)]
pub(super) struct Star {
    keep: String,
}

/// POST `/commands/{id}/favourite`
pub(super) async fn favourite(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(star): Form<Star>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let mut tx = service.begin(context).await?;
    let command = command(&mut tx, &id).await?;
    match star.keep.as_str() {
        "no" => store::favourites::delete(&mut tx, member.id, command.command_id).await?,
        _ => store::favourites::insert(&mut tx, member.id, command.command_id).await?,
    }
    tx.commit().await?;
    Ok(Redirect::to(&url(&command)).into_response())
}

/// POST `/commands/{id}/uses`: somebody says what came of a line that they had filled in.
pub(super) async fn used(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let sent = |name: &str| {
        let mut pairs = pairs.iter();
        let found = pairs.find(|(sent, _)| sent == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let outcome = match sent("outcome") {
        "ok" => Outcome::Ok,
        "failed" => Outcome::Failed,
        _ => Outcome::Unknown,
    };
    let mut values = BTreeMap::new();
    for (name, value) in &pairs {
        if let Some(name) = name.strip_prefix("value.") {
            let of: &mut Vec<String> = values.entry(name.to_owned()).or_default();
            of.push(value.replace("\r\n", "\n"));
        }
    }
    let used = Used {
        revision: sent("revision").parse().unwrap_or(0),
        values,
        outcome: Some(outcome),
        note: sent("note").to_owned(),
    };
    let mut tx = service.begin(context).await?;
    let command = command(&mut tx, &id).await?;
    use_command_in_tx(&mut tx, member, command.command_id, used).await?;
    tx.commit().await?;
    let done = match outcome {
        Outcome::Ok => "worked",
        Outcome::Failed => "failed",
        Outcome::Unknown => "used",
    };
    Ok(Redirect::to(&format!("{}?done={done}", url(&command))).into_response())
}
