//! Gives the money of a payment back.

use std::time::Duration;

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Call, Flow, Handle, Outcome, StepFailed, Tx, Workflow};

use super::{CALL_LIMIT, LEASE};
use crate::actions;
use crate::error::Error;
use crate::payment::Payment;
use crate::provider::{self, Refund};
use crate::store;

/// A refund of a payment in full; its key is the payment.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefundPayment {
    pub(crate) payment_id: PaymentId,
}

impl Workflow for RefundPayment {
    const NAME: &'static str = "refund";
    const LEASE: Duration = LEASE;
}

/// Asks for the refund until the provider answers: repeating it is safe, because the provider
/// knows the key. When it refuses, the run is stuck, and a person retries it.
pub(crate) async fn refund(refund: RefundPayment, cx: &mut Flow) -> Result<(), StepFailed> {
    let id = refund.payment_id;
    // A person who stops the run does not make the debt go away.
    cx.undo("give_up", id, give_up);
    let asked = cx.call("refund", id, ask).repeatable().must();
    let reference: String = asked.await?;
    cx.must("record", (id, reference), record).await;
    Ok(())
}

async fn ask(id: PaymentId, call: Call) -> Outcome<String> {
    match give_back(call.service(), id).await {
        Ok(Refund::Done { reference }) => Outcome::Done(reference),
        Ok(Refund::Refused { code }) => match refused(call.service(), id).await {
            Ok(()) => Outcome::Failed(format!("the provider says {code}")),
            // It is asked again, and refuses again.
            Err(error) => Outcome::Unknown(tidings::chain(&error)),
        },
        Ok(Refund::Unknown) => Outcome::Unknown("the provider does not answer".to_owned()),
        Err(error) => Outcome::Unknown(tidings::chain(&error)),
    }
}

async fn give_back(service: &Handle, id: PaymentId) -> Result<Refund, Error> {
    let payment = store::payment(&mut service.read().await?, id).await?;
    let payment: Payment = payment.ok_or(Error::NoPayment(id))?;
    let provider = provider::of(service)?;
    let key = format!("{}-refund", payment.idempotency_key);
    let amount = payment.amount();
    let reference = payment.provider_reference.unwrap_or_default();
    Ok(tokio::select! {
        biased;
        refund = provider.refund(key, reference, amount) => refund,
        () = service.clock().sleep(CALL_LIMIT) => Refund::Unknown,
    })
}

/// Lets everybody see that the provider has refused.
async fn refused(service: &Handle, id: PaymentId) -> Result<(), tidings::Error> {
    let mut tx = service.begin_own().await?;
    store::set_refund_failed(&mut tx, id).await?;
    tx.commit().await
}

async fn record((id, reference): (PaymentId, String), tx: &mut Tx) -> Result<(), Error> {
    actions::refunded_in_tx(tx, id, &reference).await
}

async fn give_up(id: PaymentId, tx: &mut Tx) -> Result<(), tidings::Error> {
    store::set_refund_failed(tx, id).await
}
