//! What a stranger has answered, made safe to store and to show (SEC-66).

const KEPT_BYTES_MAX: usize = 1024;

/// The first kilobyte, as text on which nothing can be hidden: control characters, invisible
/// ones and what HTML is made of are written as escapes.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(KEPT_BYTES_MAX)];
    let mut text = String::new();
    for character in String::from_utf8_lossy(start).chars() {
        let before = text.len();
        match character {
            '"' | '\'' | '\\' => text.push(character),
            '<' | '>' | '&' => text.extend(character.escape_unicode()),
            _ => text.extend(character.escape_debug()),
        }
        if text.len() > KEPT_BYTES_MAX {
            text.truncate(before);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_of_an_answer_can_act_or_hide() {
        assert_eq!(
            escaped("<b>\"hé\"\n\u{202e}\0\u{1b}[31m".as_bytes()),
            "\\u{3c}b\\u{3e}\"hé\"\\n\\u{202e}\\0\\u{1b}[31m"
        );
        assert_eq!(escaped(&[0xff, b'a']), "\u{fffd}a");
    }

    #[test]
    fn a_kilobyte_at_the_most_is_kept() {
        for unit in ["a", "\n", "\u{202e}", "é"] {
            let kept = escaped(unit.repeat(70_000).as_bytes());
            assert!(
                (1000..=1024).contains(&kept.len()),
                "{unit:?}: {}",
                kept.len()
            );
        }
    }
}
