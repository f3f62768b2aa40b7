//! Who takes the money: the border to the outside world.

mod simulator;

use std::pin::Pin;
use std::sync::Arc;

use contracts::Money;
use tidings::Handle;

pub use simulator::Simulator;

/// A future of a provider's call.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One card charge as the provider is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Names this attempt for ever: the same key never takes money twice.
    pub idempotency_key: String,
    /// How much.
    pub amount: Money,
    /// The card, as the provider's own name for it; never a card number.
    pub token: String,
}

/// What is known of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money was taken.
    Succeeded {
        /// The provider's name for the charge.
        reference: String,
    },
    /// No money was taken, and none will be.
    Declined {
        /// The provider's reason: `card_declined`, `insufficient_funds`.
        code: String,
    },
    /// Nobody can say yet: no answer, a broken connection, a provider that has not decided.
    Unknown,
}

/// What the provider's book says about an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The charge has arrived there. [`Outcome::Unknown`] also stands for a provider that
    /// does not answer: no answer is not "not found".
    Found(Outcome),
    /// The provider answers, and has never heard of the key.
    NotFound,
}

/// What became of giving money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refund {
    /// It is on its way back.
    Done {
        /// The provider's name for the refund.
        reference: String,
    },
    /// The provider refuses; a person must look.
    Refused {
        /// The provider's reason.
        code: String,
    },
    /// No answer: ask again with the same key.
    Unknown,
}

/// Takes money from cards and gives it back.
///
/// Every call carries a key by which the provider recognises a repetition. No call
/// fails: what cannot be learnt is `Unknown`, and is asked for again later. A call
/// may be dropped at any point; a charge that was dropped on its way must have
/// arrived within [`ARRIVES_WITHIN`](crate::ARRIVES_WITHIN) or never.
pub trait PaymentProvider: Send + Sync + 'static {
    /// Takes money, once for a key.
    fn charge(&self, charge: Charge) -> BoxFuture<'_, Outcome>;

    /// Says what became of a charge.
    fn look_up(&self, idempotency_key: String) -> BoxFuture<'_, LookUp>;

    /// Gives the whole amount of a charge back, once for a key.
    fn refund(
        &self,
        idempotency_key: String,
        reference: String,
        amount: Money,
    ) -> BoxFuture<'_, Refund>;
}

/// Makes the provider of a service that runs.
pub(crate) type MakeProvider = dyn Fn(&Handle) -> Arc<dyn PaymentProvider> + Send + Sync;

/// How the running service reaches its provider.
#[derive(Clone)]
pub(crate) struct Connect(pub(crate) Arc<MakeProvider>);

/// The provider that this service was built with.
pub(crate) fn of(service: &Handle) -> Result<Arc<dyn PaymentProvider>, tidings::Error> {
    let connect = service.resource::<Connect>()?;
    Ok((connect.0)(service))
}
