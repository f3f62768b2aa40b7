//! The market: what can be bought now.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tidings::{Fragment, Handle, Problem, Query, Timestamp};

use crate::price::parse_limit;
use crate::search::Asked;
use crate::store::{self, Part};
use crate::{Category, Listing, Wrong};

const CARDS: u32 = 24;

#[derive(Deserialize)]
pub(super) struct Turned {
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "market.html")]
struct Market {
    asked: Asked,
    narrowed: bool,
    wrong: Vec<Wrong>,
    categories: [Category; 4],
    count: i64,
    cards: Vec<Card>,
    page: i64,
    pages: i64,
    earlier: Option<String>,
    later: Option<String>,
}

/// One listing in the grid.
struct Card {
    id: String,
    title: String,
    place: String,
    when: Option<Timestamp>,
    price: String,
}

impl Card {
    fn of(listing: Listing) -> Self {
        Self {
            id: listing.id.to_string(),
            price: listing.price().to_string(),
            place: place(&listing),
            when: listing.offer.starts_at,
            title: listing.offer.title,
        }
    }
}

/// `Staatsoper, Berlin`, as far as it is known.
pub(super) fn place(listing: &Listing) -> String {
    let known = [&listing.offer.venue, &listing.offer.city];
    let known = known.into_iter().filter(|part| !part.is_empty());
    known.cloned().collect::<Vec<_>>().join(", ")
}

/// GET `/`
pub(super) async fn show(
    State(service): State<Handle>,
    Query(asked): Query<Asked>,
    Query(turned): Query<Turned>,
    RawQuery(query): RawQuery,
) -> Result<Fragment, Problem> {
    let mut market = Market {
        narrowed: asked.narrows(),
        asked,
        wrong: Vec::new(),
        categories: Category::ALL,
        count: 0,
        cards: Vec::new(),
        page: 1,
        pages: 1,
        earlier: None,
        later: None,
    };
    let turned = turned.page.unwrap_or_default();
    if let Err(wrong) = market.fill(&service, &turned, service.now()).await? {
        market.wrong = wrong;
        return Ok(Fragment::try_new("Tickets", market.render())?.status(StatusCode::BAD_REQUEST));
    }
    let query = query.unwrap_or_default();
    let turn = |to: i64| format!("/?{}", turn(&query, to));
    market.earlier = (market.page > 1).then(|| turn(market.page - 1));
    market.later = (market.page < market.pages).then(|| turn(market.page + 1));
    Ok(Fragment::try_new("Tickets", market.render())?.live("/tickets/live"))
}

impl Market {
    async fn fill(
        &mut self,
        service: &Handle,
        turned: &str,
        now: Timestamp,
    ) -> Result<Result<(), Vec<Wrong>>, Problem> {
        let search = match self.asked.check(parse_limit) {
            Ok(search) => search,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let mut conn = service.read().await?;
        self.count = store::count_market(&mut conn, &search, now).await?;
        let cards = i64::from(CARDS);
        self.pages = (self.count + cards - 1).div_euclid(cards).max(1);
        // A page that is no longer there, or never was, is the nearest one.
        self.page = turned.parse().unwrap_or(1).clamp(1, self.pages);
        let part = Part {
            after: None,
            skip: (self.page - 1) * cards,
            limit: CARDS,
        };
        let rows = store::market(&mut conn, &search, &part, now).await?;
        self.cards = rows.into_iter().map(Card::of).collect();
        Ok(Ok(()))
    }
}

/// The same question at another page.
fn turn(query: &str, to: i64) -> String {
    let kept = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<String> = kept
        .filter(|pair| !pair.starts_with("page="))
        .map(ToOwned::to_owned)
        .collect();
    pairs.push(format!("page={to}"));
    pairs.join("&")
}
