//! What other tools write is read, and what is written reads back.

use std::collections::BTreeMap;

use contracts::commands::{CommandRecord, Param, ParamType, Risk, Shell, Status};
use contracts::platforms::Lifecycle;
use contracts::{CommandId, PlatformId, UserId};
use proptest::prelude::*;
use tidings::{FieldError, Timestamp, Uuid};

use super::{Entry, Format, read, write};
use crate::command;
use crate::store::platforms::Platform;

fn blank() -> CommandRecord {
    let at = Timestamp::from_micros(0);
    let by = UserId::from(Uuid::from_u128(3));
    CommandRecord {
        command_id: CommandId::from(Uuid::from_u128(1)),
        number: 1,
        platform_id: PlatformId::from(Uuid::from_u128(2)),
        how_to: "Try it".to_owned(),
        description: String::new(),
        command_line: "x".to_owned(),
        shell: Shell::Posix,
        os: Vec::new(),
        params: Vec::new(),
        tags: Vec::new(),
        risk: Risk::Caution,
        status: Status::Published,
        expected_output: None,
        undo_command_id: None,
        author: by,
        created_at: at,
        last_modified_by: by,
        last_modified_at: at,
        version: 1,
    }
}

fn platforms() -> BTreeMap<PlatformId, Platform> {
    let id = PlatformId::from(Uuid::from_u128(2));
    let platform = Platform {
        id,
        number: 1,
        name: "Kubernetes".to_owned(),
        publisher: "CNCF".to_owned(),
        lifecycle: Lifecycle::Production,
        archived: false,
        version: 1,
    };
    BTreeMap::from([(id, platform)])
}

/// The commands that a file makes, each without mistakes, with the notes of each.
fn commands(format: Format, text: &str) -> Vec<(CommandRecord, Vec<String>)> {
    let entries = read(format, text).unwrap();
    let made = entries.into_iter().map(|entry| {
        let Entry { edit, notes, .. } = entry.unwrap();
        let mut command = blank();
        edit.apply(&mut command).unwrap();
        assert_eq!(command::mistakes(&command), [], "{}", command.command_line);
        (command, notes)
    });
    made.collect()
}

fn names(command: &CommandRecord) -> Vec<&str> {
    command
        .params
        .iter()
        .map(|param| param.name.as_str())
        .collect()
}

#[test]
fn a_23_a_sheet_of_navi_becomes_commands() {
    let sheet = "\u{feff}% git, code\r\n\r\n; a remark\r\n# Change branch\r\ngit checkout <branch-name> < in.txt\r\n\r\n\
        $ branch-name: git branch | awk '{print $NF}' --- --column 1\r\n\
        # List\nfor i in *; do\n  echo \"<it>\" {{.Names}}\ndone\n% net\n# Ask\ncurl <url> <url>\n";
    let made = commands(Format::Navi, sheet);
    assert_eq!(made.len(), 3);
    let (branch, notes) = &made[0];
    assert_eq!(branch.how_to, "Change branch");
    assert_eq!(branch.command_line, "git checkout {{branch_name}} < in.txt");
    assert_eq!(branch.tags, ["code", "git"]);
    assert_eq!((branch.risk, branch.shell), (Risk::Caution, Shell::Posix));
    assert_eq!(
        branch.params[0].help,
        "Suggested by: git branch | awk '{print $NF}' --- --column 1"
    );
    assert_eq!(notes.len(), 1);
    let (list, _) = &made[1];
    let expected = "for i in *; do\n  echo \"{{it}}\" \\{\\{.Names}}\ndone";
    assert_eq!(list.command_line, expected);
    let (ask, _) = &made[2];
    assert_eq!(
        (ask.command_line.as_str(), names(ask)),
        ("curl {{url}} {{url}}", vec!["url"])
    );
    assert_eq!(ask.tags, ["net"]);
}

