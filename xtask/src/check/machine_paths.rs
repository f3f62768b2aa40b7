//! The repository stands alone: no file names a place on the machine where it was written.

use std::fs;

use super::Options;
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::workspace::Workspace;

/// In two halves, or this file would be the first to be found.
const PLACES: [(&str, &str); 4] = [
    ("/wo", "rk/"),
    ("../sha", "red"),
    (".libra", "ry"),
    ("/tmp/br", "ief"),
];

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let places = PLACES.map(|(front, back)| format!("{front}{back}"));
    let mut found = String::new();
    for file in workspace.files()? {
        let bytes = fs::read(workspace.root().join(&file))
            .while_doing(format!("read {}", file.display()))?;
        for (number, place) in occurrences(&String::from_utf8_lossy(&bytes), &places) {
            found += &format!("\n  {}:{number}: {place}", file.display());
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "places outside the repository are named:{found}"
    )))
}

fn occurrences<'a>(text: &str, places: &'a [String]) -> Vec<(usize, &'a str)> {
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            places
                .iter()
                .filter(|place| line.contains(place.as_str()))
                .map(move |place| (index + 1, place.as_str()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{PLACES, occurrences};

    #[test]
    fn every_place_is_found_with_its_line() {
        let places = PLACES.map(|(front, back)| format!("{front}{back}"));
        let text: String = places
            .iter()
            .map(|place| format!("see {place}\n"))
            .collect();

        let found = occurrences(&text, &places);

        let expected: Vec<_> = (1..).zip(places.iter().map(String::as_str)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn paths_inside_the_repository_are_fine() {
        let places = PLACES.map(|(front, back)| format!("{front}{back}"));
        assert!(occurrences("services/orders\n/tmp\nworking/", &places).is_empty());
    }
}
