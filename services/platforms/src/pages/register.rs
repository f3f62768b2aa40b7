//! The list of platforms: found, narrowed, and the way to everything else.

use askama::Template;
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::routing::get;
use contracts::TeamId;
use contracts::platforms::{Lifecycle, PlatformKind};
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::difference::label;
use super::said;
use crate::access::Member;
use crate::cost::legacy;
use crate::http::Asked;
use crate::store;
use crate::store::list::{Listed, Narrowed, Place};

/// The orders that can be chosen, in words.
const SORTS: [(&str, &str); 9] = [
    ("name", "Name"),
    ("publisher", "Publisher"),
    ("-updated", "Changed last"),
    ("-cost", "Most expensive"),
    ("expires", "Licence ends first"),
    ("eol", "Support ends first"),
    ("lifecycle", "Lifecycle"),
    ("-criticality", "Most critical"),
    ("number", "Number"),
];

pub(super) fn routes() -> Router<Handle> {
    Router::new().route("/platforms", get(show))
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    member: Member,
    asked: Asked,
    /// The same as it stands in addresses, for the exports.
    query: String,
    teams: Vec<(TeamId, String)>,
    owner: Option<TeamId>,
    kinds: Vec<(&'static str, String)>,
    states: &'static [Lifecycle],
    sorts: [(&'static str, &'static str); 9],
    total: i64,
    rows: Vec<Row>,
    is_narrowed: bool,
    is_first_part: bool,
    next: Option<String>,
}

/// A platform in the list.
struct Row {
    number: i32,
    name: String,
    publisher: String,
    kind: String,
    lifecycle: Lifecycle,
    is_archived: bool,
    criticality: String,
    owner: Option<String>,
    cost: String,
}

impl From<Listed> for Row {
    fn from(listed: Listed) -> Self {
        let platform = listed.platform;
        Self {
            number: platform.number,
            cost: legacy(platform.cost),
            name: platform.name,
            publisher: platform.publisher,
            kind: label(platform.kind.as_str()),
            lifecycle: platform.lifecycle,
            is_archived: platform.archived_at.is_some(),
            criticality: platform.criticality.to_string(),
            owner: listed.owner,
        }
    }
}

impl Register {
    fn is(&self, asked: &Option<String>, word: &str) -> bool {
        asked.as_deref() == Some(word)
    }

    /// What narrows the list and has no field in the form: it stays when the form is sent.
    fn kept(&self) -> Vec<(&'static str, &str)> {
        let asked = &self.asked;
        let all = [
            ("unowned", &asked.unowned),
            ("licence_expires_before", &asked.licence_expires_before),
            ("eol_before", &asked.eol_before),
            ("cost_min", &asked.cost_min),
        ];
        let all = all.map(|(name, text)| (name, said(text)));
        all.into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }

    fn is_owner(&self, id: &TeamId) -> bool {
        self.owner == Some(*id)
    }
}

/// GET `/platforms`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<Asked>,
    paging: Paging<Place>,
) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let query = uri.query().unwrap_or_default();
    page(&service, member, asked, query, &paging).await
}

async fn page(
    service: &Handle,
    member: Member,
    asked: Asked,
    query: &str,
    paging: &Paging<Place>,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let narrowed = asked.check(&mut conn).await?;
    let after = paging.after.as_ref();
    let after = after.filter(|after| after.is_of(narrowed.sort));
    let rows = store::list::list(&mut conn, &narrowed, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Place::of(&row.platform, narrowed.sort));
    let anything = Narrowed {
        sort: narrowed.sort,
        ..Narrowed::default()
    };
    let page = Register {
        member,
        teams: store::teams::all(&mut conn)
            .await?
            .into_iter()
            .map(|team| (team.id, team.told.name))
            .collect(),
        owner: narrowed.owner,
        total: store::list::count(&mut conn, &narrowed).await?,
        is_narrowed: narrowed != anything,
        query: without_place(query),
        asked,
        kinds: PlatformKind::ALL
            .iter()
            .map(|one| (one.as_str(), label(one.as_str())))
            .collect(),
        states: Lifecycle::ALL,
        sorts: SORTS,
        rows: rows.into_iter().map(Row::from).collect(),
        is_first_part: after.is_none(),
        next,
    };
    Fragment::try_new("Platforms", page.render())
}

/// What narrows, without where the list goes on.
pub(super) fn without_place(query: &str) -> String {
    let pairs = query.split('&');
    let is_place = |pair: &&str| pair.starts_with("cursor=") || pair.starts_with("limit=");
    let kept: Vec<_> = pairs
        .filter(|pair| !is_place(pair) && !pair.is_empty())
        .collect();
    kept.join("&")
}
