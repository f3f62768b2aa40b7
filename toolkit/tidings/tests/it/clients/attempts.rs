//! Calls that the caller sends itself, under the limits of all others.

use std::sync::Mutex;
use std::time::Duration;

use tidings::client::Attempt;
use tidings::{BreakerState, CallError, Calls};

use super::context;
use super::target::{Line, Place, in_a_minute};

fn broken() -> std::io::Error {
    std::io::Error::other("the line broke")
}

#[tokio::test]
async fn an_attempt_knows_where_to_go_and_says_who_calls() {
    let line = Line::open(Place::OverNetwork).await;
    let context = context();
    let told = line.client.attempt(&context, |attempt| async move {
        let header = |name| attempt.headers[name].to_str().unwrap().to_owned();
        let trace = header("traceparent");
        Ok((attempt.base.clone(), header("x-tidings-caller"), trace))
    });
    let (base, caller, trace) = told.await.unwrap();
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
    assert_eq!(caller, "caller");
    assert!(
        trace.contains("0195f2d17a3b7c4d8e5f6a7b8c9d0e1f"),
        "{trace}"
    );
}

/// A target that is asked and breaks off may be drowning; one that is away was not asked at all.
#[tokio::test]
async fn a_failed_attempt_is_repeated_and_a_target_that_fails_is_left_alone_as_it_has_failed() {
    let broken_off = |attempt: &Attempt| attempt.unreachable(broken());
    let away = |attempt: &Attempt| attempt.away(broken());
    left_alone(broken_off, Duration::from_secs(10)).await;
    left_alone(away, Duration::from_secs(1)).await;
}

async fn left_alone(fails: fn(&Attempt) -> CallError, most: Duration) {
    let line = Line::open(Place::OverNetwork).await;
    let (tries, context) = (Mutex::new(0), context());
    let ask = || {
        line.client.attempt(&context, |attempt| {
            *tries.lock().unwrap() += 1;
            async move { Err::<(), _>(fails(&attempt)) }
        })
    };
    in_a_minute(async {
        let error = line.patiently(ask()).await.unwrap_err();
        assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
        assert_eq!(tidings::chain(&error), "reach target: the line broke");
        assert_eq!(*tries.lock().unwrap(), 3);
        line.patiently(ask()).await.unwrap_err();
        assert_eq!(line.client.status().state, BreakerState::Open);
        let CallError::Open { retry_after, .. } = ask().await.unwrap_err() else {
            panic!("it was asked");
        };
        let least = most - Duration::from_millis(500);
        assert!((least..=most).contains(&retry_after), "{retry_after:?}");
        assert_eq!(*tries.lock().unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_asked_for_once_and_what_takes_too_long_is_given_up() {
    let how = Calls::default().timeout(Duration::from_secs(2));
    let line = Line::with(Place::OverNetwork, how).await;
    let context = context();
    let nonsense = line.client.attempt(&context, |attempt| async move {
        Err::<(), _>(attempt.unreadable(broken()))
    });
    let error = line.patiently(nonsense).await.unwrap_err();
    assert!(matches!(error, CallError::Unreadable { .. }), "{error:?}");
    let silent = line.client.attempt(&context, |_| {
        std::future::pending::<Result<(), CallError>>()
    });
    let late = async {
        // The place is taken, so time moves only by hand.
        while line.client.status().in_flight == 0 {
            tokio::task::yield_now().await;
        }
        line.clock.advance(Duration::from_secs(2));
    };
    let (end, ()) = tokio::join!(silent, late);
    assert!(matches!(end, Err(CallError::TimedOut { .. })), "{end:?}");
    assert_eq!(line.client.status().tries, 2);
}

#[tokio::test]
async fn a_target_in_this_process_has_no_address() {
    let line = Line::open(Place::InProcess).await;
    let end = line.client.attempt(&context(), |_| async { Ok(()) }).await;
    assert!(matches!(end, Err(CallError::Unsendable { .. })), "{end:?}");
}
