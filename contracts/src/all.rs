//! All streams and commands as one list.

use tidings::schema::Contracts;

use crate::accounting::{BillingDayEvent, PayoutEvent, PriceEvent, TransactionEvent};
use crate::commands::{CommandEvent, UsageEvent};
use crate::expirations::ExpirationEvent;
use crate::notifications::{LetterEvent, SendEmail, SendLink};
use crate::orders::OrderEvent;
use crate::payments::PaymentEvent;
use crate::platforms::{ImportEvent, PlatformEvent, RegisterEvent};
use crate::tasks::{AssignmentEvent, FirstTaskEvent, ShuffleEvent, TaskEvent};
use crate::tickets::TicketEvent;
use crate::users::UserEvent;

/// Every stream and command. A new one is to be written down here; its schemas are in
/// `contracts/schemas`, and a test keeps them to the types.
#[must_use]
pub fn all() -> Contracts {
    Contracts::new()
        .stream::<AssignmentEvent>()
        .stream::<BillingDayEvent>()
        .stream::<CommandEvent>()
        .stream::<ExpirationEvent>()
        .stream::<ImportEvent>()
        .stream::<LetterEvent>()
        .stream::<OrderEvent>()
        .stream::<PaymentEvent>()
        .stream::<PayoutEvent>()
        .stream::<PlatformEvent>()
        .stream::<PriceEvent>()
        .stream::<RegisterEvent>()
        .stream::<ShuffleEvent>()
        .stream::<TaskEvent>()
        .earlier::<FirstTaskEvent>()
        .stream::<TicketEvent>()
        .stream::<TransactionEvent>()
        .stream::<UsageEvent>()
        .stream::<UserEvent>()
        .command::<SendEmail>()
        .command::<SendLink>()
        // They tell of states: there is no deed of which nothing else tells.
        .state("order.awaiting_payment")
        .state("platform.licence_expiring")
}
