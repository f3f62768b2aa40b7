//! Fills a command line in, so that a value can never add a second command.
//!
//! How a value is quoted depends on who reads the line and on the place where it stands:
//! bare, between single quotes, between double quotes. A small reader for each shell finds the
//! place of every placeholder. It need not understand everything that a shell does: what it
//! does not understand is refused when the command is saved ([`check_template`]), so nothing
//! is ever filled in at a place that nobody has understood.
//!
//! Programs that read their arguments as a program once more (`ssh`, `sh -c`, `eval`, `awk`)
//! get plain words and numbers only: no quoting is right for two readers at once. So do lines
//! in which bash computes with its variables, because its arithmetic runs programs.

mod batch;
mod lexed;
mod posix;
mod powershell;
mod reread;
mod script;
mod sql;
mod values;

use std::collections::BTreeMap;

use contracts::commands::{CommandRecord, Param, ParamType, Shell};
use tidings::FieldError;

use crate::template::{Piece, Template};
use lexed::{Lexed, Place, Spot, Unit};
use values::{Given, take_values};

pub(crate) use script::{Script, script};
pub(crate) use values::VALUES_MAX;

/// Bytes of a line that was filled in, at the most.
const LINE_BYTES_MAX: usize = 256 * 1024;

/// A command line, filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// What whoever uses it should look at first.
    pub(crate) warnings: Vec<String>,
}

/// Fills in a command. Says everything that is wrong with the values at once; no
/// message repeats a value, which may be a secret.
pub(crate) fn render(
    command: &CommandRecord,
    values: &BTreeMap<String, Vec<String>>,
) -> Result<Rendered, Vec<FieldError>> {
    let given = take_values(&command.params, values)?;
    let mistakes = check_template(command);
    if !mistakes.is_empty() {
        // It was saved before a rule was there that it breaks.
        return Err(mistakes);
    }
    let template = Template::parse(&command.command_line).map_err(|_| vec![unreadable()])?;
    let lexed = spots(command.shell, &template);
    let (line, filled) = with_gaps(&template, &given);
    let mut filling = Filling {
        shell: command.shell,
        given: &given,
        rereads: lexed.computes || reread::is_reread(command.shell, &line, &filled),
        repeats: command.shell == Shell::Posix && posix::repeats(&line),
        text: String::new(),
        warnings: given.warnings.clone(),
        mistakes: Vec::new(),
    };
    let mut spots = lexed.spots.into_iter();
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => filling.text.push_str(text),
            Piece::Placeholder { name, .. } => {
                if let (Some(Ok(spot)), Some(param)) = (spots.next(), param(command, name)) {
                    filling.fill(param, &spot);
                }
            }
        }
        if filling.text.len() > LINE_BYTES_MAX {
            let text = "The line would be longer than any program takes.";
            return Err(vec![error("values", "line_too_long", text)]);
        }
    }
    filling.done()
}

/// What a template may not do in its shell: places where no value can be made safe, and
/// delimiters that would end a word. Asked when a command is saved, before anybody fills it in.
/// A template that cannot be read at all is for its reader to tell, and passes here.
pub(crate) fn check_template(command: &CommandRecord) -> Vec<FieldError> {
    let Ok(template) = Template::parse(&command.command_line) else {
        return Vec::new();
    };
    let names = template.pieces.iter().filter_map(|piece| match piece {
        Piece::Placeholder { name, .. } => Some(name),
        Piece::Text(_) => None,
    });
    let names: Vec<&String> = names.collect();
    if names.is_empty() {
        return Vec::new();
    }
    let lexed = spots(command.shell, &template);
    let mut mistakes: Vec<FieldError> = Vec::new();
    let mut tell = |text: String| {
        if mistakes.iter().all(|one| one.message != text) {
            mistakes.push(error("command_line", "unsafe_template", text));
        }
    };
    for text in lexed.mistakes {
        tell(format!("{text}."));
    }
    for (name, spot) in names.iter().zip(&lexed.spots) {
        let of = param(command, name);
        match (spot, of.map(|param| param.kind)) {
            // Whoever may save a part of the line as it stands answers for it.
            (_, Some(ParamType::Raw)) | (Ok(_), None) => {}
            (Err(why), _) => tell(format!("{{{{{name}}}}} {why}.")),
            (Ok(spot), Some(kind)) if spot.place == Place::Number && kind != ParamType::Int => {
                let place = match command.shell {
                    Shell::Sql => "between [ and ]: put a name between double quotes; here",
                    _ => "in arithmetic:",
                };
                tell(format!(
                    "{{{{{name}}}}} stands {place} only a parameter of type int can."
                ));
            }
            (Ok(spot), Some(_)) => {
                let delimiter = of.map_or("", |param| param.delimiter.as_str());
                if !delimiter_fits(command.shell, spot, delimiter) {
                    let text = format!(
                        "The delimiter of {name} does not fit where {{{{{name}}}}} stands."
                    );
                    tell(text);
                }
            }
        }
    }
    mistakes
}

fn param<'a>(command: &'a CommandRecord, name: &str) -> Option<&'a Param> {
    command.params.iter().find(|param| param.name == name)
}

fn error(field: &str, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError {
        code,
        message: message.into(),
        field: Some(field.to_owned()),
    }
}

fn unreadable() -> FieldError {
    let text = "The template of this command cannot be read. Somebody must mend it first.";
    error("command_line", "bad_template", text)
}

