//! What an operator says about a stuck run, with a note that stays on record: how a step has
//! ended of which the run cannot know, or that the run is given up.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use serde::Deserialize;
use tidings::workflow::{self, Verdict};
use tidings::{Form, Json, Path, Problem, Uuid};

use super::act::{Discard, checked, gone};
use super::decide::{Thing, find_service, not_there};
use super::operator::Operator;
use crate::Gateway;

/// A service, a run, and the place of a step in it.
type Step = (String, Uuid, u32);

/// For programs: the result as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    verdict: String,
    result: Option<serde_json::Value>,
    error: Option<String>,
    note: String,
}

/// For people: one field for the result, as JSON, or the error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    verdict: String,
    text: String,
    note: String,
}

impl Typed {
    fn told(self) -> Result<Told, Problem> {
        let (text, is_done) = (self.text.trim(), self.verdict == "done");
        let parsed = (is_done && !text.is_empty()).then(|| serde_json::from_str(text));
        let result = parsed
            .transpose()
            .map_err(|error| bad_verdict(&format!("The result is not JSON: {error}.")))?;
        Ok(Told {
            result,
            error: (!is_done && !text.is_empty()).then(|| text.to_owned()),
            verdict: self.verdict,
            note: self.note,
        })
    }
}

pub(crate) async fn decide(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(step): Path<Step>,
    Json(told): Json<Told>,
) -> Result<StatusCode, Problem> {
    say(&operator, &gateway, &step, told).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn decide_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(step): Path<Step>,
    Form(typed): Form<Typed>,
) -> Result<Redirect, Problem> {
    say(&operator, &gateway, &step, typed.told()?).await?;
    let (service, run, _) = step;
    let page = format!("/console/workflows/{service}/{run}?done=step_decided");
    Ok(Redirect::to(&page))
}

pub(crate) async fn abandon(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(run): Path<Thing>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    give_up(&operator, &gateway, &run, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn abandon_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(run): Path<Thing>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    give_up(&operator, &gateway, &run, &note).await?;
    let (service, run) = run;
    let page = format!("/console/workflows/{service}/{run}?done=run_abandoned");
    Ok(Redirect::to(&page))
}

async fn say(
    operator: &Operator,
    gateway: &Gateway,
    (service, run, position): &Step,
    told: Told,
) -> Result<(), Problem> {
    let note = checked(&told.note)?;
    let verdict = match (told.verdict.as_str(), told.error) {
        ("done", _) => Verdict::Done(told.result.unwrap_or_default()),
        ("failed", Some(error)) => Verdict::Failed(error),
        ("failed", None) => return Err(bad_verdict("Say why it failed.")),
        ("again", _) => Verdict::Again,
        _ => return Err(bad_verdict("Say one of done, failed and again.")),
    };
    let service = find_service(gateway, service)?;
    let mut tx = service.begin(operator.context()).await?;
    workflow::get(&mut tx, *run).await?.ok_or_else(not_there)?;
    if !workflow::decide(&mut tx, *run, *position, verdict, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

async fn give_up(
    operator: &Operator,
    gateway: &Gateway,
    (service, run): &Thing,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let service = find_service(gateway, service)?;
    let mut tx = service.begin(operator.context()).await?;
    workflow::get(&mut tx, *run).await?.ok_or_else(not_there)?;
    if !workflow::abandon(&mut tx, *run, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

fn bad_verdict(text: &str) -> Problem {
    Problem::field("bad_verdict", "verdict", text)
}
