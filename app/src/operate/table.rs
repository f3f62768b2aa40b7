//! Tables for people.

use std::io::{self, Write};

use serde_json::Value;

/// What is not known, or does not apply.
const NONE: &str = "–";
/// Between two columns.
const GAP: &str = "  ";

/// A column: its head, and how its cell is read from a row.
pub(super) type Column = (&'static str, fn(&Value) -> String);

/// Prints rows under their heads; the last column is as wide as it likes.
pub(super) fn print(out: &mut dyn Write, columns: &[Column], rows: &[Value]) -> io::Result<()> {
    let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let cells = |row| {
        columns
            .iter()
            .map(|(_, cell)| one_line(&cell(row)))
            .collect()
    };
    let lines: Vec<Vec<String>> = std::iter::once(heads)
        .chain(rows.iter().map(cells))
        .collect();
    let width = |column: usize| {
        let widths = lines.iter().map(|line| letters(&line[column]));
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            text += cell;
            text.extend(std::iter::repeat_n(' ', width - letters(cell)));
            text += GAP;
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A field of a row, by its path (`event/id`), in words.
pub(super) fn field(row: &Value, path: &str) -> String {
    match row.pointer(&format!("/{path}")) {
        None | Some(Value::Null) => NONE.to_owned(),
        Some(Value::String(text)) if text.is_empty() => NONE.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A moment, to the second.
pub(super) fn time(row: &Value, path: &str) -> String {
    let text = field(row, path);
    match text.split_once('T') {
        Some((date, time)) if time.len() >= 8 => {
            format!("{date} {}", time.get(..8).unwrap_or(time))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            json!({"name": "orders", "lag": 12}),
            json!({"name": "a very long name", "lag": null}),
        ];
        let columns: [Column; 2] = [
            ("NAME", |row| field(row, "name")),
            ("OWES", |row| field(row, "lag")),
        ];
        let mut out = Vec::new();
        print(&mut out, &columns, &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "NAME              OWES\norders            12\na very long name  –\n"
        );
    }

    #[test]
    fn a_cell_is_one_line() {
        let rows = [json!({"error": "first\nsecond"})];
        let mut out = Vec::new();
        print(&mut out, &[("ERROR", |row| field(row, "error"))], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ERROR\nfirst second\n");
    }
}
