//! Hostile values against the shells themselves.

mod bounds;
mod databases;
mod doubts;
mod script;
mod sh;
mod twice;
mod usual;
mod windows;

use std::collections::BTreeMap;

use contracts::commands::{CommandRecord, Param, ParamType, Risk, Shell, Status};
use contracts::{CommandId, PlatformId, UserId};
use tidings::{Timestamp, Uuid};

use super::{Rendered, render};

/// What has broken shells before.
pub(super) const HOSTILE: [&str; 67] = [
    "",
    " ",
    "a b",
    "'",
    "''",
    "\"",
    "\"\"",
    "`",
    "``",
    "\\",
    "\\\\",
    "a\\",
    "\\'",
    "\\\"",
    "$",
    "$$",
    "$(touch x)",
    "$((1+1))",
    "${HOME}",
    "$HOME",
    "`touch x`",
    ";",
    "; touch x",
    "&",
    "&& touch x",
    "| touch x",
    "|| touch x",
    "> x",
    "< /etc/passwd",
    "<<EOF",
    "a\nb",
    "\n",
    "\ntouch x\n",
    "*",
    "?",
    "[a-z]",
    "~",
    "~root",
    "{a,b}",
    "{1..3}",
    "!",
    "!!",
    "!$",
    "#",
    "# x",
    " # x",
    "%",
    "%PATH%",
    "^",
    "^a^b",
    "x\n^a^b^",
    "\n^x^$(touch x)^",
    "-n",
    "-rf",
    "--",
    "--help",
    "=",
    "a=b",
    "'; touch x; '",
    "\"; touch x; \"",
    "') ; touch x",
    "\t",
    "\u{2018}; x; \u{2019}",
    "\u{201c}; x; \u{201d}",
    "é",
    "日本",
    "' \"' \\' $(x) `y` \n ; !",
];

pub(super) fn param(name: &str, kind: ParamType) -> Param {
    Param {
        name: name.to_owned(),
        label: String::new(),
        kind,
        required: false,
        default: None,
        allowed_values: Vec::new(),
        enforced: false,
        pattern: None,
        multivalued: false,
        delimiter: " ".to_owned(),
        help: String::new(),
    }
}

pub(super) fn command(shell: Shell, line: &str, params: Vec<Param>) -> CommandRecord {
    CommandRecord {
        command_id: CommandId::from(Uuid::from_u128(1)),
        number: 1,
        platform_id: PlatformId::from(Uuid::from_u128(2)),
        how_to: "Try it".to_owned(),
        description: String::new(),
        command_line: line.to_owned(),
        shell,
        os: Vec::new(),
        params,
        tags: Vec::new(),
        risk: Risk::Safe,
        status: Status::Published,
        expected_output: None,
        undo_command_id: None,
        author: UserId::from(Uuid::from_u128(3)),
        created_at: Timestamp::from_micros(0),
        last_modified_by: UserId::from(Uuid::from_u128(3)),
        last_modified_at: Timestamp::from_micros(0),
        version: 1,
    }
}

/// A command with one parameter `v`.
pub(super) fn with_v(shell: Shell, line: &str, kind: ParamType) -> CommandRecord {
    command(shell, line, vec![param("v", kind)])
}

pub(super) fn of(name: &str, values: &[&str]) -> BTreeMap<String, Vec<String>> {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    BTreeMap::from([(name.to_owned(), values)])
}

/// The line with one value of text, or the codes of what is wrong.
pub(super) fn filled(shell: Shell, line: &str, value: &str) -> Result<String, Vec<&'static str>> {
    let command = with_v(shell, line, ParamType::String);
    match render(&command, &of("v", &[value])) {
        Ok(Rendered { text, .. }) => Ok(text),
        Err(mistakes) => Err(mistakes.into_iter().map(|one| one.code).collect()),
    }
}
