//! A line that was filled in, as a file for whoever reads it. It is made for one answer and
//! kept nowhere: it may hold a secret.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use contracts::commands::Shell;

use crate::command::Command;

/// A file that does what a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// What it is called: nothing that somebody has written is in it.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The line of a command as a script of its shell.
pub(crate) fn script(command: &Command, line: &str) -> Script {
    let from = format!("Command {}, revision {}", command.number, command.version);
    let (ending, text) = match command.shell {
        Shell::Posix => ("sh", format!("#!/bin/sh\n# {from}\n{line}\n")),
        // Without the mark, Windows PowerShell takes the bytes of some letters for quotes.
        Shell::PowerShell => ("ps1", format!("\u{feff}# {from}\n{line}\n")),
        Shell::Cmd => ("cmd", batch(&from, line)),
        Shell::Sql => ("sql", format!("-- {from}\n{line}\n")),
        Shell::None => ("txt", format!("{line}\n")),
    };
    Script {
        name: format!("command-{}.{ending}", command.number),
        text,
    }
}

/// A file has signs of its own: `%` for its arguments, and the code page for other letters.
fn batch(from: &str, line: &str) -> String {
    let page = match line.is_ascii() {
        true => "",
        false => "chcp 65001 >nul\n",
    };
    let text = format!("@echo off\n{page}rem {from}\n{}\n", percents_doubled(line));
    text.replace('\n', "\r\n")
}

/// Where people type, a `%` that names no variable is a sign; in a file it is written twice.
fn percents_doubled(line: &str) -> String {
    let is_name = |name: &str| {
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_()".contains(letter);
        name.starts_with(|letter: char| !letter.is_ascii_digit()) && name.chars().all(is_part)
    };
    let (mut text, mut rest) = (String::new(), line);
    while let Some((before, behind)) = rest.split_once('%') {
        text.push_str(before);
        rest = match behind.split_once('%') {
            Some((name, behind)) if is_name(name) => {
                text.push_str(&format!("%{name}%"));
                behind
            }
            _ => {
                text.push_str("%%");
                behind
            }
        };
    }
    text + rest
}

impl IntoResponse for Script {
    fn into_response(self) -> Response {
        let file = format!("attachment; filename=\"{}\"", self.name);
        let headers = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, file),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (headers, self.text).into_response()
    }
}
