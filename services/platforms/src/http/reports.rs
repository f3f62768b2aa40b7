//! Reports: what platforms cost, whose licence or support ends, what nobody looks after.

pub(crate) mod costs;
pub(crate) mod ends;
pub(crate) mod eol;
pub(crate) mod expiring;
pub(crate) mod lacking;
pub(crate) mod unreviewed;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tidings::Handle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::csv;

/// So many rows are read at once for a table.
const SLICE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(costs::show))
        .routes(routes!(costs::table))
        .routes(routes!(expiring::show))
        .routes(routes!(expiring::table))
        .routes(routes!(eol::show))
        .routes(routes!(eol::table))
        .routes(routes!(lacking::show))
        .routes(routes!(lacking::table))
        .routes(routes!(unreviewed::show))
        .routes(routes!(unreviewed::table))
}

/// A table as it grows.
pub(super) struct Table(String);

impl Table {
    pub(super) fn new(columns: &[&str]) -> Self {
        let mut table = Self(String::from(csv::MARK));
        table.line(columns.iter().copied());
        table
    }

    pub(super) fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        csv::line(&mut self.0, cells);
    }

    /// The table as a file that is saved and not shown.
    pub(super) fn file(self, name: &'static str) -> Response {
        let kind = [(header::CONTENT_TYPE, csv::KIND)];
        let mut response = (kind, self.0).into_response();
        let saved = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""));
        if let Ok(saved) = saved {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_DISPOSITION, saved);
        }
        response
    }
}
