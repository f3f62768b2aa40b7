//! What buyers and sellers are told by mail (C-30): pure texts, and who gets which.
//!
//! An order is final once, and the mail is sent with the transaction in which it becomes so:
//! there is one receipt for each completed order.

use contracts::notifications::{Recipient, SendEmail};
use contracts::orders::CancelReason;
use contracts::{Money, UserId};
use tidings::{Timestamp, Tx};

use crate::Error;
use crate::order::{Order, PAYMENT_ATTEMPTS_MAX, Status};

/// A text to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    to: UserId,
    subject: String,
    text: String,
}

/// Sends what is to be told of the status that an order has come to.
pub(crate) async fn send_in_tx(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    for mail in of(order, tx.now()) {
        send(tx, mail).await?;
    }
    Ok(())
}

/// Tells the buyer that money has gone back which came when the order was over (C-07).
pub(crate) async fn send_refunded_in_tx(
    tx: &mut Tx,
    order: &Order,
    amount: Money,
) -> Result<(), Error> {
    send(tx, refunded(order, amount)).await
}

async fn send(tx: &mut Tx, mail: Mail) -> Result<(), Error> {
    let command = SendEmail {
        message_id: tidings::uuid_at(tx.now()),
        to: Recipient::User(mail.to),
        subject: mail.subject,
        text: mail.text,
    };
    tx.send(&command).await?;
    Ok(())
}

/// Who is told what when an order has come to its status. Whoever cancels an order knows it.
fn of(order: &Order, now: Timestamp) -> Vec<Mail> {
    match order.status {
        Status::Created | Status::AwaitingPayment => Vec::new(),
        Status::Complete => vec![receipt(order, now), sold(order)],
        Status::Cancelled(CancelReason::User) => Vec::new(),
        Status::Cancelled(CancelReason::Expired) => vec![expired(order)],
        Status::Cancelled(CancelReason::PaymentFailed) => vec![payment_failed(order)],
        Status::Cancelled(CancelReason::Conflict) => vec![gone(order)],
    }
}

fn receipt(order: &Order, now: Timestamp) -> Mail {
    let Order {
        title, code, price, ..
    } = order;
    let paid = order.paid_at.unwrap_or(now).in_words();
    Mail {
        to: order.buyer_id,
        subject: format!("Your ticket: {title}"),
        text: format!(
            "Thank you. Your payment has arrived, and the ticket is yours.\n\n\
             Ticket: {title}\n\
             Price: {price}\n\
             Paid: {paid}\n\
             Order: {code}\n\n\
             You find the order at any time under “My orders”.\n"
        ),
    }
}

fn sold(order: &Order) -> Mail {
    let Order {
        title, code, price, ..
    } = order;
    Mail {
        to: order.seller_id,
        subject: format!("Your ticket is sold: {title}"),
        text: format!(
            "Somebody has bought and paid for your ticket.\n\n\
             Ticket: {title}\n\
             Price: {price}\n\
             Order: {code}\n\n\
             It is off the market; there is nothing that you have to do.\n"
        ),
    }
}

fn expired(order: &Order) -> Mail {
    let Order { title, code, .. } = order;
    let until = order.expires_at.in_words();
    Mail {
        to: order.buyer_id,
        subject: format!("Your order has expired: {title}"),
        text: format!(
            "The time to pay for your order {code} was over on {until}, before a payment had \
             arrived. The ticket “{title}” is on sale again.\n\n\
             You have not bought it. If a payment was still on its way, all of it goes back to \
             you by itself, and we write to you when it has.\n"
        ),
    }
}

fn payment_failed(order: &Order) -> Mail {
    let Order { title, code, .. } = order;
    Mail {
        to: order.buyer_id,
        subject: format!("Your order was cancelled: {title}"),
        text: format!(
            "Your payment for the order {code} was declined {PAYMENT_ATTEMPTS_MAX} times, so we \
             have cancelled it. The ticket “{title}” is on sale again.\n\n\
             Nothing was charged. You may order it again and pay with another card.\n"
        ),
    }
}

fn gone(order: &Order) -> Mail {
    let Order { title, code, .. } = order;
    Mail {
        to: order.buyer_id,
        subject: format!("Your order was cancelled: {title}"),
        text: format!(
            "The ticket “{title}” could not be held for your order {code}: somebody else was \
             faster, or the seller has changed or withdrawn it.\n\n\
             Nothing was charged.\n"
        ),
    }
}

fn refunded(order: &Order, amount: Money) -> Mail {
    let Order { title, code, .. } = order;
    Mail {
        to: order.buyer_id,
        subject: format!("Your money goes back: {title}"),
        text: format!(
            "A payment of {amount} for your order {code} arrived when the order was over \
             already. We have sent all of it back; your bank may take some days to show it.\n\n\
             You have not bought the ticket “{title}”.\n"
        ),
    }
}
