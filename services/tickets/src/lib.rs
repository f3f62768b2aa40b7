//! What is for sale: listings and their reservations.
//!
//! A seller lists, edits and withdraws; an order reserves, releases or buys. The
//! listing alone decides who has it ([`Listing`]): of two orders that want it at once
//! the first one that is applied gets it, and the other one is told so (C-03).

mod actions;
mod demo;
mod error;
mod handlers;
mod http;
mod jobs;
mod listing;
mod offer;
mod pages;
mod price;
mod search;
mod store;

pub use demo::{DemoListing, demo_listings, list_demo};
pub use error::Error;
pub use listing::{Listing, Refused, Reserving, State};
pub use offer::{Category, Draft, Offer, Wrong};
pub use price::parse_price;

use contracts::tickets::TicketEvent;
use tidings::{Migration, Service};

const MIGRATIONS: &[Migration] = &[Migration::new(
    "0001_listings",
    include_str!("../migrations/0001_listings.sql"),
)];

/// Keeps the listings: what is for sale, what is held for an order, what is sold.
#[must_use]
pub fn service() -> Service {
    let (api, document) = http::routes();
    Service::new("tickets")
        .migrations(MIGRATIONS)
        .publishes::<TicketEvent>()
        .subscribes("orders", handlers::orders)
        .job(jobs::close_listing)
        .http(api)
        .http(pages::routes())
        .openapi(document)
}
