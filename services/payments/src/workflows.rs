//! What payments owes the outside world: charges and refunds.

mod pay;
mod refund;

use std::time::Duration;

pub(crate) use pay::{Pay, pay};
pub(crate) use refund::{RefundPayment, refund};

/// How long a call of the provider may take before its outcome counts as unknown.
pub const CALL_LIMIT: Duration = Duration::from_secs(20);

/// How long a charge may still be on its way to the provider. A charge that is not in the
/// provider's book so long after it was sent is lost, and another one may be tried.
pub const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// Longer than [`CALL_LIMIT`], so that a call is given up before somebody else takes the
/// run over, and short, because that is how long a payment waits after a crash.
const LEASE: Duration = Duration::from_secs(30);
