//! Cheat sheets of navi: `% tags`, `# what it does`, the line with `<name>`, `$ name: …`.
//!
//! What stands behind `$` is a program that prints what could be filled in. It is never run
//! here: it becomes the help of the parameter.

use std::collections::{BTreeMap, HashMap};

use contracts::PlatformId;

use super::{Entries, Entry, Line, edit_of, name_of, one_line};
use crate::command::Command;
use crate::edit::ParamEdit;
use crate::store::platforms::Platform;
use crate::template::{Piece, Template};
use crate::text::wrong;

const HELP_LETTERS: usize = 280;
const MARKS: [char; 5] = ['%', '#', '$', ';', '@'];

/// A command that is being read.
#[derive(Default)]
struct Sheet {
    tags: Vec<String>,
    how_to: Option<String>,
    lines: Vec<String>,
    notes: Vec<String>,
    /// Of these tags: the place of each command in the entries, and what was suggested.
    entries: Entries,
    since_tags: usize,
}

pub(super) fn read(text: &str) -> Entries {
    let mut sheet = Sheet::default();
    for line in text.lines() {
        let rest = line.get(1..).unwrap_or_default().trim();
        match line.chars().next() {
            Some('%') => {
                sheet.end();
                let tags = rest.split(',').map(|tag| one_line(tag.trim(), 50));
                sheet.tags = tags.filter(|tag| !tag.is_empty()).collect();
                sheet.since_tags = sheet.entries.len();
            }
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
                let note = format!(
                    "Variables of another sheet are not taken over: {}",
                    one_line(rest, 100)
                );
                sheet.notes.push(note);
            }
            Some(';') | None => {}
            Some(_) if line.trim().is_empty() || line.starts_with("```") => {}
            Some(_) => sheet.lines.push(line.to_owned()),
        }
    }
    sheet.end();
    sheet.entries
}

impl Sheet {
    /// Ends the command that was being read, if one was.
    fn end(&mut self) {
        let how_to = self.how_to.take();
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return;
        }
        let Some(how_to) = how_to.filter(|text| !text.is_empty()) else {
            let text = "Above a command stands what it does, behind #.";
            return self
                .entries
                .push(Err(wrong("how_to", "how_to_missing", text)));
        };
        let mut edit = edit_of(how_to, line(&lines.join("\n")));
        edit.tags = Some(self.tags.clone());
        let notes = std::mem::take(&mut self.notes);
        self.entries.push(Ok(Entry {
            edit,
            notes,
            ..Entry::default()
        }));
    }

    /// `name: program --- options`, for all commands since the tags.
    fn suggest(&mut self, text: &str) {
        let Some((name, program)) = text.split_once(':') else {
            return;
        };
        let name = name_of(name.trim());
        let help = format!("Suggested by: {}", one_line(program.trim(), HELP_LETTERS));
        for entry in self.entries.iter_mut().skip(self.since_tags).flatten() {
            let params = entry.edit.params.iter_mut().flatten();
            for param in params.filter(|param| param.name == name) {
                param.help.clone_from(&help);
                let note =
                    format!("What prints suggestions for {name} is kept as help and never run.");
                entry.notes.push(note);
            }
        }
    }
}

fn line(text: &str) -> Line {
    let mut line = Line::default();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        line.text(before);
        let name = behind.split_once('>').filter(|(name, _)| is_place(name));
        match name {
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
    }
    line.text(rest);
    line
}

fn is_place(name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    !name.is_empty() && name.chars().all(is_part)
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
