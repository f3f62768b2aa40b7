//! How far every log has been read, as a text for an address.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Place;

/// How far each log has been read. What it says is for the next question alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, i64>);

impl Marks {
    pub(super) fn of(marks: HashMap<String, i64>) -> Self {
        Self(marks.into_iter().collect())
    }

    pub(super) fn set(&mut self, log: String, mark: i64) {
        self.0.insert(log, mark);
    }
}

impl Marks {
    /// Of a log that did not answer: where it ends when it does.
    pub(super) const END: i64 = -1;

    /// The mark of one log.
    pub(super) fn get(&self, log: &str) -> Option<i64> {
        self.0.get(log).copied()
    }
}

impl Place for Marks {
    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let pairs = text.split(' ').filter(|pair| !pair.is_empty());
        let marks = pairs.map(|pair| {
            let (log, mark) = pair.rsplit_once(':')?;
            let mark = match mark {
                "end" => Self::END,
                digits => i64::from_str_radix(digits, 36)
                    .ok()
                    .filter(|mark| *mark >= 0)?,
            };
            Some((log.to_owned(), mark))
        });
        marks.collect::<Option<_>>().map(Self)
    }

    fn write(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(log, mark)| format!("{log}:{}", in_base_36(*mark)))
            .collect();
        URL_SAFE_NO_PAD.encode(pairs.join(" "))
    }
}

/// Positions are long numbers, and there is one for every stream.
fn in_base_36(number: i64) -> String {
    let Ok(mut number) = u64::try_from(number) else {
        return "end".to_owned();
    };
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_written_and_nothing_else_is() {
        let marks = [
            ("orders", 0),
            ("commands.a.b", 35),
            ("@tickets", 1_234_567),
            ("users", Marks::END),
        ];
        let marks = marks.map(|(log, mark)| (log.to_owned(), mark));
        let marks = Marks::of(HashMap::from(marks));
        let text = marks.write();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(text.chars().all(is_plain), "{text}");
        assert_eq!(Marks::read(&text), Some(marks));
        assert_eq!(Marks::read(""), Some(Marks::default()));
        for bad in ["?", "b3JkZXJz", &URL_SAFE_NO_PAD.encode("orders:-1")] {
            assert_eq!(Marks::read(bad), None, "{bad}");
        }
    }
}
