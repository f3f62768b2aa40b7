//! The data folder: ours alone, and only one server's at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::Error;

const LOCK_FILE: &str = "lock";

/// A data folder that is held until this is dropped. The system lets go of it with the
/// process, however that ends.
pub(crate) struct Folder {
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, and takes it.
    ///
    /// # Errors
    /// When it cannot be made or written, or another process has it.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            folder: folder.to_owned(),
            source,
        };
        make(folder).map_err(failed)?;
        let lock = open_private(&folder.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse {
                folder: folder.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Passwords' hashes, sessions and signing keys are in it: nobody else's business.
fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut permissions = fs::metadata(folder)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        fs::set_permissions(folder, permissions)?;
    }
    Ok(())
}

/// Opens a file for writing that only its owner can read; made if it is missing.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
