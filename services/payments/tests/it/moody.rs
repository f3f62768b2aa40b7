//! The simulator with moods: a provider that fails on command.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use contracts::Money;
use payments::{BoxFuture, Charge, LookUp, Outcome, PaymentProvider, Refund, Simulator};
use tidings::Handle;
use tokio::sync::Notify;

/// What goes wrong with the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// The charge is made; its answer is lost.
    AnswerLost,
    /// The charge is made; then the service's code dies before it can write that down.
    DiesAfter,
    /// The charge never arrives.
    NeverArrives,
    /// The charge is made; its answer comes when the test lets it.
    Late,
    /// The provider does not answer for as long as anybody waits.
    Silent,
    /// A refund is made; its answer is lost.
    RefundAnswerLost,
    /// A refund is refused.
    RefundRefused,
}

/// Moods for the calls to come, and a count of the calls that were made.
#[derive(Clone, Default)]
pub(crate) struct Moody {
    moods: Arc<Mutex<VecDeque<Mood>>>,
    calls: Arc<Mutex<Vec<String>>>,
    late: Arc<Notify>,
}

struct Provider {
    moody: Moody,
    simulator: Simulator,
}

impl Moody {
    pub(crate) fn over(&self, service: &Handle) -> Arc<dyn PaymentProvider> {
        Arc::new(Provider {
            moody: self.clone(),
            simulator: Simulator::new(service.clone()),
        })
    }

    /// The next call that this mood can spoil goes wrong in this way.
    pub(crate) fn next(&self, mood: Mood) {
        self.moods.lock().unwrap().push_back(mood);
    }

    /// Lets an answer come that is late.
    pub(crate) fn answer(&self) {
        self.late.notify_one();
    }

    /// The keys that charges were asked for with, in order.
    pub(crate) fn charges(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn spoil(&self, is_refund: bool) -> Option<Mood> {
        let mut moods = self.moods.lock().unwrap();
        let of_refunds = [Mood::RefundAnswerLost, Mood::RefundRefused];
        let index = moods
            .iter()
            .position(|mood| of_refunds.contains(mood) == is_refund)?;
        moods.remove(index)
    }
}

impl PaymentProvider for Provider {
    fn charge(&self, charge: Charge) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let key = charge.idempotency_key.clone();
            self.moody.calls.lock().unwrap().push(key);
            let mood = self.moody.spoil(false);
            match mood {
                Some(Mood::NeverArrives) => return Outcome::Unknown,
                Some(Mood::Silent) => std::future::pending::<()>().await,
                _ => {}
            }
            let outcome = self.simulator.charge(charge).await;
            match mood {
                Some(Mood::AnswerLost) => Outcome::Unknown,
                Some(Mood::DiesAfter) => panic!("dies after the charge"),
                Some(Mood::Late) => {
                    self.moody.late.notified().await;
                    outcome
                }
                _ => outcome,
            }
        })
    }

    fn look_up(&self, idempotency_key: String) -> BoxFuture<'_, LookUp> {
        self.simulator.look_up(idempotency_key)
    }

    fn refund(
        &self,
        idempotency_key: String,
        reference: String,
        amount: Money,
    ) -> BoxFuture<'_, Refund> {
        Box::pin(async move {
            let mood = self.moody.spoil(true);
            if mood == Some(Mood::RefundRefused) {
                let code = "not_today".to_owned();
                return Refund::Refused { code };
            }
            let refund = self.simulator.refund(idempotency_key, reference, amount);
            let refund = refund.await;
            match mood {
                Some(Mood::RefundAnswerLost) => Refund::Unknown,
                _ => refund,
            }
        })
    }
}
