//! A target that fails, and comes back (X-19, F-66).

use std::time::Duration;

use futures_util::future::join_all;
use tidings::{BreakerState, CallError};

use super::target::{Does, Line, Place, both_ways};

both_ways!(
    a_failing_target_is_left_alone_and_asked_again_with_care,
    a_hanging_target_is_left_alone_too,
    a_target_that_refuses_is_alive,
    a_probe_that_is_given_up_does_not_shut_the_target_out,
    after_five_minutes_of_failures_nobody_rushes_in,
);

async fn break_down(line: &Line) {
    line.target.always(Does::Status(500));
    for _ in 0..5 {
        line.client.post("/x").send().await.unwrap_err();
    }
}

async fn a_failing_target_is_left_alone_and_asked_again_with_care(place: Place) {
    let line = Line::open(place).await;
    break_down(&line).await;
    let status = line.client.status();
    assert_eq!(status.state, BreakerState::Open);
    assert_eq!(status.opened_at, Some(line.clock.now()));
    assert_eq!(
        status.last_error.as_deref(),
        Some("call target: it answered 500 as_told")
    );
    fails_fast_and_silently(&line).await;

    line.clock.advance(Duration::from_secs(10));
    assert_eq!(line.client.status().state, BreakerState::HalfOpen);
    let bad_probe = line.client.get("/x").send().await.unwrap_err();
    assert!(
        matches!(bad_probe, CallError::Failed { .. }),
        "{bad_probe:?}"
    );
    line.clock.advance(Duration::from_secs(10));
    assert_eq!(
        line.client.status().state,
        BreakerState::Open,
        "now for 20 s"
    );

    line.clock.advance(Duration::from_secs(10));
    let before = line.target.count();
    line.target.always(Does::Well);
    line.target.does([Does::Hold]);
    let probe = async {
        line.target.has_seen(before + 1).await;
        let other = line.client.get("/x").send().await.unwrap_err();
        assert!(matches!(other, CallError::Open { .. }), "one at a time");
        line.target.open_gate();
    };
    let (end, ()) = tokio::join!(line.client.get("/x").send(), probe);
    end.unwrap();
    assert_eq!(line.target.count(), before + 1);
    line.client.get("/x").send().await.unwrap();
    let status = line.client.status();
    assert_eq!(status.state, BreakerState::Closed);
    assert_eq!((status.opened_at, status.last_error), (None, None));
    let rush = join_all((0..32).map(|_| line.client.get("/x").send())).await;
    assert!(rush.iter().all(Result::is_ok));
}

/// The time of the machine counts here: nothing is to be waited for.
async fn fails_fast_and_silently(line: &Line) {
    let before = line.target.count();
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let began = std::time::Instant::now();
        let error = line.client.get("/x").send().await.unwrap_err();
        fastest = fastest.min(began.elapsed());
        let CallError::Open { retry_after, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(retry_after, Duration::from_secs(10));
    }
    // One of twenty, since the machine may be busy with something else.
    assert!(fastest < Duration::from_millis(5), "{fastest:?}");
    assert_eq!(line.target.count(), before);
}

async fn a_hanging_target_is_left_alone_too(place: Place) {
    let line = Line::open(place).await;
    line.target.always(Does::Hold);
    let time = async {
        line.target.has_seen(5).await;
        line.clock.advance(Duration::from_secs(5));
    };
    let calls = join_all((0..5).map(|_| line.client.get("/x").send()));
    let (ends, ()) = tokio::join!(calls, time);
    let slow = |end: &Result<_, _>| matches!(end, Err(CallError::TimedOut { .. }));
    assert!(ends.iter().all(slow));
    fails_fast_and_silently(&line).await;
}

async fn a_target_that_refuses_is_alive(place: Place) {
    let line = Line::open(place).await;
    line.target.always(Does::Status(404));
    for _ in 0..50 {
        line.client.get("/x").send().await.unwrap_err();
    }
    assert_eq!(line.client.status().state, BreakerState::Closed);
    assert_eq!(line.target.count(), 50);
}

async fn a_probe_that_is_given_up_does_not_shut_the_target_out(place: Place) {
    let line = Line::open(place).await;
    break_down(&line).await;
    line.clock.advance(Duration::from_secs(10));
    let before = line.target.count();
    line.target.does([Does::Hold]);
    tokio::select! {
        _ = line.client.get("/x").send() => unreachable!(),
        () = line.target.has_seen(before + 1) => {}
    }
    line.target.always(Does::Well);
    line.client.get("/x").send().await.unwrap();
}

/// F-66: ten callers a second, five minutes of 503, then the target is well. In no second
/// does more than twice the normal rate arrive, then or before, and it does come back.
async fn after_five_minutes_of_failures_nobody_rushes_in(place: Place) {
    const RATE: usize = 10;
    let line = Line::open(place).await;
    let start = line.clock.now();
    line.target.always(Does::Status(503));
    let mut under_way = tokio::task::JoinSet::new();
    for turn in 0..400 * RATE {
        if turn == 300 * RATE {
            line.target.always(Does::Well);
        }
        let call = line.client.get("/x");
        under_way.spawn(async move { call.send().await.is_ok() });
        // Whatever can be done now is done before the time moves.
        while line.client.status().in_flight > 0 || under_way.len() > 4 * RATE {
            tokio::task::yield_now().await;
            while under_way.try_join_next().is_some() {}
        }
        tokio::task::yield_now().await;
        line.clock.advance(Duration::from_secs(1) / RATE as u32);
    }
    let mut seconds = vec![0; 401];
    for arrival in line.target.arrivals() {
        seconds[arrival.at.since(start).as_secs() as usize] += 1;
    }
    let most = seconds.iter().max().unwrap();
    assert!(*most <= 2 * RATE, "{seconds:?}");
    let outage: usize = seconds[10..300].iter().sum();
    assert!(
        outage <= 20,
        "{outage} arrived although it was known to be down"
    );
    let well: usize = seconds[370..400].iter().sum();
    assert_eq!(well, 30 * RATE, "it was not asked freely again");
}
