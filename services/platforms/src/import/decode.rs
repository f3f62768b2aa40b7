//! The text of a file, whichever program has written it.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use tidings::FieldError;

use super::refused;

/// A text, and how its letters were written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`.
    pub(crate) encoding: &'static str,
}

/// Reads the letters: as the mark at the beginning says, as UTF-8 where they are, and else as
/// Windows-1252, which old spreadsheets write and whoever asks is told was assumed.
///
/// # Errors
/// For what is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, Vec<FieldError>> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        let text = "This is a workbook and not a table. Save it as CSV (UTF-8) in your \
            spreadsheet, and import that.";
        return Err(refused("not_text", text));
    }
    let (encoding, marked) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        None => (WINDOWS_1252, bytes),
    };
    let (text, is_wrong) = encoding.decode_without_bom_handling(marked);
    if is_wrong {
        let name = encoding.name();
        let text =
            format!("The file says that it is {name}, and has bytes in it that are none of that.");
        return Err(refused("not_text", text));
    }
    // Half of UTF-16 without its mark is NUL; of a table nothing is.
    if text.contains('\0') {
        let text = "There are zero bytes in the file: it is no text, or UTF-16 without the mark \
            that says so. Save it as CSV (UTF-8).";
        return Err(refused("not_text", text));
    }
    Ok(Decoded {
        text: text.into_owned(),
        encoding: match encoding.name() {
            "UTF-16LE" => "utf-16le",
            "UTF-16BE" => "utf-16be",
            "windows-1252" => "windows-1252",
            _ => "utf-8",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let with_mark = format!("\u{feff}{text}");
        with_mark.encode_utf16().flat_map(to).collect()
    }

    #[test]
    fn letters_are_read_as_they_were_written() {
        let text = "name,publisher\r\nMünze,Größe €\r\n";
        let (latin, _, _) = WINDOWS_1252.encode(text);
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "utf-8"),
            (format!("\u{feff}{text}").into_bytes(), "utf-8"),
            (utf_16(text, u16::to_le_bytes), "utf-16le"),
            (utf_16(text, u16::to_be_bytes), "utf-16be"),
            (latin.into_owned(), "windows-1252"),
        ] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let half = b"\xff\xfea\x00\x00\xd8b\x00".as_slice();
        for bytes in [
            b"PK\x03\x04\x14\x00".as_slice(),
            b"a\0b\0",
            half,
            b"\xff\xfea",
        ] {
            let refused = decode(bytes).unwrap_err();
            assert_eq!(refused[0].code, "not_text", "{bytes:?}");
        }
    }
}
