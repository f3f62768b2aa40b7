//! Slow readers, and readers that have stopped reading.

use std::fs;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::conformance::letters::{Paper, SLOW, letter};
use crate::conformance::stage::{Stage, pause};
use crate::conformance::{Failure, Ground};

/// One event of the volume, which is more than anybody may keep in memory for a reader.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 1536;
/// What a process may grow by while it waits: far less than the volume, and more than the
/// buffers and caches of everything else that runs in it.
const GROWTH_MAX: u64 = 60 * 1024 * 1024;

/// The measure is of the whole process, so only one of these stories runs in it at a time.
static MEASURING: Mutex<()> = Mutex::const_new(());

/// A reader that takes its time gets everything, and nothing twice: nobody gives up on it.
///
/// # Errors
/// What the transport has broken.
pub async fn a_slow_subscriber_gets_everything(ground: Ground) -> Result<(), Failure> {
    let mut stage = Stage::open(ground).await?;
    stage.subscribe().await?;
    let line = |number| letter(format!("key-{}", number % 10), format!("{SLOW}{number}"));
    for turn in 0..10 {
        let lines = (turn * 40..(turn + 1) * 40).map(line);
        stage.write(lines.collect()).await?;
    }
    stage.finish().await
}

/// A receiver from which nobody takes anything, while 96 MB are published, does not gather them
/// in memory; who takes again then gets what is asked for and no more. As much is published
/// before, so that caches and buffers that are meant to fill are full.
///
/// It can be told only where the kernel says how much a process uses; elsewhere the story is
/// the same and the measure is left out.
///
/// # Errors
/// What the transport has broken.
pub async fn what_nobody_takes_is_not_gathered_without_bound(
    ground: Ground,
) -> Result<(), Failure> {
    let _measuring = MEASURING.lock().await;
    let mut stage = Stage::open(ground).await?;
    // Not by the watched one: that keeps what it sees.
    let route = stage.carrier.route().map_err(Failure::Carrier)?;
    let slots = 0..Paper::Letters.slots();
    let cursors: Vec<(u16, u64)> = slots.map(|slot| (slot, 0)).collect();
    let opening = route.transport.open(Paper::Letters.stream(), &cursors);
    let mut receiver = opening.await?;
    receiver.receive(1).await?;
    stage.write_volume(PIECES, PIECE, || {}).await?;
    let before = memory();
    let mut most = before;
    stage
        .write_volume(PIECES, PIECE, || most = most.max(memory()))
        .await?;
    for _ in 0..20 {
        pause(Duration::from_millis(50)).await;
        most = most.max(memory());
    }
    for _ in 0..10 {
        receiver.receive(10).await?;
        most = most.max(memory());
    }
    let growth = most.saturating_sub(before);
    if growth > GROWTH_MAX {
        let text = format!("while nobody received, the process has grown by {growth} bytes");
        return Err(Failure::Broken(text));
    }
    Ok(())
}

/// The bytes that this process has in memory, by the kernel's count.
fn memory() -> u64 {
    let read = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = read.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4096
}
