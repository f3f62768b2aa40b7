//! Every subscription: how far it is, what is stuck in it, who reads it; and its stopping, going
//! on and building anew.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use tidings::lag::{self, InstanceStatus, StreamStatus, SubscriptionStatus};
use tidings::projection::{self, RebuildStatus};
use tidings::subscriptions::{self, Paused};
use tidings::{
    Error, Form, Handle, Installation, Json, Path, Problem, SubscriptionInfo, Timestamp,
};

use super::act::{Discard, checked, gone};
use super::operator::Operator;
use super::page::{Page, Said};
use super::projections;
use super::text::grouped;
use crate::Gateway;
use crate::page::encode;

/// A service and one of its subscriptions.
type Place2 = (String, String);

/// One stream of a subscription.
pub(crate) struct StreamRow {
    stream: &'static str,
    /// None where nobody can tell just now.
    status: Option<SubscriptionStatus>,
    oldest: Option<Timestamp>,
}

/// A subscription of all its streams.
pub(crate) struct SubscriptionRow {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    streams: Vec<StreamRow>,
    pub(crate) paused: Option<Paused>,
    is_projection: bool,
    rebuild: Option<RebuildStatus>,
    /// Who reads how many slots, where they are shared.
    instances: Vec<(String, u64)>,
    href: String,
    anchor: String,
}

impl SubscriptionRow {
    fn sum(&self, of: impl Fn(&SubscriptionStatus) -> u64) -> u64 {
        let known = self.streams.iter().filter_map(|one| one.status.as_ref());
        known.map(of).sum()
    }

    pub(crate) fn lag(&self) -> u64 {
        self.sum(|one| one.lag)
    }

    pub(crate) fn parked(&self) -> u64 {
        self.sum(|one| one.parked)
    }

    pub(crate) fn dead(&self) -> u64 {
        self.sum(|one| one.dead)
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.streams.iter().filter_map(|one| one.oldest).min()
    }

    pub(crate) fn is_known(&self) -> bool {
        self.streams.iter().all(|one| one.status.is_some())
    }

    pub(crate) fn is_well(&self) -> bool {
        self.state().0 == "running"
    }

    /// Its state, and the words for it.
    pub(crate) fn state(&self) -> (&'static str, String) {
        match self {
            _ if self.paused.is_some() => ("paused", "Paused".to_owned()),
            _ if self.dead() > 0 => ("dead", format!("{} dead", grouped(&self.dead()))),
            _ if self.parked() > 0 => ("parked", format!("{} parked", grouped(&self.parked()))),
            _ if !self.is_known() => ("unknown", "Not known just now".to_owned()),
            _ if self.lag() > 0 => ("lagging", "Behind".to_owned()),
            _ => ("running", "Up to date".to_owned()),
        }
    }

    fn is_building(&self) -> bool {
        let rebuild = self.rebuild.as_ref();
        rebuild.is_some_and(|rebuild| rebuild.state == "running")
    }

    fn dead_page(&self, state: &str) -> String {
        let (service, name) = (encode(self.service), encode(self.name));
        format!("/console/dead?service={service}&subscription={name}&state={state}")
    }
}

/// Every subscription as far as it is seen from here, with the streams.
pub(crate) async fn read(
    installation: &Installation,
    looks_for_oldest: bool,
) -> (Vec<SubscriptionRow>, Vec<&'static str>) {
    let instances = seen("instances", lag::instances(installation).await).unwrap_or_default();
    let projections = projection::list(installation);
    let mut paused: BTreeMap<&str, Vec<Paused>> = BTreeMap::new();
    let mut silent = Vec::new();
    for handle in installation.handles() {
        match subscriptions::paused(handle).await {
            Ok(found) => drop(paused.insert(handle.name(), found)),
            Err(_) => silent.push(handle.name()),
        }
    }
    let mut rows: Vec<SubscriptionRow> = Vec::new();
    for one in installation.subscriptions() {
        // One that cannot be read does not hide the others.
        let status = lag::subscription(installation, one).await;
        let status = seen(one.name, status).flatten();
        let owes = status.as_ref().is_some_and(|status| status.lag > 0);
        let oldest = match looks_for_oldest && owes {
            true => lag::owes_since(installation, one).await.unwrap_or_default(),
            false => None,
        };
        let stream = StreamRow {
            stream: one.stream,
            status,
            oldest,
        };
        let service = one.service.name();
        let row = rows
            .iter_mut()
            .find(|row| (row.service, row.name) == (service, one.name));
        match row {
            Some(row) => row.streams.push(stream),
            None => {
                let mut row = of(one, stream);
                let mut all = paused.get(service).into_iter().flatten();
                row.paused = all.find(|paused| paused.subscription == one.name).cloned();
                let mut all = projections.iter();
                let built =
                    all.find(|built| built.service.name() == service && built.name == one.name);
                row.is_projection = built.is_some();
                row.rebuild = built.and_then(|built| built.rebuild.clone());
                row.instances = readers(&instances, service, one.name);
                rows.push(row);
            }
        }
    }
    (rows, silent)
}

