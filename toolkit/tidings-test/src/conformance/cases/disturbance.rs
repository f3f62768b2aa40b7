//! When the way itself fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tidings::{Envelope, Error, Receiver, Transport};
use tokio::sync::watch;

use crate::conformance::carrier::{Disturbance, Doing, Route};
use crate::conformance::letters::{Line, letter, page};
use crate::conformance::stage::{Stage, pause};
use crate::conformance::{Failure, Ground};

/// Long enough for readers and connections to notice.
const A_WHILE: Duration = Duration::from_millis(700);

fn lines(count: usize) -> Vec<Line> {
    let line = |number: usize| match number % 4 {
        0 => page(format!("key-{}", number % 3), format!("text {number}")),
        _ => letter(format!("key-{}", number % 30), format!("text {number}")),
    };
    (0..count).map(line).collect()
}

/// A producer that was away is followed again by those who waited for it.
///
/// # Errors
/// What the transport has broken.
pub async fn a_producer_that_stops_for_a_while_is_followed_again(
    ground: Ground,
) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.subscribe().await?;
    stage.write(lines(60)).await?;
    stage.settle().await?;
    stage.write(lines(60)).await?;
    stage.stop_producer().await?;
    pause(A_WHILE).await;
    stage.start_producer().await?;
    stage.settle().await?;
    stage.write(lines(60)).await?;
    stage.finish().await
}

/// Errors of `open` and `receive` burn nothing: the reader opens again.
///
/// # Errors
/// What the transport has broken.
pub async fn a_transport_that_fails_is_opened_again(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(60)).await?;
    let fail = |Route { feed, transport }| {
        let (inner, calls) = (transport, Arc::default());
        let transport = Arc::new(Failing { inner, calls });
        Route { feed, transport }
    };
    stage.subscribe_with(1, fail).await?;
    stage.write(lines(60)).await?;
    stage.settle().await?;
    stage.write(lines(60)).await?;
    stage.finish().await
}

/// A carrier that has lost what it keeps, while a subscriber was away and while one follows,
/// costs time and no event.
///
/// # Errors
/// What the transport has broken.
pub async fn what_the_carrier_has_lost_comes_from_the_feed(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(100)).await?;
    stage.disturb(Disturbance::LoseStorage).await?;
    stage.subscribe().await?;
    stage.settle().await?;
    stage.write(lines(100)).await?;
    stage.disturb(Disturbance::LoseStorage).await?;
    stage.write(lines(100)).await?;
    stage.settle().await?;
    stage.unsubscribe().await?;
    stage.write(lines(100)).await?;
    stage.disturb(Disturbance::LoseStorage).await?;
    stage.subscribe().await?;
    stage.finish().await
}

/// A carrier that nobody reaches for a while is used again when it is back.
///
/// # Errors
/// What the transport has broken.
pub async fn a_carrier_that_is_cut_and_mended_loses_nothing(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.subscribe().await?;
    stage.write(lines(60)).await?;
    for _ in 0..2 {
        stage.disturb(Disturbance::Cut).await?;
        stage.write(lines(60)).await?;
        pause(A_WHILE).await;
        stage.disturb(Disturbance::Mend).await?;
        stage.settle().await?;
    }
    stage.write(lines(60)).await?;
    stage.finish().await
}

/// A carrier that starts anew in the middle of the stream, under readers and under writers.
///
/// # Errors
/// What the transport has broken.
pub async fn a_carrier_that_starts_anew_loses_nothing(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(60)).await?;
    stage.subscribe().await?;
    for _ in 0..3 {
        stage.write(lines(60)).await?;
        stage.disturb(Disturbance::Restart).await?;
        stage.write(lines(60)).await?;
    }
    stage.finish().await
}

/// Fails at its first calls and at some later ones.
struct Failing {
    inner: Arc<dyn Transport>,
    calls: Arc<AtomicU32>,
}

struct FailingReceiver {
    inner: Box<dyn Receiver>,
    calls: Arc<AtomicU32>,
}

fn fails(calls: &AtomicU32) -> Result<(), Error> {
    let call = calls.fetch_add(1, Ordering::Relaxed);
    // Readers try again after 50 ms, then after twice that, and so on.
    if call < 4 || (call < 60 && call.is_multiple_of(7)) {
        return Err(Error::ConnectionLost("the story has it so".into()));
    }
    Ok(())
}

impl Transport for Failing {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> Doing<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            fails(&self.calls)?;
            let receiver: Box<dyn Receiver> = Box::new(FailingReceiver {
                inner: self.inner.open(stream, cursors).await?,
                calls: Arc::clone(&self.calls),
            });
            Ok(receiver)
        })
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }
}

impl Receiver for FailingReceiver {
    fn receive(&mut self, limit: u32) -> Doing<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            fails(&self.calls)?;
            self.inner.receive(limit).await
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.inner.wakes()
    }
}
