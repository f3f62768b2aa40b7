//! The data folder: ours alone, and each service's part of it only one server's at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::Error;

const LOCK_FILE: &str = "lock";
const MOVED_FILE: &str = "moved.txt";

/// A data folder that is held until this is dropped. The system lets go of it with the
/// process, however that ends.
pub(crate) struct Folder {
    _locks: Vec<File>,
}

impl Folder {
    /// Takes the folder of an installation for a command that works on it.
    ///
    /// # Errors
    /// When there is none, the folder cannot be written, or another process has it.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            folder: folder.to_owned(),
            source,
        };
        must_have_installation(folder)?;
        make(folder).map_err(failed)?;
        let lock = open_private(&folder.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _locks: vec![lock] }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse {
                folder: folder.to_owned(),
                service: None,
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Makes the folder if it is missing, and takes the part of it that belongs to these
    /// services: processes that run different ones share it.
    ///
    /// # Errors
    /// When it cannot be made or written, or another process has it or one of these.
    pub(crate) fn share(folder: &Path, services: &[&'static str]) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            folder: folder.to_owned(),
            source,
        };
        make(folder).map_err(failed)?;
        let whole = open_private(&folder.join(LOCK_FILE)).map_err(failed)?;
        let mut locks = vec![held(whole.try_lock_shared(), folder, None).map(|()| whole)?];
        for service in services {
            let name = format!("{LOCK_FILE}.{service}");
            let lock = open_private(&folder.join(name)).map_err(failed)?;
            held(lock.try_lock(), folder, Some(*service))?;
            locks.push(lock);
        }
        Ok(Self { _locks: locks })
    }
}

fn held(
    outcome: Result<(), TryLockError>,
    folder: &Path,
    service: Option<&'static str>,
) -> Result<(), Error> {
    let folder = folder.to_owned();
    outcome.map_err(|error| match error {
        TryLockError::WouldBlock => Error::InUse { folder, service },
        TryLockError::Error(source) => Error::Folder { folder, source },
    })
}

/// The note that a folder's installation is somewhere else now.
pub(crate) struct Moved {
    file: PathBuf,
}

impl Moved {
    /// The note of a folder, there or not.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = folder.join(MOVED_FILE);
        Self { file }
    }

    /// Refuses to work on SQLite files that an installation was moved out of.
    ///
    /// # Errors
    /// When there is a note.
    pub(crate) fn refuse(&self) -> Result<(), Error> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Err(Error::MovedAway {
                file: self.file.clone(),
                target: text.lines().next().unwrap_or_default().to_owned(),
            }),
            Err(_) => Ok(()),
        }
    }

    /// Takes the note away.
    pub(crate) fn forget(&self) -> io::Result<()> {
        fs::remove_file(&self.file)
    }

    /// Writes the note, and brings it to disk.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn note(&self, target: &str) -> io::Result<PathBuf> {
        let mut file = open_private(&self.file)?;
        file.set_len(0)?;
        writeln!(
            file,
            "{target}\n\n\
             The installation in this folder was moved there. Remove this file to start on the\n\
             files in this folder all the same: they are as they were when it was moved."
        )?;
        file.sync_all()?;
        let folder = self
            .file
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(self.file.clone())
    }
}

/// Refuses a folder in which no service has its database: a name that was mistyped must not
/// become a new installation, of which a command then says that all is well. What cannot be read
/// says why when it is opened.
pub(crate) fn must_have_installation(folder: &Path) -> Result<(), Error> {
    let is_database = |name: &Path| name.extension() == Some("db".as_ref());
    let has_any = match fs::read_dir(folder) {
        Ok(mut files) => {
            files.any(|file| file.is_ok_and(|file| is_database(file.file_name().as_ref())))
        }
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    match has_any {
        true => Ok(()),
        false => Err(Error::NoInstallation {
            folder: folder.to_owned(),
        }),
    }
}

/// Passwords' hashes, sessions and signing keys are in it: nobody else's business. A folder
/// that is there already keeps its mode (it may be somebody's home), so every file gets one.
fn make(folder: &Path) -> io::Result<()> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
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