fn of(one: &SubscriptionInfo, stream: StreamRow) -> SubscriptionRow {
    let (service, name) = (one.service.name(), one.name);
    let anchor = format!("{service}-{name}");
    SubscriptionRow {
        service,
        name,
        streams: vec![stream],
        paused: None,
        is_projection: false,
        rebuild: None,
        instances: Vec::new(),
        href: format!(
            "/console/subscriptions/{}/{}",
            encode(service),
            encode(name)
        ),
        anchor: anchor.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
    }
}

fn seen<T>(what: &str, outcome: Result<T, Error>) -> Option<T> {
    outcome
        .inspect_err(|error| {
            tracing::warn!(what, error = %tidings::chain(error), "the console could not be filled");
        })
        .ok()
}

#[derive(Template)]
#[template(path = "console/subscriptions.html")]
pub(crate) struct Subscriptions {
    said: Said,
    rows: Vec<SubscriptionRow>,
    streams: Vec<StreamStatus>,
}

impl Subscriptions {
    fn paused(&self) -> usize {
        let paused = self.rows.iter().filter(|row| row.paused.is_some());
        paused.count()
    }

    fn owed(&self) -> u64 {
        self.rows.iter().map(SubscriptionRow::lag).sum()
    }

    fn parked(&self) -> u64 {
        self.rows.iter().map(SubscriptionRow::parked).sum()
    }

    fn dead(&self) -> u64 {
        self.rows.iter().map(SubscriptionRow::dead).sum()
    }
}

impl Page for Subscriptions {
    type Asked = ();

    async fn load(gateway: &Gateway, (): &()) -> Result<Self, Problem> {
        let installation = gateway.installation();
        let (rows, silent) = read(installation, true).await;
        let streams = seen("streams", lag::streams(installation).await);
        Ok(Self {
            said: Said::of([silent]),
            rows,
            streams: streams.unwrap_or_default(),
        })
    }

    fn title(&self) -> String {
        "Subscriptions".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

pub(crate) async fn pause(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    stop(&operator, &gateway, &place, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn pause_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    stop(&operator, &gateway, &place, &note).await?;
    Ok(Redirect::to("/console/subscriptions?done=paused"))
}

pub(crate) async fn resume(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    go_on(&operator, &gateway, &place, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn resume_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    go_on(&operator, &gateway, &place, &note).await?;
    Ok(Redirect::to("/console/subscriptions?done=resumed"))
}

pub(crate) async fn rebuild(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Json(Discard { note }): Json<Discard>,
) -> Result<StatusCode, Problem> {
    projections::build(&operator, &gateway, &place, Some(checked(&note)?))?;
    Ok(StatusCode::ACCEPTED)
}

pub(crate) async fn rebuild_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place2>,
    Form(Discard { note }): Form<Discard>,
) -> Result<Redirect, Problem> {
    projections::build(&operator, &gateway, &place, Some(checked(&note)?))?;
    Ok(Redirect::to("/console/subscriptions?done=rebuilding"))
}

async fn stop(
    operator: &Operator,
    gateway: &Gateway,
    place: &Place2,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let mut tx = find(gateway, place)?.begin(operator.context()).await?;
    if !subscriptions::pause(&mut tx, &place.1, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

async fn go_on(
    operator: &Operator,
    gateway: &Gateway,
    place: &Place2,
    note: &str,
) -> Result<(), Problem> {
    let note = checked(note)?;
    let mut tx = find(gateway, place)?.begin(operator.context()).await?;
    if !subscriptions::resume(&mut tx, &place.1, note).await? {
        return Err(gone());
    }
    Ok(tx.commit().await?)
}

fn find(gateway: &Gateway, (service, name): &Place2) -> Result<Handle, Problem> {
    let mut all = gateway.installation().subscriptions().iter();
    let of = all.find(|one| one.service.name() == service && one.name == name);
    let of = of.map(|one| one.service.clone());
    of.ok_or_else(|| Problem::not_found("There is no such subscription."))
}

/// Who reads how many slots of a subscription.
fn readers(all: &[InstanceStatus], service: &str, name: &str) -> Vec<(String, u64)> {
    let of_service = all.iter().filter(|one| one.service == service);
    let readers = of_service.map(|one| {
        let shares = one.shares.iter().filter(|share| share.subscription == name);
        (
            one.id.clone(),
            shares.map(|share| u64::from(share.slots)).sum(),
        )
    });
    readers.collect()
}
