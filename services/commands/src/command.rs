//! The command: what it may say, and how far it may come.

use contracts::commands::{CommandEvent, CommandRecord, Param, ParamType, Status};
use contracts::platforms::Lifecycle;
use tidings::FieldError;

use crate::store::platforms::Platform;
use crate::template::{Mistake, Template};
use crate::text::{line_mistake, lines_mistake, wrong};
use crate::{param, render};

/// A command; what the service keeps is what it tells.
pub(crate) type Command = CommandRecord;

/// Letters of what a command does, at the most.
pub(crate) const HOW_TO_LETTERS_MAX: usize = 200;
/// Letters of a template, at the most.
pub(crate) const COMMAND_LINE_LETTERS_MAX: usize = 8_000;
/// Letters of a description, at the most.
pub(crate) const DESCRIPTION_LETTERS_MAX: usize = 8_000;
/// Letters of what a person sees when it has worked, at the most.
pub(crate) const OUTPUT_LETTERS_MAX: usize = 4_000;
/// Letters of a word in a list, at the most.
const WORD_LETTERS_MAX: usize = 50;
/// Words of a list, at the most.
pub(crate) const WORDS_MAX: usize = 20;
/// All parameters together, so that an event of a command always fits into a message.
const PARAMS_BYTES_MAX: usize = 64 * 1024;

/// Everything that is wrong with what a command says; who may save it is asked elsewhere.
pub(crate) fn mistakes(command: &Command) -> Vec<FieldError> {
    let mut wrongs = Vec::new();
    if command.how_to.is_empty() {
        let text = "Say in a line what it does.";
        wrongs.push(wrong("how_to", "how_to_missing", text));
    }
    wrongs.extend(line_mistake("how_to", &command.how_to, HOW_TO_LETTERS_MAX));
    let description = &command.description;
    wrongs.extend(lines_mistake(
        "description",
        description,
        DESCRIPTION_LETTERS_MAX,
    ));
    if let Some(output) = &command.expected_output {
        wrongs.extend(lines_mistake("expected_output", output, OUTPUT_LETTERS_MAX));
    }
    wrongs.extend(word_mistakes("os", &command.os));
    wrongs.extend(word_mistakes("tags", &command.tags));
    let before = wrongs.len();
    wrongs.extend(param_mistakes(&command.params));
    wrongs.extend(template_mistakes(command));
    if wrongs.len() == before {
        wrongs.extend(render::check_template(command));
    }
    wrongs
}

fn word_mistakes(field: &str, words: &[String]) -> Vec<FieldError> {
    if words.len() > WORDS_MAX {
        let text = format!("At most {WORDS_MAX} words.");
        return vec![wrong(field, "too_many_words", text)];
    }
    let mistake = |word: &String| match word.contains(',') {
        true => Some(wrong(field, "bad_text", "A word has no comma.")),
        false => line_mistake(field, word, WORD_LETTERS_MAX),
    };
    words.iter().find_map(mistake).into_iter().collect()
}

fn param_mistakes(params: &[Param]) -> Vec<FieldError> {
    if params.len() > param::PARAMS_MAX {
        let text = format!("At most {} parameters.", param::PARAMS_MAX);
        return vec![wrong("params", "too_many_params", text)];
    }
    let bytes: usize = params.iter().map(bytes_of).sum();
    if bytes > PARAMS_BYTES_MAX {
        let text = "The parameters are too long, all together.";
        return vec![wrong("params", "params_too_large", text)];
    }
    let mut wrongs = Vec::new();
    for (place, param) in params.iter().enumerate() {
        let field = format!("params[{place}]");
        wrongs.extend(param::mistakes(&field, param));
        if params.iter().take(place).any(|one| one.name == param.name) {
            let text = format!("There are two parameters {}.", param.name);
            wrongs.push(wrong(format!("{field}.name"), "param_twice", text));
        }
    }
    wrongs
}

fn bytes_of(param: &Param) -> usize {
    let texts = [&param.name, &param.label, &param.help, &param.delimiter];
    let optional = [&param.default, &param.pattern].into_iter().flatten();
    let texts = texts.into_iter().chain(optional);
    texts.chain(&param.allowed_values).map(String::len).sum()
}

