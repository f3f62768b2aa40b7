//! What somebody wants a command to say.

use std::str::FromStr;

use contracts::CommandId;
use contracts::commands::{Param, ParamType};
use serde::{Deserialize, Deserializer, Serialize};
use tidings::FieldError;
use utoipa::ToSchema;

use crate::command::Command;
use crate::template::Template;
use crate::text::{line_mistake, tidy, wrong};

/// Letters of a comment, at the most.
const COMMENT_LETTERS_MAX: usize = 200;
const DELIMITER: &str = " ";

/// What a command shall say: what is not given stays as it is, null clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Edit {
    /// What it does, in a line.
    #[serde(rename = "howTo", alias = "how_to", deserialize_with = "cleared")]
    #[schema(max_length = 200, example = "Restart a stuck pod")]
    pub(crate) how_to: Option<String>,
    /// The template.
    #[serde(
        rename = "commandLine",
        alias = "command_line",
        deserialize_with = "cleared"
    )]
    #[schema(max_length = 8000, example = "kubectl delete pod {{pod}}")]
    pub(crate) command_line: Option<String>,
    /// What else one should know.
    #[serde(deserialize_with = "cleared")]
    #[schema(max_length = 8000)]
    pub(crate) description: Option<String>,
    /// `posix` (if nothing is said), `powershell`, `cmd`, `sql`, `none`.
    pub(crate) shell: Option<String>,
    /// The operating systems that it is for; none means any.
    #[serde(deserialize_with = "cleared")]
    pub(crate) os: Option<Vec<String>>,
    /// What is to be filled in, in the order in which people are asked.
    #[serde(deserialize_with = "cleared")]
    pub(crate) params: Option<Vec<ParamEdit>>,
    /// Words to find it by.
    #[serde(deserialize_with = "cleared")]
    pub(crate) tags: Option<Vec<String>>,
    /// `safe`, `caution` (if nothing is said), `destructive`.
    pub(crate) risk: Option<String>,
    /// `draft`, `published`, `deprecated`.
    pub(crate) status: Option<String>,
    /// What a person sees when it has worked.
    #[serde(deserialize_with = "cleared")]
    #[schema(max_length = 4000)]
    pub(crate) expected_output: Option<String>,
    /// The command that takes it back.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<tidings::Uuid>)]
    pub(crate) undo_command_id: Option<Option<CommandId>>,
    /// Why, for the list of revisions.
    #[schema(max_length = 200)]
    pub(crate) comment: Option<String>,
}

/// What a parameter shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ParamEdit {
    /// Its name in the template: letters, digits and underscores, at most 40.
    #[schema(example = "pod")]
    pub(crate) name: String,
    /// What people call it.
    pub(crate) label: String,
    /// `string` (if nothing is said), `int`, `bool`, `enum`, `path`, `secret`, `raw`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// Whether something must be filled in; if nothing is said: when there is no default.
    pub(crate) required: Option<bool>,
    /// What is filled in when nobody says otherwise.
    pub(crate) default: Option<String>,
    /// What may be chosen from.
    pub(crate) allowed_values: Vec<String>,
    /// Whether nothing else may be filled in; if nothing is said: for the type `enum`.
    pub(crate) enforced: Option<bool>,
    /// A regular expression for the whole of a value.
    pub(crate) pattern: Option<String>,
    /// Whether it has many values; if nothing is said: as the template says.
    pub(crate) multivalued: Option<bool>,
    /// What stands between many values; a space if nothing is said.
    pub(crate) delimiter: Option<String>,
    /// What to fill in, in a sentence.
    pub(crate) help: String,
}

impl From<Param> for ParamEdit {
    fn from(param: Param) -> Self {
        Self {
            name: param.name,
            label: param.label,
            kind: Some(param.kind.to_string()),
            required: Some(param.required),
            default: param.default,
            allowed_values: param.allowed_values,
            enforced: Some(param.enforced),
            pattern: param.pattern,
            multivalued: Some(param.multivalued),
            delimiter: Some(param.delimiter),
            help: param.help,
        }
    }
}

/// All that a command says.
impl From<&Command> for Edit {
    fn from(command: &Command) -> Self {
        let command = command.clone();
        Self {
            how_to: Some(command.how_to),
            command_line: Some(command.command_line),
            description: Some(command.description),
            shell: Some(command.shell.to_string()),
            os: Some(command.os),
            params: Some(command.params.into_iter().map(ParamEdit::from).collect()),
            tags: Some(command.tags),
            risk: Some(command.risk.to_string()),
            status: Some(command.status.to_string()),
            expected_output: Some(command.expected_output.unwrap_or_default()),
            undo_command_id: Some(command.undo_command_id),
            comment: None,
        }
    }
}

