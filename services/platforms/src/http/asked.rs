//! What somebody asks lists, exports and reports for.

use contracts::TeamId;
use serde::Deserialize;
use tidings::{Conn, Problem};
use utoipa::IntoParams;

use crate::known::Known;
use crate::store::list::{Archived, Narrowed};

const LETTERS_MAX: usize = 200;

/// What narrows a list of platforms. An empty field is what a form sends for no wish.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Words that all must be there, each at least by its beginning.
    pub(crate) q: Option<String>,
    /// A team, by its id or its name.
    pub(crate) owner: Option<String>,
    /// Where they stand in their life: one of `proposed`, `experimental`, `production`,
    /// `deprecated`, `retired`, or several between commas.
    pub(crate) lifecycle: Option<String>,
    /// The whole name of who makes them.
    pub(crate) publisher: Option<String>,
    /// A tag.
    pub(crate) tag: Option<String>,
    /// `os`, `database`, `runtime`, `saas`, `appliance`, `network`, `other`.
    pub(crate) kind: Option<String>,
    /// `true`: only what is in the archive; `all`: that too.
    pub(crate) archived: Option<String>,
    /// Only those whose licence ends before this day: `2026-03-14`.
    pub(crate) licence_expires_before: Option<String>,
    /// Only those whose support by their maker ends before this day.
    pub(crate) eol_before: Option<String>,
    /// Only those that cost at least so much, in minor units of whichever currency.
    pub(crate) cost_min: Option<String>,
    /// `true`: only those that nobody owns.
    pub(crate) unowned: Option<String>,
    /// `name`, `publisher`, `number`, `updated`, `cost`, `expires`, `eol`, `lifecycle`,
    /// `criticality`; behind a minus the other way round.
    pub(crate) sort: Option<String>,
}

impl Asked {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// `bad_filter` for the first field that is none.
    pub(crate) async fn check(&self, conn: &mut Conn) -> Result<Narrowed, Problem> {
        let owner = match read("owner", self.owner.as_deref(), Ok)? {
            Some(name) => Some(team(conn, name).await?),
            None => None,
        };
        let lifecycle = read("lifecycle", self.lifecycle.as_deref(), |words| {
            words.split(',').map(|word| word.trim().parse()).collect()
        })?;
        Ok(Narrowed {
            q: read("q", self.q.as_deref(), |q| Ok(q.to_owned()))?.unwrap_or_default(),
            owner,
            lifecycle: lifecycle.unwrap_or_default(),
            publisher: read("publisher", self.publisher.as_deref(), |text| {
                Ok(text.to_owned())
            })?,
            tag: read("tag", self.tag.as_deref(), |text| Ok(text.to_owned()))?,
            kind: read("kind", self.kind.as_deref(), str::parse)?,
            archived: read("archived", self.archived.as_deref(), archived)?.unwrap_or_default(),
            licence_expires_before: read(
                "licence_expires_before",
                self.licence_expires_before.as_deref(),
                str::parse,
            )?,
            eol_before: read("eol_before", self.eol_before.as_deref(), str::parse)?,
            cost_min: read("cost_min", self.cost_min.as_deref(), |text| {
                let minor = text.parse().ok().filter(|minor: &i64| *minor >= 0);
                minor.ok_or_else(|| "it is a whole number of minor units".to_owned())
            })?,
            unowned: read("unowned", self.unowned.as_deref(), yes)?.unwrap_or_default(),
            sort: read("sort", self.sort.as_deref(), str::parse)?.unwrap_or_default(),
        })
    }
}

/// Reads a field, unless nothing is said in it.
pub(super) fn read<'a, T>(
    field: &str,
    text: Option<&'a str>,
    parse: impl FnOnce(&'a str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_long = text.chars().count() > LETTERS_MAX;
    if is_long || text.chars().any(char::is_control) {
        let text = format!("{field} is a text of at most {LETTERS_MAX} letters.");
        return Err(Problem::field("bad_filter", field, text));
    }
    let read = parse(text).map_err(|error| {
        let text = format!("{field} cannot be so: {error}.");
        Problem::field("bad_filter", field, text)
    });
    read.map(Some)
}

/// Reads a field that is yes or no.
pub(super) fn yes(text: &str) -> Result<bool, String> {
    match text {
        "true" | "on" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("it is true or false".to_owned()),
    }
}

fn archived(text: &str) -> Result<Archived, String> {
    match text {
        "all" => Ok(Archived::All),
        other => yes(other)
            .map(|only| match only {
                true => Archived::Only,
                false => Archived::No,
            })
            .map_err(|_| "it is true, false or all".to_owned()),
    }
}

async fn team(conn: &mut Conn, text: &str) -> Result<TeamId, Problem> {
    let known = Known::load(conn).await?;
    let by_id = text.parse().ok().filter(|id| known.is_team(*id));
    by_id
        .or_else(|| known.team_named(text))
        .ok_or_else(|| Problem::field("bad_filter", "owner", "There is no such team."))
}
