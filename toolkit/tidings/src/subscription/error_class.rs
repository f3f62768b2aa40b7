//! Which errors are the same: those that differ only in names and numbers.

use crate::stream::fnv1a;

/// The number of the kind of an error. Two errors have the same if they are the same text but for
/// what stands in quotes and for words with a digit or an `@` in them (identifiers, amounts,
/// addresses).
pub(super) fn class_of(error: &str) -> String {
    let mut class = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '`' => quoted(rest, first),
            _ if is_of_word(first) => rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        let differs = piece.contains(|c: char| c.is_ascii_digit() || c == '@');
        if differs || (length > 1 && matches!(first, '"' | '`')) {
            class.push('…');
        } else {
            class.push_str(piece);
        }
        rest = after;
    }
    format!("{:016x}", fnv1a(class.bytes()))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.')
}

/// How long what is quoted is, with its quotes; one that is never closed is a character.
fn quoted(text: &str, quote: char) -> usize {
    let inner = &text[quote.len_utf8()..];
    inner.find(quote).map_or(1, |length| length + 2)
}

#[cfg(test)]
mod tests {
    use super::class_of;

    #[test]
    fn errors_that_differ_in_names_and_numbers_are_of_one_class() {
        let same = [
            "read order.paid version 2: missing field `total` at line 1 column 57",
            "read order.paid version 3: missing field `sum` at line 4 column 5",
        ];
        assert_eq!(class_of(same[0]), class_of(same[1]));
        let same = [
            "charge 0192f0a4-7e7a-7b6e-8b0a-5d6f1c2a3b4c for ada@lovelace.example: refused",
            "charge 0192f0a4-7e7a-7b6e-8b0a-5d6f1c2a3b4d for bob@example.com: refused",
        ];
        assert_eq!(class_of(same[0]), class_of(same[1]));
    }

    #[test]
    fn errors_of_other_words_are_of_another_class() {
        let other = ["took too long", "took too lang", "a quote \" alone", ""];
        for (place, one) in other.iter().enumerate() {
            for another in &other[place + 1..] {
                assert_ne!(class_of(one), class_of(another));
            }
        }
    }
}
