//! Waiting for what other processes do.

use std::time::{Duration, Instant};

use system_tests::pause;

/// Debug builds and browsers share two cores with everything else that is tested.
const LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until there is something to be seen, and fails with what was seen last.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    match patiently(look).await {
        Ok(seen) => seen,
        Err(last) => panic!("waited {LIMIT:?} in vain: {what}; the last that was seen: {last}"),
    }
}

/// Looks until there is something to be seen; the error is the last failure.
pub(crate) async fn patiently<T>(look: impl AsyncFn() -> Result<T, String>) -> Result<T, String> {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(seen) => return Ok(seen),
            Err(last) if begun.elapsed() > LIMIT => return Err(last),
            Err(_) => pause(LOOK_EVERY).await,
        }
    }
}
