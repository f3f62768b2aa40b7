//! One fsync for many commits.
//!
//! Transactions commit into SQLite's log without syncing it (`synchronous=NORMAL`
//! in WAL mode), then wait here. One thread syncs the log for all that wait, and
//! only then are they acknowledged and their readers woken. A commit alone costs
//! one fsync as before; many at once share one, which is the difference between
//! 280 and tens of thousands a second where an fsync takes 4 ms.
//!
//! NORMAL is safe below this: SQLite itself syncs the log before a checkpoint and
//! the database after it, so a log that starts anew never overwrites what is not
//! on disk elsewhere.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::watch;

use crate::Error;

/// How far the log is written and synced, in commits since the start.
#[derive(Clone, Default)]
struct Synced {
    commits: u64,
    failure: Option<Arc<std::io::Error>>,
}

#[derive(Default)]
struct Written {
    /// Commits that a reader could have seen: counted before COMMIT is run.
    announced: u64,
    /// Commits that are in the log.
    commits: u64,
    closed: bool,
}

struct Shared {
    written: Mutex<Written>,
    more: Condvar,
}

pub(super) struct GroupCommit {
    shared: Arc<Shared>,
    synced: watch::Receiver<Synced>,
}

impl GroupCommit {
    /// Starts the thread that syncs the log of the database at `path`, which must exist already.
    ///
    /// # Errors
    /// When the log cannot be opened or synced.
    pub(super) fn start(path: &Path) -> std::io::Result<Self> {
        let log = File::open(log_path(path))?;
        // What an earlier process committed without syncing becomes visible to
        // readers right away, so it must be durable first; the directory entry too.
        log.sync_data()?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Self::with(move || log.sync_data())
    }

    /// Starts the thread; `sync` brings to disk what is in the log at the moment of the call.
    fn with(sync: impl FnMut() -> std::io::Result<()> + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            written: Mutex::default(),
            more: Condvar::new(),
        });
        let (sender, synced) = watch::channel(Synced::default());
        let thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("tidings-sync".to_owned())
            .spawn(move || sync_forever(sync, &thread, &sender))?;
        Ok(Self { shared, synced })
    }

    /// Gives the commit that is about to be written its number. One writer at a time.
    ///
    /// Before and not after COMMIT: a reader on another thread sees the commit as
    /// soon as COMMIT has run, and must find that it has to wait for it.
    pub(super) fn announce(&self) -> u64 {
        let mut written = lock(&self.shared.written);
        written.announced += 1;
        written.announced
    }

    /// Asks for the sync of the commit that was announced; also when COMMIT has failed,
    /// or those who wait for its number would wait for ever.
    pub(super) fn written(&self, commit: u64) {
        lock(&self.shared.written).commits = commit;
        self.shared.more.notify_one();
    }

    /// Everything that a reader could have seen has this number or a lower one.
    pub(super) fn announced(&self) -> u64 {
        lock(&self.shared.written).announced
    }

    /// Waits until that many commits are on disk. Safe to drop: the sync happens anyway.
    pub(super) async fn wait_for(&self, commits: u64) -> Result<(), Error> {
        let mut synced = self.synced.clone();
        let state = synced
            .wait_for(|state| state.commits >= commits || state.failure.is_some())
            .await
            .map_err(|_| Error::SyncFailed("the sync thread has ended".into()))?;
        match &state.failure {
            // After a failed fsync the kernel may have thrown the pages away and
            // report success the next time, so nothing later is acknowledged any more.
            Some(failure) if state.commits < commits => {
                Err(Error::SyncFailed(Box::new(Arc::clone(failure))))
            }
            _ => Ok(()),
        }
    }

    /// Whether the disk has refused.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.synced.borrow().failure {
            Some(failure) => Err(Error::SyncFailed(Box::new(Arc::clone(failure)))),
            None => Ok(()),
        }
    }
}

impl Drop for GroupCommit {
    fn drop(&mut self) {
        lock(&self.shared.written).closed = true;
        self.shared.more.notify_one();
    }
}

fn sync_forever(
    mut sync: impl FnMut() -> std::io::Result<()>,
    shared: &Shared,
    synced: &watch::Sender<Synced>,
) {
    let mut done = 0;
    loop {
        let mut written = lock(&shared.written);
        while written.commits == done {
            if written.closed {
                return;
            }
            written = shared
                .more
                .wait(written)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let commits = written.commits;
        drop(written);
        match sync() {
            Ok(()) => synced.send_modify(|state| state.commits = commits),
            Err(error) => {
                tracing::error!(error = %error, "the database's log cannot be synced; no more commits are taken");
                synced.send_modify(|state| state.failure = Some(Arc::new(error)));
                return;
            }
        }
        done = commits;
    }
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
