//! The whole table of the order machine, and what each step tells.

use contracts::Currency;
use tidings::Uuid;

use super::*;

const REASONS: [CancelReason; 4] = [
    CancelReason::User,
    CancelReason::Expired,
    CancelReason::PaymentFailed,
    CancelReason::Conflict,
];

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

fn payment() -> PaymentId {
    PaymentId::from(Uuid::from_u128(7))
}

fn triggers() -> [Trigger; 9] {
    [
        Trigger::TicketReserved,
        Trigger::ReservationRejected,
        Trigger::BuyerCancels,
        Trigger::HoldEnded,
        Trigger::Paid(payment()),
        Trigger::Declined(1),
        Trigger::Declined(2),
        Trigger::Declined(3),
        Trigger::Declined(u32::MAX),
    ]
}

fn statuses() -> Vec<Status> {
    let active = [Status::Created, Status::AwaitingPayment, Status::Complete];
    let cancelled = REASONS.map(Status::Cancelled);
    active.into_iter().chain(cancelled).collect()
}

fn placed() -> Order {
    let wanted = Wanted {
        ticket_id: TicketId::from(Uuid::from_u128(1)),
        seller_id: UserId::from(Uuid::from_u128(2)),
        title: "Parsifal".to_owned(),
        price: Money {
            minor: 12_000,
            currency: Currency::Usd,
        },
    };
    let buyer = UserId::from(Uuid::from_u128(3));
    Order::place(buyer, wanted, at(0), Duration::from_secs(900)).0
}

/// Every pair of a state and a trigger that is not in this list changes nothing.
fn expected(from: Status, trigger: Trigger) -> Option<Status> {
    use CancelReason::{Conflict, Expired, PaymentFailed, User};
    use Status::{AwaitingPayment, Cancelled, Complete, Created};
    let table = [
        (Created, Trigger::TicketReserved, AwaitingPayment),
        (Created, Trigger::ReservationRejected, Cancelled(Conflict)),
        (Created, Trigger::BuyerCancels, Cancelled(User)),
        (Created, Trigger::HoldEnded, Cancelled(Expired)),
        (AwaitingPayment, Trigger::BuyerCancels, Cancelled(User)),
        (AwaitingPayment, Trigger::HoldEnded, Cancelled(Expired)),
        (AwaitingPayment, Trigger::Paid(payment()), Complete),
        (
            AwaitingPayment,
            Trigger::Declined(3),
            Cancelled(PaymentFailed),
        ),
        (
            AwaitingPayment,
            Trigger::Declined(u32::MAX),
            Cancelled(PaymentFailed),
        ),
    ];
    let row = table
        .into_iter()
        .find(|(state, by, _)| *state == from && *by == trigger);
    row.map(|(_, _, to)| to)
}

#[test]
fn every_state_and_trigger_leads_where_the_table_says() {
    for from in statuses() {
        for trigger in triggers() {
            assert_eq!(
                from.after(trigger),
                expected(from, trigger),
                "{from:?} {trigger:?}"
            );
        }
    }
}

/// C-08, C-11, C-26.
#[test]
fn nothing_moves_an_order_that_is_complete_or_cancelled() {
    for from in statuses().into_iter().skip(2) {
        for trigger in triggers() {
            let mut order = placed();
            order.status = from;
            let before = order.clone();
            assert_eq!(order.apply(trigger, at(5)), None, "{from:?} {trigger:?}");
            assert_eq!(order, before, "{from:?} {trigger:?}");
        }
    }
}

/// C-09, C-27: whoever counts the events knows the version.
#[test]
fn every_step_raises_the_version_by_one_and_tells_it() {
    for from in statuses() {
        for trigger in triggers() {
            let mut order = placed();
            order.status = from;
            let told = order.apply(trigger, at(5)).map(|event| match event {
                OrderEvent::Created { version, .. }
                | OrderEvent::AwaitingPayment { version, .. }
                | OrderEvent::Cancelled { version, .. }
                | OrderEvent::Completed { version, .. } => version,
            });
            let moved = from.after(trigger).is_some();
            assert_eq!(told, moved.then_some(2), "{from:?} {trigger:?}");
            assert_eq!(order.version, if moved { 2 } else { 1 });
        }
    }
}

#[test]
fn each_step_records_when_and_tells_what_happened() {
    let mut paid = placed();
    assert_eq!(
        paid.apply(Trigger::TicketReserved, at(1)),
        Some(OrderEvent::AwaitingPayment {
            order_id: paid.id,
            version: 2
        })
    );
    assert_eq!(
        paid.apply(Trigger::Paid(payment()), at(2)),
        Some(OrderEvent::Completed {
            order_id: paid.id,
            ticket_id: paid.ticket_id,
            payment_id: payment(),
            version: 3
        })
    );
    assert_eq!(
        (paid.paid_at, paid.payment_id, paid.cancelled_at),
        (Some(at(2)), Some(payment()), None)
    );

    let mut expired = placed();
    assert_eq!(
        expired.apply(Trigger::HoldEnded, at(900)),
        Some(OrderEvent::Cancelled {
            order_id: expired.id,
            ticket_id: expired.ticket_id,
            reason: CancelReason::Expired,
            version: 2
        })
    );
    assert_eq!(
        (expired.cancelled_at, expired.paid_at),
        (Some(at(900)), None)
    );
}

#[test]
fn a_code_is_eight_characters_that_cannot_be_misread() {
    let order = placed();
    assert_eq!(order.code.len(), 8);
    assert!(order.code.bytes().all(|byte| CROCKFORD.contains(&byte)));
    assert_ne!(order.code, placed().code);
    let zero = OrderId::from(Uuid::from_u128(0b11111_00001));
    assert_eq!(code_of(zero), "000000Z1");
}
