//! Files of command lines that other tools read and write.
//!
//! `json` says everything that is said here. `navi` and `tldr` say less: what cannot be said in
//! them is told command by command, and never guessed.

mod json;
mod navi;
mod tldr;

use std::collections::{BTreeMap, HashMap};

use contracts::{CommandId, PlatformId};
use tidings::FieldError;

use crate::command::{COMMAND_LINE_LETTERS_MAX, Command};
use crate::edit::{Edit, ParamEdit};
use crate::param::PARAMS_MAX;
use crate::store::platforms::Platform;
use crate::template::{NAME_LETTERS_MAX, Piece, Template};
use crate::text::{is_hidden, wrong};

/// Commands in a file, at the most.
const ENTRIES_MAX: usize = 10_000;

contracts::words! {
    /// A kind of file.
    pub(crate) enum Format ("format") {
        /// Cheat sheets of navi.
        Navi = "navi",
        /// Pages of tldr.
        Tldr = "tldr",
        /// Everything.
        Json = "json",
    }
}

/// A command as a file says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Which command it is, if the file says so.
    pub(crate) id: Option<CommandId>,
    /// Its platform, by id or number, if the file says so.
    pub(crate) platform: Option<String>,
    /// The version of the command that the file was written from, if the file says so.
    pub(crate) version: Option<u64>,
    pub(crate) edit: Edit,
    /// What the file says and cannot be said here.
    pub(crate) notes: Vec<String>,
}

/// What a file says, one after another; or why one of them says nothing.
pub(crate) type Entries = Vec<Result<Entry, FieldError>>;

/// Reads a file, or says why it is none. Each reader ends at the first command too many, and looks
/// for no places in a line that is too long to be saved: what a file takes to be read grows as
/// its size does, whatever it says.
pub(crate) fn read(format: Format, text: &str) -> Result<Entries, FieldError> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let entries = match format {
        Format::Navi => navi::read(&text),
        Format::Tldr => tldr::read(&text),
        Format::Json => json::read(&text)?,
    };
    if entries.is_empty() {
        let text = format!("There is no command in this file of the format {format}.");
        return Err(wrong("body", "no_commands", text));
    }
    if entries.len() > ENTRIES_MAX {
        return Err(too_many());
    }
    Ok(without_doubles(entries))
}

fn too_many() -> FieldError {
    let text = format!("A file has at most {ENTRIES_MAX} commands.");
    wrong("body", "too_many_commands", text)
}

/// Refuses a line that is too long to be saved, before its places are looked for.
fn check_length(line: &str) -> Result<(), FieldError> {
    match line.chars().count() > COMMAND_LINE_LETTERS_MAX {
        true => {
            let text = format!("At most {COMMAND_LINE_LETTERS_MAX} letters.");
            Err(wrong("command_line", "text_too_long", text))
        }
        false => Ok(()),
    }
}

/// Writes commands, which are in the order of their numbers.
pub(crate) fn write(
    format: Format,
    commands: &[Command],
    platforms: &BTreeMap<PlatformId, Platform>,
) -> String {
    match format {
        Format::Navi => navi::write(commands, platforms),
        Format::Tldr => tldr::write(commands, platforms),
        Format::Json => json::write(commands, platforms),
    }
}

/// Refuses what the file says a second time: which of the two is meant nobody knows, and a
/// rehearsal would count otherwise than the real thing.
fn without_doubles(entries: Entries) -> Entries {
    let mut seen = std::collections::HashSet::new();
    let mut once = |entry: Entry| {
        let edit = &entry.edit;
        let same = (
            entry.id.map(|id| id.to_string()),
            entry.platform.clone(),
            edit.command_line.clone(),
            edit.shell.clone(),
        );
        match seen.insert(same) {
            true => Ok(entry),
            false => Err(wrong(
                "command_line",
                "command_twice",
                "The file says this command twice.",
            )),
        }
    };
    let entries = entries.into_iter();
    entries.map(|entry| entry.and_then(&mut once)).collect()
}

/// A command line of another tool, put together piece by piece.
#[derive(Default)]
struct Line {
    pieces: Vec<Piece>,
    /// The parameters, by what stands in their place in the file.
    params: Vec<(String, ParamEdit)>,
    /// How many names were tried for each that was wanted.
    tried: HashMap<String, usize>,
}

impl Line {
    fn text(&mut self, more: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(more),
            _ => self.pieces.push(Piece::Text(more.to_owned())),
        }
    }

    /// A place for a value; `source` is what stands there in the file.
    fn place(&mut self, source: &str, wanted: ParamEdit, many: bool) {
        let found = self.params.iter().find(|(other, _)| other == source);
        let name = match found {
            Some((_, param)) => param.name.clone(),
            None => {
                let name = self.free_name(&wanted.name);
                let param = ParamEdit {
                    name: name.clone(),
                    ..wanted
                };
                self.params.push((source.to_owned(), param));
                name
            }
        };
        self.pieces.push(Piece::Placeholder { name, many });
    }

    /// Whether it has more parameters than can be saved, so that no more of it need be read.
    fn is_full(&self) -> bool {
        self.params.len() > PARAMS_MAX
    }

    /// The name that is wanted, or with the first number behind it that nobody has. Names are
    /// never given back, so each is tried once.
    fn free_name(&mut self, wanted: &str) -> String {
        loop {
            let tried = self.tried.entry(wanted.to_owned()).or_insert(0);
            *tried += 1;
            let name = match *tried {
                1 => wanted.to_owned(),
                number => format!("{wanted}_{number}"),
            };
            if self.params.iter().all(|(_, param)| param.name != name) {
                return name;
            }
        }
    }

    /// The template and its parameters.
    fn done(self) -> (String, Vec<ParamEdit>) {
        let template = Template {
            pieces: self.pieces,
        };
        let params = self.params.into_iter().map(|(_, param)| param).collect();
        (template.to_string(), params)
    }
}

/// A name of a parameter out of whatever stands in a place; never empty.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    // Room for a number behind it.
    let name: String = name.chars().take(NAME_LETTERS_MAX - 6).collect();
    match name.trim_matches('_') {
        "" => "value".to_owned(),
        name => name.to_owned(),
    }
}

/// A text as a name or a note takes it: one line, nothing hidden, not too long.
fn one_line(text: &str, letters_max: usize) -> String {
    let letters = text.chars().map(|letter| match letter {
        '\n' | '\t' => ' ',
        letter => letter,
    });
    let letters = letters.filter(|letter| !is_hidden(*letter));
    letters.take(letters_max).collect()
}

/// What a command of another tool is when that tool does not say: somebody may have written
/// anything (the risk), for a shell like `sh`.
fn edit_of(how_to: String, line: Line) -> Edit {
    let (command_line, params) = line.done();
    Edit {
        how_to: Some(how_to),
        command_line: Some(command_line),
        params: Some(params),
        shell: Some("posix".to_owned()),
        risk: Some("caution".to_owned()),
        ..Edit::default()
    }
}

#[cfg(test)]
mod tests;
