//! Cheat sheets of navi: `% tags`, `# what it does`, the line with `<name>`, `$ name: …`.
//!
//! What stands behind `$` is a program that prints what could be filled in. It is never run
//! here: it becomes the help of the parameter.

use std::collections::{BTreeMap, HashMap};

use contracts::PlatformId;
use tidings::FieldError;

use super::{ENTRIES_MAX, Entries, Entry, Line, check_length, edit_of, name_of, one_line};
use crate::command::{Command, WORDS_MAX};
use crate::edit::ParamEdit;
use crate::store::platforms::Platform;
use crate::template::{Piece, Template};
use crate::text::wrong;

const HELP_LETTERS: usize = 280;
/// Notes of one command, at the most.
const NOTES_MAX: usize = 20;
const MARKS: [char; 5] = ['%', '#', '$', ';', '@'];

/// A command that is being read.
#[derive(Default)]
struct Sheet {
    tags: Vec<String>,
    how_to: Option<String>,
    lines: Vec<String>,
    notes: Vec<String>,
    entries: Entries,
    /// Of these tags: the place of the first command in the entries, and what is suggested.
    since_tags: usize,
    suggested: HashMap<String, String>,
}

pub(super) fn read(text: &str) -> Entries {
    let mut sheet = Sheet::default();
    for line in text.lines() {
        let rest = line.get(1..).unwrap_or_default().trim();
        match line.chars().next() {
            Some('%') => sheet.begin(rest),
            Some('#') => {
                sheet.end();
                sheet.how_to = Some(rest.to_owned());
            }
            Some('$') => {
                sheet.end();
                sheet.suggest(rest);
            }
            Some('@') => {
                sheet.end();
                sheet.note(rest);
            }
            Some(';') | None => {}
            Some(_) if line.trim().is_empty() || line.starts_with("```") => {}
            Some(_) => sheet.lines.push(line.to_owned()),
        }
        if sheet.entries.len() > ENTRIES_MAX {
            break;
        }
    }
    sheet.end();
    sheet.end_tags();
    sheet.entries
}

impl Sheet {
    /// Begins with other tags: as many of them as make the mistake that there are too many.
    fn begin(&mut self, tags: &str) {
        self.end();
        self.end_tags();
        let tags = tags.split(',').map(|tag| one_line(tag.trim(), 50));
        let tags = tags.filter(|tag| !tag.is_empty());
        self.tags = tags.take(WORDS_MAX + 1).collect();
    }

    /// Ends the command that was being read, if one was.
    fn end(&mut self) {
        let how_to = self.how_to.take();
        let lines = std::mem::take(&mut self.lines);
        if !lines.is_empty() {
            let entry = self.entry(how_to, &lines.join("\n"));
            self.entries.push(entry);
        }
    }

    fn entry(&mut self, how_to: Option<String>, text: &str) -> Result<Entry, FieldError> {
        let how_to = how_to.filter(|text| !text.is_empty()).ok_or_else(|| {
            let text = "Above a command stands what it does, behind #.";
            wrong("how_to", "how_to_missing", text)
        })?;
        check_length(text)?;
        let mut edit = edit_of(how_to, line(text));
        edit.tags = Some(self.tags.clone());
        Ok(Entry {
            edit,
            notes: std::mem::take(&mut self.notes),
            ..Entry::default()
        })
    }

    fn note(&mut self, rest: &str) {
        if self.notes.len() < NOTES_MAX {
            let sheet = one_line(rest, 100);
            let note = format!("Variables of another sheet are not taken over: {sheet}");
            self.notes.push(note);
        }
    }

    /// `name: program --- options`, for all commands of these tags.
    fn suggest(&mut self, text: &str) {
        if let Some((name, program)) = text.split_once(':') {
            let help = format!("Suggested by: {}", one_line(program.trim(), HELP_LETTERS));
            self.suggested.insert(name_of(name.trim()), help);
        }
    }

