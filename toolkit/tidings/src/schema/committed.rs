//! Schemas as files beside the code: `<stream>/<event>/<version>.json`, each there for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::{Broken, Contract, Contracts, compare};

/// How many broken places of one schema are named.
const BROKEN_MAX: usize = 10;

/// Something that is not as it must be, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A file, or a name on the wire.
    pub subject: String,
    /// What of it, as a fragment that fits behind the subject.
    pub text: String,
}

impl Finding {
    pub(super) fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            text: text.into(),
        }
    }
}

/// Everything that is not as it must be. It reads the same as `Debug`, which is what a test
/// shows that returns it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    pub(super) fn of(all: Vec<Finding>) -> Result<(), Self> {
        match all.is_empty() {
            true => Ok(()),
            false => Err(Self(all)),
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{} {}", one.subject, one.text)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "contracts are not as they must be:\n{self}")
    }
}

impl Contract {
    /// Where its schema is, below the folder of all: `orders/order.created/1.json`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        Path::new(&self.stream)
            .join(self.name)
            .join(format!("{}.json", self.version))
    }
}

/// How a schema in the code stands to its file.
enum Standing {
    Same,
    Missing,
    /// It has changed, and nobody minds.
    Changed,
    /// It has changed, and somebody could not read it.
    Broken(Vec<Broken>),
    Unreadable(String),
}

impl Contracts {
    /// Whether every schema is in its file, no file is without its type, and nothing has
    /// changed that somebody could not read.
    ///
    /// # Errors
    /// What is not so, each with what to do.
    pub fn check(&self, folder: &Path) -> Result<(), Findings> {
        let mut found: Vec<Finding> = self.findings().cloned().collect();
        for one in self.all() {
            let file = folder.join(one.file()).display().to_string();
            let text = match standing(folder, one) {
                Standing::Same => continue,
                Standing::Missing => "is missing: write it with `tidings schema write` (or \
                    `Contracts::write`) and commit it"
                    .to_owned(),
                Standing::Changed => "is not what the type says, and may become it: nobody is \
                    broken. Write it with `tidings schema write` (or `Contracts::write`) and \
                    commit it"
                    .to_owned(),
                Standing::Broken(broken) => refusal(one, &broken),
                Standing::Unreadable(why) => why,
            };
            found.push(Finding::new(file, text));
        }
        self.look_for_strays(folder, &mut found);
        Findings::of(found)
    }

    /// Writes the schemas that are new, or have changed so that nobody is broken. Says which
    /// files it has written.
    ///
    /// # Errors
    /// Changes that break somebody and need a new version; then nothing is written. And files
    /// that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, Findings> {
        let (mut refused, mut due) = (Vec::new(), Vec::new());
        for one in self.all() {
            let file = folder.join(one.file());
            match standing(folder, one) {
                Standing::Same => {}
                Standing::Missing | Standing::Changed => due.push((file, one)),
                Standing::Broken(broken) => {
                    let file = file.display().to_string();
                    refused.push(Finding::new(file, refusal(one, &broken)));
                }
                Standing::Unreadable(why) => {
                    refused.push(Finding::new(file.display().to_string(), why));
                }
            }
        }
        Findings::of(refused)?;
        let mut written = Vec::new();
        for (file, one) in due {
            let text = format!("{:#}\n", one.schema);
            let folder = file.parent().unwrap_or(folder);
            let outcome = fs::create_dir_all(folder).and_then(|()| fs::write(&file, text));
            match outcome {
                Ok(()) => written.push(file),
                Err(error) => {
                    let file = file.display().to_string();
                    let text = format!("cannot be written: {error}");
                    return Err(Findings(vec![Finding::new(file, text)]));
                }
            }
        }
        Ok(written)
    }

    /// Files whose events this build cannot read.
    fn look_for_strays(&self, folder: &Path, found: &mut Vec<Finding>) {
        let mut known = BTreeSet::new();
        let mut newest = BTreeMap::new();
        for one in self.all() {
            known.insert(one.file());
            if one.is_newest {
                newest.insert((one.stream.as_str(), one.name), one);
            }
        }
        for one in newest.values() {
            for version in 1..one.version {
                let file = Path::new(&one.stream).join(one.name);
                let file = file.join(format!("{version}.json"));
                let has_type = known.contains(&file);
                let file = folder.join(file);
                let subject = file.display().to_string();
                if !one.reads.contains(&version) {
                    let text = format!(
                        "has no upcast: events of it are stored and on their way. Say \
                         upcast({version} = …), a function that makes its data that of version {}",
                        version + 1
                    );
                    found.push(Finding::new(subject, text));
                } else if !has_type && !file.is_file() {
                    let text = "is missing: an upcast reads this version. Take its file from \
                        the commit before the new version, or name its type with `earlier`";
                    found.push(Finding::new(subject, text));
                }
            }
        }
        for (stream, name, version) in committed(folder) {
            let file = Path::new(&stream).join(&name);
            let file = file.join(format!("{version}.json"));
            let is_read = newest
                .get(&(stream.as_str(), name.as_str()))
                .is_some_and(|one| one.version > version);
            if !known.contains(&file) && !is_read {
                let text = "has no type: what was once published is stored and on its way. Keep \
                    its type; remove the file with the type, once nothing holds such an event";
                let subject = folder.join(file).display().to_string();
                found.push(Finding::new(subject, text));
            }
        }
    }
}

fn standing(folder: &Path, one: &Contract) -> Standing {
    let file = folder.join(one.file());
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Standing::Missing,
        Err(error) => return Standing::Unreadable(format!("cannot be read: {error}")),
    };
    let old: Value = match serde_json::from_str(&text) {
        Ok(old) => old,
        Err(error) => return Standing::Unreadable(format!("is not JSON: {error}")),
    };
    if old == one.schema {
        return Standing::Same;
    }
    let broken = compare(&old, &one.schema).broken(one.compatibility);
    match broken.is_empty() {
        true => Standing::Changed,
        false => Standing::Broken(broken),
    }
}

fn refusal(one: &Contract, broken: &[Broken]) -> String {
    let Contract {
        version,
        compatibility,
        ..
    } = one;
    let mut places: Vec<String> = broken.iter().map(ToString::to_string).collect();
    if places.len() > BROKEN_MAX {
        let more = places.len() - BROKEN_MAX;
        places.truncate(BROKEN_MAX);
        places.push(format!("and {more} more"));
    }
    let next = version + 1;
    format!(
        "is not what the type says, and the change is not compatible (rule: {compatibility}): {}. \
         Take it back, or give it a new version: version = {next}, upcast({version} = …)",
        places.join("; ")
    )
}

/// Stream, event and version of every file.
fn committed(folder: &Path) -> Vec<(String, String, u16)> {
    let mut all = Vec::new();
    for (stream, path) in entries(folder) {
        for (name, path) in entries(&path) {
            for (file, _) in entries(&path) {
                let version = file.strip_suffix(".json");
                if let Some(version) = version.and_then(|version| version.parse().ok()) {
                    all.push((stream.clone(), name.clone(), version));
                }
            }
        }
    }
    all
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named =
        entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let mut all: Vec<_> = named.collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests;
