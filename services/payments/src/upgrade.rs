//! Jobs of the version before, which charged, asked and refunded in jobs of their own.
//!
//! A job that it has left becomes a run of the workflow that does this now, when it is due, or
//! when a person retries it. So no payment that was under way is lost, also while a process of
//! that version is still running and makes more of them.

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Job, Tx};

use crate::error::Error;
use crate::store;
use crate::workflows::{Pay, RefundPayment};

/// Declares a job of the version before: what it carried that still matters, and its kind.
macro_rules! before {
    ($($(#[$doc:meta])* $name:ident = $kind:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $name {
            payment_id: PaymentId,
        }

        impl Job for $name {
            const KIND: &'static str = $kind;
        }

        impl $name {
            pub(crate) async fn take_up(self, tx: &mut Tx) -> Result<(), Error> {
                take_up(self.payment_id, tx).await
            }
        }
    )*};
}

before! {
    /// Asked for the money of an attempt.
    Charge = "charge",
    /// Asked what became of that.
    Reconcile = "reconcile",
    /// Asked to give the money back.
    Refund = "refund",
}

/// Starts what the payment needs, unless it has it.
async fn take_up(payment_id: PaymentId, tx: &mut Tx) -> Result<(), Error> {
    let payment = store::payment(tx, payment_id).await?;
    let payment = payment.ok_or(Error::NoPayment(payment_id))?;
    if payment.status.is_open() {
        let may_be_sent = payment.sent_at.is_some();
        let pay = Pay {
            payment_id,
            may_be_sent,
        };
        tx.start(&pay, payment_id).await?;
    }
    if payment.status.owes_refund() {
        tx.start(&RefundPayment { payment_id }, payment_id).await?;
    }
    Ok(())
}
