//! The schemas in `contracts/schemas` are those of the types, and no change of one breaks anybody.

use std::path::Path;

use serde_json::Value;
use tidings::schema::Findings;
use tidings_contracts::all;

/// when this fails it says which file, why, and what to do.
#[test]
fn every_schema_is_committed_and_changed_only_as_readers_can_bear() -> Result<(), Findings> {
    all().check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"))
}

///
#[test]
fn events_are_named_as_what_has_happened_and_commands_as_what_is_to_be_done() -> Result<(), Findings>
{
    all().check_names()
}

/// B-01: the first version of the records of tasks is read for ever.
#[test]
fn both_versions_of_the_records_of_tasks_are_there() {
    let all = all();
    let all = all.all();
    let tasks = all.iter().filter(|one| one.stream == "tasks");
    let tasks: Vec<_> = tasks.map(|one| (one.name, one.version)).collect();
    let both = |name| [(name, 1), (name, 2)];
    assert_eq!(tasks, [both("task.created"), both("task.updated")].concat());
}

/// What consoles and logs do not show.
#[test]
fn addresses_and_what_letters_say_are_marked_as_sensitive() {
    let all = all();
    let mut marked = Vec::new();
    for one in all.all() {
        let fields = one.schema["properties"].as_object();
        for (name, said) in fields.into_iter().flatten() {
            if said["x-sensitive"] == Value::Bool(true) {
                marked.push(format!("{} {name}", one.name));
            }
        }
    }
    let expected = [
        "notifications.send_email text",
        "notifications.send_email to",
        "notifications.send_link text",
        "notifications.send_link to",
        "platform.archived support_contact",
        "platform.archived technical_contact",
        "platform.created support_contact",
        "platform.created technical_contact",
        "platform.updated support_contact",
        "platform.updated technical_contact",
        "user.created email",
        "user.updated email",
    ];
    assert_eq!(marked, expected);
}

/// Every field says what it is, for people who read the catalogue.
#[test]
fn every_field_and_every_event_is_described() {
    let all = all();
    let mut silent = Vec::new();
    for one in all.all() {
        if one.schema["description"].is_null() {
            silent.push(one.name.to_owned());
        }
        let fields = one.schema["properties"].as_object();
        for (name, said) in fields.into_iter().flatten() {
            if said["description"].is_null() {
                silent.push(format!("{} {name}", one.name));
            }
        }
    }
    assert_eq!(silent, [""; 0]);
}
