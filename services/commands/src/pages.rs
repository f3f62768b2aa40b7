//! The pages of commands; they work without a script.

mod act;
mod diff;
mod fill;
mod find;
mod form;
mod imports;
mod one;
mod revisions;
mod typed;
mod uses;
mod words;

use axum::Router;
use axum::routing::{get, post};
use tidings::{Conn, FieldError, Handle};

use crate::command::Command;
use crate::{Error, store};

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/commands", get(find::show))
        .route("/commands/favourites", get(find::favourites))
        .route("/commands/drafts", get(find::drafts))
        .route("/commands/uses", get(uses::show))
        .route("/commands/new", get(form::blank).post(form::create))
        .merge(imports::routes())
        .route("/commands/{id}", get(one::show).post(fill::submit))
        .route("/commands/{id}/edit", get(form::open).post(form::save))
        .route("/commands/{id}/revisions", get(revisions::show))
        .route("/commands/{id}/publish", post(act::publish))
        .route("/commands/{id}/deprecate", post(act::deprecate))
        .route("/commands/{id}/revert", post(act::revert))
        .route("/commands/{id}/favourite", post(act::favourite))
        .route("/commands/{id}/uses", post(act::used))
}

/// The command that is named by its id or its number.
async fn command(conn: &mut Conn, id: &str) -> Result<Command, Error> {
    let found = store::resolve(conn, id).await?;
    let id = found.ok_or(Error::CommandUnknown)?;
    store::find(conn, id).await?.ok_or(Error::CommandUnknown)
}

fn url(command: &Command) -> String {
    format!("/commands/{}", command.number)
}

/// What is wrong with the fields of a form.
#[derive(Clone, Debug, Default)]
struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// The first mistake of a field.
    fn of(&self, field: &str) -> Option<&str> {
        let mut of_field = self.0.iter();
        let found = of_field.find(|one| one.field.as_deref() == Some(field));
        found.map(|one| one.message.as_str())
    }

    /// The first mistake of a field or of a part of it.
    fn within(&self, field: &str) -> Option<&str> {
        let is_within = |one: &&FieldError| {
            let rest = one
                .field
                .as_deref()
                .and_then(|name| name.strip_prefix(field));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        };
        let found = self.0.iter().find(is_within);
        found.map(|one| one.message.as_str())
    }
}

/// The id of a field on a page: dots and brackets would have to be escaped in a selector.
fn anchor(field: &str) -> String {
    let plain = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter,
        false => '-',
    };
    let anchor: String = field.chars().map(plain).collect();
    anchor.trim_end_matches('-').to_owned()
}
