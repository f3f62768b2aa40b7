//! What goes over the wire.

use contracts::{Currency, TicketId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{Problem, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::search::{Asked, Cursor, Place, Search, Sort, minor_units};
use crate::store::Part;
use crate::{Draft, Error, Listing, Offer};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MOST: u32 = 200;

/// What a seller says about a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferBody {
    /// 1 to 200 characters.
    title: String,
    /// In minor units: 1 to 100000000.
    #[serde(alias = "priceMinor")]
    price_minor: i64,
    /// `usd` or `eur`.
    #[serde(default = "usd")]
    currency: String,
    /// `concert`, `sports`, `theatre` or `other`.
    #[serde(default = "other")]
    category: String,
    /// Where it takes place.
    #[serde(default)]
    venue: String,
    /// In which city.
    #[serde(default)]
    city: String,
    /// Section, row and seat.
    #[serde(default)]
    seat: String,
    /// At most 2000 characters.
    #[serde(default)]
    notes: String,
    /// When the event begins: in the future, RFC 3339.
    #[serde(default, alias = "startsAt")]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
}

fn usd() -> String {
    Currency::default().code().to_owned()
}

fn other() -> String {
    crate::Category::default().as_str().to_owned()
}

impl From<OfferBody> for Draft {
    fn from(body: OfferBody) -> Self {
        Self {
            title: body.title,
            price_minor: body.price_minor,
            currency: body.currency,
            category: body.category,
            venue: body.venue,
            city: body.city,
            seat: body.seat,
            notes: body.notes,
            starts_at: body.starts_at,
        }
    }
}

/// A ticket. Which order holds it is nobody's business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed {
    #[schema(value_type = String, format = Uuid)]
    id: TicketId,
    #[schema(value_type = String, format = Uuid)]
    seller_id: UserId,
    title: String,
    /// In minor units.
    price_minor: i64,
    /// `usd` or `eur`.
    #[schema(value_type = String)]
    currency: Currency,
    /// `concert`, `sports`, `theatre` or `other`.
    category: &'static str,
    venue: String,
    city: String,
    seat: String,
    notes: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// `available`, `reserved`, `sold` or `withdrawn`.
    status: &'static str,
    /// Rises by one with every change.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Listing> for Listed {
    fn from(listing: Listing) -> Self {
        let Offer {
            title,
            price_minor,
            currency,
            category,
            venue,
            city,
            seat,
            notes,
            starts_at,
        } = listing.offer;
        Self {
            id: listing.id,
            seller_id: listing.seller_id,
            title,
            price_minor,
            currency,
            category: category.as_str(),
            venue,
            city,
            seat,
            notes,
            starts_at,
            status: listing.state.as_str(),
            version: listing.version,
            created_at: listing.created_at,
            updated_at: listing.changed_at,
        }
    }
}

/// What is looked for on the market.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MarketQuery {
    /// Words that title, venue or city have in them.
    q: Option<String>,
    /// `concert`, `sports`, `theatre` or `other`.
    category: Option<String>,
    /// The city, whole.
    city: Option<String>,
    /// The event begins on or after this day or moment.
    from: Option<String>,
    /// The event begins on or before this day or moment.
    to: Option<String>,
    /// In minor units.
    price_min: Option<String>,
    /// In minor units.
    price_max: Option<String>,
    /// `new` (as if nothing is given), `price` or `date`.
    sort: Option<String>,
}

impl MarketQuery {
    pub(super) fn check(self) -> Result<Search, Error> {
        let asked = Asked {
            q: self.q.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            city: self.city.unwrap_or_default(),
            from: self.from.unwrap_or_default(),
            to: self.to.unwrap_or_default(),
            price_min: self.price_min.unwrap_or_default(),
            price_max: self.price_max.unwrap_or_default(),
            sort: self.sort.unwrap_or_default(),
        };
        Ok(asked.check(minor_units)?)
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// How many items at the most: 1 to 200, 50 if not given.
    limit: Option<u32>,
    /// Where the part before has ended: taken from its `Link` header.
    cursor: Option<String>,
}

impl PageQuery {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }

    /// The part to read: one item more than is shown says whether there are more.
    pub(super) fn part(&self, sort: Sort) -> Result<Part, Problem> {
        if !(1..=LIMIT_MOST).contains(&self.limit()) {
            let text = format!("limit must be from 1 to {LIMIT_MOST}.");
            return Err(Problem::field("bad_limit", "limit", text));
        }
        let cursor = self.cursor.as_deref().filter(|text| !text.is_empty());
        let bad_cursor = |text: String| Problem::field("bad_cursor", "cursor", text);
        let cursor: Option<Cursor> = cursor.map(str::parse).transpose().map_err(bad_cursor)?;
        if cursor.is_some_and(|cursor| cursor.sort != sort) {
            let text = "cursor belongs to another order than sort asks for.";
            return Err(bad_cursor(text.to_owned()));
        }
        Ok(Part {
            after: cursor.map(|cursor| cursor.place),
            skip: 0,
            limit: self.limit() + 1,
        })
    }

    /// Cuts what was read to the limit and finds the address of the next part.
    pub(super) fn cut(
        &self,
        mut rows: Vec<Listing>,
        sort: Sort,
        query: &str,
    ) -> (Vec<Listing>, Option<String>) {
        let limit = self.limit() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| {
            let place = Place::of(row, sort);
            let kept = query.split('&').filter(|pair| !pair.is_empty());
            let mut pairs: Vec<String> = kept
                .filter(|pair| !pair.starts_with("cursor="))
                .map(ToOwned::to_owned)
                .collect();
            pairs.push(format!("cursor={}", Cursor { sort, place }));
            format!("/api/tickets?{}", pairs.join("&"))
        });
        (rows, next)
    }
}
