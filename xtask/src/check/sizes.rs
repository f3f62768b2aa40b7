//! A file answers one question; one that needs more than 400 lines for it answers several.

use std::fs;
use std::path::{Path, PathBuf};

use super::Options;
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::workspace::Workspace;

const LINES_MAX: usize = 400;

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let mut measured = Vec::new();
    for file in workspace.files()? {
        if !is_rust(&file) {
            continue;
        }
        let text = fs::read_to_string(workspace.root().join(&file))
            .while_doing(format!("read {}", file.display()))?;
        measured.push((file, text.lines().count()));
    }
    complain_of(&too_long(measured))
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

/// The longest first.
fn too_long(mut measured: Vec<(PathBuf, usize)>) -> Vec<(PathBuf, usize)> {
    measured.retain(|(_, lines)| *lines > LINES_MAX);
    measured.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    measured
}

fn complain_of(files: &[(PathBuf, usize)]) -> Outcome {
    if files.is_empty() {
        return Ok(());
    }
    let list: String = files
        .iter()
        .map(|(file, lines)| format!("\n  {lines:>5}  {}", file.display()))
        .collect();
    Err(Failure::new(format!("over {LINES_MAX} lines:{list}")))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{LINES_MAX, complain_of, is_rust, too_long};

    fn file(name: &str, lines: usize) -> (PathBuf, usize) {
        (PathBuf::from(name), lines)
    }

    #[test]
    fn a_file_of_exactly_the_limit_passes() {
        assert_eq!(too_long(vec![file("a.rs", LINES_MAX)]), []);
    }

    #[test]
    fn files_over_the_limit_are_listed_longest_first() {
        let measured = vec![file("a.rs", 401), file("b.rs", 12), file("c.rs", 900)];
        assert_eq!(too_long(measured), [file("c.rs", 900), file("a.rs", 401)]);
    }

    #[test]
    fn one_long_file_fails_the_check() {
        assert_eq!(complain_of(&[]), Ok(()));
        assert!(complain_of(&[file("a.rs", 401)]).is_err());
    }

    #[test]
    fn only_rust_files_are_measured() {
        assert!(is_rust("src/lib.rs".as_ref()));
        assert!(!is_rust("Cargo.lock".as_ref()));
    }
}
