//! A-25 for PowerShell and the command prompt: against models of how they read, written from
//! their documentation, because the shells themselves run nowhere near these tests.

use contracts::commands::{ParamType, Shell};
use proptest::prelude::*;

use super::{HOSTILE, command, filled, of, param, with_v};
use crate::render::{powershell, render};

/// The words of one command as PowerShell reads them; `None` if it would do anything else.
fn powershell_words(line: &str) -> Option<Vec<String>> {
    let letters: Vec<char> = line.chars().collect();
    let (mut words, mut word, mut at) = (Vec::new(), None::<String>, 0);
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        match letter {
            ' ' | '\t' => words.extend(word.take()),
            '\n' | ';' | '|' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '$' | '@' | '#' => {
                return None;
            }
            '`' => {
                at += 1;
                word.get_or_insert_default().push(next?);
            }
            quote if powershell::is_single(quote) || powershell::is_double(quote) => {
                // A word that begins with a quote ends with it.
                let begins = word.is_none();
                let (text, behind) = powershell_string(&letters, at)?;
                word.get_or_insert_default().push_str(&text);
                let touches = letters
                    .get(behind)
                    .is_some_and(|letter| !letter.is_whitespace());
                if begins && touches {
                    return None;
                }
                at = behind - 1;
            }
            letter => word.get_or_insert_default().push(letter),
        }
        at += 1;
    }
    words.extend(word);
    Some(words)
}

/// A string that opens there: its text, and where the line goes on.
fn powershell_string(letters: &[char], opens: usize) -> Option<(String, usize)> {
    let is_single = powershell::is_single(letters[opens]);
    let is_quote = |letter: char| match is_single {
        true => matches!(letter, '\'' | '‘' | '’' | '‚' | '‛'),
        false => matches!(letter, '"' | '“' | '”' | '„'),
    };
    let (mut text, mut at) = (String::new(), opens + 1);
    loop {
        let letter = *letters.get(at)?;
        let next = letters.get(at + 1).copied();
        if is_quote(letter) {
            match next.filter(|next| is_quote(*next)) {
                Some(next) => text.push(next),
                None => return Some((text, at + 1)),
            }
            at += 2;
        } else if !is_single && letter == '`' {
            text.push(match next? {
                // These have a meaning of their own behind a backtick.
                '0' | 'a' | 'b' | 'e' | 'f' | 'n' | 'r' | 't' | 'u' | 'v' => return None,
                next => next,
            });
            at += 2;
        } else if !is_single
            && letter == '$'
            && next.is_some_and(|next| next.is_alphanumeric() || "({_?^$:".contains(next))
        {
            return None;
        } else {
            text.push(letter);
            at += 1;
        }
    }
}

fn assert_powershell(value: &str) {
    let lines = [
        ("Show {{v}}", vec!["@"]),
        ("Show '{{v}}'", vec!["@"]),
        ("Show \"{{v}}\"", vec!["@"]),
        ("Show 'a {{v}}b' {{v}}", vec!["a @b", "@"]),
        (
            "Show \u{201c}a {{v}}b\u{201d} \u{2018}{{v}}\u{2019}",
            vec!["a @b", "@"],
        ),
        (
            "Show -Name:x \"it is {{v}}{{v}}\"",
            vec!["-Name:x", "it is @@"],
        ),
    ];
    for (line, words) in lines {
        let text = filled(Shell::PowerShell, line, value).unwrap();
        let mut expected = vec!["Show".to_owned()];
        expected.extend(words.into_iter().map(|word| word.replace('@', value)));
        assert_eq!(powershell_words(&text), Some(expected), "{text}");
    }
}

/// What the command prompt does with a line: variables, then quotes, then the arguments as
/// programs take them apart. `None` if it would do anything else.
fn cmd_words(line: &str) -> Option<Vec<String>> {
    if line.contains(['%', '!', '\n']) {
        return None;
    }
    let mut in_quotes = false;
    for letter in line.chars() {
        in_quotes ^= letter == '"';
        if !in_quotes && "&|<>^()".contains(letter) {
            return None;
        }
    }
    match in_quotes {
        true => None,
        false => Some(program_words(line)),
    }
}

fn behind_next(letters: &[char], at: usize) -> Option<char> {
    letters.get(at + 1).copied()
}

