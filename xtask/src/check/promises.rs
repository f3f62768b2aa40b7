//! Each promise of the README names a test, and the test is there.

use std::fs;

use super::Options;
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::workspace::Workspace;

const TABLE: &str = "| promise | shown by |";

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let readme = fs::read_to_string(workspace.root().join("README.md"));
    let readme = readme.while_doing("read README.md")?;
    let mut sources = String::new();
    for file in workspace.files()? {
        if file.extension().is_some_and(|ending| ending == "rs") {
            let path = workspace.root().join(&file);
            let text = fs::read_to_string(path);
            sources += &text.while_doing(format!("read {}", file.display()))?;
        }
    }
    let empty = empty_promises(&readme, &sources);
    if empty.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "README.md promises what no test shows:\n  {}",
        empty.join("\n  ")
    )))
}

/// Rows of the table that name no test, and tests that are not in the sources.
fn empty_promises(readme: &str, sources: &str) -> Vec<String> {
    let lines = readme.lines().skip_while(|line| *line != TABLE);
    let rows: Vec<&str> = lines
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    if rows.is_empty() {
        return vec!["(the table of promises is not there)".to_owned()];
    }
    let mut empty = Vec::new();
    for row in rows {
        let shown_by = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap_or_default();
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        let tests = names.iter().filter(|name| !name.contains('/'));
        let gone = tests.filter(|name| !sources.contains(&format!("fn {name}")));
        empty.extend(gone.map(|name| format!("{name} is no test")));
        if names.is_empty() {
            empty.push(format!("no test is named: {row}"));
        }
    }
    empty
}

#[cfg(test)]
mod tests {
    use super::{TABLE, empty_promises};

    #[test]
    fn a_promise_without_its_test_is_found() {
        let readme = format!(
            "{TABLE}\n| --- | --- |\n| Kept. | `it_is_kept` (in `a/folder`) |\n\
             | Broken. | `it_was_renamed` |\n| Empty. | believe us |\n\nMore text.\n"
        );
        let found = empty_promises(&readme, "fn it_is_kept() {}");
        let expected = [
            "it_was_renamed is no test",
            "no test is named: | Empty. | believe us |",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_readme_without_the_table_is_found() {
        assert_eq!(empty_promises("# Tidings", "").len(), 1);
    }
}
