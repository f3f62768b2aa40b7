//! A-25 against dash and bash themselves: the program sees the value as one argument,
//! whatever it is, and nothing else happens.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use contracts::commands::{ParamType, Shell};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{HOSTILE, command, filled, of, param};
use crate::render::render;

/// Prints how many arguments there are, and each; ends of programs cannot be confused with
/// what they print.
const PRELUDE: &str = "show() { printf '%s\\0' \"$#\" \"$@\"; }\nput() { printf '%s.' \"$1\"; }\n";

/// A line, and what its program must see where the value stands as `@`.
const LINES: [(&str, &[&str]); 22] = [
    ("show {{v}}", &["@"]),
    ("show '{{v}}'", &["@"]),
    ("show \"{{v}}\"", &["@"]),
    ("show a{{v}}b", &["a@b"]),
    ("show 'a {{v}} b'", &["a @ b"]),
    ("show \"a {{v}} b\"", &["a @ b"]),
    ("show --name={{v}} x", &["--name=@", "x"]),
    ("X={{v}}; show \"$X\"", &["@"]),
    ("show \"$(put {{v}})\"", &["@."]),
    ("show \"$(put '{{v}}')\"", &["@."]),
    ("show \"$(put \"{{v}}\")\"", &["@."]),
    ("show \\${{v}}", &["$@"]),
    ("show \"\\${{v}}\"", &["$@"]),
    ("show {{v}}{{v}}", &["@@"]),
    ("show {{v}} \"{{v}}\" '{{v}}'", &["@", "@", "@"]),
    ("(show {{v}}); show b", &["@", "END", "1", "b"]),
    ("if true; then show {{v}}; fi", &["@"]),
    ("show {{v}} # and so on", &["@"]),
    ("show \"${NOBODY}{{v}}\"", &["@"]),
    ("show a \\\n  {{v}}", &["a", "@"]),
    ("show ~/{{v}}/x", &["/home/@/x"]),
    (
        "show \"$((1 + 2))\" {{v}} $(put {{v}} | wc -l)x",
        &["3", "@", "#x"],
    ),
];

