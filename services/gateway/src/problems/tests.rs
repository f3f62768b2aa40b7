use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{MEANINGS, exchange, meanings, register, repository};

/// The codes in the sources, found by the shapes in which they are written.
fn codes_in_sources() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut codes = BTreeSet::new();
    // Of the contracts only days and ranges answer requests; `code` is a currency's elsewhere.
    let folders = [
        "services",
        "contracts/src/calendar",
        "app/src",
        "toolkit/tidings/src",
    ];
    for folder in folders {
        collect(&root.join(folder), &mut codes);
    }
    codes
}

fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            // `services` holds what is no source of an answer, too.
            if !["tests", "templates", "assets", "migrations"].contains(&name.as_ref()) {
                collect(&path, codes);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).expect("a source");
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            codes.extend(codes_in(&lines.collect::<Vec<_>>().join("\n")));
        }
    }
}

fn codes_in(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut pieces = text.split('"');
    let mut before = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
        if !piece.is_empty() && piece.chars().all(is_word) && tells_a_code(&before) {
            codes.push(piece.to_owned());
        }
        before.push('"');
        before.push_str(piece);
    }
    codes
}

/// Whether what stands here next is the code of a problem.
fn tells_a_code(before: &str) -> bool {
    let before = before.trim_end();
    let calls = [
        "Problem::conflict(",
        "Problem::field(",
        "Self::conflict(",
        "Self::field(",
    ];
    if calls.iter().any(|call| before.ends_with(call)) || before.ends_with(" code:") {
        return true;
    }
    // `Refused::Sold => "ticket_sold"` in `fn code`, `Missing => ("password_missing", …)`.
    let function = before.rsplit("\nfn ").next().unwrap_or_default();
    let method = before.rsplit(" fn ").next().unwrap_or_default();
    if before.ends_with("=>") && method.starts_with("code(") {
        return true;
    }
    if before.ends_with("=> (") {
        return function.contains("let (code, message) = match");
    }
    // `wrong(field, "bad_text", …)`, and where the field is known or there is none.
    let bare = [".wrong(", " refuse(", "refused(", "column_error("];
    if bare.iter().any(|call| before.ends_with(call)) {
        return true;
    }
    let named = [
        ("wrong(", 1),
        (" error(", 1),
        ("vec![error(", 1),
        ("(error(", 1),
        ("= word(", 1),
        ("RowError::new(", 2),
    ];
    let is_behind = |(call, count): (&str, usize)| {
        let arguments = before.rsplit_once(call);
        arguments.is_some_and(|(_, arguments)| is_behind_arguments(arguments, count))
    };
    if named.into_iter().any(is_behind) {
        return true;
    }
    // The second argument of `new`.
    let Some((callee, arguments)) = before.rsplit_once("new(") else {
        return false;
    };
    let is_problem = callee.ends_with("Problem::")
        || callee.ends_with("Wrong::")
        || (callee.ends_with("Self::") && arguments.contains("StatusCode::"));
    is_problem && arguments.ends_with(',') && arguments.matches([',', ';']).count() == 1
}

/// Whether a call has got as far as behind so many arguments.
fn is_behind_arguments(arguments: &str, count: usize) -> bool {
    let (mut depth, mut commas) = (0, 0);
    for char in arguments.chars() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => commas += 1,
            ';' => return false,
            _ => {}
        }
    }
    depth == 0 && commas == count && arguments.ends_with(',')
}

#[test]
fn every_code_in_the_sources_has_a_page_and_every_page_a_code() {
    let told: BTreeSet<String> = meanings().map(|&(code, _)| code.to_owned()).collect();
    let used = codes_in_sources();
    let missing: Vec<_> = used.difference(&told).collect();
    let stale: Vec<_> = told.difference(&used).collect();
    assert!(missing.is_empty(), "these have no page: {missing:?}");
    assert!(stale.is_empty(), "nobody answers these: {stale:?}");
}

#[test]
fn the_table_is_in_order() {
    assert!(MEANINGS.is_sorted_by(|a, b| a.0 < b.0));
    for systems in [exchange::MEANINGS, register::MEANINGS, repository::MEANINGS] {
        assert!(systems.is_sorted_by(|a, b| a.0 < b.0));
    }
}
