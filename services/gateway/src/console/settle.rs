//! Slots that stand still until somebody decides from where they go on: a page to decide
//! on, and the decision, with a note that stays on record.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::Redirect;
use serde::{Deserialize, Serialize};
use tidings::{Form, Json, Path, Problem, Start, SubscriptionInfo, Timestamp, alert};

use super::act::{checked, gone};
use super::operator::Operator;
use super::page::{Page, Said};
use crate::Gateway;
use crate::page::encode;

/// A service, one of its subscriptions, and a stream that this reads.
type Place = (String, String, String);

#[derive(Template)]
#[template(path = "console/settle.html")]
pub(crate) struct Standstill {
    said: Said,
    service: &'static str,
    subscription: &'static str,
    stream: &'static str,
    /// Where the form goes.
    href: String,
    slots: Vec<StoppedSlot>,
}

struct StoppedSlot {
    slot: u16,
    text: String,
    since: Option<Timestamp>,
}

impl Standstill {
    /// Those that are decided about: what is shown, and nothing that comes later.
    fn shown(&self) -> String {
        let slots: Vec<String> = self.slots.iter().map(|one| one.slot.to_string()).collect();
        slots.join(",")
    }
}

impl Page for Standstill {
    type Asked = Path<Place>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Path(place): &Self::Asked) -> Result<Self, Problem> {
        let of = find(gateway, place)?;
        let slots = alert::stopped(of).await?.into_iter();
        let slots = slots.map(|(slot, alert)| StoppedSlot {
            slot,
            text: alert.text,
            since: alert.opened_at,
        });
        Ok(Self {
            said: Said::default(),
            service: of.service.name(),
            subscription: of.name,
            stream: of.stream,
            href: href(of),
            slots: slots.collect(),
        })
    }

    fn title(&self) -> String {
        "Slots that stand still".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// Where it is decided about the slot that an alert is about, if it is about one.
pub(super) fn page_of(
    subscriptions: &[SubscriptionInfo],
    service: &str,
    kind: &str,
    subject: &str,
) -> Option<String> {
    if !["ahead", "gone"].contains(&kind) {
        return None;
    }
    let mut all = subscriptions.iter();
    let of = all.find(|one| {
        let rest = subject.strip_prefix(one.name);
        let rest = rest.and_then(|rest| rest.strip_prefix(' '));
        let slot = rest.and_then(|rest| rest.strip_prefix(one.stream));
        one.service.name() == service && slot.is_some_and(|slot| slot.starts_with('.'))
    });
    of.map(href)
}

fn href(of: &SubscriptionInfo) -> String {
    let parts = [of.service.name(), of.name, of.stream].map(encode);
    format!("/console/settle/{}", parts.join("/"))
}

fn find<'a>(
    gateway: &'a Gateway,
    (service, name, stream): &Place,
) -> Result<&'a SubscriptionInfo, Problem> {
    let mut all = gateway.installation().subscriptions().iter();
    let of = all.find(|one| {
        one.service.name() == service && one.name == name && one.stream == stream.as_str()
    });
    of.ok_or_else(|| Problem::not_found("There is no such subscription."))
}

/// For programs. Without slots all that stand still are meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    from: String,
    slots: Option<BTreeSet<u16>>,
    note: String,
}

/// For people: the slots that they were shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    from: String,
    moment: String,
    slots: String,
    note: String,
}

/// A slot that goes on.
#[derive(Serialize)]
pub(crate) struct Settled {
    slot: u16,
    goes_on_after: u64,
}

pub(crate) async fn settle(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
    Json(told): Json<Told>,
) -> Result<Json<Vec<Settled>>, Problem> {
    let settled = decide(&operator, &gateway, &place, told).await?;
    let settled = settled.into_iter().map(|(slot, goes_on_after)| Settled {
        slot,
        goes_on_after,
    });
    Ok(Json(settled.collect()))
}

pub(crate) async fn settle_form(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<Place>,
    Form(typed): Form<Typed>,
) -> Result<Redirect, Problem> {
    let slots = typed.slots.split(',').map(|slot| slot.parse().ok());
    let slots: Option<BTreeSet<u16>> = slots.collect();
    let slots = slots.ok_or_else(|| {
        let text = "Slots are numbers, with a comma between two.";
        Problem::field("bad_slots", "slots", text)
    })?;
    let told = Told {
        from: match typed.from.as_str() {
            "moment" => typed.moment.trim().to_owned(),
            _ => typed.from,
        },
        slots: Some(slots),
        note: typed.note,
    };
    decide(&operator, &gateway, &place, told).await?;
    Ok(Redirect::to("/console?done=settled"))
}

/// All of them at once, or none: of two who decide at the same moment the second changes nothing.
async fn decide(
    operator: &Operator,
    gateway: &Gateway,
    place: &Place,
    Told { from, slots, note }: Told,
) -> Result<Vec<(u16, u64)>, Problem> {
    let (note, from) = (checked(&note)?, start(&from)?);
    let of = find(gateway, place)?;
    let stopped = alert::stopped(of).await?;
    let slots: Vec<u16> = match slots {
        Some(slots) => slots.into_iter().collect(),
        None => stopped.keys().copied().collect(),
    };
    if slots.is_empty() || slots.iter().any(|slot| !stopped.contains_key(slot)) {
        return Err(gone());
    }
    let starts = alert::starts(gateway.installation(), of, &slots, from).await?;
    let mut tx = of.service.begin(operator.context()).await?;
    if !alert::settle_slots(&mut tx, of, &starts, Some(note)).await? {
        return Err(gone());
    }
    tx.commit().await?;
    Ok(starts)
}

fn start(text: &str) -> Result<Start, Problem> {
    let read = text.parse();
    read.map_err(|reason: String| {
        let text = format!("From where they go on: {reason}.");
        Problem::field("bad_settle_start", "from", text)
    })
}