    /// Writes what is suggested into all commands of these tags, at once: a sheet may suggest as
    /// often as it has commands.
    fn end_tags(&mut self) {
        let suggested = std::mem::take(&mut self.suggested);
        for entry in self.entries.iter_mut().skip(self.since_tags).flatten() {
            for param in entry.edit.params.iter_mut().flatten() {
                let Some(help) = suggested.get(&param.name) else {
                    continue;
                };
                param.help.clone_from(help);
                let name = &param.name;
                let note =
                    format!("What prints suggestions for {name} is kept as help and never run.");
                entry.notes.push(note);
            }
        }
        self.since_tags = self.entries.len();
    }
}

fn line(text: &str) -> Line {
    let mut line = Line::default();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        line.text(before);
        match place(behind) {
            Some((name, behind)) => {
                let param = ParamEdit {
                    name: name_of(name),
                    ..ParamEdit::default()
                };
                line.place(name, param, false);
                rest = behind;
            }
            None => {
                line.text("<");
                rest = behind;
            }
        }
        if line.is_full() {
            return line;
        }
    }
    line.text(rest);
    line
}

/// The name of a place that begins behind `<`, and what stands behind the place. It looks no
/// further than a name goes, or nothing but `<` would be read to its end for each of them.
fn place(behind: &str) -> Option<(&str, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let name = behind.split(|letter: char| !is_part(letter)).next()?;
    let behind = behind.strip_prefix(name)?.strip_prefix('>')?;
    (!name.is_empty()).then_some((name, behind))
}

pub(super) fn write(commands: &[Command], platforms: &BTreeMap<PlatformId, Platform>) -> String {
    let mut text = String::new();
    let mut suggested = HashMap::new();
    for command in commands {
        let platform = platforms.get(&command.platform_id);
        let name = platform.map_or("", |platform| platform.name.as_str());
        let mut tags = vec![one_line(&name.replace(',', " "), 50)];
        tags.extend(
            command
                .tags
                .iter()
                .filter(|tag| **tag != name.to_lowercase())
                .cloned(),
        );
        match write_line(command) {
            Err(why) => {
                let title = one_line(&command.how_to, 200);
                text.push_str(&format!("; Left out: {title}: {why}.\n\n"));
            }
            Ok(line) => {
                let tags = tags.join(", ");
                text.push_str(&format!("% {tags}\n\n# {}\n{line}\n\n", command.how_to));
                text.push_str(&suggestions(command, &tags, &mut suggested));
            }
        }
    }
    text
}

fn write_line(command: &Command) -> Result<String, &'static str> {
    let template = Template::parse(&command.command_line).map_err(|_| "it cannot be read")?;
    let mut line = String::new();
    for piece in &template.pieces {
        match piece {
            Piece::Placeholder { many: true, .. } => {
                return Err("many values in one place cannot be said in a sheet");
            }
            Piece::Placeholder { name, .. } => line.push_str(&format!("<{name}>")),
            Piece::Text(text) => line.push_str(text),
        }
    }
    let is_marked =
        |line: &str| line.trim().is_empty() || line.starts_with(MARKS) || line.starts_with("```");
    if line.split('\n').any(is_marked) {
        return Err("a line of it would be read as something else");
    }
    // Read back it must be the same, or something in it only looks like a place.
    let (read, _) = self::line(&line).done();
    match read == template.to_string() {
        true => Ok(line),
        false => Err("something in it only looks like <a place>"),
    }
}

/// A program for navi that prints the values that may be chosen. Commands with the same tags
/// share what is suggested, so the first one decides.
fn suggestions(
    command: &Command,
    tags: &str,
    suggested: &mut HashMap<(String, String), Vec<String>>,
) -> String {
    let mut text = String::new();
    for param in &command.params {
        if param.allowed_values.is_empty()
            || param
                .allowed_values
                .iter()
                .any(|value| value.contains('\n'))
        {
            continue;
        }
        let key = (tags.to_owned(), param.name.clone());
        if suggested.contains_key(&key) {
            continue;
        }
        let quoted = param
            .allowed_values
            .iter()
            .map(|value| format!("'{}'", value.replace('\'', r"'\''")));
        let quoted: Vec<String> = quoted.collect();
        text.push_str(&format!(
            "$ {}: printf '%s\\n' {}\n\n",
            param.name,
            quoted.join(" ")
        ));
        suggested.insert(key, param.allowed_values.clone());
    }
    text
}
