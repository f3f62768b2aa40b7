//! Pages of tldr: `# program`, `> what it is`, `- what an example does:`, and the line between
//! backticks with `{{what to fill in}}`.

use std::collections::BTreeMap;

use contracts::PlatformId;
use tidings::FieldError;

use super::{ENTRIES_MAX, Entries, Entry, Line, check_length, edit_of, name_of, one_line};
use crate::command::{Command, DESCRIPTION_LETTERS_MAX};
use crate::edit::ParamEdit;
use crate::store::platforms::Platform;
use crate::template::{Piece, Template};
use crate::text::wrong;

const LABEL_LETTERS: usize = 100;
/// Letters of a line of what a page is about.
const ABOUT_LETTERS: usize = 500;

pub(super) fn read(text: &str) -> Entries {
    let mut page = Page::default();
    let mut entries = Entries::new();
    for line in text.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("# ") {
            page.tag = one_line(&title.trim().replace(',', " "), 50);
            page.about.clear();
        } else if let Some(text) = line.strip_prefix('>') {
            page.describe(text.trim());
        } else if let Some(example) = line.strip_prefix("- ") {
            page.how_to = Some(read_title(example));
        } else if let Some(code) = line
            .strip_prefix('`')
            .and_then(|code| code.strip_suffix('`'))
        {
            entries.push(page.example(code));
            if entries.len() > ENTRIES_MAX {
                break;
            }
        }
    }
    entries
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    tag: String,
    /// What it is, a line each.
    about: String,
    how_to: Option<String>,
}

impl Page {
    /// What says more than can be saved is kept up to the line that makes it too much.
    fn describe(&mut self, text: &str) {
        if self.about.len() <= DESCRIPTION_LETTERS_MAX {
            if !self.about.is_empty() {
                self.about.push('\n');
            }
            self.about.push_str(&one_line(text, ABOUT_LETTERS));
        }
    }

    /// Every example says again what the page says: one that says too much is not copied.
    fn example(&mut self, code: &str) -> Result<Entry, FieldError> {
        let how_to = self.how_to.take().filter(|text| !text.is_empty());
        let how_to = how_to.ok_or_else(|| {
            let text = "Above an example stands what it does, behind a dash.";
            wrong("how_to", "how_to_missing", text)
        })?;
        if self.about.len() > DESCRIPTION_LETTERS_MAX {
            let text = format!("At most {DESCRIPTION_LETTERS_MAX} letters.");
            return Err(wrong("description", "text_too_long", text));
        }
        check_length(code)?;
        let mut edit = edit_of(how_to, read_line(code));
        edit.tags = Some(vec![self.tag.clone()]);
        edit.description = Some(self.about.clone());
        Ok(Entry {
            edit,
            ..Entry::default()
        })
    }
}

/// `[c]reate an archive:` is `create an archive`.
fn read_title(text: &str) -> String {
    let text = text.trim().trim_end_matches(':');
    let mut title = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        title.push_str(before);
        let mut letters = behind.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), Some(']')) if letter.is_alphanumeric() => {
                title.push(letter);
                rest = letters.as_str();
            }
            _ => {
                title.push('[');
                rest = behind;
            }
        }
    }
    title.push_str(rest);
    title
}

fn read_line(text: &str) -> Line {
    let mut line = Line::default();
    let mut rest = text;
    // Where one place is not closed, none behind it is: that end is looked for once.
    let mut closes = true;
    while !line.is_full() {
        let inner = rest.strip_prefix("{{");
        let inner = inner.filter(|inner| closes && !inner.starts_with('{'));
        let found = inner.map(|inner| inner.split_once("}}"));
        closes &= !matches!(found, Some(None));
        if let Some(behind) = rest.strip_prefix(r"\{\{") {
            line.text("{{");
            rest = behind;
        } else if let Some(Some((inside, behind))) = found {
            place(&mut line, inside.trim());
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix(r"\}\}") {
            line.text("}}");
            rest = behind;
        } else {
            let mut letters = rest.chars();
            let Some(letter) = letters.next() else {
                break;
            };
            line.text(letter.encode_utf8(&mut [0; 4]));
            rest = letters.as_str();
        }
    }
    line
}

/// What stands between braces is for people: `path/to/file`, `a|b`, `file1 file2 ...`.
fn place(line: &mut Line, inside: &str) {
    let (text, many) = match inside.strip_suffix("...") {
        Some(text) => (text.trim(), true),
        None => (inside, false),
    };
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let choices: Vec<String> = bare
        .unwrap_or(text)
        .split('|')
        .map(|one| one.trim().to_owned())
        .collect();
    let is_choice = choices.len() > 1 && choices.iter().all(|one| !one.is_empty());
    let first = match is_choice {
        // The last one is the long one: `[-c|--create]`.
        true => choices.last().map_or(text, String::as_str),
        false => text.split_whitespace().next().unwrap_or(text),
    };
    let kind = match (
        is_choice,
        text.starts_with("path/") || text.starts_with('/'),
    ) {
        (true, _) => "enum",
        (_, true) => "path",
        _ => "string",
    };
    let name = name_of(first);
    let label = match name == text {
        true => String::new(),
        false => one_line(text, LABEL_LETTERS),
    };
    let wanted = ParamEdit {
        name,
        label,
        kind: Some(kind.to_owned()),
        default: is_choice.then(|| choices.last().cloned()).flatten(),
        allowed_values: if is_choice { choices } else { Vec::new() },
        ..ParamEdit::default()
    };
    line.place(inside, wanted, many);
}

pub(super) fn write(commands: &[Command], platforms: &BTreeMap<PlatformId, Platform>) -> String {
    let mut pages: BTreeMap<PlatformId, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for command in commands {
        let (examples, left_out) = pages.entry(command.platform_id).or_default();
        let title = one_line(&command.how_to, 200);
        match write_line(command) {
            Ok(line) => examples.push(format!("- {title}:\n\n`{line}`\n")),
            Err(why) => left_out.push(format!("> Left out: {title}: {why}.\n")),
        }
    }
    let mut text = String::new();
    for (id, (examples, left_out)) in pages {
        let name = platforms
            .get(&id)
            .map_or("Commands", |platform| platform.name.as_str());
        let name = one_line(name, 200);
        text.push_str(&format!("# {name}\n\n> Commands for {name}.\n"));
        text.extend(left_out);
        text.push('\n');
        for example in examples {
            text.push_str(&example);
            text.push('\n');
        }
    }
    text
}

fn write_line(command: &Command) -> Result<String, &'static str> {
    let template = Template::parse(&command.command_line).map_err(|_| "it cannot be read")?;
    let mut line = String::new();
    for piece in &template.pieces {
        match piece {
            Piece::Placeholder { name, many } => {
                let many = if *many { " ..." } else { "" };
                line.push_str(&format!("{{{{{name}{many}}}}}"));
            }
            Piece::Text(text) => line.push_str(&text.replace("{{", r"\{\{")),
        }
    }
    if line.contains(['`', '\n']) {
        return Err("a backtick or a line break cannot stand in an example");
    }
    if line.trim() != line {
        return Err("blanks at its ends would be lost");
    }
    let (read, _) = read_line(&line).done();
    match read == template.to_string() {
        true => Ok(line),
        false => Err("braces in it would be read as something else"),
    }
}
