//! Some rows of a file as they are kept until they are taken over: each column is named once.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Line, RowError, Target};

#[derive(Serialize, Deserialize)]
struct Slice {
    columns: Vec<String>,
    lines: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    row: u64,
    /// Each with the place of its column.
    cells: Vec<(usize, String)>,
    wrong: Vec<RowError>,
    target: Option<Target>,
}

/// The rows as a text.
///
/// # Errors
/// Never: they are texts and numbers.
pub(crate) fn write_slice(lines: &[Line]) -> Result<String, serde_json::Error> {
    let mut columns = Vec::new();
    let mut places = HashMap::new();
    let lines = lines.iter().map(|line| {
        let cells = line.cells.iter().map(|(column, text)| {
            let place = places.entry(column.clone()).or_insert_with(|| {
                columns.push(column.to_string());
                columns.len() - 1
            });
            (*place, text.clone())
        });
        Kept {
            row: line.row,
            cells: cells.collect(),
            wrong: line.wrong.clone(),
            target: line.target,
        }
    });
    let lines = lines.collect();
    serde_json::to_string(&Slice { columns, lines })
}

/// The rows of a text.
///
/// # Errors
/// For what [`write_slice`] has not written.
pub(crate) fn read_slice(text: &str) -> Result<Vec<Line>, serde_json::Error> {
    let slice: Slice = serde_json::from_str(text)?;
    let columns: Vec<Arc<str>> = slice.columns.into_iter().map(Arc::from).collect();
    let lines = slice.lines.into_iter().map(|kept| {
        let cells = kept.cells.into_iter();
        let named = |(place, text): (usize, String)| Some((columns.get(place)?.clone(), text));
        Line {
            row: kept.row,
            cells: cells.filter_map(named).collect(),
            wrong: kept.wrong,
            target: kept.target,
        }
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_and_columns_are_named_once() {
        let names: [Arc<str>; 3] = ["name", "publisher", "custom.rack"].map(Arc::from);
        let line = |row: u64, cells: &[(usize, &str)]| Line {
            row,
            cells: cells
                .iter()
                .map(|(place, text)| (names[*place].clone(), (*text).to_owned()))
                .collect(),
            wrong: Vec::new(),
            target: None,
        };
        let mut torn = line(3, &[]);
        torn.wrong
            .push(RowError::new(3, None, "bad_quotes", "Torn."));
        let lines = vec![
            line(2, &[(0, "A"), (1, "\"B\",\n")]),
            torn,
            line(4, &[(2, ""), (0, "C")]),
        ];
        let text = write_slice(&lines).unwrap();
        assert_eq!(text.matches("publisher").count(), 1);
        assert_eq!(text.matches("\"name\"").count(), 1);
        assert_eq!(read_slice(&text).unwrap(), lines);
    }
}
