//! The register as files: what a list shows, in the order of numbers, from the database to the
//! caller in parts.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use tidings::{Handle, Problem, Query, SignedIn};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, PlatformBody};
use crate::access::Member;
use crate::columns::text_of;
use crate::csv::{self, KIND, MARK};
use crate::import::export_columns;
use crate::store::list::{self, Key, Listed, Narrowed, Place, Sort};

/// How many platforms are in memory at once.
const SLICE: u32 = 250;

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(csv_file))
        .routes(routes!(json_file))
        .routes(routes!(template))
}

/// How a file is written.
trait Form: Send + 'static {
    /// What stands before the first platform.
    fn head(&self) -> String;
    /// Some platforms; `is_first` says whether none came before them.
    fn part(&self, part: Vec<Listed>, is_first: bool) -> Result<String, serde_json::Error>;
    /// What stands behind the last.
    fn tail(&self) -> &'static str;
}

struct Csv {
    columns: Vec<String>,
}

impl Form for Csv {
    fn head(&self) -> String {
        let mut out = String::from(MARK);
        csv::line(&mut out, self.columns.iter().map(String::as_str));
        out
    }

    fn part(&self, part: Vec<Listed>, _: bool) -> Result<String, serde_json::Error> {
        let mut out = String::new();
        for Listed { platform, owner } in part {
            let cells: Vec<String> = self
                .columns
                .iter()
                .map(|column| match column.as_str() {
                    "id" => platform.platform_id.to_string(),
                    "number" => platform.number.to_string(),
                    column => text_of(&platform, column, owner.as_deref()),
                })
                .collect();
            csv::line(&mut out, cells.iter().map(String::as_str));
        }
        Ok(out)
    }

    fn tail(&self) -> &'static str {
        ""
    }
}

struct Json;

impl Form for Json {
    fn head(&self) -> String {
        "[".to_owned()
    }

    fn part(&self, part: Vec<Listed>, is_first: bool) -> Result<String, serde_json::Error> {
        let mut out = String::new();
        for (place, listed) in part.into_iter().enumerate() {
            let is_first = is_first && place == 0;
            out.push_str(if is_first { "\n" } else { ",\n" });
            out.push_str(&serde_json::to_string(&PlatformBody::from(listed))?);
        }
        Ok(out)
    }

    fn tail(&self) -> &'static str {
        "\n]\n"
    }
}

/// Where the writing of a file stands.
enum At {
    Head,
    Behind(Option<Place>),
    End,
}

/// The file, part by part. Each part is read with a connection of its own, so that a slow
/// caller holds none; in the order of numbers nothing is missed or comes twice.
fn parts<F: Form>(
    service: Handle,
    narrowed: Narrowed,
    form: F,
) -> impl Stream<Item = Result<String, tidings::Error>> {
    let start = (service, narrowed, form, At::Head);
    stream::try_unfold(start, |(service, narrowed, form, at)| async move {
        let after = match at {
            At::End => return Ok(None),
            At::Head => {
                let head = form.head();
                return Ok(Some((head, (service, narrowed, form, At::Behind(None)))));
            }
            At::Behind(after) => after,
        };
        let mut conn = service.read().await?;
        let rows = list::list(&mut conn, &narrowed, after.as_ref(), SLICE).await?;
        drop(conn);
        let is_last = u32::try_from(rows.len()) != Ok(SLICE);
        let last = rows
            .last()
            .map(|row| Place::of(&row.platform, narrowed.sort));
        let mut text = form.part(rows, after.is_none()).map_err(|source| {
            let what = "a platform".to_owned();
            tidings::Error::Encode { what, source }
        })?;
        let at = match is_last {
            true => {
                text.push_str(form.tail());
                At::End
            }
            false => At::Behind(last),
        };
        Ok(Some((text, (service, narrowed, form, at))))
    })
}

async fn narrowed(service: &Handle, who: &SignedIn, asked: &Asked) -> Result<Narrowed, Problem> {
    Member::of(&who.0)?;
    let narrowed = asked.check(&mut service.read().await?).await?;
    let sort = Sort {
        key: Key::Number,
        is_descending: false,
    };
    Ok(Narrowed { sort, ..narrowed })
}

fn file(kind: &'static str, name: &'static str, body: Body) -> Response {
    let saved = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, saved),
    ];
    (headers, body).into_response()
}

/// The register as a table that the import takes, with the same filters as the list.
#[utoipa::path(get, path = "/api/platforms/export.csv", tag = "platforms", params(Asked),
    responses(
        (status = 200, description = "RFC 4180, UTF-8 with its mark, in the order of numbers; a cell that a spreadsheet would carry out as a formula has an apostrophe in front, which the import takes away", content_type = "text/csv"),
        (status = 400, description = "bad_filter"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
    ))]
async fn csv_file(
    State(service): State<Handle>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let narrowed = narrowed(&service, &who, &asked).await?;
    let columns = export_columns(&mut service.read().await?).await?;
    let body = Body::from_stream(parts(service, narrowed, Csv { columns }));
    Ok(file(KIND, "platforms.csv", body))
}

/// The register as a list of objects that the import takes, with the same filters as the list.
#[utoipa::path(get, path = "/api/platforms/export.json", tag = "platforms", params(Asked),
    responses(
        (status = 200, description = "Every platform that matches, in the order of numbers", body = [PlatformBody]),
        (status = 400, description = "bad_filter"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
    ))]
async fn json_file(
    State(service): State<Handle>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let narrowed = narrowed(&service, &who, &asked).await?;
    let body = Body::from_stream(parts(service, narrowed, Json));
    Ok(file("application/json", "platforms.json", body))
}

/// What a row of a new platform says, for those who begin with an empty table.
const EXAMPLE: [(&str, &str); 12] = [
    ("name", "PostgreSQL"),
    ("publisher", "PostgreSQL Global Development Group"),
    ("description", "Keeps what the shops sell."),
    ("kind", "database"),
    ("version_label", "17"),
    ("cost_amount", "120.00"),
    ("cost_currency", "usd"),
    ("cost_period", "annual"),
    ("licence_type", "open_source"),
    ("licence_spdx", "PostgreSQL"),
    ("lifecycle", "proposed"),
    ("tags", "sql, storage"),
];

/// A table to begin with: the columns, and a platform as an example.
#[utoipa::path(get, path = "/api/platforms/import/template.csv", tag = "platforms", responses(
    (status = 200, description = "The first line names the columns, the second is an example; only `name` and `publisher` are needed", content_type = "text/csv"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn template(State(service): State<Handle>, who: SignedIn) -> Result<Response, Problem> {
    Member::of(&who.0)?;
    let columns = export_columns(&mut service.read().await?).await?;
    let mut out = String::from(MARK);
    csv::line(&mut out, columns.iter().map(String::as_str));
    let cells = columns.iter().map(|column| {
        let found = EXAMPLE.iter().find(|(name, _)| name == column);
        found.map_or("", |(_, text)| text)
    });
    csv::line(&mut out, cells);
    Ok(file(KIND, "platforms-template.csv", out.into()))
}
