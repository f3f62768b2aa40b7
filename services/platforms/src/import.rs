//! Imports of platforms from a file.
//!
//! A file is read as a whole and refused as a whole when its columns cannot be understood;
//! nothing is stored then. Its rows are stored, with the platform that each speaks of and the
//! version which that has at this moment, before anybody is told that the import was accepted.
//! From then on what one row does depends on no other row of the file: no two may speak of the
//! same platform or end with the same publisher and name, none takes a name that another
//! platform has when the import is accepted, what takes the place of another is in the register
//! by then, and no rows make a circle of such places. So a rehearsal, whose slices are taken
//! back one by one, counts what the real run counts on the same register, and a row that
//! somebody has changed since is told and left alone.

mod accept;
mod circles;
mod decode;
mod header;
mod lines;
mod run;
mod slice;
mod take;
mod targets;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidings::{FieldError, FromRow};

use contracts::PlatformId;

pub(crate) use accept::{Upload, accept, repeat};
pub(crate) use header::{export_columns, known_columns};
pub(crate) use run::{ForgetFiles, as_it_stands, forget_files, take_over};
pub(crate) use slice::{read_slice, write_slice};

/// The largest file, in bytes.
pub(crate) const BYTES_MAX: usize = 25 * 1024 * 1024;
/// The largest form with a file in it, in bytes.
pub(crate) const FORM_BYTES_MAX: usize = BYTES_MAX + 16 * 1024;
/// The longest file, in rows.
pub(crate) const ROWS_MAX: usize = 100_000;
/// The longest file of which all rows or none are taken over: one transaction for more would
/// keep everybody else from writing for too long.
pub(crate) const ATOMIC_ROWS_MAX: usize = 2_000;
/// How many rows are taken over in one transaction.
pub(crate) const SLICE_ROWS: usize = 250;

/// What happens to platforms that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are changed.
    #[default]
    Upsert,
    /// Their rows are mistakes.
    CreateOnly,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::CreateOnly => "create_only",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        let all = [Self::Upsert, Self::CreateOnly];
        all.into_iter().find(|one| one.as_str() == word)
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

impl Format {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        let all = [Self::Csv, Self::Json];
        all.into_iter().find(|one| one.as_str() == word)
    }
}

/// How a file is to be taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) mode: Mode,
    /// A rehearsal: everything is counted and nothing is written.
    pub(crate) dry_run: bool,
    /// All rows or none.
    pub(crate) atomic: bool,
    /// Why, for the history; rows that step back in life need it.
    pub(crate) comment: String,
}

/// What is known of a file besides its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFacts {
    pub(crate) format: Format,
    pub(crate) encoding: String,
    /// What parts the cells of a table.
    pub(crate) delimiter: String,
    pub(crate) name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub(crate) hash: String,
}

/// One row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The row of a spreadsheet, whose first one names the columns; the place in a list of
    /// objects, from 1.
    pub(crate) row: u64,
    /// What it says, by columns, whose names all rows share: a file of 100,000 rows has them
    /// three million times. Of a wrong row nothing is kept.
    pub(crate) cells: Vec<(Arc<str>, String)>,
    pub(crate) wrong: Vec<RowError>,
    /// The platform that it speaks of, if that is there.
    pub(crate) target: Option<Target>,
}

impl Line {
    pub(crate) fn cell(&self, column: &str) -> Option<&str> {
        let mut cells = self.cells.iter();
        let found = cells.find(|(name, _)| **name == *column);
        found.map(|(_, text)| text.trim())
    }
}

/// A platform, and at which version it was when the import was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) id: PlatformId,
    pub(crate) version: u64,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub(crate) struct RowError {
    pub(crate) row: u64,
    pub(crate) column: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl RowError {
    pub(crate) fn new(row: u64, column: Option<&str>, code: &str, message: &str) -> Self {
        Self {
            row,
            column: column.map(str::to_owned),
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    pub(crate) fn of(row: u64, error: &FieldError) -> Self {
        Self::new(row, error.field.as_deref(), error.code, &error.message)
    }
}

/// What has become of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

/// A whole file that cannot be taken.
fn refused(code: &'static str, message: impl Into<String>) -> Vec<FieldError> {
    vec![FieldError {
        code,
        message: message.into(),
        field: None,
    }]
}
