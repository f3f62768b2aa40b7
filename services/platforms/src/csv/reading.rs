//! Reading a table, also a broken one: what is wrong with a record is said with it, and none
//! takes more memory than [`CELLS_MAX`] cells.

use std::borrow::Cow;

/// More cells than any header of ours has; what is beyond is counted and not kept.
const CELLS_MAX: usize = 1_000;

/// The records of a text, one after another.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    delimiter: char,
    row: u64,
    has_ended: bool,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Which one it is, from 1: the number of the row in a spreadsheet.
    pub(crate) row: u64,
    pub(crate) cells: Vec<Cow<'a, str>>,
    /// How many cells it has, also those that were not kept.
    pub(crate) count: usize,
    pub(crate) torn: Option<TornAt>,
}

/// What is wrong with the quotation marks of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TornAt {
    /// Something stands between the mark that ends a cell and the next cell.
    BehindMark,
    /// The mark that begins a cell has none that ends it: the rest of the text is in it.
    End,
}

impl Record<'_> {
    /// Whether nothing stands in it.
    pub(crate) fn is_blank(&self) -> bool {
        let is_kept = self.count == self.cells.len();
        is_kept && self.torn.is_none() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// What stands behind a cell.
enum Behind {
    Cell,
    Record,
}

impl<'a> Reader<'a> {
    /// `delimiter` is an ASCII sign.
    pub(crate) fn new(text: &'a str, delimiter: u8) -> Self {
        Self {
            rest: text,
            delimiter: char::from(delimiter),
            row: 0,
            has_ended: text.is_empty(),
        }
    }

    /// Takes some bytes that end at a sign's end.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes everything up to the next cell or record.
    fn take_plain(&mut self) -> &'a str {
        let ends = [self.delimiter, '\n', '\r'];
        let at = self.rest.find(ends).unwrap_or(self.rest.len());
        self.take(at)
    }

    /// Takes a cell that begins with a quotation mark.
    fn take_quoted(&mut self) -> (Cow<'a, str>, Option<TornAt>) {
        self.take(1);
        let mut cell = Cow::Borrowed("");
        loop {
            let Some(at) = self.rest.find('"') else {
                cell += self.take(self.rest.len());
                return (cell, Some(TornAt::End));
            };
            cell += self.take(at);
            self.take(1);
            if !self.rest.starts_with('"') {
                break;
            }
            cell += self.take(1);
        }
        match self.take_plain() {
            "" => (cell, None),
            _ => (cell, Some(TornAt::BehindMark)),
        }
    }

    /// Takes what parts a cell from the next thing.
    fn take_end(&mut self) -> Behind {
        if self.rest.starts_with(self.delimiter) {
            self.take(1);
            return Behind::Cell;
        }
        match self.rest.starts_with("\r\n") {
            true => self.take(2),
            false => self.take(1),
        };
        Behind::Record
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        if self.has_ended {
            return None;
        }
        self.row += 1;
        let mut record = Record {
            row: self.row,
            cells: Vec::new(),
            count: 0,
            torn: None,
        };
        loop {
            let (cell, torn) = match self.rest.starts_with('"') {
                true => self.take_quoted(),
                false => (Cow::Borrowed(self.take_plain()), None),
            };
            record.torn = record.torn.or(torn);
            record.count += 1;
            if record.count <= CELLS_MAX {
                record.cells.push(cell);
            }
            match self.take_end() {
                Behind::Cell => {}
                Behind::Record => {
                    self.has_ended = self.rest.is_empty();
                    return Some(record);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let cells = |record: Record| record.cells.into_iter().map(Cow::into_owned).collect();
        Reader::new(text, b',').map(cells).collect()
    }

    #[test]
    fn records_end_as_any_system_ends_lines() {
        let expected = vec![vec!["a", "b"], vec!["c", ""], vec!["", "d"]];
        for text in ["a,b\r\nc,\r\n,d\r\n", "a,b\nc,\n,d", "a,b\rc,\r,d\r"] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(read(""), Vec::<Vec<String>>::new());
        assert_eq!(read("a\n\nb"), [["a"], [""], ["b"]]);
    }

    #[test]
    fn quoted_cells_hold_everything() {
        assert_eq!(read("\"a,\"\"b\"\"\r\nc\",d"), [["a,\"b\"\r\nc", "d"]]);
        assert_eq!(read("5\" disk,\"\""), [["5\" disk", ""]]);
    }

    fn torn(text: &str) -> Vec<Option<TornAt>> {
        Reader::new(text, b',').map(|record| record.torn).collect()
    }

    #[test]
    fn marks_that_do_not_fit_are_told_with_their_record() {
        assert_eq!(torn("\"a\"b,c\nd,e"), [Some(TornAt::BehindMark), None]);
        assert_eq!(torn("a,b\nc,\"d\ne,f"), [None, Some(TornAt::End)]);
        assert_eq!(torn("\""), [Some(TornAt::End)]);
    }

    #[test]
    fn a_million_cells_are_counted_and_not_kept() {
        let text = ",".repeat(1_000_000);
        let record = Reader::new(&text, b',').next().unwrap();
        assert_eq!((record.count, record.cells.len()), (1_000_001, CELLS_MAX));
    }
}
