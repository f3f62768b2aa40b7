//! One event that could not be applied: why, what would happen now, and what is decided.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tidings::acts::{self, ActRow, Acts};
use tidings::dead::{self, DryRun, TableChange};
use tidings::subscriptions::{self, Paused};
use tidings::{DeadEvent, Form, Fragment, Path, Problem};

use super::act;
use super::dead::{Place3, href};
use super::decide::find_service;
use super::masked;
use super::operator::Operator;
use super::page::{Page, Said};
use super::text::{pretty, word};
use crate::Gateway;
use crate::page::encode;

/// Acts on one event that are shown.
const ACTS_MAX: u32 = 10;

#[derive(Template)]
#[template(path = "console/dead_event.html")]
pub(crate) struct OneDead {
    said: Said,
    service: &'static str,
    subscription: String,
    event_id: String,
    /// None when it does not wait here any more.
    event: Option<DeadEvent>,
    /// Its page, where its forms go, too.
    href: String,
    data: String,
    /// What stands in the form: the data, or what somebody has typed.
    typed: String,
    note: String,
    /// Why what was typed is not taken.
    refused: Option<String>,
    run: Option<DryRun>,
    /// Whether it was run with what was typed.
    is_edited: bool,
    paused: Option<Paused>,
    acts: Vec<ActRow>,
}

impl OneDead {
    fn can_decide(&self) -> bool {
        let event = self.event.as_ref();
        event.is_some_and(|event| event.state != "waiting")
    }

    fn can_read_data(&self) -> bool {
        !self.typed.is_empty()
    }

    fn events_page(&self) -> String {
        format!("/console/events/{}", encode(&self.event_id))
    }
}

impl Page for OneDead {
    type Asked = Path<Place3>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Path(place): &Self::Asked) -> Result<Self, Problem> {
        let (service, subscription, event_id) = place;
        let handle = find_service(gateway, service)?;
        let id = act::event_id(event_id)?;
        let mask = gateway.installation().mask();
        let event = dead::get(&handle, subscription, &id).await?;
        let event = event.map(|event| masked::event(mask, event));
        let about = Acts {
            subject: Some(format!("{subscription} {id}")),
            ..Acts::default()
        };
        let acts = acts::list(&handle, &about, ACTS_MAX).await?.into_iter();
        let paused = subscriptions::paused(&handle).await?.into_iter();
        let data = event.as_ref().map(|event| pretty(&event.event.data));
        let data = data.unwrap_or_default();
        let is_json = serde_json::from_str::<serde_json::Value>(&data).is_ok();
        Ok(Self {
            said: Said::default(),
            service: handle.name(),
            href: event
                .as_ref()
                .map(|event| href(handle.name(), event))
                .unwrap_or_default(),
            typed: if is_json { data.clone() } else { String::new() },
            data,
            note: String::new(),
            refused: None,
            run: None,
            is_edited: false,
            paused: paused
                .into_iter()
                .find(|paused| paused.subscription == *subscription),
            acts: acts.map(|act| masked::act(mask, act)).collect(),
            event,
            subscription: subscription.clone(),
            event_id: id.to_string(),
        })
    }

    fn title(&self) -> String {
        match &self.event {
            Some(event) => format!("Dead {}", event.event.name),
            None => "An event that is through".to_owned(),
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// What the form for a dry run or an edit sends: data as they were typed, if there were any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    note: String,
}

/// A page that is not followed live: it would be shown again without what was found.
fn shown(page: &OneDead, status: StatusCode) -> Result<Response, Problem> {
    let fragment = Fragment::try_new(page.title(), page.render())?;
    Ok(fragment.status(status).into_response())
}

/// Answers with the page and what would happen, and does nothing.
pub(crate) async fn dry_run_form(
    _: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let kept = act::kept(&gateway, &place).await?;
    let mut page = OneDead::load(&gateway, &Path(place.clone())).await?;
    page.note.clone_from(&typed.note);
    let data = match typed.data.as_deref().map(serde_json::from_str) {
        None => None,
        Some(Ok(data)) => Some(act::restored(&gateway, &kept, data)),
        Some(Err(error)) => {
            page.typed = typed.data.unwrap_or_default();
            page.refused = Some(format!("These data are not JSON: {error}."));
            return shown(&page, StatusCode::BAD_REQUEST);
        }
    };
    page.run = Some(act::run(&gateway, &place, &kept, data.as_deref()).await?);
    if let Some(text) = typed.data {
        page.is_edited = true;
        page.typed = text;
    }
    shown(&page, StatusCode::OK)
}

/// Edits and retries. What is not taken is shown again as it was typed.
pub(crate) async fn edit_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place3>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let kept = act::kept(&gateway, &place).await?;
    let text = typed.data.unwrap_or_default();
    let outcome = async {
        let note = act::checked(&typed.note)?;
        let data = serde_json::from_str(&text).map_err(|error| {
            let words = format!("These data are not JSON: {error}.");
            Problem::field("bad_event_data", "data", words)
        })?;
        let data = act::restored(&gateway, &kept, data);
        act::replace(&operator, &gateway, &place, &data, note).await
    };
    match outcome.await {
        Ok(()) => Ok(Redirect::to("/console/dead?done=edited").into_response()),
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => {
            let mut page = OneDead::load(&gateway, &Path(place.clone())).await?;
            let words = problem.errors().first();
            let words = words.map_or(problem.message(), |error| error.message.as_str());
            page.refused = Some(words.to_owned());
            page.typed = text;
            page.note = typed.note;
            shown(&page, StatusCode::BAD_REQUEST)
        }
        Err(problem) => Err(problem),
    }
}

/// A table's rows in words.
fn rows(change: &TableChange) -> String {
    let parts = [
        (change.inserted, "new"),
        (change.updated, "changed"),
        (change.deleted, "deleted"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, word)| format!("{count} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// A row as JSON to read.
fn row(value: &serde_json::Value) -> String {
    pretty(&value.to_string())
}
