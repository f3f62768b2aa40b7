//! The rows of a file.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tidings::FieldError;

use super::header::{self, IDENTITY, REPLACED_BY};
use super::{Line, ROWS_MAX, RowError, refused};
use crate::csv::{Reader, Record, TornAt, plain};
use crate::edit::Edit;

/// More than any field of ours takes, and few enough to be kept many times.
const CELL_BYTES_MAX: usize = 64 * 1024;
/// The same of one object.
const OBJECT_BYTES_MAX: usize = 256 * 1024;

/// The rows of a table, and what parts its cells.
pub(super) fn of_table(text: &str, known: &[String]) -> Result<(Vec<Line>, char), Vec<FieldError>> {
    let (delimiter, text) = header::delimiter(text);
    let mut records = Reader::new(text, delimiter);
    let Some(first) = records.next() else {
        return Err(refused("file_empty", "There is nothing in the file."));
    };
    let columns = header::columns(&first, known)?;
    let columns: Vec<Arc<str>> = columns.into_iter().map(Arc::from).collect();
    let mut lines = Vec::new();
    for record in records {
        if record.torn == Some(TornAt::End) {
            let text = format!(
                "In row {} a cell begins with a quotation mark, and none ends it: the rest of \
                 the file is in that cell. Nothing was taken over.",
                record.row
            );
            return Err(refused("open_quote", text));
        }
        if record.is_blank() {
            continue;
        }
        check_length(lines.len())?;
        lines.push(line_of(record, &columns));
    }
    Ok((lines, char::from(delimiter)))
}

fn check_length(rows: usize) -> Result<(), Vec<FieldError>> {
    match rows < ROWS_MAX {
        true => Ok(()),
        false => {
            let text = format!("A file has at most {ROWS_MAX} rows. Import it in parts.");
            Err(refused("too_many_rows", text))
        }
    }
}

fn line_of(record: Record<'_>, columns: &[Arc<str>]) -> Line {
    let row = record.row;
    let mut line = Line {
        row,
        cells: Vec::new(),
        wrong: Vec::new(),
        target: None,
    };
    if record.torn.is_some() {
        let text = "Something stands behind the quotation mark that ends a cell.";
        line.wrong
            .push(RowError::new(row, None, "bad_quotes", text));
        return line;
    }
    // Empty cells beside the table are the spreadsheet's.
    let beyond = record.cells.iter().skip(columns.len());
    let is_beyond =
        record.count > record.cells.len() || beyond.clone().any(|cell| !cell.is_empty());
    if is_beyond || record.count < columns.len() {
        let text = format!(
            "It has {} cells, and the first line names {} columns.",
            record.count,
            columns.len()
        );
        line.wrong
            .push(RowError::new(row, None, "wrong_cell_count", &text));
        return line;
    }
    for (column, cell) in columns.iter().zip(&record.cells) {
        if cell.len() > CELL_BYTES_MAX {
            let text = format!("No cell takes more than {CELL_BYTES_MAX} bytes.");
            let wrong = RowError::new(row, Some(column), "field_too_long", &text);
            line.wrong.push(wrong);
            continue;
        }
        line.cells.push((column.clone(), plain(cell).to_owned()));
    }
    if !line.wrong.is_empty() {
        line.cells.clear();
    }
    line
}

/// What an answer says of a platform beyond what can be set: a file may have it, and it is not
/// looked at.
const READ_ONLY: [&str; 10] = [
    "platform_id",
    "slug",
    "version",
    "last_reviewed_at",
    "last_reviewed_by",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "archived_at",
];

/// The rows of a list of objects, as answers have them or flat.
pub(super) fn of_objects(text: &str) -> Result<Vec<Line>, Vec<FieldError>> {
    let objects: Objects = serde_json::from_str(text).map_err(|error| {
        let text = format!("The file is no JSON list of platforms: {error}.");
        refused("bad_json", text)
    })?;
    // What is beyond was counted and not kept.
    check_length(objects.count.saturating_sub(1))?;
    let lines = objects.kept.into_iter().zip(1..);
    let mut names = Names::default();
    Ok(lines
        .map(|(object, row)| line_of_object(object.get(), row, &mut names))
        .collect())
}

/// Each object is read by itself, so that a list of millions of numbers takes little memory.
struct Objects<'a> {
    kept: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Objects<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Objects<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of platforms")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Objects<'de>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < ROWS_MAX {
                    match list.next_element()? {
                        Some(object) => kept.push(object),
                        None => break,
                    }
                }
                let mut count = kept.len();
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Objects { kept, count })
            }
        }

        from.deserialize_seq(List)
    }
}

/// The columns that objects have named so far: each is kept once.
#[derive(Default)]
struct Names(HashSet<Arc<str>>);

impl Names {
    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(name) = self.0.get(name) {
            return name.clone();
        }
        let name: Arc<str> = Arc::from(name);
        self.0.insert(name.clone());
        name
    }
}