/// it can be read, every place has a parameter, and every parameter a place.
fn template_mistakes(command: &Command) -> Vec<FieldError> {
    const FIELD: &str = "command_line";
    let source = &command.command_line;
    if source.is_empty() {
        let text = "Say the command line.";
        return vec![wrong(FIELD, "command_line_missing", text)];
    }
    if let Some(mistake) = lines_mistake(FIELD, source, COMMAND_LINE_LETTERS_MAX) {
        return vec![mistake];
    }
    let template = match Template::parse(source) {
        Ok(template) => template,
        Err(mistakes) => return mistakes.iter().map(bad_template).collect(),
    };
    let places = template.placeholders();
    let mut wrongs = Vec::new();
    for name in places.keys() {
        if !command.params.iter().any(|param| param.name == *name) {
            let text = format!("{{{{{name}}}}} has no parameter.");
            wrongs.push(wrong(FIELD, "placeholder_without_param", text));
        }
    }
    for (place, param) in command.params.iter().enumerate() {
        let field = format!("params[{place}]");
        match places.get(param.name.as_str()) {
            None => {
                let text = format!("Nothing in the command line uses {}.", param.name);
                wrongs.push(wrong(field, "param_without_placeholder", text));
            }
            Some(true) if !param.multivalued => {
                let text = format!("{{{{{}...}}}} takes many values.", param.name);
                wrongs.push(wrong(field, "param_not_multivalued", text));
            }
            Some(false) if param.multivalued => {
                let text = format!("Many values go into {{{{{}...}}}}.", param.name);
                wrongs.push(wrong(field, "placeholder_not_multivalued", text));
            }
            Some(_) => {}
        }
    }
    wrongs
}

fn bad_template(mistake: &Mistake) -> FieldError {
    let message = format!("At letter {}: {}.", mistake.at, mistake.message);
    wrong("command_line", "bad_template", message)
}

/// Whether a command that stands so may come to stand so: nothing goes back to being a draft.
pub(crate) fn may_move(from: Status, to: Status) -> bool {
    from == to || to != Status::Draft
}

/// Whether a part of the line is taken as it stands.
pub(crate) fn has_raw(command: &Command) -> bool {
    let is_raw = |param: &Param| param.kind == ParamType::Raw;
    command.params.iter().any(is_raw)
}

/// Whether both give the same lines for the same values.
pub(crate) fn fills_in_alike(one: &Command, other: &Command) -> bool {
    let parts = |command: &Command| (command.command_line.clone(), command.shell);
    parts(one) == parts(other) && one.params == other.params
}

/// A number made of template and shell: what is the same has the same, what is not almost
/// never (FNV-1a).
pub(crate) fn likeness(command: &Command) -> i64 {
    let bytes = command.command_line.bytes();
    let bytes = bytes.chain(command.shell.as_str().bytes());
    let number = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::from_ne_bytes(number.to_ne_bytes())
}

/// What somebody should know before they use it.
pub(crate) fn warnings(command: &Command, platform: &Platform) -> Vec<String> {
    let name = &platform.name;
    let mut warnings = Vec::new();
    match command.status {
        Status::Draft => warnings.push("This is a draft: nobody has approved it.".to_owned()),
        Status::Deprecated => warnings.push("This shall not be used any more.".to_owned()),
        Status::Published => {}
    }
    if platform.archived {
        warnings.push(format!(
            "{name} is in the archive: nobody uses it any more."
        ));
    }
    match platform.lifecycle {
        Lifecycle::Deprecated => warnings.push(format!("{name} shall not be used for long.")),
        Lifecycle::Retired => warnings.push(format!("{name} is not used any more.")),
        Lifecycle::Proposed | Lifecycle::Experimental | Lifecycle::Production => {}
    }
    warnings
}

/// What is told of a command after a change.
pub(crate) fn event(before: Option<&Command>, after: Command) -> CommandEvent {
    match before {
        None => CommandEvent::Created(after),
        Some(before) if after.status == Status::Deprecated && before.status != after.status => {
            CommandEvent::Deprecated(after)
        }
        Some(_) => CommandEvent::Updated(after),
    }
}
