//! Tables for spreadsheets (RFC 4180), written and read.
//!
//! What is written can be read again without loss: a cell that a spreadsheet would take
//! for a formula gets an apostrophe in front, and the reader takes exactly that one away.

mod reading;

use std::borrow::Cow;

pub(crate) use reading::{Reader, Record, TornAt};

/// Without it, spreadsheets read other letters than ASCII wrongly.
pub(crate) const MARK: char = '\u{feff}';
/// What the files are, for the header of an answer.
pub(crate) const KIND: &str = "text/csv; charset=utf-8; header=present";

/// A spreadsheet takes what begins so for a formula, also behind blanks, and would carry it
/// out. The full-width forms count as the plain ones for some.
const FORMULA: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠',
];

/// Writes one line.
pub(crate) fn line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let cell = neutral(cell);
        match cell.contains(['"', ',', '\r', '\n', ';', '\t', '\'']) {
            true => {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            }
            false => out.push_str(&cell),
        }
    }
    out.push_str("\r\n");
}

/// Whether a text is a formula behind any number of apostrophes: with none of them a
/// spreadsheet carries it out, and each text with some needs one more, or it could not be told
/// from one that was made neutral.
fn hides_formula(text: &str) -> bool {
    let inner = text.trim_start_matches('\'').trim_start_matches(' ');
    inner.starts_with(FORMULA)
}

/// A text as a cell that no spreadsheet carries out.
pub(crate) fn neutral(text: &str) -> Cow<'_, str> {
    match hides_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text of a cell: takes away what [`neutral`] has put in front, and nothing else.
pub(crate) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if hides_formula(text) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut out = String::new();
        line(&mut out, cells.iter().copied());
        out
    }

    #[test]
    fn a_17_what_a_spreadsheet_would_carry_out_is_a_text() {
        for (text, expected) in [
            ("SQL Server", "SQL Server\r\n"),
            ("=1+1", "\"'=1+1\"\r\n"),
            ("  =cmd|' /C calc'!A0", "\"'  =cmd|' /C calc'!A0\"\r\n"),
            ("+31", "\"'+31\"\r\n"),
            ("-5", "\"'-5\"\r\n"),
            ("@SUM(A1)", "\"'@SUM(A1)\"\r\n"),
            ("\t=1", "\"'\t=1\"\r\n"),
            ("＝1", "\"'＝1\"\r\n"),
            ("'=1", "\"''=1\"\r\n"),
            ("'tis", "\"'tis\"\r\n"),
            ("a, \"b\"\nc", "\"a, \"\"b\"\"\nc\"\r\n"),
            ("a=b", "a=b\r\n"),
        ] {
            assert_eq!(written(&[text]), expected);
        }
    }

    #[test]
    fn a_formula_of_another_program_and_an_apostrophe_of_a_word_stay() {
        for text in ["=1+1", "'tis", "'", "", "''s"] {
            assert_eq!(plain(text), text);
        }
    }

    fn cell() -> impl Strategy<Value = String> {
        let hard = "['\"=+@,;|\t\r\n \u{feff}a-]{0,6}";
        prop_oneof!["\\PC{0,12}", hard, "['=]{0,4}"]
    }

    proptest! {
        #[test]
        fn a_17_every_cell_comes_back_as_it_was(
            rows in prop::collection::vec(prop::collection::vec(cell(), 2..5), 1..6),
        ) {
            let mut file = String::new();
            for row in &rows {
                line(&mut file, row.iter().map(String::as_str));
            }
            let read: Vec<Vec<String>> = Reader::new(&file, b',')
                .map(|record| {
                    assert!(record.torn.is_none());
                    record.cells.iter().map(|cell| plain(cell).to_owned()).collect()
                })
                .collect();
            prop_assert_eq!(&read, &rows);
            // The second file is the first one, byte for byte.
            let mut again = String::new();
            for row in &read {
                line(&mut again, row.iter().map(String::as_str));
            }
            prop_assert_eq!(again, file);
        }

        #[test]
        fn any_text_is_read_without_a_panic(file in "[\"',;a\r\n\\PC]{0,60}") {
            let records: Vec<Record> = Reader::new(&file, b';').collect();
            prop_assert!(records.len() <= file.len() + 1);
        }
    }
}
