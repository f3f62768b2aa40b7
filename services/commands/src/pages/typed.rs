//! What is in the fields of the form of a command, as it was typed.

use std::collections::BTreeMap;

use contracts::commands::{Param, ParamType};
use contracts::{CommandId, PlatformId};
use tidings::{Conn, Error, FieldError};

use super::form;
use crate::command::Command;
use crate::edit::{Edit, ParamEdit};
use crate::param::PARAMS_MAX;
use crate::store;
use crate::template::{Piece, Template};
use crate::text::wrong;

/// The fields of a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    /// A number or an id, and whatever stands behind it: `3 Kubernetes`.
    pub(super) platform: String,
    pub(super) how_to: String,
    pub(super) description: String,
    pub(super) command_line: String,
    pub(super) shell: String,
    /// Words with commas between them.
    pub(super) os: String,
    pub(super) tags: String,
    pub(super) risk: String,
    pub(super) expected_output: String,
    /// The number or id of a command.
    pub(super) undo: String,
    pub(super) comment: String,
    /// The version that the form was made from.
    pub(super) version: String,
    pub(super) params: Vec<TypedParam>,
    /// Which button was pressed.
    pub(super) pressed: String,
    /// Whether a draft is wanted by somebody who could publish.
    pub(super) is_draft: bool,
}

/// The fields of a parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedParam {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) default: String,
    /// A value a line.
    pub(super) allowed: String,
    pub(super) is_enforced: bool,
    pub(super) pattern: String,
    pub(super) delimiter: String,
    pub(super) help: String,
}

impl TypedParam {
    /// A new one: it must be filled in, and if there is something to choose from, with that.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_required: true,
            is_enforced: true,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        let texts = [&self.name, &self.label, &self.default, &self.allowed];
        let more = [&self.pattern, &self.help];
        texts
            .into_iter()
            .chain(more)
            .all(|text| text.trim().is_empty())
    }

    /// What shall be said of the parameter. What a field cannot hold (a line break, a space at an
    /// end, an empty value to choose) stays for as long as nobody changes what the field shows.
    fn edit(&self, before: Option<&Param>) -> ParamEdit {
        let shown = before.map(|param| Self::from(param.clone()));
        let Some((before, shown)) = before.zip(shown) else {
            return self.edit_anew();
        };
        if self.is_untouched(&shown) {
            return ParamEdit {
                // As the template says, which may be another now.
                multivalued: None,
                ..before.clone().into()
            };
        }
        let mut edit = self.edit_anew();
        if is_same(&self.default, &shown.default) {
            edit.default.clone_from(&before.default);
        }
        if is_same(&self.allowed, &shown.allowed) {
            edit.allowed_values.clone_from(&before.allowed_values);
        }
        if is_same(&self.help, &shown.help) {
            edit.help.clone_from(&before.help);
        }
        if is_same_line(&self.pattern, &shown.pattern) {
            edit.pattern.clone_from(&before.pattern);
        }
        edit
    }

    fn is_untouched(&self, shown: &Self) -> bool {
        let texts = [
            (&self.name, &shown.name),
            (&self.label, &shown.label),
            (&self.kind, &shown.kind),
            (&self.default, &shown.default),
            (&self.allowed, &shown.allowed),
            (&self.delimiter, &shown.delimiter),
            (&self.help, &shown.help),
        ];
        texts.iter().all(|(typed, shown)| is_same(typed, shown))
            && is_same_line(&self.pattern, &shown.pattern)
            && (self.is_required, self.is_enforced) == (shown.is_required, shown.is_enforced)
    }

    fn edit_anew(&self) -> ParamEdit {
        let allowed = self.allowed.lines().map(str::trim);
        let allowed = allowed.filter(|line| !line.is_empty()).map(str::to_owned);
        let allowed: Vec<String> = allowed.collect();
        // The tick is there before there is anything to choose from.
        let is_choice = !allowed.is_empty() || self.kind == ParamType::Enum.as_str();
        ParamEdit {
            name: self.name.clone(),
            label: self.label.clone(),
            kind: Some(self.kind.clone()).filter(|kind| !kind.is_empty()),
            required: Some(self.is_required),
            default: Some(self.default.replace("\r\n", "\n")),
            allowed_values: allowed,
            enforced: Some(self.is_enforced && is_choice),
            pattern: Some(self.pattern.clone()),
            multivalued: None,
            delimiter: Some(self.delimiter.clone()).filter(|text| !text.is_empty()),
            help: self.help.clone(),
        }
    }
}

