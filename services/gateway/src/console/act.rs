//! What an operator decides about an event: try again, as it is or edited, or give up with a note.
//! The toolkit records who did it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings::dead::{self, DryRun, Edited};
use tidings::{DeadEvent, EventId, Form, Json, Path, Problem, Query, SubscriptionInfo};

use super::dead::{DeadFilter, Place3};
use super::decide::find_service;
use super::masked;
use super::operator::Operator;
use crate::Gateway;

const NOTE_CHARS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discard {
    pub(super) note: String,
}

pub(crate) async fn retry(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
) -> Result<StatusCode, Problem> {
    try_event_again(&operator, &gateway, &place).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn retry_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
) -> Result<Redirect, Problem> {
    try_event_again(&operator, &gateway, &place).await?;
    Ok(Redirect::to("/console/dead?done=retried"))
}

pub(crate) async fn discard(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    give_event_up(&operator, &gateway, &place, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn discard_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    give_event_up(&operator, &gateway, &place, &note).await?;
    Ok(Redirect::to("/console/dead?done=discarded"))
}

async fn try_event_again(
    operator: &Operator,
    gateway: &Gateway,
    (service, subscription, event): &Place3,
) -> Result<(), Problem> {
    let (service, event) = (find_service(gateway, service)?, event_id(event)?);
    let mut tx = service.begin(operator.context()).await?;
    if !dead::retry(&mut tx, subscription, &event).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

async fn give_event_up(
    operator: &Operator,
    gateway: &Gateway,
    (service, subscription, event): &Place3,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let (service, event) = (find_service(gateway, service)?, event_id(event)?);
    let mut tx = service.begin(operator.context()).await?;
    if !dead::discard(&mut tx, subscription, &event, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

/// How many were retried at once, over all services that were asked for.
#[derive(Default, Serialize)]
pub(crate) struct Retried {
    pub(super) retried: u64,
    /// There are more: it was enough for once.
    more: bool,
}

pub(crate) async fn retry_all(
    operator: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<DeadFilter>,
) -> Result<Json<Retried>, Problem> {
    Ok(Json(try_all_again(&operator, &gateway, &filter).await?))
}

pub(crate) async fn retry_all_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Form(filter): Form<DeadFilter>,
) -> Result<Redirect, Problem> {
    let done = try_all_again(&operator, &gateway, &filter).await?;
    let word = match (done.retried, done.more) {
        (_, true) => "retried_some",
        (0, _) => return Err(gone()),
        _ => "retried_all",
    };
    let count = done.retried;
    Ok(Redirect::to(&format!(
        "/console/dead?done={word}&count={count}"
    )))
}

async fn try_all_again(
    operator: &Operator,
    gateway: &Gateway,
    filter: &DeadFilter,
) -> Result<Retried, Problem> {
    let (by, which) = (operator.context(), filter.which());
    let mut all = Retried::default();
    for handle in filter.services(gateway)? {
        let done = dead::retry_all(handle, &by, &which).await?;
        all.retried += done.retried;
        all.more |= done.more;
    }
    Ok(all)
}

/// For programs: without data it is tried as it is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tried {
    data: Option<Value>,
}

pub(crate) async fn dry_run(
    _: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Json(Tried { data }): Json<Tried>,
) -> Result<Json<DryRun>, Problem> {
    let kept = kept(&gateway, &place).await?;
    let data = data.map(|data| restored(&gateway, &kept, data));
    Ok(Json(run(&gateway, &place, &kept, data.as_deref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    data: Value,
    note: String,
}

pub(crate) async fn edit(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Json(Edit { data, note }): Json<Edit>,
) -> Result<StatusCode, Problem> {
    let note = checked(&note)?;
    let kept = kept(&gateway, &place).await?;
    let data = restored(&gateway, &kept, data);
    replace(&operator, &gateway, &place, &data, note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The event as it was put aside, unmasked.
pub(super) async fn kept(gateway: &Gateway, place: &Place3) -> Result<DeadEvent, Problem> {
    let (service, subscription, event) = place;
    let handle = find_service(gateway, service)?;
    let found = dead::get(&handle, subscription, &event_id(event)?).await?;
    found.ok_or_else(gone)
}

/// What an operator has made of masked data: what they have left hidden is as it was.
pub(super) fn restored(gateway: &Gateway, kept: &DeadEvent, mut edited: Value) -> String {
    if let Ok(original) = serde_json::from_str(&kept.event.data) {
        let mask = gateway.installation().mask();
        mask.restore(&mut edited, &original);
    }
    edited.to_string()
}

/// A dry run, as it is shown.
pub(super) async fn run(
    gateway: &Gateway,
    place: &Place3,
    kept: &DeadEvent,
    data: Option<&str>,
) -> Result<DryRun, Problem> {
    let of = reader(gateway, place, &kept.event.id)?;
    let run = dead::dry_run(of, &kept.event.id, data).await?;
    let mask = gateway.installation().mask();
    let data = data.unwrap_or(&kept.event.data);
    Ok(masked::run(mask, run.ok_or_else(gone)?, data))
}

pub(super) async fn replace(
    operator: &Operator,
    gateway: &Gateway,
    place: &Place3,
    data: &str,
    note: &str,
) -> Result<(), Problem> {
    let event = event_id(&place.2)?;
    let of = reader(gateway, place, &event)?;
    let mut tx = of.service.begin(operator.context()).await?;
    match dead::edit(&mut tx, of, &event, data, note).await? {
        Edited::Done => Ok(tx.commit().await?),
        Edited::Gone => Err(gone()),
        Edited::Refused(reason) => {
            let mask = gateway.installation().mask();
            Err(Problem::field(
                "bad_event_data",
                "data",
                mask.text(&reason, data),
            ))
        }
    }
}

/// What would apply it: one that this build no longer has can only be retried by another one.
fn reader<'a>(
    gateway: &'a Gateway,
    (service, subscription, _): &Place3,
    event: &EventId,
) -> Result<&'a SubscriptionInfo, Problem> {
    let mut all = gateway.installation().subscriptions().iter();
    let of = all.find(|one| {
        one.service.name() == service && one.name == subscription && one.stream == event.stream
    });
    of.ok_or_else(|| Problem::not_found("There is no such subscription in this build."))
}

pub(super) fn event_id(event: &str) -> Result<EventId, Problem> {
    let read = event.parse();
    read.map_err(|text: String| Problem::field("bad_event_id", "event_id", text))
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
