//! Gives the money of a payment back.

use std::time::Duration;

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Job, JobRun};

use super::{CALL_LIMIT, LEASE};
use crate::actions;
use crate::error::Error;
use crate::payment::{Payment, Status};
use crate::provider::{self, Refund};
use crate::store;

/// Refunds a payment in full. Repeating it is safe: the provider knows the key.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefundPayment {
    pub(crate) payment_id: PaymentId,
}

impl Job for RefundPayment {
    const KIND: &'static str = "refund";
    const LEASE: Duration = LEASE;
    /// About four days of a provider that does not answer.
    const ATTEMPTS_MAX: u32 = 100;
}

pub(crate) async fn refund(job: RefundPayment, run: JobRun) -> Result<(), Error> {
    let id = job.payment_id;
    let payment = store::payment(&mut run.service().read().await?, id).await?;
    let payment = payment.ok_or(Error::NoPayment(id))?;
    if !payment.status.owes_refund() {
        return Ok(());
    }
    match ask(&run, payment).await? {
        Refund::Done { reference } => {
            let mut tx = run.finish().await?;
            actions::refunded_in_tx(&mut tx, id, &reference).await?;
            Ok(tx.commit().await?)
        }
        Refund::Refused { code } => {
            let mut tx = run.begin().await?;
            store::set_status(&mut tx, id, Status::RefundFailed).await?;
            tx.commit().await?;
            // The job stays on the list of the dead, where a person can start it again.
            Err(Error::RefundRefused {
                payment_id: id,
                code,
            })
        }
        Refund::Unknown => Err(Error::RefundUnanswered(id)),
    }
}

async fn ask(run: &JobRun, payment: Payment) -> Result<Refund, Error> {
    let service = run.service();
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
