//! Which user of the operating system owns the database: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome, WhileDoing};

pub(crate) struct Account {
    uid: u32,
    /// Set when we are root and have to become somebody else.
    switch_to_group: Option<u32>,
}

impl Account {
    /// Ourselves, or the user `postgres` that Debian's package makes where we are root.
    pub(crate) fn for_database() -> Outcome<Account> {
        let uid = our_uid()?;
        if uid != 0 {
            return Ok(Account {
                uid,
                switch_to_group: None,
            });
        }
        let users = fs::read_to_string("/etc/passwd").while_doing("read /etc/passwd")?;
        let (uid, gid) = ids_of("postgres", &users).ok_or_else(|| {
            Failure::new("PostgreSQL refuses to run as root and there is no user `postgres`")
        })?;
        Ok(Account {
            uid,
            switch_to_group: Some(gid),
        })
    }

    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    pub(crate) fn runs(&self, command: &mut Command) {
        if let Some(gid) = self.switch_to_group {
            command.uid(self.uid).gid(gid);
        }
    }

    pub(crate) fn gets(&self, folder: &Path) -> Outcome {
        if let Some(gid) = self.switch_to_group {
            chown(folder, Some(self.uid), Some(gid))
                .while_doing(format!("give {} to the database", folder.display()))?;
        }
        Ok(())
    }
}

/// Linux tells a process who it is by who owns its folder under /proc.
pub(crate) fn our_uid() -> Outcome<u32> {
    let own = fs::metadata("/proc/self").while_doing("find out which user this is")?;
    Ok(own.uid())
}

fn ids_of(name: &str, passwd: &str) -> Option<(u32, u32)> {
    let mut fields = passwd
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .split(':')
        .skip(1);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some((uid, gid))
}

#[cfg(test)]
mod tests {
    use super::ids_of;

    #[test]
    fn only_the_whole_name_of_a_user_counts() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\n\
                      postgresql:x:7:7::/:/bin/sh\n\
                      postgres:x:101:104:PostgreSQL administrator,,,:/var/lib:/bin/bash\n";
        assert_eq!(ids_of("postgres", passwd), Some((101, 104)));
        assert_eq!(ids_of("postgre", passwd), None);
    }
}
