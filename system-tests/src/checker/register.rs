//! The register of platforms and the repository of commands.
//!
//! Rules: A-13 each version of a platform is one record of the changes and one event, A-28 each
//! version of a command is one revision, and one event as well; the uses of a command are as
//! many as were written down.

use std::collections::BTreeMap;
use std::fmt;

use super::Findings;
use super::snapshot::Snapshot;
use crate::{Books, Failure};

/// A platform of `platforms`.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Whether it is in the archive.
    pub is_archived: bool,
    /// How often it has changed.
    pub version: i64,
}

/// A record of what was changed of a platform.
#[derive(Clone, Debug)]
pub struct Change {
    /// Of which.
    pub platform: String,
    /// `create`, `update`, `archive`.
    pub action: String,
    /// What it was called afterwards.
    pub name: String,
    /// The label of its version afterwards.
    pub mark: String,
}

/// A command of `commands`.
#[derive(Clone, Debug)]
pub struct Command {
    /// What it does.
    pub how_to: String,
    /// How often it has changed.
    pub version: i64,
    /// How many revisions of it are kept, and the number of the last.
    pub revisions: [i64; 2],
    /// How often it was used, by its own count.
    pub uses: i64,
}

/// Everything of the two, by id.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// All platforms.
    pub platforms: BTreeMap<String, Platform>,
    /// All changes of platforms.
    pub changes: Vec<Change>,
    /// All commands.
    pub commands: BTreeMap<String, Command>,
    /// All uses: the command of each, and its note.
    pub usages: BTreeMap<String, (String, String)>,
}

impl Register {
    pub(super) async fn read(books: &Books) -> Result<Self, Failure> {
        let mut register = Self::default();
        register.read_platforms(books).await?;
        register.read_commands(books).await?;
        Ok(register)
    }

    async fn read_platforms(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT id, name, archived_at, version FROM platforms";
        for line in books.read("platforms", sql).await? {
            let platform = Platform {
                name: line.text(1),
                is_archived: !line.text(2).is_empty(),
                version: line.number(3)?,
            };
            self.platforms.insert(line.text(0), platform);
        }
        let sql = "SELECT entity_id, action, after FROM changes WHERE entity = 'platform'";
        for line in books.read("platforms", sql).await? {
            let after: serde_json::Value = serde_json::from_str(&line.text(2))?;
            let text = |name: &str| after[name].as_str().unwrap_or_default().to_owned();
            self.changes.push(Change {
                platform: line.text(0),
                action: line.text(1),
                name: text("name"),
                mark: text("version_label"),
            });
        }
        Ok(())
    }

    async fn read_commands(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT c.id, c.how_to, c.version, coalesce(u.uses, 0),
                (SELECT count(*) FROM revisions r WHERE r.command_id = c.id),
                (SELECT coalesce(max(r.version), 0) FROM revisions r WHERE r.command_id = c.id)
            FROM commands c LEFT JOIN uses u ON u.command_id = c.id";
        for line in books.read("commands", sql).await? {
            let command = Command {
                how_to: line.text(1),
                version: line.number(2)?,
                uses: line.number(3)?,
                revisions: [line.number(4)?, line.number(5)?],
            };
            self.commands.insert(line.text(0), command);
        }
        let sql = "SELECT id, command_id, note FROM usages";
        for line in books.read("commands", sql).await? {
            let of = (line.text(1), line.text(2));
            self.usages.insert(line.text(0), of);
        }
        Ok(())
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} platforms changed {} times, {} commands used {} times",
            self.platforms.len(),
            self.changes.len(),
            self.commands.len(),
            self.usages.len(),
        )
    }
}

pub(super) fn check(snapshot: &Snapshot, findings: &mut Findings) {
    let register = &snapshot.register;
    let changes = counted(register.changes.iter().map(|change| &change.platform));
    let told = counted(snapshot.events_of("platforms").map(|event| &event.key));
    for (id, platform) in &register.platforms {
        let counts = [&changes, &told].map(|counts| counts.get(id).copied().unwrap_or(0));
        findings.unless(counts == [platform.version; 2], "A-13", || {
            format!("{id} {platform:?} has {counts:?} records and events")
        });
    }
    for id in changes.keys() {
        findings.unless(register.platforms.contains_key(*id), "A-13", || {
            format!("{id} was changed and is no platform")
        });
    }
    let uses = counted(register.usages.values().map(|(command, _)| command));
    let told = counted(snapshot.events_of("commands").map(|event| &event.key));
    for (id, command) in &register.commands {
        findings.unless(command.revisions == [command.version; 2], "A-28", || {
            format!("{id} {command:?}")
        });
        let told = told.get(id).copied().unwrap_or(0);
        findings.unless(told == command.version, "A-28", || {
            format!("{id} {command:?} has {told} events")
        });
        let used = uses.get(id).copied().unwrap_or(0);
        findings.unless(used == command.uses, "every use is counted", || {
            format!("{id} {command:?} was used {used} times")
        });
    }
}

/// How often each of them is there.
fn counted<'a>(ids: impl Iterator<Item = &'a String>) -> BTreeMap<&'a String, i64> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_insert(0) += 1;
    }
    counts
}
