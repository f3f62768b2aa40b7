//! What has failed and was applied at last, for whoever asks in the morning what failed in the
//! night.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use tidings::dead::RetriedEvent;
use tidings::{EventId, Installation, List, Paging, Place, Problem, Timestamp, dead, find};

use super::Unread;
use super::list::{Found, Of, Part, url};
use super::operator::Operator;
use super::page::{Page, Said};
use crate::Gateway;

const OWN: &str = "/console/retried";

#[derive(Template)]
#[template(path = "console/retried.html")]
pub(crate) struct Retried {
    said: Said,
    events: Vec<Of<RetriedEvent>>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

/// The place behind what was applied at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AppliedAt(Timestamp);

impl Place for AppliedAt {
    fn read(text: &str) -> Option<Self> {
        let micros = text.parse().ok()?;
        Some(Self(Timestamp::from_micros(micros)))
    }

    fn write(&self) -> String {
        self.0.as_micros().to_string()
    }
}

impl Page for Retried {
    type Asked = Paging<AppliedAt>;

    async fn load(gateway: &Gateway, paging: &Self::Asked) -> Result<Self, Problem> {
        let found = find_all(gateway, paging).await;
        let address = |at: &AppliedAt| url(OWN, &[("cursor", Some(at.write()))]);
        Ok(Self {
            said: Said::of([found.silent]),
            events: found.items,
            first: paging.after.map(|_| OWN.to_owned()),
            older: found.next.as_ref().map(address),
        })
    }

    fn title(&self) -> String {
        "Applied at last".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

pub(crate) async fn list(
    _: Operator,
    State(gateway): State<Gateway>,
    paging: Paging<AppliedAt>,
) -> (Extension<Unread>, List<Of<RetriedEvent>>) {
    find_all(&gateway, &paging).await.partly(&paging)
}

async fn find_all(gateway: &Gateway, paging: &Paging<AppliedAt>) -> Part<RetriedEvent, AppliedAt> {
    let installation = gateway.installation();
    let before = paging.after.map(|AppliedAt(at)| at);
    let mut found = Found::default();
    for handle in installation.handles() {
        let events = dead::retried(handle, before, paging.fetch()).await;
        found.add(handle, events);
    }
    let mut part = found.newest(paging, |one: &RetriedEvent| AppliedAt(one.applied_at));
    for one in &mut part.items {
        hide(installation, &mut one.item).await;
    }
    part
}

/// An error may say what is in the event. Of one whose data cannot be seen nothing is shown.
async fn hide(installation: &Installation, event: &mut RetriedEvent) {
    let data = data_of(installation, &event.event).await;
    let mask = installation.mask();
    for text in [&mut event.error, &mut event.key] {
        *text = match &data {
            Some(data) => mask.text(text, data),
            None => "•••".to_owned(),
        };
    }
}

async fn data_of(installation: &Installation, id: &EventId) -> Option<String> {
    let (producer, _) = find::producer_of(installation, &id.stream)?;
    let event = find::event(producer, id).await.ok()??;
    Some(event.data)
}
