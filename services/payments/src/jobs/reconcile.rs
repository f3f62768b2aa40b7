//! Asks the provider what became of a charge that nobody answered for.

use std::time::Duration;

use contracts::PaymentId;
use serde::{Deserialize, Serialize};
use tidings::{Job, JobRun, Timestamp};

use super::{ARRIVES_WITHIN, CALL_LIMIT, LEASE};
use crate::actions;
use crate::error::Error;
use crate::payment::Payment;
use crate::provider::{self, LookUp, Outcome};
use crate::store;

const DELAY_FIRST: Duration = Duration::from_secs(1);
const DELAY_MOST: Duration = Duration::from_secs(60);

/// Asks once; as long as nobody knows, the next question follows with a growing delay.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reconcile {
    pub(crate) payment_id: PaymentId,
    /// Which question this is, counted from 1.
    pub(crate) asked: u32,
}

impl Job for Reconcile {
    const KIND: &'static str = "reconcile";
    const LEASE: Duration = LEASE;
}

impl Reconcile {
    /// How long to wait before this question.
    pub(crate) fn delay(&self) -> Duration {
        let doublings = self.asked.saturating_sub(1).min(6);
        (DELAY_FIRST * 2_u32.pow(doublings)).min(DELAY_MOST)
    }
}

pub(crate) async fn reconcile(job: Reconcile, run: JobRun) -> Result<(), Error> {
    let payment = store::payment(&mut run.service().read().await?, job.payment_id).await?;
    let payment = payment.ok_or(Error::NoPayment(job.payment_id))?;
    if !payment.status.is_open() {
        return Ok(());
    }
    ask(&run, payment, job.asked).await
}

/// Asks what became of a charge and records the answer, never charging again.
pub(super) async fn ask(run: &JobRun, payment: Payment, asked: u32) -> Result<(), Error> {
    let service = run.service();
    let provider = provider::of(service)?;
    // Of the moment of the question: a charge may arrive while the answer is on its way.
    let lost = is_lost(payment.sent_at, service.now());
    let answer = tokio::select! {
        biased;
        answer = provider.look_up(payment.idempotency_key.clone()) => answer,
        () = service.clock().sleep(CALL_LIMIT) => LookUp::Found(Outcome::Unknown),
    };
    let mut tx = run.finish().await?;
    match answer {
        LookUp::Found(outcome) => {
            actions::settle_in_tx(&mut tx, payment.id, outcome, asked).await?;
        }
        LookUp::NotFound if lost => {
            actions::failed_in_tx(&mut tx, payment.id, "provider_lost").await?;
        }
        LookUp::NotFound => {
            actions::settle_in_tx(&mut tx, payment.id, Outcome::Unknown, asked).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Whether a charge that the provider does not know can no longer arrive there.
fn is_lost(sent_at: Option<Timestamp>, now: Timestamp) -> bool {
    sent_at.is_none_or(|sent_at| now.since(sent_at) > ARRIVES_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_less_and_less_often_up_to_once_a_minute() {
        let delays = (1..=9).map(|asked| {
            let payment_id = tidings::Uuid::nil().into();
            Reconcile { payment_id, asked }.delay().as_secs()
        });
        assert_eq!(delays.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
