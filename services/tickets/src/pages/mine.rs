//! A seller's own listings.

use askama::Template;
use axum::extract::State;
use tidings::{Fragment, Handle, Paging, Problem, SignedIn, Timestamp};

use crate::{Listing, State as Standing, store};

#[derive(Template)]
#[template(path = "mine.html")]
struct Mine {
    rows: Vec<Row>,
    first: bool,
    later: Option<String>,
}

struct Row {
    id: String,
    title: String,
    status: &'static str,
    label: &'static str,
    changeable: bool,
    when: Option<Timestamp>,
    price: String,
}

impl Row {
    fn of(listing: Listing) -> Self {
        Self {
            id: listing.id.to_string(),
            status: listing.state.as_str(),
            label: match listing.state {
                Standing::Available => "Available",
                Standing::Reserved(_) => "Held for a buyer",
                Standing::Sold(_) => "Sold",
                Standing::Withdrawn => "Withdrawn",
            },
            changeable: listing.may_change().is_ok(),
            when: listing.offer.starts_at,
            price: listing.price().to_string(),
            title: listing.offer.title,
        }
    }
}

/// GET `/my/listings`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let rows =
        store::of_seller(&mut conn, who.user_id.into(), paging.after, paging.fetch()).await?;
    let (rows, later) = paging.cut(rows, |row| (row.created_at, row.id.uuid()));
    let mine = Mine {
        rows: rows.into_iter().map(Row::of).collect(),
        first: paging.after.is_none(),
        later,
    };
    Ok(Fragment::try_new("My listings", mine.render())?.live("/my/listings/live"))
}
