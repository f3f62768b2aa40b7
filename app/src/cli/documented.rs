//! Every command that the README and the guides name is one that the program takes.

use std::fs;
use std::path::Path;

use clap::error::ErrorKind;

use super::Cli;

/// How a command that calls the program begins where people type it.
const CALLS: [&str; 4] = [
    "tidings ",
    "target/release/tidings ",
    "cargo run --release -- ",
    "cargo run -- ",
];

/// A command of a text, and whether it is there to be typed, or merely named.
#[derive(Debug, PartialEq)]
struct Named {
    words: Vec<String>,
    is_whole: bool,
}

/// The commands in code blocks, and between backticks in prose.
fn commands(text: &str) -> Vec<Named> {
    let mut all = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            all.extend(command(line, true));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            all.extend(quoted.filter_map(|code| command(code, false)));
        }
    }
    all
}

fn command(line: &str, is_whole: bool) -> Option<Named> {
    let rest = CALLS.iter().find_map(|call| line.strip_prefix(call))?;
    let mut words = vec!["tidings".to_owned()];
    let typed = shell_words(rest).into_iter();
    words.extend(typed.take_while(|word| word != "&" && !word.starts_with('#')));
    Some(Named { words, is_whole })
}

/// As a shell splits a line that has single quotes and nothing harder.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(ToOwned::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

fn problem(named: &Named) -> Option<String> {
    let error = Cli::told().try_get_matches_from(&named.words).err()?;
    let is_short = error.kind() == ErrorKind::MissingRequiredArgument && !named.is_whole;
    let is_help = !error.use_stderr();
    (!is_short && !is_help).then(|| format!("{}: {error}", named.words.join(" ")))
}

#[test]
fn every_command_in_the_guides_is_one_that_the_program_takes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guides = fs::read_dir(root.join("docs/guides")).unwrap();
    let guides = guides.map(|guide| guide.unwrap().path());
    let own = ["README.md", "CONTRIBUTING.md"].map(|name| root.join(name));
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in own.into_iter().chain(guides) {
        for named in commands(&fs::read_to_string(&page).unwrap()) {
            seen += 1;
            let text = problem(&named).map(|text| format!("{}: {text}", page.display()));
            wrong.extend(text);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 10, "only {seen} were found");
}

#[test]
fn a_command_that_the_program_does_not_take_is_found() {
    let text = "Ask `tidings doctor`, `tidings settle` or `tidings serv --prot 1`.\n\n\
        ```sh\ntidings settle\ntarget/release/tidings --database 'postgres:///a?b' & # c\n```\n";
    let found = commands(text);
    let wrong: Vec<bool> = found.iter().map(|one| problem(one).is_some()).collect();
    assert_eq!(wrong, [false, false, true, true, false]);
    let words = ["tidings", "--database", "postgres:///a?b"];
    assert_eq!(found[4].words, words);
}
