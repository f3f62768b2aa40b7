//! What belongs to nobody.

use askama::Template;
use axum::extract::State;
use tidings::{Fragment, Handle, Paging, Problem, SignedIn};

use crate::access::Member;
use crate::cost::legacy;
use crate::http::reports::lacking;
use crate::store::list::{self, Key, Listed, Narrowed, Place, Sort};

#[derive(Template)]
#[template(path = "report_unowned.html")]
struct Unowned {
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    number: i32,
    name: String,
    publisher: String,
    lifecycle: &'static str,
    criticality: &'static str,
    cost: String,
}

impl From<Listed> for Row {
    fn from(listed: Listed) -> Self {
        let platform = listed.platform;
        Self {
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            lifecycle: platform.lifecycle.as_str(),
            criticality: platform.criticality.as_str(),
            cost: legacy(platform.cost),
        }
    }
}

/// GET `/platforms/reports/unowned`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging<Place>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    // What fails worst stands first.
    let sort = Sort {
        key: Key::Criticality,
        is_descending: true,
    };
    let narrowed = lacking::unowned(Narrowed {
        sort,
        ..Narrowed::default()
    });
    let after = paging.after.as_ref().filter(|place| place.is_of(sort));
    let mut conn = service.read().await?;
    let rows = list::list(&mut conn, &narrowed, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Place::of(&row.platform, sort));
    let page = Unowned {
        rows: rows.into_iter().map(Row::from).collect(),
        next,
    };
    Fragment::try_new("Without an owner", page.render())
}