fn line_of_object(object: &str, row: u64, names: &mut Names) -> Line {
    let mut line = Line {
        row,
        cells: Vec::new(),
        wrong: Vec::new(),
        target: None,
    };
    match cells_of_object(object, names) {
        Ok(cells) => line.cells = cells,
        Err(wrong) => {
            let wrong = wrong.iter().map(|error| RowError::of(row, error));
            line.wrong = wrong.collect();
        }
    }
    line
}

fn cells_of_object(
    object: &str,
    names: &mut Names,
) -> Result<Vec<(Arc<str>, String)>, Vec<FieldError>> {
    if object.len() > OBJECT_BYTES_MAX {
        let text = format!("No platform takes more than {OBJECT_BYTES_MAX} bytes.");
        return Err(refused("field_too_long", text));
    }
    let mut object: Map<String, Value> = serde_json::from_str(object)
        .map_err(|_| refused("bad_json", "It is no object with the fields of a platform."))?;
    for name in READ_ONLY {
        object.remove(name);
    }
    // The words of the first version say less than the object beside them.
    if let Some(charge) = object.remove("charge") {
        object.insert("cost".to_owned(), charge);
    }
    // The name means the same team in other registers, too.
    if object.get("owner").is_some_and(Value::is_string) {
        object.remove("owner_team_id");
    }
    let mut cells = Vec::new();
    for name in IDENTITY {
        match object.remove(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => cells.push((names.shared(name), text)),
            Some(Value::Number(number)) => cells.push((names.shared(name), number.to_string())),
            Some(_) => {
                let text = format!("{name} must be a text or a number.");
                return Err(refused("bad_id", text));
            }
        }
    }
    let edit = Edit::from_json(&object)?;
    let told = edit.columns().map(|column| {
        let text = edit.told(column).unwrap_or_default();
        (names.shared(column), text.to_owned())
    });
    cells.extend(told);
    if let Some(text) = edit.replaced_by {
        cells.push((names.shared(REPLACED_BY), text));
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::Known;

    fn known() -> Vec<String> {
        header::known_columns(&Known::default())
    }

    fn wrong(line: &Line) -> Vec<&str> {
        line.wrong.iter().map(|error| error.code.as_str()).collect()
    }

    #[test]
    fn a_18_a_bad_row_is_told_and_the_others_are_read() {
        let long = "x".repeat(1_000_000);
        let text = format!(
            "name,publisher,kind\nA,M,os\nB,M\n\"C\"x,M,os\n\nD,M,os,,\nE,M,os,more\n{long},M,os\n"
        );
        let (lines, _) = of_table(&text, &known()).unwrap();
        let told: Vec<(u64, Vec<&str>)> =
            lines.iter().map(|line| (line.row, wrong(line))).collect();
        let expected: [(u64, Vec<&str>); 6] = [
            (2, vec![]),
            (3, vec!["wrong_cell_count"]),
            (4, vec!["bad_quotes"]),
            (6, vec![]),
            (7, vec!["wrong_cell_count"]),
            (8, vec!["field_too_long"]),
        ];
        assert_eq!(told, expected);
        assert_eq!(lines[0].cell("kind"), Some("os"));
        assert!(lines[5].cells.is_empty());
    }

    #[test]
    fn a_quotation_mark_that_stays_open_stops_the_file() {
        let refused = of_table("name,publisher\nA,M\n\"B,M\nC,M\n", &known()).unwrap_err();
        assert_eq!(refused[0].code, "open_quote");
        assert!(refused[0].message.contains("row 3"));
    }

    #[test]
    fn objects_are_read_as_answers_have_them_and_flat() {
        let text = r#"[
            {"id": 7, "number": 7, "name": "A", "slug": "a", "cost": "Free", "version": 3,
             "charge": {"amount_minor": 12000, "currency": "eur", "period": "annual"}},
            {"name": "B", "cost_amount": "5.00", "cost_period": "monthly"},
            {"name": ["C"]}, 17, "D", {"nme": "E"}, {"id": []}
        ]"#;
        let lines = of_objects(text).unwrap();
        assert_eq!(lines[0].cell("id"), Some("7"));
        assert_eq!(lines[0].cell("cost_amount"), Some("120.00"));
        assert_eq!(lines[0].cell("cost_currency"), Some("eur"));
        assert_eq!(lines[1].cell("cost_period"), Some("monthly"));
        let codes: Vec<Vec<&str>> = lines[2..].iter().map(wrong).collect();
        let expected = [
            ["bad_text"],
            ["bad_json"],
            ["bad_json"],
            ["unknown_field"],
            ["bad_id"],
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn hostile_lists_are_refused() {
        let many = format!("[{}0]", "0,".repeat(1_000_000));
        let deep = "[".repeat(1_000_000);
        for (text, code) in [
            (many.as_str(), "too_many_rows"),
            (&deep, "bad_json"),
            ("{}", "bad_json"),
            ("", "bad_json"),
            ("[{}", "bad_json"),
            ("[{}]]", "bad_json"),
        ] {
            assert_eq!(of_objects(text).unwrap_err()[0].code, code);
        }
        // What is deep inside is a mistake of its row.
        let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
        let lines = of_objects(&deep).unwrap();
        assert_eq!(wrong(&lines[0]), ["bad_json"]);
    }
}
