//! One attempt: asks the provider for the money, finds out what became of that, writes it down.

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Call, Flow, Found, Handle, Outcome, StepFailed, Timestamp, Tx, Workflow};

use super::{ARRIVES_WITHIN, CALL_LIMIT, LEASE};
use crate::actions;
use crate::error::Error;
use crate::order::Refusal;
use crate::payment::{Payment, Status};
use crate::provider::{self, LookUp};
use crate::store;

/// The code of an attempt that never reached the provider.
const LOST: &str = "provider_lost";

/// An attempt to pay; its key is the payment. At most one call for it is ever made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pay {
    pub(crate) payment_id: PaymentId,
    /// The version before may have asked the provider already: find out, do not ask again.
    #[serde(default)]
    pub(crate) may_be_sent: bool,
}

impl Workflow for Pay {
    const NAME: &'static str = "pay";
    const LEASE: std::time::Duration = LEASE;
}

/// That the call is about to be made is on disk before it is, so after a crash the provider is
/// asked what became of it; it is never made again (C-06).
pub(crate) async fn pay(pay: Pay, cx: &mut Flow) -> Result<(), StepFailed> {
    let id = pay.payment_id;
    // For a person who stops the run before the provider was asked.
    cx.undo("give_up", id, give_up);
    let call = match pay.may_be_sent {
        false => cx.call("charge", id, charge),
        true => cx.call("find", id, find),
    };
    let charged = call.reconcile(look_up).await;
    let charged = charged.map_err(|failed| failed.error);
    cx.must("settle", (id, charged), settle).await;
    Ok(())
}

/// Asks for the money. The order is looked at once more, because it may have ended since the
/// buyer paid: here and not in a step before, which could be long ago after a crash.
///
/// Should the payment be unreadable nothing is sent, and the attempt is lost in two minutes.
async fn charge(id: PaymentId, call: Call) -> Outcome<String> {
    let service = call.service();
    let payment = match ready(service, id).await {
        Ok(Ok(payment)) => payment,
        Ok(Err(refusal)) => return Outcome::Failed(refusal.code().to_owned()),
        Err(error) => return Outcome::Unknown(tidings::chain(&error)),
    };
    let outcome = match send(service, &payment).await {
        Ok(provider::Outcome::Succeeded { reference }) => Outcome::Done(reference),
        Ok(provider::Outcome::Declined { code }) => Outcome::Failed(code),
        Ok(provider::Outcome::Unknown) => Outcome::Unknown("the provider has not said".to_owned()),
        Err(error) => Outcome::Unknown(tidings::chain(&error)),
    };
    if let Outcome::Unknown(_) = outcome {
        show_unknown(service, &payment).await;
    }
    outcome
}

/// The payment, if money may be taken for its order now.
async fn ready(service: &Handle, id: PaymentId) -> Result<Result<Payment, Refusal>, Error> {
    let mut conn = service.read().await?;
    let payment = store::payment(&mut conn, id).await?;
    let payment = payment.ok_or(Error::NoPayment(id))?;
    let order = store::order(&mut conn, payment.order_id).await?;
    let order = order.ok_or(Error::NoOrder(payment.order_id))?;
    Ok(order.chargeable(service.now()).map(|()| payment))
}

async fn send(service: &Handle, payment: &Payment) -> Result<provider::Outcome, Error> {
    let provider = provider::of(service)?;
    let charge = provider::Charge {
        amount: payment.amount(),
        idempotency_key: payment.idempotency_key.clone(),
        token: payment.token.clone(),
    };
    Ok(tokio::select! {
        biased;
        outcome = provider.charge(charge) => outcome,
        () = service.clock().sleep(CALL_LIMIT) => provider::Outcome::Unknown,
    })
}

/// What became of a charge that nobody answered for.
async fn look_up(id: PaymentId, call: Call) -> Found<String> {
    let asked = ask(id, &call).await;
    asked.unwrap_or_else(|error| Found::Unknown(tidings::chain(&error)))
}

/// The same as a call, for an attempt that the version before may have made.
async fn find(id: PaymentId, call: Call) -> Outcome<String> {
    match look_up(id, call).await {
        Found::Done(reference) => Outcome::Done(reference),
        Found::Failed(code) => Outcome::Failed(code),
        Found::Unknown(why) => Outcome::Unknown(why),
        Found::NotThere => Outcome::Failed(LOST.to_owned()),
    }
}

async fn ask(id: PaymentId, call: &Call) -> Result<Found<String>, Error> {
    let service = call.service();
    let payment = store::payment(&mut service.read().await?, id).await?;
    let payment = payment.ok_or(Error::NoPayment(id))?;
    let provider = provider::of(service)?;
    // Of the moment of the question: a charge may arrive while the answer is on its way.
    let lost = is_lost(call.attempt(), call.started_at(), service.now());
    let answer = tokio::select! {
        biased;
        answer = provider.look_up(payment.idempotency_key.clone()) => answer,
        () = service.clock().sleep(CALL_LIMIT) => LookUp::Found(provider::Outcome::Unknown),
    };
    let why = match answer {
        LookUp::Found(provider::Outcome::Succeeded { reference }) => {
            return Ok(Found::Done(reference));
        }
        LookUp::Found(provider::Outcome::Declined { code }) => return Ok(Found::Failed(code)),
        LookUp::NotFound if lost => return Ok(Found::Failed(LOST.to_owned())),
        LookUp::Found(provider::Outcome::Unknown) => "the provider does not say",
        LookUp::NotFound => "the provider has not heard of it, and still may",
    };
    show_unknown(service, &payment).await;
    Ok(Found::Unknown(why.to_owned()))
}

/// Whether a charge that the provider does not know can no longer arrive there. One that a
/// person has had made again was sent nobody knows when.
fn is_lost(attempt: u32, started_at: Timestamp, now: Timestamp) -> bool {
    attempt <= 1 && now.since(started_at) > ARRIVES_WITHIN
}

/// Lets the buyer see that the provider has not answered. It decides nothing: where it cannot
/// be written, they see `created` for longer.
async fn show_unknown(service: &Handle, payment: &Payment) {
    if payment.status != Status::Created {
        return;
    }
    let shown = async {
        let mut tx = service.begin_own().await?;
        store::set_unknown(&mut tx, payment.id).await?;
        tx.commit().await
    };
    if let Err(error) = shown.await {
        tracing::warn!(payment = %payment.id, error = %tidings::chain(&error), "a payment cannot be shown as unknown");
    }
}

/// What the provider has said: its name for the charge, or why there is none.
type Charged = Result<String, String>;

async fn settle((id, charged): (PaymentId, Charged), tx: &mut Tx) -> Result<(), Error> {
    match charged {
        Ok(reference) => actions::completed_in_tx(tx, id, &reference).await,
        Err(code) => actions::failed_in_tx(tx, id, &code).await,
    }
}

async fn give_up(id: PaymentId, tx: &mut Tx) -> Result<(), Error> {
    actions::failed_in_tx(tx, id, LOST).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_may_arrive_for_two_minutes() {
        let sent_at = Timestamp::from_micros(0);
        let lost = |attempt, span| is_lost(attempt, sent_at, sent_at.plus(span));
        let more = std::time::Duration::from_micros(1);
        assert!(!lost(1, ARRIVES_WITHIN));
        assert!(lost(1, ARRIVES_WITHIN + more));
        assert!(!lost(2, ARRIVES_WITHIN + more));
    }
}
