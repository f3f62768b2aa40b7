//! What an operator decides about an event: try again, or give up with a note. The toolkit records who did it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use serde::Deserialize;
use tidings::{EventId, Form, Handle, Json, Path, Problem, dead};

use super::decide::find_service;
use super::operator::Operator;
use crate::Gateway;

const NOTE_CHARS_MAX: usize = 500;

/// Where a stuck event is: its service, the subscription, its address.
type Place = (String, String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discard {
    pub(super) note: String,
}

pub(crate) async fn retry(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
) -> Result<StatusCode, Problem> {
    try_event_again(&operator, &gateway, &place).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn retry_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
) -> Result<Redirect, Problem> {
    try_event_again(&operator, &gateway, &place).await?;
    Ok(Redirect::to("/console?done=retried"))
}

pub(crate) async fn discard(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    give_event_up(&operator, &gateway, &place, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn discard_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    give_event_up(&operator, &gateway, &place, &note).await?;
    Ok(Redirect::to("/console?done=discarded"))
}

async fn try_event_again(
    operator: &Operator,
    gateway: &Gateway,
    (service, subscription, event): &Place,
) -> Result<(), Problem> {
    let (service, event) = find(gateway, service, event)?;
    let mut tx = service.begin(operator.context()).await?;
    if !dead::retry(&mut tx, subscription, &event).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

async fn give_event_up(
    operator: &Operator,
    gateway: &Gateway,
    (service, subscription, event): &Place,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let (service, event) = find(gateway, service, event)?;
    let mut tx = service.begin(operator.context()).await?;
    if !dead::discard(&mut tx, subscription, &event, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

fn find(gateway: &Gateway, service: &str, event: &str) -> Result<(Handle, EventId), Problem> {
    let service = find_service(gateway, service)?;
    let event = event
        .parse()
        .map_err(|text| Problem::field("bad_event_id", "event_id", text))?;
    Ok((service, event))
}

/// A note without what surrounds it.
pub(super) fn checked(note: &str) -> Result<&str, Problem> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        let text = format!("Say why, in 1 to {NOTE_CHARS_MAX} characters.");
        return Err(Problem::field("bad_note", "note", text));
    }
    Ok(note)
}

/// Of two operators who decide at the same moment, the second gets this.
pub(crate) fn gone() -> Problem {
    let text =
        "It is not waiting for a decision any more: it went through, or somebody else has decided.";
    Problem::conflict("already_decided", text)
}
