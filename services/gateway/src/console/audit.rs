//! Who has done what, when and why.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tidings::acts::{self, ActRow, Acts};
use tidings::{Paging, Place, Problem, Query};

use super::Unread;
use super::decide::no_service;
use super::list::{Found, Of, Older, Part, given, url};
use super::masked;
use super::operator::Operator;
use super::page::{Page, Said};
use super::text::{pretty, word};
use crate::Gateway;
use crate::page::encode;

/// What the form offers; others can be typed.
const ACTS: [&str; 13] = [
    "retry",
    "retry_all",
    "edit",
    "discard",
    "pause",
    "resume",
    "rebuild",
    "settle",
    "cancel",
    "decide",
    "abandon",
    "redeliver",
    "acknowledge",
];

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct AuditFilter {
    service: Option<String>,
    act: Option<String>,
    actor: Option<String>,
    subject: Option<String>,
}

impl AuditFilter {
    fn service(&self) -> &str {
        given(self.service.as_ref()).unwrap_or("")
    }

    fn act(&self) -> &str {
        given(self.act.as_ref()).unwrap_or("")
    }

    fn actor(&self) -> &str {
        given(self.actor.as_ref()).unwrap_or("")
    }

    fn subject(&self) -> &str {
        given(self.subject.as_ref()).unwrap_or("")
    }

    fn is_narrow(&self) -> bool {
        let all = [self.service(), self.act(), self.actor(), self.subject()];
        all.iter().any(|field| !field.is_empty())
    }

    fn url(&self, at: Option<&Older>) -> String {
        let field = |field: &Option<String>| given(field.as_ref()).map(encode);
        let fields = [
            ("service", field(&self.service)),
            ("act", field(&self.act)),
            ("actor", field(&self.actor)),
            ("subject", field(&self.subject)),
            ("cursor", at.map(Place::write)),
        ];
        url("/console/audit", &fields)
    }
}

async fn find(
    gateway: &Gateway,
    filter: &AuditFilter,
    paging: &Paging<Older>,
) -> Result<Part<ActRow>, Problem> {
    let handles = gateway.installation().handles();
    let name = filter.service();
    if !name.is_empty() && !handles.iter().any(|handle| handle.name() == name) {
        let text = no_service(gateway, name);
        return Err(Problem::field("bad_filter", "service", text));
    }
    let text = |field: &str| (!field.is_empty()).then(|| field.to_owned());
    let which = Acts {
        act: text(filter.act()),
        actor: text(filter.actor()),
        subject: text(filter.subject()),
        before: paging.after.map(|Older(id)| id),
    };
    let mask = gateway.installation().mask();
    let mut found = Found::default();
    for handle in handles
        .iter()
        .filter(|handle| name.is_empty() || handle.name() == name)
    {
        found.add(handle, acts::list(handle, &which, paging.fetch()).await);
    }
    let part = found.newest(paging, |act: &ActRow| Older(act.id));
    Ok(part.map(|act| masked::act(mask, act)))
}

/// For programs.
pub(crate) async fn list(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<AuditFilter>,
    paging: Paging<Older>,
) -> Result<(axum::Extension<Unread>, tidings::List<Of<ActRow>>), Problem> {
    Ok(find(&gateway, &filter, &paging).await?.partly(&paging))
}

#[derive(Template)]
#[template(path = "console/audit.html")]
pub(crate) struct Audit {
    said: Said,
    filter: AuditFilter,
    services: Vec<&'static str>,
    acts: Vec<Of<ActRow>>,
    first: Option<String>,
    older: Option<String>,
}

impl Page for Audit {
    type Asked = (Query<AuditFilter>, Paging<Older>);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, paging).await?;
        Ok(Self {
            said: Said::of([found.silent]),
            services: gateway.service_names(),
            acts: found.items,
            first: paging.after.map(|_| filter.url(None)),
            older: found.next.map(|at| filter.url(Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Audit".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// What was done, for people.
fn told(act: &str) -> String {
    match act {
        "retry_all" => "Retry of all alike".to_owned(),
        _ => word(act),
    }
}
