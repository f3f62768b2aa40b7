//! The scheme by itself, with a disk that does as it is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;

use super::GroupCommit;
use crate::Error;

/// A disk whose every sync waits for the test's word.
struct Disk {
    verdicts: mpsc::Sender<io::Result<()>>,
    begun: tokio::sync::mpsc::UnboundedReceiver<()>,
    syncs: Arc<AtomicU64>,
}

fn slow_disk() -> (GroupCommit, Disk) {
    let (verdicts, waiting) = mpsc::channel();
    let (tell, begun) = tokio::sync::mpsc::unbounded_channel();
    let syncs = Arc::<AtomicU64>::default();
    let count = Arc::clone(&syncs);
    let log = GroupCommit::with(move || {
        let _ = tell.send(());
        let verdict = waiting.recv().unwrap_or(Ok(()));
        count.fetch_add(1, SeqCst);
        verdict
    })
    .unwrap();
    let disk = Disk {
        verdicts,
        begun,
        syncs,
    };
    (log, disk)
}

fn commit(log: &GroupCommit) -> u64 {
    let number = log.announce();
    log.written(number);
    number
}

/// Whether the wait is over, without waiting.
async fn acknowledged(log: &GroupCommit, number: u64) -> bool {
    let waited = std::pin::pin!(log.wait_for(number));
    futures_util::poll!(waited).is_ready()
}

/// 1. The first commit is written and its sync begins.
/// 2. The second one is written while that sync runs: it is not covered by it.
/// 3. The first sync returns: the first commit is acknowledged, the second is not.
/// 4. The second sync returns: now the second is.
#[tokio::test]
async fn nothing_is_acknowledged_before_the_sync_that_covers_it_has_returned() {
    let (log, mut disk) = slow_disk();
    let first = commit(&log);
    disk.begun.recv().await.unwrap();
    let second = commit(&log);
    assert!(!acknowledged(&log, first).await);

    disk.verdicts.send(Ok(())).unwrap();
    log.wait_for(first).await.unwrap();
    disk.begun.recv().await.unwrap();
    assert!(!acknowledged(&log, second).await);

    disk.verdicts.send(Ok(())).unwrap();
    log.wait_for(second).await.unwrap();
    assert_eq!(disk.syncs.load(SeqCst), 2);
}

/// A reader sees a commit as soon as COMMIT has run, which is before it is counted as written.
#[tokio::test]
async fn what_a_reader_could_have_seen_counts_before_it_is_written() {
    let (log, disk) = slow_disk();
    let number = log.announce();
    assert_eq!(log.announced(), number);
    assert!(!acknowledged(&log, log.announced()).await);
    log.written(number);
    disk.verdicts.send(Ok(())).unwrap();
    log.wait_for(number).await.unwrap();
}

#[tokio::test]
async fn commits_that_wait_together_share_one_sync() {
    let (log, mut disk) = slow_disk();
    let first = commit(&log);
    disk.begun.recv().await.unwrap();
    let last = (0..63).map(|_| commit(&log)).max().unwrap();
    disk.verdicts.send(Ok(())).unwrap();
    disk.verdicts.send(Ok(())).unwrap();
    log.wait_for(first).await.unwrap();
    log.wait_for(last).await.unwrap();
    assert_eq!(disk.syncs.load(SeqCst), 2, "64 commits");
}

#[tokio::test]
async fn a_failing_sync_fails_all_who_wait_and_everything_after_it() {
    let (log, mut disk) = slow_disk();
    let kept = commit(&log);
    disk.begun.recv().await.unwrap();
    let (lost, also_lost) = (commit(&log), commit(&log));
    disk.verdicts.send(Ok(())).unwrap();
    disk.verdicts
        .send(Err(io::Error::other("no disk")))
        .unwrap();

    let (lost, also_lost) = tokio::join!(log.wait_for(lost), log.wait_for(also_lost));
    assert!(matches!(lost, Err(Error::SyncFailed(_))));
    assert!(matches!(also_lost, Err(Error::SyncFailed(_))));
    assert!(matches!(log.check(), Err(Error::SyncFailed(_))));
    // No second chance: the kernel may have thrown the pages away (fsync would then succeed).
    let later = commit(&log);
    assert!(matches!(
        log.wait_for(later).await,
        Err(Error::SyncFailed(_))
    ));
    // What was on disk before is still acknowledged, however late somebody asks.
    log.wait_for(kept).await.unwrap();
}