/// `CommandLineToArgvW`, and the C runtime.
fn program_words(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let (mut words, mut word, mut at, mut in_quotes) = (Vec::new(), None::<String>, 0, false);
    while at < letters.len() {
        let backslashes = letters[at..]
            .iter()
            .take_while(|&&letter| letter == '\\')
            .count();
        let behind = letters.get(at + backslashes).copied();
        if backslashes > 0 {
            let quoted = behind == Some('"');
            let kept = if quoted { backslashes / 2 } else { backslashes };
            word.get_or_insert_default().push_str(&"\\".repeat(kept));
            at += backslashes;
            if quoted && backslashes % 2 == 1 {
                word.get_or_insert_default().push('"');
                at += 1;
            }
            continue;
        }
        match letters[at] {
            // Since 2008 the C runtime takes two quotes between quotes for one.
            '"' if in_quotes && behind_next(&letters, at) == Some('"') => {
                word.get_or_insert_default().push('"');
                at += 1;
            }
            '"' => {
                in_quotes = !in_quotes;
                word.get_or_insert_default();
            }
            ' ' if !in_quotes => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
        at += 1;
    }
    words.extend(word);
    words
}

fn assert_cmd(value: &str) {
    let lines = [
        ("show {{v}}", vec!["@"]),
        ("show \"{{v}}\"", vec!["@"]),
        ("show a{{v}}b", vec!["a@b"]),
        ("show --x={{v}} y", vec!["--x=@", "y"]),
        ("show \"a {{v}} b\" {{v}}", vec!["a @ b", "@"]),
        ("show \"{{v}}{{v}}\"", vec!["@@"]),
    ];
    for (line, words) in lines {
        match filled(Shell::Cmd, line, value) {
            Err(codes) => {
                assert_eq!(codes, ["cannot_be_quoted"]);
                let unwritten = ['"', '%', '!', '\n', '\t', '\u{ff02}', '\u{2ba}', '\u{30e}'];
                let before = line.contains("}}{{") && value.ends_with('\\');
                let unwritten = value.contains(unwritten) || value.ends_with('\u{ff3c}');
                assert!(unwritten || before, "{line} {value:?}");
            }
            Ok(text) => {
                let mut expected = vec!["show".to_owned()];
                expected.extend(words.into_iter().map(|word| word.replace('@', value)));
                assert_eq!(cmd_words(&text), Some(expected), "{text}");
            }
        }
    }
}

#[test]
fn a_25_what_has_broken_shells_before_breaks_neither() {
    for value in HOSTILE {
        assert_powershell(value);
        assert_cmd(value);
    }
}

/// The models tell what does more than it should, or the tests above would show nothing.
#[test]
fn the_models_see_a_second_command() {
    for line in [
        "Show a; x",
        "Show 'a' ; x'",
        "Show \"$(x)\"",
        "Show 'a'b",
        "Show “a",
        "Show \"`n\"",
    ] {
        assert_eq!(powershell_words(line), None, "{line}");
    }
    for line in [
        "show a & b",
        "show \"a\" & \"b\"",
        "show %PATH%",
        "show \"a",
        "show a^b",
    ] {
        assert_eq!(cmd_words(line), None, "{line}");
    }
    assert_eq!(
        program_words("a \"b c\\\\\" d\\\"e \"\""),
        ["a", "b c\\", "d\"e", ""]
    );
}

#[test]
fn numbers_and_truths_are_words_of_powershell() {
    let line = |kind, value| {
        let command = with_v(Shell::PowerShell, "Set-It -Force:{{v}} '{{v}}'", kind);
        render(&command, &of("v", &[value])).unwrap().text
    };
    assert_eq!(line(ParamType::Bool, "true"), "Set-It -Force:$true 'true'");
    assert_eq!(line(ParamType::Int, "-5"), "Set-It -Force:-5 '-5'");
    assert_eq!(
        line(ParamType::String, "10kb"),
        "Set-It -Force:'10kb' '10kb'"
    );
}

/// A backslash that is the last of a word between quotes would make the quote a part of it.
#[test]
fn a_25_values_side_by_side_stay_one_word_of_the_command_prompt() {
    let line = |one: &str, other: &str| {
        let params = vec![param("a", ParamType::String), param("b", ParamType::String)];
        let command = command(Shell::Cmd, "show \"{{a}}{{b}}\" c", params);
        let values = [("a", one), ("b", other)];
        let values = values
            .into_iter()
            .flat_map(|(name, value)| of(name, &[value]));
        let rendered = render(&command, &values.collect()).ok()?;
        cmd_words(&rendered.text)
    };
    let words = |word: &str| Some(["show", word, "c"].map(str::to_owned).to_vec());
    assert_eq!(line("x", "y\\"), words("xy\\"));
    assert_eq!(line("x\\", ""), None);
    assert_eq!(line("x", "y\u{ff3c}"), None);
    assert_eq!(program_words("show \"x\\\" c"), ["show", "x\" c"]);
    assert_eq!(program_words("show \"a\"\"b\""), ["show", "a\"b"]);
}

#[test]
fn numbers_are_compared_as_numbers_by_the_command_prompt() {
    let line = |line: &str| {
        let command = with_v(Shell::Cmd, line, ParamType::Int);
        render(&command, &of("v", &["-5"])).unwrap().text
    };
    assert_eq!(line("if {{v}} GTR 5 echo x"), "if -5 GTR 5 echo x");
    assert_eq!(line("show --n={{v}}"), "show --n=-5");
    // `echo 5>x` writes nothing: five is the number of a file there.
    assert_eq!(line("echo {{v}}>x"), "echo \"-5\">x");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_25_powershell_and_cmd_read_the_value_and_nothing_else(
        value in prop::collection::vec(prop_oneof![
            prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
            "[‘’‚‛“”„'\"`$\\\\&|;^%\u{ff02}\u{ff3c}\u{2ba}\u{30e} a-c(){}@#]{0,5}",
        ], 0..5).prop_map(|pieces| pieces.concat()),
    ) {
        assert_powershell(&value);
        assert_cmd(&value);
    }
}
