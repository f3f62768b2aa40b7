//! What the console shows first: what is not well, and the way to each page.

use askama::Template;
use tidings::lag::{self, SubscriptionStatus};
use tidings::{Error, Handle, Installation, Problem, SubscriptionInfo, Timestamp, alert, jobs};

use super::calls::{self, CallRow};
use super::dead::{GroupRow, groups};
use super::page::{Page, Said};
use super::settle;
use super::subscriptions::{self, SubscriptionRow};
use super::text::grouped;
use crate::Gateway;
use crate::health::elsewhere::{Ailing, ailing};

/// More than these are on the pages that they lead to.
const GROUPS_MAX: usize = 5;
const UNWELL_MAX: usize = 8;

#[derive(Template)]
#[template(path = "console.html")]
pub(crate) struct Console {
    alerts: Vec<AlertRow>,
    groups: Vec<GroupRow>,
    /// Kinds of errors that are not shown here.
    more_groups: usize,
    subscriptions: usize,
    unwell: Vec<SubscriptionRow>,
    more_unwell: usize,
    calls: Vec<CallRow>,
    /// None where not every stream can be read.
    published: Option<u64>,
    lag: u64,
    parked: u64,
    dead: u64,
    dead_jobs: u64,
    /// Whether nothing can be seen, so that no figure means anything.
    is_blind: bool,
    /// What does not work in other processes.
    ailing: Vec<Ailing>,
    said: Said,
}

struct AlertRow {
    service: &'static str,
    subject: String,
    text: String,
    since: Option<Timestamp>,
    /// Where it is decided about, if a person must.
    decide: Option<String>,
}

impl Page for Console {
    type Asked = ();

    async fn load(gateway: &Gateway, (): &()) -> Result<Self, Problem> {
        Ok(Self::read(gateway).await)
    }

    fn title(&self) -> String {
        "Console".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

impl Console {
    /// Reads everything; what cannot be read is left out and said to be.
    async fn read(gateway: &Gateway) -> Self {
        let installation = gateway.installation();
        let (rows, silent) = subscriptions::read(installation, false).await;
        let sum = |of: fn(&SubscriptionRow) -> u64| rows.iter().map(of).sum();
        let streams = lag::streams(installation).await.inspect_err(|error| {
            tracing::warn!(error = %tidings::chain(error), "the console could not be filled");
        });
        let mut console = Self {
            published: streams
                .ok()
                .map(|all| all.iter().map(|stream| stream.head).sum()),
            lag: sum(SubscriptionRow::lag),
            parked: sum(SubscriptionRow::parked),
            dead: sum(SubscriptionRow::dead),
            subscriptions: rows.len(),
            unwell: rows.into_iter().filter(|row| !row.is_well()).collect(),
            more_unwell: 0,
            alerts: Vec::new(),
            groups: Vec::new(),
            more_groups: 0,
            dead_jobs: 0,
            calls: calls::rows(installation),
            is_blind: false,
            ailing: ailing(gateway).await,
            said: Said::of([silent]),
        };
        console.more_unwell = console.unwell.len().saturating_sub(UNWELL_MAX);
        console.unwell.truncate(UNWELL_MAX);
        let mut answering = Vec::new();
        for handle in installation.handles() {
            match console.add(installation, handle).await {
                Ok(()) => answering.push(handle),
                Err(error) => {
                    tracing::warn!(service = handle.name(), error = %tidings::chain(&error), "the console could not read a service");
                    console.said.silent.push(handle.name());
                }
            }
        }
        let (groups, silent) = groups(gateway, &answering).await;
        console.more_groups = groups.len().saturating_sub(GROUPS_MAX);
        console.groups = groups;
        console.groups.truncate(GROUPS_MAX);
        console.said = Said::of([std::mem::take(&mut console.said.silent), silent]);
        console.is_blind = console.said.silent.len() == installation.handles().len();
        console
    }

    async fn add(&mut self, installation: &Installation, handle: &Handle) -> Result<(), Error> {
        let service = handle.name();
        let alerts = alert::open(handle).await?.into_iter();
        self.alerts.extend(alerts.map(|alert| AlertRow {
            service,
            decide: settle::page_of(
                installation.subscriptions(),
                service,
                &alert.kind,
                &alert.subject,
            ),
            subject: alert.subject,
            text: alert.text,
            since: alert.opened_at,
        }));
        let counts = jobs::counts(handle).await?;
        let dead = counts.iter().filter(|one| one.state == "dead");
        self.dead_jobs += dead.map(|one| one.count).sum::<u64>();
        Ok(())
    }
}

pub(super) fn is_of(row: &SubscriptionStatus, one: &SubscriptionInfo) -> bool {
    (row.service.as_str(), row.name.as_str(), row.stream.as_str())
        == (one.service.name(), one.name, one.stream)
}
