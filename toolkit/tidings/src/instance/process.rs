//! Whether an instance of this machine has ended, without waiting for its beat.
//!
//! A process that was killed and is started again would otherwise wait for its own predecessor.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::Uuid;

/// The instances of this process.
static ALIVE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// An instance of this process; it is gone when this is dropped.
pub(super) struct Alive(String);

impl Alive {
    pub(super) fn new(id: &str) -> Self {
        let mut alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
        alive.insert(id.to_owned());
        Self(id.to_owned())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        let mut alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
        alive.remove(&self.0);
    }
}

/// This process: its machine's boot and name space, its number, and when it began, because
/// numbers are used again. Where the system does not tell, something that nobody else has.
pub(super) fn here() -> &'static str {
    static HERE: OnceLock<String> = OnceLock::new();
    HERE.get_or_init(|| {
        let number = std::process::id();
        let found = ground().zip(began(number));
        let found = found.map(|(ground, began)| format!("{ground} {number} {began}"));
        found.unwrap_or_else(|| Uuid::new_v4().to_string())
    })
}

/// Whether it is certain that an instance has ended. Of other machines nothing is.
pub(super) fn is_gone(process: &str, id: &str) -> bool {
    if process == here() {
        let alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
        return !alive.contains(id);
    }
    let parts: Vec<&str> = process.rsplitn(3, ' ').collect();
    let [began_then, number, its_ground] = parts[..] else {
        return false;
    };
    let number = number.parse().ok();
    let is_here = ground().is_some_and(|ground| ground == its_ground);
    is_here && number.is_some_and(|number| began(number).as_deref() != Some(began_then))
}

/// The boot of the machine and the name space in which process numbers mean something.
fn ground() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), space.display()))
}

/// When a process began, in ticks since the boot; nothing when there is none of the number.
fn began(number: u32) -> Option<String> {
    let stat = Path::new("/proc").join(number.to_string()).join("stat");
    let text = fs::read_to_string(stat).ok()?;
    // The name, in parentheses, may hold spaces; what comes behind it does not.
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_here_is_gone_and_what_is_elsewhere_may_live() {
        let alive = Alive::new("one");
        assert!(!is_gone(here(), "one"));
        drop(alive);
        assert!(is_gone(here(), "one"));
        assert!(!is_gone("another boot pid:[1] 7 12", "one"));
        assert!(!is_gone("", "one"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_this_machine_is_gone_when_its_number_is_free_or_another_ones() {
        let ground = ground().unwrap();
        let mine = began(std::process::id()).unwrap();
        let parent = std::os::unix::process::parent_id();
        let since = began(parent).unwrap();
        assert!(!is_gone(&format!("{ground} {parent} {since}"), "one"));
        assert!(is_gone(&format!("{ground} {parent} {since}1"), "one"));
        assert!(is_gone(&format!("{ground} 4999999 {mine}"), "one"));
    }
}
