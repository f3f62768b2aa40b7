//! The parameters of a command: what one may be, and which values it takes.

use contracts::commands::{Param, ParamType};
use regex::{Regex, RegexBuilder};
use tidings::FieldError;

use crate::template;
use crate::text::{is_hidden, line_mistake, lines_mistake, wrong};

/// Parameters of a command, at the most.
pub(crate) const PARAMS_MAX: usize = 50;
const LABEL_LETTERS_MAX: usize = 100;
const HELP_LETTERS_MAX: usize = 300;
const PATTERN_LETTERS_MAX: usize = 200;
const ALLOWED_MAX: usize = 100;
const DELIMITER_LETTERS_MAX: usize = 4;
/// Letters of one value, at the most.
pub(crate) const VALUE_LETTERS_MAX: usize = 4_000;
/// A pattern that compiles to more is refused: matching would take too much.
const PATTERN_BYTES_MAX: usize = 512 * 1024;
/// Between values stands what no shell takes for the end of a command.
const DELIMITER_SIGNS: &str = " ,:=/+.@_-";

/// What is wrong with a parameter; `field` is what it is called in the answer: `params[2]`.
pub(crate) fn mistakes(field: &str, param: &Param) -> Vec<FieldError> {
    let of = |part: &str| format!("{field}.{part}");
    let mut wrongs = Vec::new();
    if !template::is_name(&param.name) {
        let text = "A name is letters, digits and underscores, at most 40.";
        wrongs.push(wrong(of("name"), "bad_param_name", text));
    }
    wrongs.extend(line_mistake(&of("label"), &param.label, LABEL_LETTERS_MAX));
    wrongs.extend(lines_mistake(&of("help"), &param.help, HELP_LETTERS_MAX));
    let is_delimiter = |letter| DELIMITER_SIGNS.contains(letter);
    let letters = param.delimiter.chars().count();
    if !(1..=DELIMITER_LETTERS_MAX).contains(&letters) || !param.delimiter.chars().all(is_delimiter)
    {
        let text = format!(
            "Between values stand one to {DELIMITER_LETTERS_MAX} of these: space and {}",
            DELIMITER_SIGNS.trim()
        );
        wrongs.push(wrong(of("delimiter"), "bad_delimiter", text));
    }
    let written = param.default.iter().map(|text| ("default", text));
    let written = written.chain(param.pattern.iter().map(|text| ("pattern", text)));
    let written = written.chain(
        param
            .allowed_values
            .iter()
            .map(|text| ("allowed_values", text)),
    );
    for (part, text) in written {
        wrongs.extend(lines_mistake(&of(part), text, VALUE_LETTERS_MAX));
    }
    let check = Check::of(param).unwrap_or_else(|text| {
        wrongs.push(wrong(of("pattern"), "bad_pattern", text));
        Check {
            param,
            pattern: None,
        }
    });
    if param.kind == ParamType::Secret
        && (param.default.is_some() || !param.allowed_values.is_empty())
    {
        let text = "A secret is written down nowhere: it has no default and nothing to choose.";
        wrongs.push(wrong(of("default"), "secret_has_value", text));
        return wrongs;
    }
    wrongs.extend(allowed_mistakes(field, &check));
    if wrongs.is_empty() {
        wrongs.extend(default_mistake(field, &check));
    }
    wrongs
}

fn allowed_mistakes(field: &str, check: &Check<'_>) -> Vec<FieldError> {
    let param = check.param;
    let field = format!("{field}.allowed_values");
    let allowed = &param.allowed_values;
    let has_none = allowed.is_empty();
    if has_none && (param.kind == ParamType::Enum || param.enforced) {
        let text = "Say what may be chosen from.";
        return vec![wrong(field, "allowed_values_missing", text)];
    }
    if allowed.len() > ALLOWED_MAX {
        let text = format!("At most {ALLOWED_MAX} values to choose from.");
        return vec![wrong(field, "too_many_values", text)];
    }
    let mut wrongs = Vec::new();
    for (place, value) in allowed.iter().enumerate() {
        let field = format!("{field}[{place}]");
        if allowed.iter().take(place).any(|other| other == value) {
            wrongs.push(wrong(field, "value_twice", "This value is there twice."));
        } else if let Err(mistake) = check.fits(value) {
            wrongs.push(wrong(field, mistake.code, mistake.message));
        }
    }
    wrongs
}