pub(super) fn folder() -> PathBuf {
    let id = tidings::uuid_at(tidings::Clock::system().now()).simple();
    let path = std::env::temp_dir().join(format!("commands-sh-{id}"));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a script where nothing is; says what it printed, and that it left no file behind.
fn run(shell: &str, script: &str) -> String {
    let folder = folder();
    let mut child = Command::new(shell)
        .current_dir(&folder)
        .env("HOME", "/home")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let script = script.to_owned();
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert!(left.is_empty(), "{shell}: something else was run: {left:?}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
    String::from_utf8(output.stdout).unwrap()
}

/// The values themselves, and mixtures of them, the same each time.
fn values(mixtures: usize) -> Vec<String> {
    let pieces = prop::collection::vec(
        prop_oneof![
            4 => prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
            1 => "[ -~]{0,4}",
            1 => "[^\\p{Cc}]{0,3}",
        ],
        1..5,
    );
    let mixed = pieces.prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::deterministic();
    let mixed = (0..mixtures).map(|_| mixed.new_tree(&mut runner).unwrap().current());
    HOSTILE
        .into_iter()
        .map(str::to_owned)
        .chain(mixed)
        .collect()
}

fn expected(words: &[&str], value: &str) -> String {
    let lines = value.matches('\n').count().to_string();
    let mut text = String::new();
    let first = words
        .iter()
        .position(|&word| word == "END")
        .unwrap_or(words.len());
    text.push_str(&format!("{first}\0"));
    for word in words.iter().filter(|&&word| word != "END") {
        let word = match *word {
            "#x" => format!("{lines}x"),
            word => word.replace('@', value),
        };
        text.push_str(&word);
        text.push('\0');
    }
    text
}

/// A-25: 13,000 lines in dash, and as many in bash with history expansion, as where people type.
#[test]
fn a_25_sh_sees_exactly_the_value_and_does_nothing_else() {
    for shell in ["dash", "bash"] {
        let mut script = String::from(PRELUDE);
        if shell == "bash" {
            script.push_str("set -o history\nset -H\n");
        }
        let (mut lines, mut expectations) = (0, String::new());
        for value in values(580) {
            for (line, words) in LINES {
                let nested = line.contains("\"$(");
                let text = match filled(Shell::Posix, line, &value) {
                    Err(codes) => {
                        assert_eq!(codes, ["cannot_be_quoted"], "{line} {value:?}");
                        assert!(nested && value.contains('!'), "{line} {value:?}");
                        continue;
                    }
                    Ok(text) => text,
                };
                lines += 1;
                script.push_str(&format!("{text}\nprintf 'END\\0'\n"));
                expectations.push_str(&expected(words, &value));
                expectations.push_str("END\0");
            }
        }
        assert!(lines > 12_500, "{lines}");
        let seen = run(shell, &script);
        let (mut seen, mut wanted) = (seen.split("END\0"), expectations.split("END\0"));
        for _ in 0..lines {
            assert_eq!(seen.next(), wanted.next(), "{shell}");
        }
        assert_eq!((seen.next(), seen.next()), (Some(""), None));
    }
}

#[test]
fn a_25_many_values_are_many_arguments() {
    let mut many = param("v", ParamType::String);
    many.multivalued = true;
    let values = ["a b", "", "';x", "-", "$(x)"];
    let rendered = |line: &str, delimiter: &str| {
        let mut many = many.clone();
        many.delimiter = delimiter.to_owned();
        let command = command(Shell::Posix, line, vec![many]);
        render(&command, &of("v", &values)).unwrap().text
    };
    let script = [
        PRELUDE.to_owned(),
        rendered("show {{v...}}", " "),
        rendered("show {{v...}}", ","),
        rendered("show \"{{v...}}\"", " "),
        rendered("show '{{v...}}'", ", "),
    ];
    let expected = "5\0a b\0\0';x\0-\0$(x)\0\
        1\0a b,,';x,-,$(x)\0\
        1\0a b  ';x - $(x)\0\
        1\0a b, , ';x, -, $(x)\0";
    for shell in ["dash", "bash"] {
        assert_eq!(run(shell, &script.join("\n")), expected);
    }
}

/// What nobody filled in and nobody need fill in leaves no word, and never changes what the
/// rest of the line is.
#[test]
fn nothing_given_is_nothing_there() {
    let nothing = std::collections::BTreeMap::new();
    let line = |line: &str| {
        let command = command(Shell::Posix, line, vec![param("v", ParamType::String)]);
        render(&command, &nothing).unwrap().text
    };
    let script = [
        PRELUDE.to_owned(),
        line("show a {{v}} b"),
        line("show {{v}}#b"),
        line("show \"{{v}}\""),
        line("show -x={{v}} b"),
    ];
    let expected = "2\0a\0b\x001\0#b\x001\0\x002\0-x=\0b\0";
    assert_eq!(run("dash", &script.join("\n")), expected);
}

/// Where people type, a line that bash takes for one of before and does not find is forgotten
/// with its quotes: it would go on with the next line of the value.
#[test]
fn a_25_no_line_of_a_value_is_left_behind_by_history() {
    let value = "x\ntouch PWNED\n";
    for line in [
        "show !nothing {{v}}",
        "^a^b^ {{v}}",
        "show !{{v}}",
        "show \"!x\" '{{v}}'",
    ] {
        let refused = filled(Shell::Posix, line, value);
        assert_eq!(refused, Err(vec!["cannot_be_quoted"]), "{line}");
        assert!(filled(Shell::Posix, line, "a b; c").is_ok(), "{line}");
    }
    let head = format!("{PRELUDE}set -o history\nset -H\n");
    let lines = ["[ a != {{v}} ] && show {{v}}", "! false && show {{v}}"];
    for line in lines.map(|line| filled(Shell::Posix, line, value).unwrap()) {
        assert_eq!(
            run("bash", &format!("{head}{line}\n")),
            format!("1\0{value}\0")
        );
    }
}

/// A line with nothing odd reads as somebody would type it.
#[test]
fn plain_values_stand_without_quotes() {
    let line = |line, value| filled(Shell::Posix, line, value).unwrap();
    assert_eq!(
        line("kubectl delete pod {{v}} -n x", "web-1"),
        "kubectl delete pod web-1 -n x"
    );
    assert_eq!(line("ls /var/{{v}}/log", "app.d"), "ls /var/app.d/log");
    assert_eq!(line("ls {{v}}", "a b"), "ls 'a b'");
    assert_eq!(line("{{v}} x", "if"), "'if' x");
    assert_eq!(line("then {{v}} x", "do"), "then 'do' x");
    assert_eq!(line("echo {{v}}>x", "2"), "echo '2'>x");
    assert_eq!(line("echo {{v}}", ""), "echo ''");
    assert_eq!(line("echo {{v}}", "it's"), r"echo 'it'\''s'");
    assert_eq!(
        line("echo \"{{v}}\"", "$(x) \"`\\!"),
        "echo \"\\$(x) \\\"\\`\\\\\"'!'\"\""
    );
}
