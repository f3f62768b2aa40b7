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
use serde::Deserialize;
use tidings::{Conn, Handle, Problem};

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
fn wrong_of(error: Error) -> Result<Wrong, Problem> {
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
