//! Asks the provider for the money of one attempt.

use std::time::Duration;

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Handle, Job, JobRun};

use super::{CALL_LIMIT, LEASE, reconcile};
use crate::actions;
use crate::error::Error;
use crate::payment::{Payment, Status};
use crate::provider::{self, Outcome};
use crate::store;

/// Charges for an attempt; at most one call for it is ever made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) payment_id: PaymentId,
}

impl Job for Charge {
    const KIND: &'static str = "charge";
    const LEASE: Duration = LEASE;
}

/// What a run of the job has to do.
enum Next {
    /// Nobody has asked the provider yet, and nobody else will.
    Send(Payment),
    /// A run before this one may have asked: find out, do not ask again (C-06).
    LookUp(Payment),
    /// It is settled.
    Nothing,
}

pub(crate) async fn charge(job: Charge, run: JobRun) -> Result<(), Error> {
    match start(&run, job.payment_id).await? {
        Next::Send(payment) => {
            let outcome = send(run.service(), payment).await?;
            let mut tx = run.finish().await?;
            actions::settle_in_tx(&mut tx, job.payment_id, outcome, 0).await?;
            Ok(tx.commit().await?)
        }
        Next::LookUp(payment) => reconcile::ask(&run, payment, 0).await,
        Next::Nothing => Ok(()),
    }
}

/// Notes that the provider is going to be asked, before it is. The order is looked at
/// once more, because it may have ended since the buyer paid.
async fn start(run: &JobRun, id: PaymentId) -> Result<Next, Error> {
    let mut tx = run.begin().await?;
    let now = tx.now();
    let payment = store::payment(&mut tx, id).await?;
    let payment = payment.ok_or(Error::NoPayment(id))?;
    if payment.status != Status::Created {
        return Ok(Next::Nothing);
    }
    let order = store::lock_order(&mut tx, payment.order_id).await?;
    let order = order.ok_or(Error::NoOrder(payment.order_id))?;
    if payment.sent_at.is_some() {
        return Ok(Next::LookUp(payment));
    }
    if let Err(refusal) = order.chargeable(now) {
        actions::failed_in_tx(&mut tx, id, refusal.code()).await?;
        tx.commit().await?;
        return Ok(Next::Nothing);
    }
    store::set_sent(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Next::Send(payment))
}

async fn send(service: &Handle, payment: Payment) -> Result<Outcome, Error> {
    let provider = provider::of(service)?;
    let charge = provider::Charge {
        amount: payment.amount(),
        idempotency_key: payment.idempotency_key,
        token: payment.token,
    };
    Ok(tokio::select! {
        biased;
        outcome = provider.charge(charge) => outcome,
        () = service.clock().sleep(CALL_LIMIT) => Outcome::Unknown,
    })
}
