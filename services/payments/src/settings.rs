//! What can be set from outside.

use std::sync::Arc;
use std::time::Duration;

use tidings::Handle;

use crate::provider::{Connect, PaymentProvider, Simulator};

/// How the service is run.
///
/// ```
/// use std::time::Duration;
/// use payments::Settings;
///
/// let for_a_test = Settings::default().answer_wait(Duration::ZERO);
/// # let _ = for_a_test;
/// ```
pub struct Settings {
    pub(crate) answer_wait: Duration,
    pub(crate) provider: Connect,
}

impl Default for Settings {
    /// The simulator, and four seconds of patience.
    fn default() -> Self {
        let simulator = |service: &Handle| -> Arc<dyn PaymentProvider> {
            Arc::new(Simulator::new(service.clone()))
        };
        Self {
            answer_wait: Duration::from_secs(4),
            provider: Connect(Arc::new(simulator)),
        }
    }
}

impl Settings {
    /// How long a request waits for the provider before it answers "not known yet".
    ///
    /// By the service clock: on a clock that is moved by hand a request would wait for
    /// the hand, so there it is zero.
    #[must_use]
    pub fn answer_wait(mut self, wait: Duration) -> Self {
        self.answer_wait = wait;
        self
    }

    /// Uses another provider, made out of the running service whenever one is needed.
    #[must_use]
    pub fn provider(
        mut self,
        connect: impl Fn(&Handle) -> Arc<dyn PaymentProvider> + Send + Sync + 'static,
    ) -> Self {
        self.provider = Connect(Arc::new(connect));
        self
    }
}
