//! Days that are over: what they had come to when they were closed.

use contracts::accounting::BillingDayEvent;
use tidings::{Error, Event, View};

use crate::store::apply;

/// Applies the end of a day (B-29).
pub(crate) async fn billing_days(
    event: Event<BillingDayEvent>,
    view: &mut View<'_>,
) -> Result<(), Error> {
    let BillingDayEvent::Closed {
        date,
        management_earned_minor,
        accounts_negative,
        ..
    } = event.data;
    apply::close(view, date, management_earned_minor, accounts_negative).await?;
    apply::note(view, &event.id).await
}
