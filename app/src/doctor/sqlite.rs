//! SQLite files, and the disk that they are on.

use std::io;
use std::path::Path;

use rustix::fs::{statfs, statvfs};
use tidings::inspect::InspectedService;
use tidings::{Db, Error, chain};

use super::finding::{Findings, Grade};
use super::one_line;

const SECTION: &str = "database";
const MEBIBYTE: u64 = 1024 * 1024;
const FREE_LEAST: u64 = 200 * MEBIBYTE;
const FREE_GOOD: u64 = 2048 * MEBIBYTE;
/// A log that has grown beyond this has not been emptied for long.
const LOG_MOST: u64 = 512 * MEBIBYTE;
/// Older versions can corrupt a database when the log starts anew under load.
const OLDEST: [u32; 3] = [3, 51, 3];

/// What kinds of file systems there are, by the magic number that the system gives.
const FILE_SYSTEMS: &[(u64, &str, Grade, &str)] = &[
    (0xef53, "ext4", Grade::Ok, ""),
    (0x5846_5342, "xfs", Grade::Ok, ""),
    (0x9123_683e, "btrfs", Grade::Ok, ""),
    (0x2fc1_2fc1, "zfs", Grade::Ok, ""),
    (0xf2f5_2010, "f2fs", Grade::Ok, ""),
    (0x6969, "nfs", Grade::Problem, NETWORK),
    (0xff53_4d42, "cifs", Grade::Problem, NETWORK),
    (0xfe53_4d42, "smb", Grade::Problem, NETWORK),
    (0x517b, "smb", Grade::Problem, NETWORK),
    (0x00c3_6400, "ceph", Grade::Problem, NETWORK),
    (0x5346_414f, "afs", Grade::Problem, NETWORK),
    (0x0102_1997, "9p", Grade::Problem, NETWORK),
    (0x0102_1994, "tmpfs", Grade::Problem, MEMORY),
    (0x8584_58f6, "ramfs", Grade::Problem, MEMORY),
    (0x794c_7630, "overlay", Grade::Warning, OVERLAY),
    (0x6573_5546, "fuse", Grade::Warning, FUSE),
];
const NETWORK: &str = "a network file system: its locks and syncs cannot be relied upon, and the \
    files can be damaged; use a local disk, or PostgreSQL";
const MEMORY: &str = "kept in memory: everything is gone when the machine stops";
const OVERLAY: &str = "the inside of a container: everything is gone with it; mount a volume";
const FUSE: &str = "a file system in user space: whether a sync reaches the disk depends on it";

/// Why nothing can be said of a folder. What may not be read is not what has not begun.
pub(super) fn unreadable(folder: &Path) -> Option<String> {
    let error = std::fs::read_dir(folder).err()?;
    Some(match error.kind() {
        io::ErrorKind::NotFound => {
            "is not there: say where the installation is with --data, or --database".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    })
}

pub(super) async fn look(folder: &Path, services: &[&InspectedService], findings: &mut Findings) {
    file_system(folder, findings);
    free_space(folder, findings);
    for service in services {
        let Some(db) = &service.db else { continue };
        if let Err(error) = file(folder, service.name, db, findings).await {
            let text = format!("cannot be read: {}", one_line(&chain(&error)));
            findings.problem(SECTION, service.name, &text);
        }
    }
    if let Some(db) = services.iter().find_map(|service| service.db.as_ref())
        && let Err(error) = version(db, findings).await
    {
        findings.problem(SECTION, "SQLite", &one_line(&chain(&error)));
    }
    let text = "a commit is acknowledged when the log is synced; commits that come together \
        share one sync";
    findings.ok(SECTION, "commits", text);
    let text = "only what is copied away survives the disk: back up the folder with the server \
        stopped, or with `VACUUM INTO`";
    findings.ok(SECTION, "copies", text);
}

async fn version(db: &Db, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT sqlite_version()";
    let (version,): (String,) = db.read().await?.query_one(sql, &[]).await?;
    let numbers: Vec<u32> = version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    if numbers.as_slice() < OLDEST.as_slice() {
        let text = format!("{version} is too old: 3.51.3 is the oldest that is safe");
        findings.problem(SECTION, "SQLite", &text);
    } else {
        findings.ok(SECTION, "SQLite", &version);
    }
    Ok(())
}

/// One file: only what is not as it should be.
async fn file(folder: &Path, service: &str, db: &Db, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT journal_mode FROM pragma_journal_mode";
    let (mode,): (String,) = db.read().await?.query_one(sql, &[]).await?;
    if mode != "wal" {
        let text = format!("keeps a {mode} journal, not a log; services make it one at a start");
        findings.warning(SECTION, &format!("{service}.db"), &text);
    }
    let log = std::fs::metadata(folder.join(format!("{service}.db-wal")));
    let bytes = log.map_or(0, |log| log.len());
    if bytes > LOG_MOST {
        let text = format!(
            "is {} MB: somebody reads from the file without an end, or the server was killed",
            bytes / MEBIBYTE
        );
        findings.warning(SECTION, &format!("{service}.db-wal"), &text);
    }
    Ok(())
}

fn file_system(folder: &Path, findings: &mut Findings) {
    let subject = "file system";
    match statfs(folder) {
        Ok(found) => {
            let (grade, text) = kind(u64::try_from(found.f_type).unwrap_or(0));
            findings.add(grade, SECTION, subject, &text);
        }
        Err(error) => findings.warning(SECTION, subject, &format!("is not known: {error}")),
    }
}

fn kind(magic: u64) -> (Grade, String) {
    let magic = magic & 0xffff_ffff;
    let found = FILE_SYSTEMS.iter().find(|(known, ..)| *known == magic);
    match found {
        Some((_, name, Grade::Ok, _)) => (Grade::Ok, format!("{name}, on this machine")),
        Some((_, name, grade, text)) => (*grade, format!("{name}, {text}")),
        None => (Grade::Ok, format!("of the kind {magic:#x}")),
    }
}

fn free_space(folder: &Path, findings: &mut Findings) {
    let Ok(found) = statvfs(folder) else {
        return;
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{} MB", free / MEBIBYTE);
    if free < FREE_LEAST {
        let text = format!("{text}: when it is full, nothing can be committed");
        findings.problem(SECTION, "free space", &text);
    } else if free < FREE_GOOD {
        findings.warning(SECTION, "free space", &format!("only {text}"));
    } else {
        findings.ok(SECTION, "free space", &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_a_problem_and_a_local_one_is_not() {
        assert_eq!(kind(0x6969).0, Grade::Problem);
        assert_eq!(
            kind(0xef53),
            (Grade::Ok, "ext4, on this machine".to_owned())
        );
        assert_eq!(kind(0x0102_1994).0, Grade::Problem);
        assert_eq!(kind(0x1234).0, Grade::Ok);
    }
}
