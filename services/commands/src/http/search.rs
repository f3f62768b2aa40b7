//! One search over the commands of all platforms.

use axum::extract::State;
use contracts::commands::{Risk, Status};
use serde::{Deserialize, Serialize};
use tidings::{Conn, Handle, List, Paging, Place, Problem, Query, SignedIn};
use utoipa::{IntoParams, ToSchema};

use super::wire::ShownBody;
use crate::access::Member;
use crate::search::{self, Wanted};
use crate::store;
use crate::store::search::{Found, Only, Rank};

/// Where a command stands in what was found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot {
    /// Among the best.
    Best(Rank),
    /// In the order of numbers, the newest first.
    Newest(i64),
}

impl Place for Spot {
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix('n') {
            Some(number) => number.parse().ok().map(Self::Newest),
            None => Rank::read(text).map(Self::Best),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Best(rank) => rank.write(),
            Self::Newest(number) => format!("n{number}"),
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Words that all must be there, or begin a word that is: in title, description, command
    /// line and tags, in the name or the publisher of the platform (of one of 200 platforms
    /// with commands, where it is in more).
    pub(crate) q: String,
    /// A platform: its id or its number.
    pub(crate) platform: String,
    /// A tag.
    pub(crate) tag: String,
    /// `safe`, `caution`, `destructive`.
    pub(crate) risk: String,
    /// An operating system that the command is for.
    pub(crate) os: String,
    /// `draft`, `published`, `deprecated`, `all`; everything but drafts if nothing is said.
    pub(crate) status: String,
    /// `true`: one's own favourites only.
    pub(crate) favourite: String,
    /// `me`: only what one has used oneself, of the last thousand times; the last first.
    pub(crate) used: String,
    /// Who has written it: their id, or `me`.
    pub(crate) author: String,
    /// `best`: title and platform first, then favourites and what is used most. Where more than
    /// a hundred match, the newest hundred to 500 whose title or platform has all words and as
    /// many others are ordered so. `newest`: all that match. If nothing is said: `best` with
    /// words, `newest` without.
    pub(crate) sort: String,
}

/// What is looked for, as the store takes it.
pub(crate) struct Search {
    pub(crate) wanted: Wanted,
    pub(crate) only: Only,
    pub(crate) is_newest: bool,
    /// Whether there are signs to look for, of which none is a word.
    is_hopeless: bool,
}

impl Asked {
    /// Whether anything at all was said.
    pub(crate) fn is_blank(&self) -> bool {
        let Self {
            q, platform, tag, ..
        } = self;
        let rest = [&self.risk, &self.os, &self.status, &self.author, &self.used];
        [q, platform, tag]
            .into_iter()
            .chain(rest)
            .all(|text| text.is_empty())
            && !self.is_of_favourites()
    }

    pub(crate) fn is_of_favourites(&self) -> bool {
        matches!(self.favourite.as_str(), "true" | "yes" | "1")
    }