fn default_mistake(field: &str, check: &Check<'_>) -> Option<FieldError> {
    let mistake = check.value(check.param.default.as_deref()?).err()?;
    Some(wrong(
        format!("{field}.default"),
        mistake.code,
        mistake.message,
    ))
}

/// Why a value does not go; the message never repeats the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn refuse(code: &'static str, message: impl Into<String>) -> Result<(), Refused> {
    Err(Refused {
        code,
        message: message.into(),
    })
}

/// What checks the values of a parameter. Its pattern is compiled once: there may be 200 values,
/// and a large pattern takes milliseconds.
pub(crate) struct Check<'a> {
    param: &'a Param,
    pattern: Option<Regex>,
}

impl<'a> Check<'a> {
    /// Says what is wrong with the pattern, if that is no pattern.
    pub(crate) fn of(param: &'a Param) -> Result<Self, String> {
        let pattern = pattern(param)?;
        Ok(Self { param, pattern })
    }

    /// Whether a value may be filled in: its type, its pattern, what may be chosen (A-24).
    pub(crate) fn value(&self, value: &str) -> Result<(), Refused> {
        let param = self.param;
        if param.enforced && !param.allowed_values.iter().any(|one| one == value) {
            let text = format!("Choose one of: {}.", param.allowed_values.join(", "));
            return refuse("value_not_allowed", text);
        }
        self.fits(value)
    }

    fn fits(&self, value: &str) -> Result<(), Refused> {
        if value.chars().count() > VALUE_LETTERS_MAX {
            let text = format!("A value has at most {VALUE_LETTERS_MAX} letters.");
            return refuse("value_too_long", text);
        }
        let is_breaking = |letter| matches!(letter, '\n' | '\t');
        if value
            .chars()
            .any(|letter: char| letter.is_control() && !is_breaking(letter))
        {
            // A terminal into which the line is pasted could take one for a key that is pressed.
            let text = "There are letters in it that nobody types.";
            return refuse("bad_value", text);
        }
        match self.param.kind {
            ParamType::Int if !is_number(value) => {
                let text = "This is a whole number, without a plus or zeros before it.";
                return refuse("not_a_number", text);
            }
            ParamType::Bool if !matches!(value, "true" | "false") => {
                return refuse("not_a_bool", "This is true or false.");
            }
            ParamType::Path if value.is_empty() || value.chars().any(char::is_control) => {
                return refuse("not_a_path", "This is the path of a file, in one line.");
            }
            ParamType::Raw if value.chars().any(is_hidden) => {
                return refuse("bad_value", "There are letters in it that nobody sees.");
            }
            _ => {}
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(value) => {
                let text = "This does not look as the pattern says.";
                refuse("value_not_like_pattern", text)
            }
            _ => Ok(()),
        }
    }
}

/// A number has one way to be written: a mode that is typed as 0755 is none.
fn is_number(value: &str) -> bool {
    let number = value.parse::<i64>();
    number.is_ok_and(|number| number.to_string() == value)
}

