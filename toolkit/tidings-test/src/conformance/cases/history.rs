//! Catching up and following.

use std::time::Duration;

use crate::conformance::letters::{Line, letter};
use crate::conformance::stage::Stage;
use crate::conformance::{Failure, Ground};

/// Events that are published one by one, each when the last one has been applied.
const LIVE: u64 = 20;
/// A reader that is not woken looks by itself once a second.
const LIVE_WITHIN: Duration = Duration::from_secs(10);

fn lines(count: usize) -> Vec<Line> {
    let line = |number| letter(format!("key-{}", number % 20), format!("text {number}"));
    (0..count).map(line).collect()
}

/// Who subscribes late gets everything that was ever published.
///
/// # Errors
/// What the transport has broken.
pub async fn a_new_subscriber_gets_all_history(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    for part in lines(600).chunks(50) {
        stage.write(part.to_vec()).await?;
    }
    stage.subscribe().await?;
    stage.finish().await
}

/// Who has applied a part goes on behind it.
///
/// # Errors
/// What the transport has broken.
pub async fn a_subscriber_goes_on_from_the_middle(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(150)).await?;
    stage.subscribe().await?;
    stage.settle().await?;
    stage.unsubscribe().await?;
    stage.write(lines(150)).await?;
    stage.subscribe().await?;
    stage.settle().await?;
    stage.write(lines(150)).await?;
    stage.finish().await
}

/// Events that are published while somebody follows arrive sooner than a look once a second
/// would find them.
///
/// # Errors
/// What the transport has broken.
pub async fn what_is_published_live_arrives_soon(ground: Ground) -> Result<(), Failure> {
    let must_be_quick = ground.carrier.is_complete();
    let mut stage = Stage::open(ground).await?;
    stage.write(lines(1)).await?;
    stage.subscribe().await?;
    stage.settle().await?;
    let clock = tidings::Clock::system();
    let began = clock.now();
    for number in 0..LIVE {
        stage.write(lines(1)).await?;
        stage.applied(number + 2).await?;
    }
    let took = clock.now().since(began);
    if must_be_quick && took > LIVE_WITHIN {
        let text = format!("{LIVE} events, one by one, took {took:?}: it does not wake");
        return Err(Failure::Broken(text));
    }
    stage.finish().await
}
