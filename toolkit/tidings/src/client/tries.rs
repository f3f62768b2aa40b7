//! Tries a call until it has an answer, cannot have one, or has no time left.

use std::time::Duration;

use tracing::Instrument;

use super::answer::{self, Answer};
use super::call::Call;
use super::channel::Channel;
use super::error::CallError;
use crate::Timestamp;
use crate::spans::{self, WORK};

const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MOST: Duration = Duration::from_secs(5);

pub(super) async fn run(call: &Call) -> Result<Answer, CallError> {
    let channel = &*call.client.0;
    let span = tracing::error_span!(
        target: WORK, "call", from = channel.from(), to = &*channel.to(),
        method = %call.method, path = call.path(), correlation_id = call.correlation_id(),
        otel.span_id = call.span_id(), error = tracing::field::Empty
    );
    let answer = tries(call, channel).instrument(span.clone()).await;
    answer.inspect_err(|error| spans::failed(&span, &crate::chain(error)))
}

async fn tries(call: &Call, channel: &Channel) -> Result<Answer, CallError> {
    // What cannot be sent is no business of the breaker's.
    call.request()?;
    let patience = Patience {
        timeout: call.timeout,
        is_repeatable: call.is_repeatable(),
    };
    let once = || async {
        let response = channel.way().send(channel.to(), call.request()?).await?;
        answer::read(channel, response).await
    };
    repeat(channel, patience, once).await
}

/// How long one try may take, and whether there may be more than one.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub(super) timeout: Duration,
    pub(super) is_repeatable: bool,
}

/// Tries until there is an answer, there cannot be one, or there is no time left.
pub(super) async fn repeat<T, F, Fut>(
    channel: &Channel,
    patience: Patience,
    once: F,
) -> Result<T, CallError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, CallError>>,
{
    let deadline = channel.now().plus(channel.limits().deadline);
    let mut number = 0;
    let mut before = None;
    loop {
        number += 1;
        let error = match one(channel, patience.timeout, deadline, &once).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // Of a call whose first tries have failed and opened the breaker, those say more.
        if matches!(error, CallError::Open { .. } | CallError::Full { .. }) {
            return Err(before.unwrap_or(error));
        }
        if number >= channel.limits().tries_max || !patience.is_repeatable || !error.may_pass() {
            return Err(error);
        }
        let wait = wait(number, error.retry_after(), channel.chance());
        if channel.now().plus(wait) >= deadline {
            return Err(error);
        }
        before = Some(error);
        channel.clock().sleep(wait).await;
    }
}

async fn one<T, F, Fut>(
    channel: &Channel,
    timeout: Duration,
    deadline: Timestamp,
    once: &F,
) -> Result<T, CallError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, CallError>>,
{
    let leave = channel.admit().await?;
    let left = deadline.since(channel.now());
    let limit = timeout.min(left);
    let result = tokio::select! {
        biased;
        result = once() => result,
        () = channel.clock().sleep(limit) => Err(CallError::TimedOut { to: channel.to(), limit }),
    };
    // A target that was given less than its time has not failed.
    if left >= timeout || !matches!(result, Err(CallError::TimedOut { .. })) {
        leave.end(&result);
    }
    result
}

/// Full jitter, so that those who failed together do not come back together; never before
/// the other side wants to be asked again.
fn wait(number: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(number - 1));
    let jitter = doubled.min(BACKOFF_MOST).mul_f64(chance.clamp(0.0, 1.0));
    retry_after.unwrap_or_default().saturating_add(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_most_and_jitter_only_shortens_them() {
        let most = |number| wait(number, None, 1.0).as_millis();
        assert_eq!([most(1), most(2), most(3), most(30)], [200, 400, 800, 5000]);
        assert_eq!(wait(3, None, 0.0), Duration::ZERO);
    }

    #[test]
    fn nobody_comes_back_before_retry_after() {
        let asked = Duration::from_secs(3);
        assert_eq!(wait(1, Some(asked), 0.0), asked);
        assert!(wait(1, Some(asked), 1.0) > asked);
    }
}