/// Null is the empty one.
fn cleared<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Some(Option::deserialize(deserializer)?.unwrap_or_default()))
}

/// Null is something that was said.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Edit {
    /// The edit that says all that is not said here anew: what is not given becomes what it is
    /// for a new command. How far it has come stays.
    pub(crate) fn replacing(self) -> Self {
        Self {
            how_to: Some(self.how_to.unwrap_or_default()),
            command_line: Some(self.command_line.unwrap_or_default()),
            description: Some(self.description.unwrap_or_default()),
            shell: Some(self.shell.unwrap_or_else(|| "posix".to_owned())),
            os: Some(self.os.unwrap_or_default()),
            params: Some(self.params.unwrap_or_default()),
            tags: Some(self.tags.unwrap_or_default()),
            risk: Some(self.risk.unwrap_or_else(|| "caution".to_owned())),
            expected_output: Some(self.expected_output.unwrap_or_default()),
            undo_command_id: Some(self.undo_command_id.flatten()),
            ..self
        }
    }

    /// Writes what is said into a command, tidied. What is then wrong with the command is
    /// asked by whoever saves it; here only what is no command at all is refused.
    pub(crate) fn apply(&self, command: &mut Command) -> Result<(), Vec<FieldError>> {
        let mut wrongs = Vec::new();
        if let Some(text) = &self.how_to {
            text.trim().clone_into(&mut command.how_to);
        }
        if let Some(text) = &self.command_line {
            command.command_line = tidy(text);
        }
        if let Some(text) = &self.description {
            command.description = tidy(text);
        }
        if let Some(text) = &self.expected_output {
            command.expected_output = Some(tidy(text)).filter(|text| !text.is_empty());
        }
        if let Some(words) = &self.os {
            command.os = in_order(words);
        }
        if let Some(words) = &self.tags {
            command.tags = in_order(words);
        }
        if let Some(id) = self.undo_command_id {
            command.undo_command_id = id;
        }
        set_word(
            &mut command.shell,
            "shell",
            self.shell.as_deref(),
            &mut wrongs,
        );
        set_word(&mut command.risk, "risk", self.risk.as_deref(), &mut wrongs);
        set_word(
            &mut command.status,
            "status",
            self.status.as_deref(),
            &mut wrongs,
        );
        if let Some(params) = &self.params {
            command.params = read_params(params, &command.command_line, &mut wrongs);
        }
        wrongs.extend(line_mistake(
            "comment",
            &self.comment(),
            COMMENT_LETTERS_MAX,
        ));
        match wrongs.is_empty() {
            true => Ok(()),
            false => Err(wrongs),
        }
    }

    /// Why, for the list of revisions.
    pub(crate) fn comment(&self) -> String {
        let comment = self.comment.as_deref().unwrap_or_default();
        comment.trim().to_owned()
    }
}

/// Small words, each once, in order.
fn in_order(words: &[String]) -> Vec<String> {
    let words = words.iter().map(|word| word.trim().to_lowercase());
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn set_word<T: FromStr<Err = String>>(
    word: &mut T,
    field: &str,
    text: Option<&str>,
    wrongs: &mut Vec<FieldError>,
) {
    match text.map(str::parse) {
        None => {}
        Some(Ok(read)) => *word = read,
        Some(Err(message)) => wrongs.push(wrong(field, "bad_word", message)),
    }
}

fn read_params(params: &[ParamEdit], line: &str, wrongs: &mut Vec<FieldError>) -> Vec<Param> {
    let template = Template::parse(line).ok();
    let places = template.as_ref().map(Template::placeholders);
    let is_many = |name: &str| places.as_ref()?.get(name).copied();
    let mut read = Vec::new();
    for (place, param) in params.iter().enumerate() {
        let mut kind = ParamType::String;
        let field = format!("params[{place}].type");
        set_word(&mut kind, &field, param.kind.as_deref(), wrongs);
        let default = param.default.clone().filter(|text| !text.is_empty());
        read.push(Param {
            name: param.name.trim().to_owned(),
            label: param.label.trim().to_owned(),
            kind,
            required: param.required.unwrap_or(default.is_none()),
            default,
            allowed_values: param.allowed_values.clone(),
            enforced: param.enforced.unwrap_or(kind == ParamType::Enum),
            pattern: param.pattern.clone().filter(|text| !text.is_empty()),
            multivalued: param
                .multivalued
                .or_else(|| is_many(param.name.trim()))
                .unwrap_or(false),
            delimiter: param
                .delimiter
                .clone()
                .unwrap_or_else(|| DELIMITER.to_owned()),
            help: tidy(&param.help),
        });
    }
    read
}
