//! Reading an SQLite file row by row, as what COPY takes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc;

use super::plan::Plan;
use crate::Error;
use crate::db::{Db, quoted};

/// Bytes handed over at once. With the few that wait, this is the memory that a move takes,
/// however large the table.
const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS_WAITING: usize = 4;

/// The database of one service, only read.
pub(super) struct Source {
    path: PathBuf,
    pub(super) db: Db,
}

impl Source {
    pub(super) fn open(folder: &Path, service: &str) -> Result<Self, Error> {
        let path = folder.join(format!("{service}.db"));
        if !path.is_file() {
            let text = format!(
                "there is no database of {service} in the folder: start this version on it once"
            );
            return Err(Error::Unsafe(text));
        }
        let db = Db::sqlite_to_read(&path)?;
        Ok(Self { path, db })
    }

    /// Reads what a plan wants on a thread of its own, always a little ahead of the reader.
    pub(super) fn scan(
        &self,
        service: &str,
        plan: &Plan,
    ) -> mpsc::Receiver<Result<Vec<u8>, Error>> {
        let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
        let what = format!("{service}.{}", plan.from);
        let expressions = plan.expressions.join(", ");
        let select = format!("SELECT {expressions} FROM {}", quoted(&plan.from));
        let path = self.path.clone();
        let columns: Vec<(String, bool)> = plan
            .columns
            .iter()
            .zip(&plan.is_bytes)
            .map(|(name, is_bytes)| (name.clone(), *is_bytes))
            .collect();
        tokio::task::spawn_blocking(move || {
            let send = |chunk: Vec<u8>| sender.blocking_send(Ok(chunk)).is_ok();
            if let Err(error) = read(&path, &select, &what, &columns, send) {
                // Whoever has gone needs no error.
                let _ = sender.blocking_send(Err(error));
            }
        });
        receiver
    }
}

/// Reads until the end, or until nobody wants more.
fn read(
    path: &Path,
    select: &str,
    what: &str,
    columns: &[(String, bool)],
    send: impl Fn(Vec<u8>) -> bool,
) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::Sql(Box::new(error));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    let mut statement = conn.prepare(select).map_err(failed)?;
    let mut rows = statement.raw_query();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
    while let Some(row) = rows.next().map_err(failed)? {
        for (index, (column, is_bytes)) in columns.iter().enumerate() {
            if index > 0 {
                chunk.push(b'\t');
            }
            let value = row.get_ref(index).map_err(failed)?;
            encode(value, *is_bytes, &mut chunk).map_err(|reason| Error::Decode {
                what: format!("{what}.{column}"),
                reason: reason.to_owned(),
            })?;
        }
        chunk.push(b'\n');
        if chunk.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_BYTES + 4096));
            if !send(full) {
                return Ok(());
            }
        }
    }
    if !chunk.is_empty() {
        send(chunk);
    }
    Ok(())
}

/// One value in the text format of COPY, which every type of the target reads: the server
/// checks what becomes a number, a boolean or a document there.
fn encode(value: ValueRef<'_>, is_bytes: bool, out: &mut Vec<u8>) -> Result<(), &'static str> {
    match value {
        ValueRef::Null => out.extend_from_slice(b"\\N"),
        ValueRef::Integer(int) => out.extend_from_slice(int.to_string().as_bytes()),
        ValueRef::Real(real) => out.extend_from_slice(real.to_string().as_bytes()),
        ValueRef::Text(_) if is_bytes => return Err("text where there should be bytes"),
        ValueRef::Text(text) => {
            if std::str::from_utf8(text).is_err() {
                return Err("text that is not UTF-8");
            }
            for byte in text {
                match byte {
                    0 => return Err("text with a zero byte, which PostgreSQL cannot store"),
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    b'\n' => out.extend_from_slice(b"\\n"),
                    b'\r' => out.extend_from_slice(b"\\r"),
                    b'\t' => out.extend_from_slice(b"\\t"),
                    other => out.push(*other),
                }
            }
        }
        ValueRef::Blob(_) if !is_bytes => return Err("bytes where there should be none"),
        ValueRef::Blob(bytes) => {
            let mut hex = String::with_capacity(bytes.len() * 2 + 3);
            hex.push_str("\\\\x");
            for byte in bytes {
                // Writing to a text cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
            out.extend_from_slice(hex.as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(value: ValueRef<'_>, is_bytes: bool) -> Result<String, &'static str> {
        let mut out = Vec::new();
        encode(value, is_bytes, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_value_is_one_field_of_one_line() {
        let text = |text: &'static str| text_of(ValueRef::Text(text.as_bytes()), false);
        assert_eq!(text("a\tb\nc\\N\r").unwrap(), "a\\tb\\nc\\\\N\\r");
        assert_eq!(text_of(ValueRef::Null, false).unwrap(), "\\N");
        let bytes = ValueRef::Blob(&[0, 255]);
        assert_eq!(text_of(bytes, true).unwrap(), "\\\\x00ff");
    }

    #[test]
    fn what_the_target_would_take_for_something_else_is_refused() {
        assert!(text_of(ValueRef::Blob(b"a"), false).is_err());
        assert!(text_of(ValueRef::Text(b"a"), true).is_err());
        assert!(text_of(ValueRef::Text(b"a\0"), false).is_err());
        assert!(text_of(ValueRef::Text(&[0xff]), false).is_err());
    }
}
