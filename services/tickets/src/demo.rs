//! Listings to look at, for an installation that nobody has used yet.

mod listings;

use std::time::Duration;

use contracts::{TicketId, UserId};
use tidings::{Handle, Timestamp, Uuid};

use crate::actions::list_in_tx;
use crate::{Draft, Error};

/// The first of the names that demo listings have; they stay the same at every start.
const FIRST_ID: u128 = 0x0199_0000_0000_7000_8000_0000_0000_0001;
const HOUR: u64 = 3_600;

/// A listing to look at.
#[derive(Clone, Copy, Debug)]
pub struct DemoListing {
    /// What stands above the price.
    pub title: &'static str,
    /// The category's word.
    pub category: &'static str,
    /// Where it takes place.
    pub venue: &'static str,
    /// In which city.
    pub city: &'static str,
    /// Section, row and seat.
    pub seat: &'static str,
    /// The price in minor units.
    pub price_minor: i64,
    /// The currency's code.
    pub currency: &'static str,
    /// In how many days the event begins.
    pub in_days: u64,
    /// At which hour, UTC.
    pub hour: u64,
    /// Anything else.
    pub notes: &'static str,
}

/// A dozen listings.
#[must_use]
pub fn demo_listings() -> [DemoListing; 12] {
    listings::ALL
}

/// Lists the dozen in a seller's name. Those that are listed already, from whichever start,
/// stay as they are.
///
/// # Errors
/// When the database fails; what has been listed so far stays.
pub async fn list_demo(service: &Handle, seller_id: UserId) -> Result<(), Error> {
    for (id, listing) in (FIRST_ID..).zip(demo_listings()) {
        let mut tx = service.begin_own().await?;
        let offer = draft(&listing, tx.now()).check(tx.now())?;
        let id = TicketId::from(Uuid::from_u128(id));
        list_in_tx(&mut tx, id, seller_id, offer).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn draft(listing: &DemoListing, now: Timestamp) -> Draft {
    let day = Duration::from_secs(24 * HOUR).as_micros() as i64;
    let today = Timestamp::from_micros(now.as_micros().div_euclid(day) * day);
    let ahead = Duration::from_secs((listing.in_days * 24 + listing.hour) * HOUR);
    Draft {
        title: listing.title.to_owned(),
        price_minor: listing.price_minor,
        currency: listing.currency.to_owned(),
        category: listing.category.to_owned(),
        venue: listing.venue.to_owned(),
        city: listing.city.to_owned(),
        seat: listing.seat.to_owned(),
        notes: listing.notes.to_owned(),
        starts_at: Some(today.plus(ahead)),
    }
}