    /// What the store is asked for.
    pub(crate) async fn check(&self, conn: &mut Conn, member: Member) -> Result<Search, Problem> {
        let mut wanted = Wanted {
            words: store::search::meant(conn, search::asked(&self.q)).await?,
            ..Wanted::default()
        };
        let marks = &mut wanted.marks;
        if !self.platform.is_empty() {
            let id = store::platforms::resolve(conn, &self.platform).await?;
            let id = id.ok_or_else(|| bad("platform", "There is no such platform."))?;
            marks.push(search::platform_mark(id));
        }
        if !self.author.is_empty() {
            let id = match self.author.as_str() {
                "me" => Some(member.id),
                id => id.parse().ok(),
            };
            let id = id.ok_or_else(|| bad("author", "author is an id, or me."))?;
            marks.push(search::author_mark(id));
        }
        if !self.risk.is_empty() {
            let risk = self.risk.parse::<Risk>();
            let risk = risk.map_err(|text| bad("risk", &text))?;
            marks.push(search::risk_mark(risk));
        }
        if !self.tag.trim().is_empty() {
            marks.push(search::tag_mark(self.tag.trim()));
        }
        if !self.os.trim().is_empty() {
            marks.push(search::os_mark(self.os.trim()));
        }
        match self.status.as_str() {
            "" => wanted.not.push(search::status_mark(Status::Draft)),
            "all" => {}
            word => {
                let status = word.parse::<Status>();
                let status = status.map_err(|text| bad("status", &text))?;
                marks.push(search::status_mark(status));
            }
        }
        let only = Only {
            favourites: self.is_of_favourites(),
            used: match self.used.as_str() {
                "" => false,
                "me" => true,
                _ => return Err(bad("used", "used is me.")),
            },
        };
        let is_newest = match self.sort.as_str() {
            "" => wanted.words.is_empty(),
            "newest" => true,
            "best" => false,
            _ => return Err(bad("sort", "sort is best or newest.")),
        };
        Ok(Search {
            is_hopeless: wanted.words.is_empty() && !self.q.trim().is_empty(),
            is_newest: is_newest && !only.favourites && !only.used,
            only,
            wanted,
        })
    }
}

fn bad(field: &str, text: &str) -> Problem {
    Problem::field("bad_filter", field, text)
}

/// A part of what was found.
pub(crate) struct Part {
    pub(crate) rows: Vec<Found>,
    pub(crate) next: Option<String>,
    /// Whether more match than were looked at.
    pub(crate) is_cut: bool,
    /// How many there are, where that is known.
    pub(crate) total: Option<usize>,
}

impl Part {
    /// What is found where nothing can be.
    pub(crate) fn nothing() -> Self {
        Self {
            rows: Vec::new(),
            next: None,
            is_cut: false,
            total: Some(0),
        }
    }
}

/// Looks for commands.
pub(crate) async fn find(
    conn: &mut Conn,
    member: Member,
    search: &Search,
    paging: &Paging<Spot>,
) -> Result<Part, tidings::Error> {
    if search.is_hopeless {
        return Ok(Part::nothing());
    }
    let (spots, is_cut, total) = match search.is_newest {
        true => {
            let before = match paging.after {
                Some(Spot::Newest(number)) => Some(number),
                _ => None,
            };
            let wanted = &search.wanted;
            let numbers = store::search::newest(conn, wanted, before, paging.fetch()).await?;
            let spots: Vec<_> = numbers
                .into_iter()
                .map(|number| (number, Spot::Newest(number)))
                .collect();
            (spots, false, None)
        }
        false => {
            let best = store::search::best(conn, &search.wanted, member.id, search.only).await?;
            let total = best.hits.len();
            let is_after = |rank: Rank| match paging.after {
                Some(Spot::Best(after)) => rank > after,
                _ => true,
            };
            let hits = best.hits.into_iter().filter(|hit| is_after(hit.rank));
            let hits = hits.map(|hit| (hit.number, Spot::Best(hit.rank)));
            let limit = usize::try_from(paging.fetch()).unwrap_or(usize::MAX);
            (hits.take(limit).collect(), best.is_cut, Some(total))
        }
    };
    let (spots, next) = paging.cut(spots, |(_, spot)| *spot);
    let numbers: Vec<i64> = spots.into_iter().map(|(number, _)| number).collect();
    Ok(Part {
        rows: store::search::load(conn, &numbers, member.id).await?,
        next,
        is_cut,
        total,
    })
}

/// A command that was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FoundBody {
    #[serde(flatten)]
    shown: ShownBody,
    /// Whether it is one of one's own favourites.
    favourite: bool,
}

impl From<Found> for FoundBody {
    fn from(found: Found) -> Self {
        Self {
            shown: ShownBody::of(found.command, found.platform, found.uses, found.names),
            favourite: found.is_favourite,
        }
    }
}

/// Find commands, whatever platform they belong to.
#[utoipa::path(get, path = "/api/c/commands", tag = "commands", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "What was found; a Link header leads to the next part", body = [FoundBody]),
    (status = 400, description = "bad_filter, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging<Spot>,
) -> Result<List<FoundBody>, Problem> {
    let member = Member::of(&identity)?;
    let mut conn = service.read().await?;
    let search = asked.check(&mut conn, member).await?;
    let part = find(&mut conn, member, &search, &paging).await?;
    Ok(List {
        items: part.rows.into_iter().map(FoundBody::from).collect(),
        next: part.next,
    })
}
