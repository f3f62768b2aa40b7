//! What every client asked for and was told: invoke, then ok, fail or unknown.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::{Answer, Failure, NoAnswer};

/// Something a client tries to do, with what identifies its effect afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Lists a ticket under a title that nobody else uses.
    List {
        /// The title.
        title: String,
    },
    /// Changes a ticket, leaving a mark that nobody else uses.
    Edit {
        /// The ticket.
        ticket: String,
        /// The mark.
        mark: String,
    },
    /// Takes a ticket off the market.
    Withdraw {
        /// The ticket.
        ticket: String,
    },
    /// Orders a ticket.
    Order {
        /// Who.
        buyer: String,
        /// What.
        ticket: String,
    },
    /// Cancels an order.
    Cancel {
        /// The order.
        order: String,
    },
    /// Pays for an order.
    Pay {
        /// The order.
        order: String,
        /// With which card.
        token: String,
    },
    /// Writes down a task under a title that nobody else uses.
    CreateTask {
        /// The title.
        title: String,
    },
    /// Says that a task is done.
    CompleteTask {
        /// The task.
        task: String,
    },
    /// Has all open tasks dealt anew.
    Shuffle {
        /// Who.
        by: String,
    },
    /// Adds a platform to the register under a name that nobody else uses.
    AddPlatform {
        /// The name.
        name: String,
    },
    /// Changes a platform, leaving a mark that nobody else uses.
    ChangePlatform {
        /// The platform.
        platform: String,
        /// The mark.
        mark: String,
    },
    /// Puts a platform into the archive.
    ArchivePlatform {
        /// The platform.
        platform: String,
    },
    /// Writes a command down, for something that nobody else does.
    WriteCommand {
        /// What it does.
        how_to: String,
    },
    /// Says that a command was used, with a note that nobody else leaves.
    UseCommand {
        /// The command.
        command: String,
        /// The note.
        note: String,
    },
}

/// What the client knows of it in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; the id is of what it made, where it made something.
    Ok(String),
    /// It was refused, or never arrived: it must have no effect.
    Fail(String),
    /// Nobody can say.
    Unknown,
}

/// An operation with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was tried.
    pub operation: Operation,
    /// What came of it.
    pub outcome: Outcome,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub ok: usize,
    /// Refused by the server.
    pub refused: usize,
    /// Never arrived, because nobody listened.
    pub not_asked: usize,
    /// Nobody can say.
    pub unknown: usize,
}

/// The notebook of all clients, on disk line by line as it is written.
#[derive(Debug)]
pub struct History {
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    file: File,
    records: Vec<Record>,
    not_asked: usize,
    /// Answers that say that a part is away for now, where that may be.
    turned_away: usize,
    parts_may_be_away: bool,
    /// Answers of the kind "our fault", which no client should ever see.
    faults: Vec<String>,
}

impl History {
    /// A notebook in a file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(file: &Path) -> Result<Self, Failure> {
        let pages = Pages {
            file: File::create(file)?,
            records: Vec::new(),
            not_asked: 0,
            turned_away: 0,
            parts_may_be_away: false,
            faults: Vec::new(),
        };
        Ok(Self {
            pages: Mutex::new(pages),
        })
    }

    /// From now on a 503 that says when to try again is no fault: another process, or the
    /// database, is away for a moment. Whether the request was acted on stays unknown.
    pub fn parts_may_be_away(&self) {
        self.pages().parts_may_be_away = true;
    }

    /// How many such answers there were.
    #[must_use]
    pub fn turned_away(&self) -> usize {
        self.pages().turned_away
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an operation is tried; unknown until its outcome is noted.
    pub fn invoke(&self, operation: Operation) -> usize {
        let mut pages = self.pages();
        let number = pages.records.len();
        pages.write(&json!({"n": number, "invoke": format!("{operation:?}")}));
        pages.records.push(Record {
            operation,
            outcome: Outcome::Unknown,
        });
        number
    }

    /// Notes what came of it. `made` finds the id in an answer that says that it was done.
    pub fn end(
        &self,
        number: usize,
        answer: &Result<Answer, NoAnswer>,
        made: impl Fn(&Answer) -> Option<String>,
    ) -> Outcome {
        let outcome = match answer {
            Ok(answer) => match made(answer) {
                Some(id) => Outcome::Ok(id),
                None if answer.status >= 500 => Outcome::Unknown,
                None => Outcome::Fail(format!("{} {}", answer.status, answer.text)),
            },
            Err(NoAnswer::NotAsked(error)) => Outcome::Fail(error.to_string()),
            Err(NoAnswer::Unknown(_)) => Outcome::Unknown,
        };
        let mut pages = self.pages();
        match answer {
            Err(NoAnswer::NotAsked(_)) => pages.not_asked += 1,
            Ok(answer) if pages.parts_may_be_away && is_away(answer) => pages.turned_away += 1,
            Ok(answer) if answer.status >= 500 => {
                let fault = format!("{} {}", answer.status, answer.text);
                pages.faults.push(fault);
            }
            _ => {}
        }
        pages.write(&json!({"n": number, "outcome": format!("{outcome:?}")}));
        if let Some(record) = pages.records.get_mut(number) {
            record.outcome = outcome.clone();
        }
        outcome
    }

    /// From now on what had no answer counts as not done: for a run in which whatever was
    /// begun has to be answered.
    pub fn no_answer_means_not_done(&self) {
        for record in &mut self.pages().records {
            if record.outcome == Outcome::Unknown {
                record.outcome = Outcome::Fail("no answer".to_owned());
            }
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.pages().records.clone()
    }

    /// Answers with a 5xx.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.pages().faults.clone()
    }

    /// How many of each.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let pages = self.pages();
        let mut tally = Tally {
            not_asked: pages.not_asked,
            ..Tally::default()
        };
        for record in &pages.records {
            match record.outcome {
                Outcome::Ok(_) => tally.ok += 1,
                Outcome::Fail(_) => tally.refused += 1,
                Outcome::Unknown => tally.unknown += 1,
            }
        }
        tally.refused -= tally.not_asked;
        tally
    }
}

fn is_away(answer: &Answer) -> bool {
    let says_when = answer.header("retry-after").parse::<u32>().is_ok();
    // A database that was cut off in the midst of a COMMIT: to say when would invite a repetition.
    let is_in_doubt = answer.text.contains("\"outcome_unknown\"");
    answer.status == 503 && (says_when || is_in_doubt)
}

impl Pages {
    fn write(&mut self, line: &serde_json::Value) {
        // The copy on disk is for people; what is checked is in memory.
        let _ = writeln!(self.file, "{line}");
    }
}

impl Tally {
    /// Whether the run means anything: enough was done between two kills, and some of it is in
    /// doubt. A slow machine refuses more, and that is no fault.
    #[must_use]
    pub fn is_meaningful(&self, kills: u32) -> bool {
        self.ok >= 2 * kills as usize && self.unknown > 0
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            ok,
            refused,
            not_asked,
            unknown,
        } = self;
        write!(
            f,
            "{ok} ok, {refused} refused, {not_asked} not asked, {unknown} unknown"
        )
    }
}