#[test]
fn a_23_a_page_of_tldr_becomes_commands() {
    let page = "# tar\n\n> Archiving utility.\n> More information: <https://example.com>.\n\n\
        - [c]reate an archive from [f]iles:\n\n`tar cf {{path/to/target.tar}} {{path/to/file1 path/to/file2 ...}}`\n\n\
        - Show it:\n\n`tar {{[-t|--list]}} {{up|down}} \\{\\{.Names\\}\\} {{ path/to/target.tar }} {{8080}}`\n";
    let made = commands(Format::Tldr, page);
    let (create, _) = &made[0];
    assert_eq!(create.how_to, "create an archive from files");
    assert_eq!(
        create.command_line,
        "tar cf {{path_to_target_tar}} {{path_to_file1...}}"
    );
    assert_eq!(create.tags, ["tar"]);
    assert_eq!(
        create.description,
        "Archiving utility.\nMore information: <https://example.com>."
    );
    assert_eq!(create.params[0].kind, ParamType::Path);
    assert!(create.params[1].multivalued);
    assert_eq!(create.params[1].label, "path/to/file1 path/to/file2");
    let (show, _) = &made[1];
    let expected = "tar {{list}} {{down}} \\{\\{.Names}} {{path_to_target_tar}} {{8080}}";
    assert_eq!(show.command_line, expected);
    assert_eq!(show.params[0].allowed_values, ["-t", "--list"]);
    assert!(show.params[0].enforced);
}

#[test]
fn what_is_no_such_file_is_refused_and_what_is_no_command_is_told() {
    let code = |format, text: &str| read(format, text).unwrap_err().code;
    assert_eq!(code(Format::Json, "{"), "bad_file");
    assert_eq!(code(Format::Json, "{\"commands\": 1}"), "bad_file");
    assert_eq!(
        code(Format::Json, "{\"version\": 2, \"commands\": [1]}"),
        "bad_file"
    );
    assert_eq!(code(Format::Json, &"[".repeat(100_000)), "bad_file");
    assert_eq!(code(Format::Json, "[]"), "no_commands");
    assert_eq!(code(Format::Navi, "; hello"), "no_commands");
    assert_eq!(code(Format::Tldr, ""), "no_commands");
    let many = "# a\nx\n".repeat(10_001);
    assert_eq!(code(Format::Navi, &many), "too_many_commands");
    let file = r#"[1, {"id": "x"}, {"howTo": 1}, {"nonsense": 1}, {"howTo": "a", "commandLine": "a"}, {"howTo": "b", "commandLine": "a"}]"#;
    let entries = read(Format::Json, file).unwrap();
    let codes: Vec<_> = entries
        .iter()
        .map(|one| one.as_ref().err().map(|wrong| wrong.code))
        .collect();
    let bad = Some("bad_command");
    assert_eq!(codes, [bad, bad, bad, bad, None, Some("command_twice")]);
}

#[test]
fn what_a_format_cannot_say_is_left_out_and_named() {
    let many = CommandRecord {
        how_to: "Many".to_owned(),
        command_line: "x {{a...}}".to_owned(),
        ..blank()
    };
    let tick = CommandRecord {
        how_to: "Tick".to_owned(),
        command_line: "x `date`".to_owned(),
        ..blank()
    };
    let place = CommandRecord {
        how_to: "Place".to_owned(),
        command_line: "x <a> {{b}}".to_owned(),
        ..blank()
    };
    let text = write(
        Format::Navi,
        &[many.clone(), tick.clone(), place.clone()],
        &platforms(),
    );
    assert!(text.contains("; Left out: Many: many values"), "{text}");
    assert!(text.contains("; Left out: Place: something"), "{text}");
    assert!(
        text.contains("% Kubernetes\n\n# Tick\nx `date`\n"),
        "{text}"
    );
    let text = write(Format::Tldr, &[many, tick, place], &platforms());
    assert!(
        text.starts_with(
            "# Kubernetes\n\n> Commands for Kubernetes.\n> Left out: Tick: a backtick"
        ),
        "{text}"
    );
    assert!(text.contains("- Many:\n\n`x {{a ...}}`\n"), "{text}");
    assert!(text.contains("- Place:\n\n`x <a> {{b}}`\n"), "{text}");
}

#[test]
fn values_to_choose_from_are_suggested_to_navi_without_a_second_command() {
    let chosen = Param {
        name: "region".to_owned(),
        label: String::new(),
        kind: ParamType::Enum,
        required: true,
        default: None,
        allowed_values: vec!["eu".to_owned(), "it's; x".to_owned()],
        enforced: true,
        pattern: None,
        multivalued: false,
        delimiter: " ".to_owned(),
        help: String::new(),
    };
    let command = CommandRecord {
        command_line: "x {{region}}".to_owned(),
        params: vec![chosen],
        ..blank()
    };
    let text = write(Format::Navi, &[command], &platforms());
    let expected =
        "% Kubernetes\n\n# Try it\nx <region>\n\n$ region: printf '%s\\n' 'eu' 'it'\\''s; x'\n\n";
    assert_eq!(text, expected);
}

