//! Alerts: what is wrong now, who has taken it on, and what was wrong.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use serde::Serialize;
use tidings::alert::{self, AlertRow, Asked, Kind};
use tidings::{Form, Json, Paging, Path, Problem, Query, Timestamp, Uuid};

use super::act::{Discard, checked, gone};
use super::decide::{Thing, find_service, not_there};
use super::list::{Filter, Found, Of, Part, narrowed};
use super::operator::Operator;
use super::page::{Page, Said};
use super::settle;
use super::text::word;
use crate::Gateway;

const STATES: [&str; 3] = ["open", "acknowledged", "closed"];
const PATH: &str = "/console/alerts";
/// Of one service; more than a person reads. The others appear as these are closed.
const OPEN_MAX: u32 = 100;

type Place = (Timestamp, Uuid);

#[derive(Template)]
#[template(path = "console/alerts.html")]
pub(crate) struct Alerts {
    said: Said,
    filter: Filter,
    services: Vec<&'static str>,
    /// Kinds that the filter offers.
    kinds: Vec<&'static str>,
    open: Vec<AlertView>,
    /// Whether a later part of the history is shown, without what is open.
    is_later: bool,
    closed: Vec<AlertView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

/// An alert as it is shown.
struct AlertView {
    service: &'static str,
    alert: AlertRow,
    kind: Option<&'static Kind>,
    /// Where it is repaired, and what that is called.
    repair: Option<(String, &'static str)>,
}

impl AlertView {
    fn of(gateway: &Gateway, Of { service, item }: Of<AlertRow>) -> Self {
        Self {
            service,
            kind: alert::kind(&item.kind),
            repair: repair(gateway, service, &item),
            alert: item,
        }
    }
}

impl Page for Alerts {
    type Asked = (Query<Filter>, Paging);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let is_later = paging.after.is_some();
        let wants = |state| filter.state().is_none_or(|asked| asked == state);
        let (mut open, mut closed) = (Found::default(), Found::default());
        for handle in filter.services(gateway, &STATES)? {
            if !is_later && !matches!(filter.state(), Some("closed")) {
                let asked = Asked {
                    is_open: Some(true),
                    kind: filter.kind(),
                    before: None,
                };
                open.add(handle, alert::list(handle, &asked, OPEN_MAX).await);
            }
            if wants("closed") {
                let asked = Asked {
                    is_open: Some(false),
                    kind: filter.kind(),
                    before: paging.after,
                };
                closed.add(handle, alert::list(handle, &asked, paging.fetch()).await);
            }
        }
        open.items
            .retain(|one| wants(one.item.state()) || wants_open(filter, &one.item));
        // What nobody has taken on first, and of these what opened last.
        open.items.sort_by_key(|one| {
            let row = &one.item;
            (
                row.acknowledged_at.is_some(),
                std::cmp::Reverse((row.opened_at, row.id)),
            )
        });
        let part: Part<AlertRow, Place> = closed.newest(paging, |one| (one.opened_at, one.id));
        let view = |one| AlertView::of(gateway, one);
        Ok(Self {
            said: Said::of([open.silent, part.silent]),
            services: gateway.service_names(),
            kinds: alert::KINDS.iter().map(|kind| kind.word).collect(),
            open: open.items.into_iter().map(view).collect(),
            is_later,
            closed: part.items.into_iter().map(view).collect(),
            first: paging.after.map(|_| filter.url(PATH, paging, None)),
            older: part.next.map(|at| filter.url(PATH, paging, Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Alerts".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// `open` means also those that somebody has taken on: they are not closed.
fn wants_open(filter: &Filter, row: &AlertRow) -> bool {
    filter.state() == Some("open") && row.closed_at.is_none()
}

/// Where an alert is repaired.
fn repair(gateway: &Gateway, service: &str, row: &AlertRow) -> Option<(String, &'static str)> {
    let last = row.subject.rsplit(' ').next().unwrap_or_default();
    let id = Uuid::try_parse(last).ok();
    Some(match row.kind.as_str() {
        "ahead" | "gone" => {
            let subscriptions = gateway.installation().subscriptions();
            let page = settle::page_of(subscriptions, service, &row.kind, &row.subject)?;
            (page, "Decide…")
        }
        "dead" => (format!("/console/dead?service={service}"), "Dead events"),
        "behind" | "gap" | "paused" => ("/console/subscriptions".to_owned(), "Subscriptions"),
        "job" => {
            let page = narrowed("/console/jobs", service, &row.subject, "dead");
            (page, "Dead jobs")
        }
        "late" => {
            let page = narrowed("/console/jobs", service, &row.subject, "");
            (page, "Jobs")
        }
        "run" | "stuck" | "unknown" => (format!("/console/workflows/{service}/{}", id?), "The run"),
        "operation" => {
            let page = format!("/console/operations/{service}/{}", id?);
            (page, "The operation")
        }
        "callback" => {
            let page = format!("/console/callbacks?service={service}&state=exhausted");
            (page, "Callbacks")
        }
        "breaker" => ("/console".to_owned(), "Calls between services"),
        _ => return None,
    })
}

/// An alert, for programs.
#[derive(Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    alert: AlertRow,
    state: &'static str,
}

impl Shown {
    fn of(Of { service, item }: Of<AlertRow>) -> Of<Self> {
        let state = item.state();
        let item = Self { alert: item, state };
        Of { service, item }
    }
}

/// Those that opened last; the open ones where no state is asked for.
pub(crate) async fn find(
    gateway: &Gateway,
    filter: &Filter,
    paging: &Paging,
) -> Result<Part<Shown, Place>, Problem> {
    let is_open = match filter.state() {
        _ if filter.wants_all() => None,
        Some("closed") => Some(false),
        _ => Some(true),
    };
    let asked = Asked {
        is_open,
        kind: filter.kind(),
        before: paging.after,
    };
    let mut found = Found::default();
    for handle in filter.services(gateway, &STATES)? {
        found.add(handle, alert::list(handle, &asked, paging.fetch()).await);
    }
    let Part {
        items,
        next,
        silent,
    } = found.newest(paging, |one: &AlertRow| (one.opened_at, one.id));
    let is_asked_for = |one: &Of<AlertRow>| {
        filter.state() != Some("acknowledged") || one.item.state() == "acknowledged"
    };
    let items = items.into_iter().filter(is_asked_for).map(Shown::of);
    Ok(Part {
        items: items.collect(),
        next,
        silent,
    })
}

/// For programs: `409` when it is closed, or somebody else has taken it on.
pub(crate) async fn acknowledge(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(alert): Path<Thing>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    take_on(&operator, &gateway, &alert, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For people.
pub(crate) async fn acknowledge_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(alert): Path<Thing>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    take_on(&operator, &gateway, &alert, &note).await?;
    Ok(Redirect::to("/console/alerts?done=alert_acknowledged"))
}

async fn take_on(
    operator: &Operator,
    gateway: &Gateway,
    (service, id): &Thing,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let service = find_service(gateway, service)?;
    alert::get(&service, *id).await?.ok_or_else(not_there)?;
    let mut tx = service.begin(operator.context()).await?;
    if !alert::acknowledge(&mut tx, *id, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}
