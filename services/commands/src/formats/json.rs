//! Everything that is said here, as JSON: what was written is read back as it was.

use std::collections::BTreeMap;

use contracts::PlatformId;
use serde_json::{Map, Value, json};
use tidings::FieldError;

use super::{ENTRIES_MAX, Entries, Entry, too_many};
use crate::command::Command;
use crate::edit::Edit;
use crate::store::platforms::Platform;
use crate::text::wrong;

/// The version of the format: a reader of another one says so.
const VERSION: u64 = 1;

pub(super) fn read(text: &str) -> Result<Entries, FieldError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let text = format!("This is no JSON: {error}.");
        wrong("body", "bad_file", text)
    })?;
    let commands = match value {
        Value::Array(commands) => commands,
        Value::Object(mut file) => {
            let version = file.get("version").and_then(Value::as_u64);
            if version.is_some_and(|version| version != VERSION) {
                let text = "This file is of a version that is not known here.";
                return Err(wrong("body", "bad_file", text));
            }
            match file.remove("commands") {
                Some(Value::Array(commands)) => commands,
                _ => return Err(no_list()),
            }
        }
        _ => return Err(no_list()),
    };
    // A list of numbers has two bytes for each, and a mistake has hundreds.
    if commands.len() > ENTRIES_MAX {
        return Err(too_many());
    }
    Ok(commands.into_iter().map(read_one).collect())
}

fn no_list() -> FieldError {
    let text = "The file is a list of commands, or an object with the list `commands`.";
    wrong("body", "bad_file", text)
}

fn read_one(value: Value) -> Result<Entry, FieldError> {
    let Value::Object(mut fields) = value else {
        return Err(wrong("body", "bad_command", "A command is an object."));
    };
    let id = match take_text(&mut fields, "id") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| wrong("id", "bad_command", "id is the id of a command."))?,
        ),
    };
    let platform = take_text(&mut fields, "platform");
    let version = match fields.remove("version") {
        None | Some(Value::Null) => None,
        Some(version) => Some(version.as_u64().ok_or_else(|| {
            let text = "version is the version of a command, a number.";
            wrong("version", "bad_command", text)
        })?),
    };
    // For people; what counts is the id.
    fields.remove("platform_name");
    fields.remove("number");
    let edit: Edit = serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let text: String = error.to_string().chars().take(200).collect();
        wrong(
            "body",
            "bad_command",
            format!("This is no command: {text}."),
        )
    })?;
    Ok(Entry {
        id,
        platform,
        version,
        edit,
        notes: Vec::new(),
    })
}

/// Takes a text, or a number as its text.
fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn write(commands: &[Command], platforms: &BTreeMap<PlatformId, Platform>) -> String {
    let written: Vec<Value> = commands
        .iter()
        .map(|command| {
            let name = platforms.get(&command.platform_id).map(|one| &one.name);
            let mut fields = Map::new();
            fields.insert("id".to_owned(), json!(command.command_id));
            fields.insert("number".to_owned(), json!(command.number));
            fields.insert("version".to_owned(), json!(command.version));
            fields.insert("platform".to_owned(), json!(command.platform_id));
            fields.insert("platform_name".to_owned(), json!(name));
            // Plain strings, lists and maps: it always is JSON.
            if let Ok(Value::Object(edit)) = serde_json::to_value(Edit::from(command)) {
                fields.extend(edit.into_iter().filter(|(name, _)| name != "comment"));
            }
            Value::Object(fields)
        })
        .collect();
    let file = json!({ "version": VERSION, "commands": written });
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}