impl From<Param> for TypedParam {
    fn from(param: Param) -> Self {
        Self {
            name: param.name,
            label: param.label,
            kind: param.kind.to_string(),
            is_required: param.required,
            default: param.default.unwrap_or_default(),
            allowed: param.allowed_values.join("\n"),
            is_enforced: param.enforced,
            pattern: param.pattern.unwrap_or_default(),
            delimiter: param.delimiter,
            help: param.help,
        }
    }
}

impl Typed {
    /// The form of a command as it is.
    pub(super) fn of(command: Command, platform: String, undo: String) -> Self {
        Self {
            platform,
            how_to: command.how_to,
            description: command.description,
            command_line: command.command_line,
            shell: command.shell.to_string(),
            os: command.os.join(", "),
            tags: command.tags.join(", "),
            risk: command.risk.to_string(),
            expected_output: command.expected_output.unwrap_or_default(),
            undo,
            comment: String::new(),
            version: command.version.to_string(),
            params: command.params.into_iter().map(TypedParam::from).collect(),
            pressed: String::new(),
            is_draft: false,
        }
    }

    /// Reads what a browser sends. Parameters without a word in them are left out.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        let mut params: BTreeMap<usize, TypedParam> = BTreeMap::new();
        for (name, value) in pairs {
            match name.strip_prefix("param.") {
                Some(rest) => {
                    let (place, part) = rest.split_once('.').unwrap_or_default();
                    let place = place.parse().ok().filter(|place| *place <= 2 * PARAMS_MAX);
                    if let Some(place) = place {
                        params.entry(place).or_default().set(part, value);
                    }
                }
                None => typed.set(&name, value),
            }
        }
        let params = params.into_values().filter(|param| !param.is_empty());
        typed.params = params.collect();
        typed
    }

    fn set(&mut self, name: &str, value: String) {
        match name {
            "platform" => self.platform = value,
            "how_to" => self.how_to = value,
            "description" => self.description = value,
            "command_line" => self.command_line = value,
            "shell" => self.shell = value,
            "os" => self.os = value,
            "tags" => self.tags = value,
            "risk" => self.risk = value,
            "expected_output" => self.expected_output = value,
            "undo" => self.undo = value,
            "comment" => self.comment = value,
            "version" => self.version = value,
            "do" => self.pressed = value,
            "draft" => self.is_draft = true,
            _ => {}
        }
    }

    /// Adds a parameter for each place of the template that has none.
    pub(super) fn add_places(&mut self) {
        let Ok(template) = Template::parse(&self.command_line) else {
            return;
        };
        for piece in &template.pieces {
            let Piece::Placeholder { name, .. } = piece else {
                continue;
            };
            let is_there = self.params.iter().any(|param| param.name.trim() == name);
            if !is_there && self.params.len() < PARAMS_MAX {
                self.params.push(TypedParam::named(name));
            }
        }
    }

    /// Takes a parameter away, or adds an empty one; says whether the button was one of those
    /// that only change the form.
    pub(super) fn change_params(&mut self) -> bool {
        if let Some(place) = self.pressed.strip_prefix("remove.") {
            if let Some(place) = place.parse().ok().filter(|at| *at < self.params.len()) {
                self.params.remove(place);
            }
            return true;
        }
        match self.pressed.as_str() {
            "places" => self.add_places(),
            "add" if self.params.len() < PARAMS_MAX => {
                self.params.push(TypedParam::named(""));
            }
            "add" => {}
            _ => return false,
        }
        true
    }

    /// The platform that is meant.
    pub(super) async fn platform(&self, conn: &mut Conn) -> Result<Option<PlatformId>, Error> {
        platform(conn, &self.platform).await
    }

    /// What shall be said of the command, of which the form shows what it was before.
    ///
    /// # Errors
    /// For what cannot even be asked for.
    pub(super) async fn edit(
        &self,
        conn: &mut Conn,
        before: Option<&Command>,
    ) -> Result<Edit, crate::Error> {
        let undo = self.undo(conn).await?;
        let of = |name: &str| {
            let mut params = before.iter().flat_map(|before| &before.params);
            params.find(|param| param.name == name.trim())
        };
        let params = self.params.iter().map(|param| param.edit(of(&param.name)));
        Ok(Edit {
            how_to: Some(self.how_to.clone()),
            command_line: Some(self.command_line.clone()),
            description: Some(self.description.clone()),
            shell: Some(self.shell.clone()).filter(|word| !word.is_empty()),
            os: Some(words(&self.os)),
            params: Some(params.collect()),
            tags: Some(words(&self.tags)),
            risk: Some(self.risk.clone()).filter(|word| !word.is_empty()),
            status: self.is_draft.then(|| "draft".to_owned()),
            expected_output: Some(self.expected_output.clone()),
            undo_command_id: Some(undo),
            comment: Some(self.comment.clone()),
        })
    }

    async fn undo(&self, conn: &mut Conn) -> Result<Option<CommandId>, crate::Error> {
        let name = first(&self.undo);
        if name.is_empty() {
            return Ok(None);
        }
        match store::resolve(conn, name).await? {
            Some(id) => Ok(Some(id)),
            None => {
                let text = "There is no such command to take it back.";
                let mistake: FieldError = wrong("undo_command_id", "undo_unknown", text);
                Err(crate::Error::Wrong(vec![mistake]))
            }
        }
    }
}

