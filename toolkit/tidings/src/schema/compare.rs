//! What a change of a schema breaks.
//!
//! A schema says what a writer may write and what a reader can read. So a change is judged by
//! one question, asked twice: can whoever reads by the one schema read everything that is
//! written by the other? It is answered for what schemas of types consist of. Where it cannot
//! be answered the change counts as breaking, unless nothing has changed.

mod reading;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub(super) use reading::{alternatives, kind, kind_of, range, required};

/// Which changes of an event are allowed without a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// New builds read what old ones have written. Enough where every reader is deployed
    /// before the writer.
    Backward,
    /// Old builds read what new ones write.
    Forward,
    /// Both: builds may go out in any order.
    Full,
}

impl fmt::Display for Compatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compatibility::Backward => "backward",
            Compatibility::Forward => "forward",
            Compatibility::Full => "full",
        })
    }
}

/// Something that a reader cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where in the data: `/lines/*/price`; empty for the whole.
    pub path: String,
    /// What of it.
    pub text: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.path.as_str() {
            "" => "the data",
            path => path,
        };
        write!(f, "{path}: {}", self.text)
    }
}

/// What a change breaks, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What new builds cannot read of what old ones have written.
    pub backward: Vec<Broken>,
    /// What old builds cannot read of what new ones write.
    pub forward: Vec<Broken>,
    /// What was required and is no more, which no rule allows without a new version (X-08).
    pub removed: Vec<Broken>,
}

impl Comparison {
    /// What is broken that must not be.
    #[must_use]
    pub fn broken(&self, demanded: Compatibility) -> Vec<Broken> {
        let both = [&self.backward[..], &self.forward[..]].concat();
        let mut broken = match demanded {
            Compatibility::Backward => [&self.backward[..], &self.removed[..]].concat(),
            Compatibility::Forward => self.forward.clone(),
            Compatibility::Full => both,
        };
        // What breaks both sides is said once.
        let mut said = Vec::new();
        broken.retain(|one| {
            let is_new = !said.contains(one);
            said.push(one.clone());
            is_new
        });
        broken
    }
}

/// Compares a schema with the one that takes its place.
///
/// ```
/// use serde_json::json;
/// use tidings::schema::compare;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
/// let mut new = old.clone();
/// new["properties"]["note"] = json!({"type": "string"});
/// assert_eq!(compare(&old, &new), Default::default());
/// new["required"] = json!(["id", "note"]);
/// let broken = compare(&old, &new);
/// assert_eq!(broken.backward[0].to_string(), "/note: is required, and may be missing");
/// assert_eq!(broken.forward, []);
/// ```
#[must_use]
pub fn compare(old: &Value, new: &Value) -> Comparison {
    let forward = reading::read(old, new);
    let is_gone = |one: &&Broken| one.text == reading::IS_GONE;
    let removed = forward.iter().filter(is_gone).cloned().collect();
    let mut backward = reading::read(new, old);
    for one in &mut backward {
        if is_gone(&&*one) {
            // Old events may or may not have what nothing said of them.
            reading::MAY_BE_MISSING.clone_into(&mut one.text);
        }
    }
    Comparison {
        backward,
        forward,
        removed,
    }
}

#[cfg(test)]
mod tests;