/// What once took minutes, at five megabytes each; none of it is a command.
#[test]
fn a_file_takes_time_as_its_size_does() {
    const BYTES: usize = 5 * 1024 * 1024;
    let filled = |text: &str| text.repeat(BYTES / text.len());
    let places = |open: &str, close: &str| -> String {
        let places = (0..BYTES / 16).map(|number| format!("{open}x {number:09}{close}"));
        places.collect()
    };
    let names: String = (0..BYTES / 16)
        .map(|number| format!("<x{number:08}>"))
        .collect();
    for line in [filled("<"), filled("<a"), names] {
        let entries = read(Format::Navi, &format!("# It\n{line}\n")).unwrap();
        assert!(entries[0].is_err(), "a line that is longer than any");
    }
    for line in [filled("{{a"), filled("{{"), places("{{", "}}")] {
        let entries = read(Format::Tldr, &format!("- It:\n`{line}`\n")).unwrap();
        assert!(entries[0].is_err(), "a line that is longer than any");
    }
    // Lines of the most letters that may be, one after another; less of them, because they are
    // read to their ends.
    const LESS: usize = BYTES / 10;
    for text in ["<", "<a<", "<a1> "] {
        let line = format!("# It\n{}\n", text.repeat(8_000 / text.len()));
        let many = LESS / line.len();
        let entries = read(Format::Navi, &line.repeat(many)).unwrap();
        assert_eq!(entries.len(), many);
    }
}

#[test]
fn what_a_file_repeats_is_not_multiplied() {
    // Every command of a sheet, and as many suggestions for each.
    let sheet = "# a\nx <b>\n$ b: c\n".repeat(9_999);
    let entries = read(Format::Navi, &format!("% t\n{sheet}")).unwrap();
    let notes = |entry: &Result<Entry, FieldError>| entry.as_ref().map_or(0, |one| one.notes.len());
    assert_eq!(entries.iter().map(notes).max(), Some(1));
    // What is said of a page stands in each of its examples.
    let about = "> x\n".repeat(1_000_000);
    let page = format!("# t\n{about}{}", "- a:\n`b`\n".repeat(9_999));
    let entries = read(Format::Tldr, &page).unwrap();
    let first = entries[0].as_ref().unwrap_err();
    assert_eq!(
        (first.code, first.field.as_deref()),
        ("text_too_long", Some("description"))
    );
    // Two bytes are no command.
    let zeros = format!("[0{}]", ",0".repeat(2_000_000));
    assert_eq!(
        read(Format::Json, &zeros).unwrap_err().code,
        "too_many_commands"
    );
}

/// A line with more places than a command may have is told so, and is not read any further.
#[test]
fn a_line_of_too_many_places_is_refused_as_such() {
    let places = |from: &str, to: &str| -> String {
        let places = (0..500).map(|number| format!("{from}a{number}{to}"));
        places.collect()
    };
    for (format, text) in [
        (Format::Navi, format!("# It\n{}\n", places("<", ">"))),
        (Format::Tldr, format!("- It:\n`{}`\n", places("{{", "}}"))),
    ] {
        let entries = read(format, &text).unwrap();
        let mut command = blank();
        entries[0]
            .as_ref()
            .unwrap()
            .edit
            .apply(&mut command)
            .unwrap();
        let codes = command::mistakes(&command);
        assert_eq!(codes[0].code, "too_many_params");
        assert_eq!(command.params.len(), 51);
    }
}

proptest! {
    /// What is written in a format that can say it reads back as the same line.
    #[test]
    fn lines_that_can_be_said_read_back(line in r"([a-z<>|`{}\\ ';%#$.\n]|\{\{a\}\}|\{\{b_1\}\}){1,20}") {
        let line = line.trim();
        if crate::template::Template::parse(line).is_err() {
            return Ok(());
        }
        let command = CommandRecord { command_line: line.to_owned(), ..blank() };
        for format in [Format::Navi, Format::Tldr] {
            let text = write(format, std::slice::from_ref(&command), &platforms());
            if text.contains("Left out:") {
                continue;
            }
            let entries = read(format, &text).unwrap();
            let read = entries[0].clone().unwrap().edit.command_line.unwrap();
            let same = crate::template::Template::parse(line).unwrap();
            prop_assert_eq!(crate::template::Template::parse(&read).unwrap(), same, "{}", text);
        }
    }

    /// Hostile files panic nowhere.
    #[test]
    fn hostile_files_never_panic(text in "(\\PC|\n|% |# |- |`|\\{\\{|\\}\\}|<|>|\\[|\\]|\\$ ){0,60}") {
        for format in [Format::Navi, Format::Tldr, Format::Json] {
            let _ = read(format, &text);
        }
    }
}
