//! One box that finds the commands of all platforms.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::commands::{Risk, Status};
use serde::Deserialize;
use tidings::{Conn, Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::typed::{first, platform};
use super::{form, url, words};
use crate::access::Member;
use crate::http::search::{self, Asked, Part, Spot};
use crate::search::Wanted;
use crate::store;
use crate::store::platforms::Platform;
use crate::store::search::{Found, Only};

/// Commands that somebody has used last, before they look for anything.
const LAST_USED: usize = 5;
/// Letters of a line that a list shows.
const LINE_LETTERS_MAX: usize = 200;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// What has just been done.
    done: String,
}

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    asked: Asked,
    part: Part,
    /// What whoever looks has used last; for those who look for nothing yet.
    last: Vec<Found>,
    platforms: Vec<Platform>,
    /// Whether something was looked for.
    is_search: bool,
    is_first_part: bool,
    /// Whether they publish drafts.
    publishes: bool,
    done: String,
    mistake: Option<String>,
}

impl FindPage {
    fn is_drafts(&self) -> bool {
        self.asked.status == "draft"
    }

    fn is_favourites(&self) -> bool {
        self.asked.is_of_favourites()
    }

    fn is_narrowed(&self) -> bool {
        let rest = Asked {
            q: String::new(),
            sort: String::new(),
            ..self.asked.clone()
        };
        !rest.is_blank()
    }

    fn heading(&self) -> &'static str {
        match (self.is_favourites(), self.is_drafts()) {
            (true, _) => "Favourites",
            (_, true) => "Drafts",
            _ => "Find a command",
        }
    }

    /// How many there are, in words.
    fn count(&self) -> String {
        match (self.part.total, self.part.rows.len()) {
            (Some(0), _) | (None, 0) => "Nothing found".to_owned(),
            (Some(1), _) => "1 command".to_owned(),
            (Some(total), _) if self.part.is_cut => format!("The best of {total} and more"),
            (Some(total), _) => format!("{total} commands"),
            (None, _) => "Newest first".to_owned(),
        }
    }

    /// Where somebody begins who has found nothing.
    fn new_url(&self) -> String {
        let platform = first(&self.asked.platform);
        let mut query = vec![("platform", platform), ("how_to", self.asked.q.trim())];
        query.retain(|(_, value)| !value.is_empty());
        match query.is_empty() {
            true => "/commands/new".to_owned(),
            false => format!("/commands/new?{}", encoded(&query)),
        }
    }

    /// The search from its beginning.
    fn first_url(&self) -> String {
        let asked = &self.asked;
        let mut query = vec![
            ("q", asked.q.as_str()),
            ("platform", &asked.platform),
            ("tag", &asked.tag),
            ("risk", &asked.risk),
            ("os", &asked.os),
            ("status", &asked.status),
            ("favourite", &asked.favourite),
            ("used", &asked.used),
            ("author", &asked.author),
            ("sort", &asked.sort),
        ];
        query.retain(|(_, value)| !value.is_empty());
        format!("/commands?{}", encoded(&query))
    }
}

fn encoded(query: &[(&str, &str)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(query).finish()
}

/// The line as a list shows it, which may be long.
fn line(found: &Found) -> String {
    let line = &found.command.command_line;
    let mut short: String = line.chars().take(LINE_LETTERS_MAX).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// GET `/commands`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
    Query(told): Query<Told>,
    paging: Paging<Spot>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    page(&service, member, asked, told, paging).await
}

/// GET `/commands/drafts`
pub(super) async fn drafts(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(told): Query<Told>,
    paging: Paging<Spot>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let asked = Asked {
        status: Status::Draft.to_string(),
        ..Asked::default()
    };
    page(&service, member, asked, told, paging).await
}

/// GET `/commands/favourites`
pub(super) async fn favourites(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging<Spot>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let asked = Asked {
        favourite: "true".to_owned(),
        ..Asked::default()
    };
    page(&service, member, asked, Told::default(), paging).await
}

async fn page(
    service: &Handle,
    member: Member,
    asked: Asked,
    told: Told,
    paging: Paging<Spot>,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let is_first_part = paging.after.is_none();
    let mut to_check = asked.clone();
    to_check.platform = match platform(&mut conn, &asked.platform).await? {
        Some(id) => id.to_string(),
        None => first(&asked.platform).to_owned(),
    };
    // Whoever comes without a question sees what people use.
    if asked.is_blank() && asked.sort.is_empty() {
        to_check.sort = "best".to_owned();
    }
    let (part, mistake) = match to_check.check(&mut conn, member).await {
        Ok(search) => (
            search::find(&mut conn, member, &search, &paging).await?,
            None,
        ),
        Err(problem) if problem.code() == "bad_filter" => {
            let text = problem.errors().first().map(|one| one.message.clone());
            (Part::nothing(), Some(text.unwrap_or_default()))
        }
        Err(problem) => return Err(problem),
    };
    // What was typed has one answer: there it is.
    if let [found] = part.rows.as_slice()
        && !asked.q.trim().is_empty()
        && is_first_part
    {
        return Ok(Redirect::to(&url(&found.command)).into_response());
    }
    let is_search = !asked.is_blank();
    let last = match is_search || !is_first_part {
        true => Vec::new(),
        false => last_used(&mut conn, member).await?,
    };
    let page = FindPage {
        is_search,
        is_first_part,
        last,
        platforms: store::platforms::proposed(&mut conn).await?,
        publishes: member.edits,
        done: told.done,
        asked,
        part,
        mistake,
    };
    let status = match page.mistake {
        Some(_) => axum::http::StatusCode::BAD_REQUEST,
        None => axum::http::StatusCode::OK,
    };
    let title = page.heading();
    let page: Result<Fragment, Problem> = Fragment::try_new(title, page.render());
    Ok(page?.status(status).into_response())
}

async fn last_used(conn: &mut Conn, member: Member) -> Result<Vec<Found>, tidings::Error> {
    let only = Only {
        used: true,
        ..Only::default()
    };
    let best = store::search::best(conn, &Wanted::default(), member.id, only).await?;
    let numbers: Vec<i64> = best.hits.iter().map(|hit| hit.number).collect();
    let last = numbers.get(..LAST_USED).unwrap_or(&numbers);
    store::search::load(conn, last, member.id).await
}
