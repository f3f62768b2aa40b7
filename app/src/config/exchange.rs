//! The table `[tasks]` of `tidings.toml`: how tasks are dealt, told of and called.

use tasks::{Labels, Records, SameAssignee, Settings};

use super::{File, Origin, Said};
use crate::Error;

/// Letters of a label, at the most: it stands in tables and on badges.
const LABEL_LETTERS_MAX: usize = 30;

const SAME_ASSIGNEE: [(&str, SameAssignee); 3] = [
    ("charge", SameAssignee::Charge),
    ("skip", SameAssignee::Skip),
    ("exclude", SameAssignee::Exclude),
];

/// What is in force.
pub(crate) struct Tasks {
    same_assignee: Said<SameAssignee>,
    records: Said<Records>,
    open: Said<String>,
    completed: Said<String>,
}

impl Tasks {
    /// What the file says, and the defaults for what it does not.
    pub(super) fn of(file: &mut File) -> Result<Self, Error> {
        let written = std::mem::take(&mut file.tasks);
        let usual = Settings::default();
        let same_assignee = written
            .same_assignee
            .map(|said| said.try_map(same_assignee));
        let records = written.records.map(|said| said.try_map(records));
        let open = written.open.map(|said| said.try_map(label));
        let completed = written.completed.map(|said| said.try_map(label));
        Ok(Self {
            same_assignee: or(same_assignee, usual.same_assignee)?,
            records: or(records, usual.records)?,
            open: or(open, usual.labels.open)?,
            completed: or(completed, usual.labels.completed)?,
        })
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            same_assignee: self.same_assignee.value,
            records: self.records.value,
            labels: Labels {
                open: self.open.value.clone(),
                completed: self.completed.value.clone(),
            },
            ..Settings::default()
        }
    }

    /// For `tidings config`: name, value, who has said it.
    pub(super) fn shown(&self) -> [(String, (String, Origin)); 4] {
        let same = &self.same_assignee;
        let word = SAME_ASSIGNEE.iter().find(|(_, one)| *one == same.value);
        let word = word.map_or("", |(word, _)| word);
        let version = match self.records.value {
            Records::First => "1",
            Records::Second => "2",
        };
        let row = |name: &str, value: &str, by: &Origin| {
            (format!("tasks.{name}"), (value.to_owned(), by.clone()))
        };
        [
            row("same_assignee", word, &same.by),
            row("records", version, &self.records.by),
            row("open", &self.open.value, &self.open.by),
            row("completed", &self.completed.value, &self.completed.by),
        ]
    }
}

fn or<T>(said: Option<Result<Said<T>, Error>>, usual: T) -> Result<Said<T>, Error> {
    said.unwrap_or_else(|| Ok(Said::default(usual)))
}

fn same_assignee(text: String) -> Result<SameAssignee, String> {
    let found = SAME_ASSIGNEE.iter().find(|(word, _)| *word == text);
    let found = found.map(|(_, same_assignee)| *same_assignee);
    found.ok_or_else(|| format!("{text:?} is not one of charge, skip, exclude"))
}

fn records(version: i64) -> Result<Records, String> {
    match version {
        1 => Ok(Records::First),
        2 => Ok(Records::Second),
        other => Err(format!(
            "records of tasks have versions 1 and 2, not {other}"
        )),
    }
}

fn label(text: String) -> Result<String, String> {
    let text = text.trim();
    let letters = text.chars().count();
    match (1..=LABEL_LETTERS_MAX).contains(&letters) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "the name of a state is one line of 1 to {LABEL_LETTERS_MAX} letters"
        )),
    }
}