impl TypedParam {
    fn set(&mut self, part: &str, value: String) {
        match part {
            "name" => self.name = value,
            "label" => self.label = value,
            "type" => self.kind = value,
            "required" => self.is_required = true,
            "default" => self.default = value,
            "allowed" => self.allowed = value,
            "enforced" => self.is_enforced = true,
            "pattern" => self.pattern = value,
            "delimiter" => self.delimiter = value,
            "help" => self.help = value,
            _ => {}
        }
    }

    pub(super) fn is_choice(&self) -> bool {
        self.kind == ParamType::Enum.as_str()
    }

    /// The type as it is chosen.
    pub(super) fn is_kind(&self, kind: &ParamType) -> bool {
        match self.kind.is_empty() {
            true => *kind == ParamType::String,
            false => self.kind == kind.as_str(),
        }
    }
}

/// The platform that somebody names in a field: by its number or its id alone, as the field
/// proposes it, by its name, or by a number with other words behind it. A name may begin with
/// the number of another one: `365 Apps`.
pub(super) async fn platform(conn: &mut Conn, text: &str) -> Result<Option<PlatformId>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let numbered = match store::platforms::resolve(conn, first(text)).await? {
        Some(id) => store::platforms::find(conn, id).await?,
        None => None,
    };
    let is_alone = text.split_whitespace().nth(1).is_none();
    let numbered = match numbered {
        Some(platform) if is_alone || form::proposed(&platform) == text => {
            return Ok(Some(platform.id));
        }
        numbered => numbered.map(|platform| platform.id),
    };
    let named = store::platforms::named(conn, text).await?;
    Ok(named.or(numbered))
}

/// What is said of a platform that is not found.
pub(super) const NO_PLATFORM: &str =
    "Choose a platform of the register: by its name or its number, or from the list.";

/// The number or the id at the beginning of a field.
pub(super) fn first(text: &str) -> &str {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.trim_start_matches('#')
}

fn words(text: &str) -> Vec<String> {
    let words = text.split([',', '\n']).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a field still says what it showed: browsers write line breaks their own way.
fn is_same(typed: &str, shown: &str) -> bool {
    typed.replace("\r\n", "\n") == shown
}

/// The same for a field of one line, which leaves line breaks out.
fn is_same_line(typed: &str, shown: &str) -> bool {
    typed == shown.replace('\n', "")
}
