//! The pages of the register; they work without a script and follow changes with one.

mod changes;
mod difference;
mod fields;
mod form;
mod imports;
mod meanwhile;
mod platform;
mod register;
mod relations;
mod reports;
mod reviews;
mod teams;
mod wrong;

use axum::Router;
use axum::http::Uri;
use serde::Deserialize;
use tidings::{Conn, Handle, PageRefusal as Refusal, SignedIn};

use crate::access::Member;
use crate::{Error, store};
use difference::Teams;
use wrong::Wrong;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .merge(register::routes())
        .merge(platform::routes())
        .merge(form::routes())
        .merge(changes::routes())
        .merge(teams::routes())
        .merge(fields::routes())
        .merge(reviews::routes())
        .merge(imports::routes())
        .merge(reports::routes())
}

/// Whoever has signed in and has a part in the register, or the way to do so and come back.
fn member(who: Option<SignedIn>, next: &str) -> Result<Member, Refusal> {
    let SignedIn(who) = who.ok_or_else(|| Refusal::SignIn(next.to_owned()))?;
    Ok(Member::of(&who)?)
}

/// The address of a page as it was asked for, for the way back to it.
fn here(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or("/platforms", |asked| asked.as_str())
}

/// The page above an address that only forms are sent to.
fn above(uri: &Uri) -> &str {
    let parts = uri.path().rsplit_once('/');
    parts.map_or("/platforms", |(page, _)| page)
}

/// What has just been done, as the address of a page says it.
#[derive(Deserialize)]
struct Asked {
    done: Option<String>,
}

impl Asked {
    /// One of the words of which the page has something to say; empty for all others.
    fn done(&self, words: &[&'static str]) -> &'static str {
        let said = self.done.as_deref();
        let known = words.iter().find(|word| said == Some(**word));
        known.copied().unwrap_or_default()
    }
}

/// The version that whoever sends a form has seen; none where the form does not say it. What is
/// no version was never seen.
fn seen(version: &str) -> Option<u64> {
    (!version.is_empty()).then(|| version.parse().unwrap_or(0))
}

/// What is wrong with a form that was sent, be it that somebody else was faster.
fn wrong_of(error: Error) -> Result<Wrong, Refusal> {
    match error {
        Error::Stale { .. } => Ok(Wrong::stale()),
        error => error.try_into(),
    }
}

/// What stands in a field of a form that narrows a list.
fn said(asked: &Option<String>) -> &str {
    asked.as_deref().unwrap_or_default()
}

/// What each team is called.
async fn team_names(conn: &mut Conn) -> Result<Teams, tidings::Error> {
    let teams = store::teams::all(conn).await?.into_iter();
    Ok(teams.map(|team| (team.id, team.told.name)).collect())
}