/// Where each placeholder stands, in order.
fn spots(shell: Shell, template: &Template) -> Lexed {
    let mut units = Vec::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => units.extend(text.chars().map(Unit::Letter)),
            Piece::Placeholder { .. } => units.push(Unit::Hole),
        }
    }
    match shell {
        Shell::Posix => posix::read(&units),
        Shell::PowerShell => powershell::read(&units),
        Shell::Cmd => batch::read(&units),
        Shell::Sql => sql::read(&units),
        Shell::None => lexed::read_plain(&units),
    }
}

/// The line with a gap for each value, and the same with the values that are one word: these may
/// be the name of a program, or an option.
fn with_gaps(template: &Template, given: &Given) -> (String, String) {
    const GAP: &str = "\u{fffc}";
    let (mut line, mut filled) = (String::new(), String::new());
    for piece in &template.pieces {
        let (gap, word) = match piece {
            Piece::Text(text) => (text.as_str(), text.as_str()),
            Piece::Placeholder { name, .. } => match given.of(name) {
                Some([word]) if !word.contains(char::is_whitespace) => (GAP, word.as_str()),
                _ => (GAP, GAP),
            },
        };
        line.push_str(gap);
        filled.push_str(word);
    }
    (line, filled)
}

fn delimiter_fits(shell: Shell, spot: &Spot, delimiter: &str) -> bool {
    let bare = spot.place == Place::Bare;
    match shell {
        Shell::None => true,
        // With anything else between two quoted words they are not one argument there, or no
        // list.
        Shell::PowerShell | Shell::Sql if bare => matches!(delimiter, "" | " " | "," | ", "),
        _ => delimiter.chars().all(|letter| {
            matches!(
                letter,
                ' ' | ',' | ':' | '/' | '+' | '-' | '=' | '@' | '.' | '_'
            )
        }),
    }
}

/// A line that is being filled in.
struct Filling<'a> {
    shell: Shell,
    given: &'a Given,
    rereads: bool,
    /// Whether bash looks for a line of before in it.
    repeats: bool,
    text: String,
    warnings: Vec<String>,
    mistakes: Vec<FieldError>,
}

impl Filling<'_> {
    fn fill(&mut self, param: &Param, spot: &Spot) {
        let Some(values) = self.given.of(&param.name) else {
            self.leave_out(param, spot);
            return;
        };
        let delimiter = match param.delimiter.as_str() {
            "" => " ",
            delimiter => delimiter,
        };
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.text.push_str(delimiter);
            }
            let last = place + 1 == values.len();
            let spot = Spot { last, ..*spot };
            match self.quoted(param, &spot, value) {
                Ok(text) => self.text.push_str(&text),
                Err(why) => self.refuse(param, why),
            }
            self.warn(param, &spot, value);
        }
    }

    /// Nothing was given for what need not be given: the word goes, unless it is a part of
    /// a longer one.
    fn leave_out(&mut self, param: &Param, spot: &Spot) {
        let is_part = spot.place == Place::Bare && !spot.stands_alone();
        if is_part
            && param.kind != ParamType::Raw
            && let Ok(text) = self.quoted(param, spot, "")
        {
            self.text.push_str(&text);
        }
        if spot.place == Place::Number {
            self.text.push('0');
        }
    }

    fn quoted(&self, param: &Param, spot: &Spot, value: &str) -> Result<String, &'static str> {
        let stands = param.kind == ParamType::Raw || self.shell == Shell::None;
        if stands && value.contains('\n') {
            return Err("has a line break, and nothing quotes it here");
        }
        if stands {
            return Ok(value.to_owned());
        }
        if self.rereads && param.kind != ParamType::Int && !reread::is_plain(value) {
            return Err(
                "is read a second time here: only letters, digits and . _ - / : @ % + are possible, and no - at the beginning",
            );
        }
        if self.repeats && value.contains('\n') {
            return Err("cannot have a line break in a line with ! before a word, or ^ before all");
        }
        match self.shell {
            Shell::Posix => posix::quote(spot, value),
            Shell::PowerShell => Ok(powershell::quote(spot, value, param.kind)),
            Shell::Cmd => batch::quote(spot, value, param.kind),
            Shell::Sql => sql::quote(spot, value, param.kind),
            Shell::None => Ok(value.to_owned()),
        }
    }

    fn refuse(&mut self, param: &Param, why: &'static str) {
        let field = format!("values.{}", param.name);
        let text = format!("The value of {} {why}.", param.name);
        if self.mistakes.iter().all(|one| one.message != text) {
            self.mistakes.push(error(&field, "cannot_be_quoted", text));
        }
    }

    fn warn(&mut self, param: &Param, spot: &Spot, value: &str) {
        let name = &param.name;
        for why in values::doubts(self.shell, param.kind, spot, value) {
            let text = format!("{name} {why}.");
            if !self.warnings.contains(&text) {
                self.warnings.push(text);
            }
        }
    }

    fn done(mut self) -> Result<Rendered, Vec<FieldError>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        if self.shell == Shell::None && !self.given.is_empty() {
            let text = "No shell is named for this command, so nothing was quoted: look at the line before you use it.";
            self.warnings.push(text.to_owned());
        }
        Ok(Rendered {
            text: self.text,
            warnings: self.warnings,
        })
    }
}

#[cfg(test)]
mod tests;
