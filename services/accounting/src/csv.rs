//! Tables for spreadsheets (RFC 4180).

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Without it, spreadsheets read other letters than ASCII wrongly.
const MARK: char = '\u{feff}';

/// A table as it grows.
pub(crate) struct Csv(String);

impl Csv {
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut csv = Self(String::from(MARK));
        let columns: Vec<Cell> = columns
            .iter()
            .map(|&name| Cell::Text(name.into()))
            .collect();
        csv.line(&columns);
        csv
    }

    pub(crate) fn line(&mut self, cells: &[Cell]) {
        let cells: Vec<String> = cells.iter().map(Cell::written).collect();
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }

    /// The table as a file that is saved and not shown.
    pub(crate) fn file(self, name: &str) -> Response {
        const HEADERS: [(HeaderName, &str); 1] = [(
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        )];
        let mut response = (HEADERS, self.0).into_response();
        let saved = format!("attachment; filename=\"{name}.csv\"");
        if let Ok(saved) = HeaderValue::from_str(&saved) {
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, saved);
        }
        response
    }
}

/// One cell.
pub(crate) enum Cell {
    Text(String),
    /// Cents, written as `-12.50`.
    Money(i64),
    Nothing,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    pub(crate) fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Cell::Nothing, Cell::text)
    }

    fn written(&self) -> String {
        match self {
            Cell::Text(text) => quoted(text),
            Cell::Money(minor) => {
                let sign = if *minor < 0 { "-" } else { "" };
                let minor = minor.unsigned_abs();
                format!("{sign}{}.{:02}", minor / 100, minor % 100)
            }
            Cell::Nothing => String::new(),
        }
    }
}

/// A spreadsheet takes what begins so for a formula, also behind blanks, and would carry it
/// out: an apostrophe in front makes it a text.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '\n', '|'];

fn quoted(text: &str) -> String {
    let begins = text.trim_start_matches(' ');
    // The full-width forms count as the plain ones for some.
    let wide = ['＝', '＋', '－', '＠'];
    let safe = match begins.starts_with(FORMULA) || begins.starts_with(wide) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match safe.contains(['"', ',', '\r', '\n', ';', '\'']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_carry_out_is_a_text() {
        for (text, written) in [
            ("Mend the gate", "Mend the gate"),
            ("=1+1", "\"'=1+1\""),
            ("  =cmd|' /C calc'!A0", "\"'  =cmd|' /C calc'!A0\""),
            ("+31", "\"'+31\""),
            ("-5", "\"'-5\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
            ("a, \"b\"\nc", "\"a, \"\"b\"\"\nc\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(quoted(text), written);
        }
    }

    #[test]
    fn money_is_a_number_also_when_it_is_owed() {
        let money = [0, 5, -5, 1_500, -123_456].map(|minor| Cell::Money(minor).written());
        assert_eq!(money, ["0.00", "0.05", "-0.05", "15.00", "-1234.56"]);
    }
}