/// The pattern of a parameter, for the whole of a value.
fn pattern(param: &Param) -> Result<Option<Regex>, String> {
    let Some(pattern) = &param.pattern else {
        return Ok(None);
    };
    if pattern.chars().count() > PATTERN_LETTERS_MAX {
        return Err(format!(
            "A pattern has at most {PATTERN_LETTERS_MAX} letters."
        ));
    }
    let compile = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        let builder = builder.size_limit(PATTERN_BYTES_MAX).nest_limit(20);
        builder.build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "This pattern is too big.".to_owned(),
            _ => "This is no regular expression.".to_owned(),
        })
    };
    // By itself first: what is whole only between the brackets would not be held by them.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z")).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: ParamType) -> Param {
        Param {
            name: "pod".to_owned(),
            label: String::new(),
            kind,
            required: true,
            default: None,
            allowed_values: Vec::new(),
            enforced: false,
            pattern: None,
            multivalued: false,
            delimiter: " ".to_owned(),
            help: String::new(),
        }
    }

    fn codes(param: &Param) -> Vec<(String, &'static str)> {
        let wrongs = mistakes("params[0]", param).into_iter();
        wrongs
            .map(|one| (one.field.unwrap().replace("params[0].", ""), one.code))
            .collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_23_a_parameter_is_checked_field_by_field() {
        assert_eq!(codes(&param(ParamType::String)), []);
        let bad = Param {
            name: "the pod".to_owned(),
            label: "x".repeat(101),
            delimiter: "; ".to_owned(),
            pattern: Some("(".to_owned()),
            help: "a\0".to_owned(),
            ..param(ParamType::String)
        };
        let expected = [
            ("name", "bad_param_name"),
            ("label", "text_too_long"),
            ("help", "bad_text"),
            ("delimiter", "bad_delimiter"),
            ("pattern", "bad_pattern"),
        ];
        assert_eq!(
            codes(&bad),
            expected.map(|(field, code)| (field.to_owned(), code))
        );
        let secret = Param {
            default: Some("hunter2".to_owned()),
            ..param(ParamType::Secret)
        };
        assert_eq!(codes(&secret), [("default".to_owned(), "secret_has_value")]);
    }

    #[test]
    fn a_24_a_choice_needs_something_to_choose_and_a_default_that_may_be_chosen() {
        let choice = param(ParamType::Enum);
        let missing = ("allowed_values".to_owned(), "allowed_values_missing");
        assert_eq!(codes(&choice), [missing]);
        let choice = Param {
            allowed_values: words(&["eu", "us"]),
            enforced: true,
            default: Some("asia".to_owned()),
            ..choice
        };
        assert_eq!(
            codes(&choice),
            [("default".to_owned(), "value_not_allowed")]
        );
        let suggested = Param {
            enforced: false,
            ..choice
        };
        assert_eq!(codes(&suggested), []);
        let twice = Param {
            allowed_values: words(&["1", "1", "two"]),
            ..param(ParamType::Int)
        };
        let expected = [
            ("allowed_values[1]".to_owned(), "value_twice"),
            ("allowed_values[2]".to_owned(), "not_a_number"),
        ];
        assert_eq!(codes(&twice), expected);
    }

    #[test]
    fn a_24_values_are_checked_by_type_and_by_the_whole_of_the_pattern() {
        let refused =
            |param: &Param, value: &str| Some(Check::of(param).unwrap().value(value).err()?.code);
        let int = param(ParamType::Int);
        assert_eq!(refused(&int, "-5"), None);
        assert_eq!(refused(&int, "5;"), Some("not_a_number"));
        assert_eq!(refused(&int, "9223372036854775808"), Some("not_a_number"));
        assert_eq!(refused(&param(ParamType::Bool), "yes"), Some("not_a_bool"));
        assert_eq!(
            refused(&param(ParamType::Path), "/a\nb"),
            Some("not_a_path")
        );
        assert_eq!(refused(&param(ParamType::String), "a\0"), Some("bad_value"));
        let patterned = Param {
            pattern: Some("a|b".to_owned()),
            ..param(ParamType::String)
        };
        assert_eq!(refused(&patterned, "b"), None);
        for value in ["ab", "a\n", "", "xa"] {
            assert_eq!(refused(&patterned, value), Some("value_not_like_pattern"));
        }
    }

    #[test]
    fn a_pattern_that_takes_too_much_or_is_not_whole_is_refused() {
        for bad in [
            r"\w{1000}{1000}",
            "a)|(?:b",
            "(?x)a #",
            &"(".repeat(150),
            &"a".repeat(201),
        ] {
            let param = Param {
                pattern: Some(bad.to_owned()),
                ..param(ParamType::String)
            };
            assert_eq!(
                codes(&param),
                [("pattern".to_owned(), "bad_pattern")],
                "{bad}"
            );
        }
    }
}
