//! What goes over the wire.

use contracts::{Currency, TicketId, UserId};
use serde::{Deserialize, Serialize};
use tidings::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::search::{Asked, Search, minor_units};
use crate::{Draft, Error, Listing, Offer};

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
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what Paging reads")]
pub(super) struct PageQuery {
    /// How many items at the most: 1 to 200, 50 if not given.
    limit: Option<u32>,
    /// Where the part before has ended: taken from its `Link` header.
    cursor: Option<String>,
}
