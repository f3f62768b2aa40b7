//! What has changed between two revisions of a command, field by field.

use contracts::commands::Param;

use super::words;
use crate::command::Command;

/// A field that says something else.
pub(super) struct Change {
    pub(super) field: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// What is different; nothing is told of who made it so, and when.
pub(super) fn changes(before: &Command, after: &Command) -> Vec<Change> {
    let pairs = fields(before).into_iter().zip(fields(after));
    let mut changes: Vec<Change> = pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((field, before), (_, after))| change(field, before, after))
        .collect();
    changes.extend(of_params(&before.params, &after.params));
    changes
}

fn change(field: &str, before: String, after: String) -> Change {
    Change {
        field: field.to_owned(),
        before,
        after,
    }
}

fn fields(command: &Command) -> Vec<(&'static str, String)> {
    let undo = command.undo_command_id.map(|id| id.to_string());
    vec![
        ("What it does", command.how_to.clone()),
        ("Command line", command.command_line.clone()),
        ("Description", command.description.clone()),
        ("Read by", words::shell(&command.shell).to_owned()),
        ("Operating systems", command.os.join(", ")),
        ("Tags", command.tags.join(", ")),
        ("Risk", words::risk(&command.risk).to_owned()),
        ("Status", words::status(&command.status).to_owned()),
        (
            "When it works",
            command.expected_output.clone().unwrap_or_default(),
        ),
        ("Taken back by", undo.unwrap_or_default()),
    ]
}

/// A parameter that is new, gone or another stands there as a whole.
fn of_params(before: &[Param], after: &[Param]) -> Vec<Change> {
    let of = |params: &[Param], name: &str| {
        let found = params.iter().find(|param| param.name == name);
        found.map(told).unwrap_or_default()
    };
    let mut names: Vec<&str> = before.iter().map(|param| param.name.as_str()).collect();
    for param in after {
        if !names.contains(&param.name.as_str()) {
            names.push(&param.name);
        }
    }
    let mut changes = Vec::new();
    for name in names {
        let (was, is) = (of(before, name), of(after, name));
        if was != is {
            changes.push(change(&format!("Parameter {name}"), was, is));
        }
    }
    let order = |params: &[Param]| {
        let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
        names.join(", ")
    };
    if changes.is_empty() && order(before) != order(after) {
        changes.push(change("Order of parameters", order(before), order(after)));
    }
    changes
}

fn told(param: &Param) -> String {
    let mut lines = vec![words::kind(&param.kind).to_owned()];
    lines.push(match param.required {
        true => "must be filled in".to_owned(),
        false => "optional".to_owned(),
    });
    if !param.label.is_empty() {
        lines.push(format!("called {}", param.label));
    }
    if let Some(default) = &param.default {
        lines.push(format!("filled in already: {default}"));
    }
    if !param.allowed_values.is_empty() {
        let only = match param.enforced {
            true => "only",
            false => "for example",
        };
        lines.push(format!("{only}: {}", param.allowed_values.join(", ")));
    }
    if let Some(pattern) = &param.pattern {
        lines.push(format!("looks like {pattern}"));
    }
    if param.multivalued {
        lines.push(format!("many values, between them “{}”", param.delimiter));
    }
    if !param.help.is_empty() {
        lines.push(param.help.clone());
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use contracts::commands::{CommandRecord, ParamType, Risk, Shell, Status};
    use contracts::{CommandId, PlatformId, UserId};
    use tidings::{Timestamp, Uuid};

    use super::*;

    fn command() -> Command {
        CommandRecord {
            command_id: CommandId::from(Uuid::nil()),
            number: 1,
            platform_id: PlatformId::from(Uuid::nil()),
            how_to: "Look".to_owned(),
            description: String::new(),
            command_line: "ls {{dir}}".to_owned(),
            shell: Shell::Posix,
            os: Vec::new(),
            params: vec![Param {
                name: "dir".to_owned(),
                label: String::new(),
                kind: ParamType::Path,
                required: true,
                default: None,
                allowed_values: Vec::new(),
                enforced: false,
                pattern: None,
                multivalued: false,
                delimiter: " ".to_owned(),
                help: String::new(),
            }],
            tags: Vec::new(),
            risk: Risk::Safe,
            status: Status::Draft,
            expected_output: None,
            undo_command_id: None,
            author: UserId::from(Uuid::nil()),
            created_at: Timestamp::from_micros(0),
            last_modified_by: UserId::from(Uuid::nil()),
            last_modified_at: Timestamp::from_micros(0),
            version: 1,
        }
    }

    #[test]
    fn only_what_is_different_is_told() {
        let before = command();
        let mut after = command();
        after.version = 2;
        after.last_modified_at = Timestamp::from_micros(7);
        assert!(changes(&before, &after).is_empty());
        after.risk = Risk::Caution;
        after.params[0].default = Some("/tmp".to_owned());
        let told: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|one| (one.field, one.before, one.after))
            .collect();
        let expected = [
            ("Risk", "Safe", "Caution"),
            (
                "Parameter dir",
                "Path of a file; must be filled in",
                "Path of a file; must be filled in; filled in already: /tmp",
            ),
        ];
        let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(told, expected);
    }
}
