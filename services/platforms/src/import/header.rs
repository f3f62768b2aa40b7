//! The first line of a table: which column is what.

use std::collections::BTreeSet;

use tidings::{Conn, FieldError};

use crate::columns::{COLUMNS, CUSTOM};
use crate::csv::{Reader, Record};
use crate::known::Known;

/// The column that says what takes the place of a platform that is deprecated.
pub(super) const REPLACED_BY: &str = "replaced_by";
/// The columns that say which platform a row speaks of.
pub(super) const IDENTITY: [&str; 2] = ["id", "number"];

/// Without them, or an id, a row says of no platform what it is.
const NEEDED: [&str; 2] = ["name", "publisher"];
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// What is quoted of a name that we do not know.
const QUOTED_SIGNS: usize = 40;
/// Of more wrong columns than these nobody wants to hear.
const TOLD_MAX: usize = 20;

/// Every column that a table may have.
pub(crate) fn known_columns(known: &Known) -> Vec<String> {
    let fixed = IDENTITY.into_iter().chain(COLUMNS).chain([REPLACED_BY]);
    let custom = known
        .fields
        .iter()
        .filter(|field| field.removed_at.is_none());
    let custom = custom.map(|field| format!("{CUSTOM}{}", field.key));
    fixed.map(str::to_owned).chain(custom).collect()
}

/// The columns of an export.
pub(crate) async fn export_columns(conn: &mut Conn) -> Result<Vec<String>, tidings::Error> {
    let columns = known_columns(&Known::load(conn).await?).into_iter();
    Ok(columns.filter(|column| column != REPLACED_BY).collect())
}

/// What stands between the cells: whichever the first line has most of, outside of quotation
/// marks. `sep=;`, which some spreadsheets write above it, says so outright.
pub(crate) fn delimiter(text: &str) -> (u8, &str) {
    for sign in DELIMITERS {
        let said = format!("sep={}", char::from(sign));
        let rest = text.strip_prefix(&said);
        if let Some(rest) = rest.filter(|rest| rest.starts_with(['\r', '\n'])) {
            let rest = rest.strip_prefix('\r').unwrap_or(rest);
            return (sign, rest.strip_prefix('\n').unwrap_or(rest));
        }
    }
    let cells = |sign: &u8| {
        Reader::new(text, *sign)
            .next()
            .map_or(0, |first| first.count)
    };
    // The last of equals wins: a line of one cell has a comma nowhere.
    let most = DELIMITERS.into_iter().rev().max_by_key(cells);
    (most.unwrap_or(b','), text)
}

/// The columns of a table by the names that we know.
///
/// # Errors
/// Names every column that is unknown, there twice, or missing.
pub(crate) fn columns(first: &Record, known: &[String]) -> Result<Vec<String>, Vec<FieldError>> {
    let mut names: Vec<String> = first.cells.iter().map(|name| folded(name)).collect();
    // Spreadsheets write empty columns beside the table when something once stood there.
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for name in &names {
        if !known.contains(name) {
            wrong.push(unknown(name, known));
        } else if !seen.insert(name.as_str()) {
            let text = format!("The column {name} is there twice.");
            wrong.push(column_error("repeated_column", name, text));
        }
    }
    for needed in NEEDED {
        if !seen.contains("id") && !seen.contains(needed) {
            let text = format!("The column {needed} is missing. The first line names the columns.");
            wrong.push(column_error("missing_column", needed, text));
        }
    }
    if first.count > first.cells.len() {
        let text = format!("The table has {} columns.", first.count);
        wrong.insert(0, column_error("unknown_column", "", text));
    }
    wrong.truncate(TOLD_MAX);
    match wrong.is_empty() {
        true => Ok(names),
        false => Err(wrong),
    }
}

fn column_error(code: &'static str, column: &str, message: String) -> FieldError {
    let field = Some(column.to_owned()).filter(|column| !column.is_empty());
    FieldError {
        code,
        message,
        field,
    }
}

/// `Cost Centre` is `cost_centre`.
fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn unknown(name: &str, known: &[String]) -> FieldError {
    let shown: String = name.chars().filter(|sign| !sign.is_control()).collect();
    let shown: String = shown.chars().take(QUOTED_SIGNS).collect();
    let nearest = known.iter().min_by_key(|one| distance(name, one));
    let text = match nearest.filter(|one| distance(name, one) <= one.len() / 2) {
        Some(nearest) => format!("There is no column {shown:?}. Did you mean {nearest}?"),
        None => format!("There is no column {shown:?}."),
    };
    column_error("unknown_column", &shown, text)
}

/// How many letters have to be changed, put in or left out to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    // What is longer than any name of ours is like none of them.
    for (row, sign) in one.chars().take(QUOTED_SIGNS).enumerate() {
        let mut line = vec![row + 1];
        for (place, (there, [skipped, stepped])) in other
            .iter()
            .zip(before.windows(2).map(|pair| [pair[0], pair[1]]))
            .enumerate()
        {
            let changed = skipped + usize::from(sign != *there);
            line.push(changed.min(stepped + 1).min(line[place] + 1));
        }
        before = line;
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["id", "name", "publisher", "cost_amount", "cost_centre"]
            .map(str::to_owned)
            .to_vec()
    }

    fn read(text: &str) -> Result<Vec<String>, Vec<(&'static str, String)>> {
        let (sign, text) = delimiter(text);
        let first = Reader::new(text, sign).next().unwrap();
        columns(&first, &known()).map_err(|wrong| {
            let said = |error: FieldError| (error.code, error.message);
            wrong.into_iter().map(said).collect()
        })
    }

    #[test]
    fn tables_are_read_whatever_parts_their_cells() {
        let expected = ["name", "publisher", "cost_centre"];
        for text in [
            "name,publisher,cost_centre\n",
            "Name;Publisher;Cost Centre\n",
            "name\tpublisher\tcost-centre",
            "sep=;\r\nname;publisher;cost_centre\r\n",
            "name,\"publisher\",cost_centre,,\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn wrong_columns_are_named_with_what_was_meant() {
        let wrong = read("name,publsher,cost_amount,cost_amount,zzz").unwrap_err();
        let expected = [
            (
                "unknown_column",
                "There is no column \"publsher\". Did you mean publisher?",
            ),
            ("repeated_column", "The column cost_amount is there twice."),
            ("unknown_column", "There is no column \"zzz\"."),
            (
                "missing_column",
                "The column publisher is missing. The first line names the columns.",
            ),
        ];
        let expected = expected.map(|(code, text)| (code, text.to_owned()));
        assert_eq!(wrong, expected);
    }

    #[test]
    fn hostile_first_lines_are_refused_in_few_words() {
        let many = vec!["x"; 1_000_000].join(",");
        let long = format!("name,publisher,{}", "é".repeat(1_000_000));
        for text in [many.as_str(), &long, "\"", "\0\u{202e}", "\n", ",,,"] {
            let wrong = read(text).unwrap_err();
            assert!((1..=TOLD_MAX).contains(&wrong.len()));
            assert!(wrong.iter().all(|(_, text)| text.len() < 200));
        }
    }
}
