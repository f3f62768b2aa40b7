//! Commands as the API writes them: in the words of the original where it had them.

use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use contracts::commands::Param;
use serde::Serialize;
use tidings::{Conn, Error, Json, Timestamp, Uuid};
use utoipa::ToSchema;

use crate::command::{self, Command};
use crate::store;
use crate::store::platforms::Platform;
use crate::store::revisions::Revision;
use crate::store::{Names, Uses};

/// A platform.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlatformBody {
    id: Uuid,
    /// Its number, which names it as well as its id does.
    number: i32,
    name: String,
    publisher: String,
    /// `proposed`, `experimental`, `production`, `deprecated`, `retired`.
    lifecycle: &'static str,
    /// Whether it is in the archive: its commands can be read and not changed.
    archived: bool,
    /// The version of the register's record that is known here.
    version: u64,
}

impl From<Platform> for PlatformBody {
    fn from(platform: Platform) -> Self {
        Self {
            id: platform.id.uuid(),
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            lifecycle: platform.lifecycle.as_str(),
            archived: platform.archived,
            version: platform.version,
        }
    }
}

/// A parameter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ParamBody {
    name: String,
    label: String,
    /// `string`, `int`, `bool`, `enum`, `path`, `secret`, `raw`.
    r#type: &'static str,
    required: bool,
    default: Option<String>,
    allowed_values: Vec<String>,
    enforced: bool,
    pattern: Option<String>,
    multivalued: bool,
    delimiter: String,
    help: String,
}

impl From<Param> for ParamBody {
    fn from(param: Param) -> Self {
        Self {
            name: param.name,
            label: param.label,
            r#type: param.kind.as_str(),
            required: param.required,
            default: param.default,
            allowed_values: param.allowed_values,
            enforced: param.enforced,
            pattern: param.pattern,
            multivalued: param.multivalued,
            delimiter: param.delimiter,
            help: param.help,
        }
    }
}

/// What a command says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CommandBody {
    id: Uuid,
    /// Its number, which names it as well as its id does.
    number: i32,
    #[serde(rename = "howTo")]
    how_to: String,
    #[serde(rename = "commandLine")]
    command_line: String,
    #[serde(rename = "platformId")]
    platform_id: Uuid,
    description: String,
    /// `posix`, `powershell`, `cmd`, `sql`, `none`.
    shell: &'static str,
    os: Vec<String>,
    params: Vec<ParamBody>,
    tags: Vec<String>,
    /// `safe`, `caution`, `destructive`.
    risk: &'static str,
    /// `draft`, `published`, `deprecated`.
    status: &'static str,
    expected_output: Option<String>,
    undo_command_id: Option<Uuid>,
    author: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    last_modified_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    last_modified_at: Timestamp,
    /// Its revision: rises by one with every change.
    version: u64,
}

impl From<Command> for CommandBody {
    fn from(command: Command) -> Self {
        Self {
            id: command.command_id.uuid(),
            number: command.number,
            how_to: command.how_to,
            command_line: command.command_line,
            platform_id: command.platform_id.uuid(),
            description: command.description,
            shell: command.shell.as_str(),
            os: command.os,
            params: command.params.into_iter().map(ParamBody::from).collect(),
            tags: command.tags,
            risk: command.risk.as_str(),
            status: command.status.as_str(),
            expected_output: command.expected_output,
            undo_command_id: command.undo_command_id.map(contracts::CommandId::uuid),
            author: command.author.uuid(),
            created_at: command.created_at,
            last_modified_by: command.last_modified_by.uuid(),
            last_modified_at: command.last_modified_at,
            version: command.version,
        }
    }
}

/// A command as a list and its own address show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ShownBody {
    #[serde(flatten)]
    command: CommandBody,
    platform: PlatformBody,
    /// What the author is called; null before it was heard.
    author_name: Option<String>,
    /// What is called who changed it last; null before it was heard.
    last_modified_by_name: Option<String>,
    /// How often it was used.
    uses: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// What one should know before one uses it.
    warnings: Vec<String>,
}

impl ShownBody {
    pub(crate) fn of(command: Command, platform: Platform, uses: Uses, names: Names) -> Self {
        Self {
            warnings: command::warnings(&command, &platform),
            command: command.into(),
            platform: platform.into(),
            author_name: names.author,
            last_modified_by_name: names.last_modified_by,
            uses: uses.uses,
            last_used_at: uses.last_used_at,
        }
    }

    /// A command with what else is told of it.
    pub(crate) async fn load(
        conn: &mut Conn,
        command: Command,
        platform: Platform,
    ) -> Result<Self, Error> {
        let uses = store::uses(conn, command.command_id).await?;
        let names = store::names(conn, &command).await?;
        Ok(Self::of(command, platform, uses, names))
    }

    /// Its version, as a header says it.
    pub(super) fn tag(&self) -> (HeaderName, String) {
        (header::ETAG, format!("\"{}\"", self.command.version))
    }

    /// Where it is.
    pub(super) fn location(&self) -> (HeaderName, String) {
        let (platform, id) = (self.command.platform_id, self.command.id);
        let path = format!("/api/c/platforms/{platform}/commands/{id}");
        (header::LOCATION, path)
    }

    /// The answer that shows it, with its version as `ETag`.
    pub(super) fn shown(self) -> impl IntoResponse {
        ([self.tag()], Json(self))
    }
}

/// What a command said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RevisionBody {
    /// Which one: the version of the command.
    revision: u64,
    /// Who made it.
    by: Uuid,
    /// What they are called; null before it was heard.
    by_name: Option<String>,
    /// Why; may be empty.
    comment: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    command: CommandBody,
}

impl From<Revision> for RevisionBody {
    fn from(revision: Revision) -> Self {
        Self {
            revision: revision.record.version,
            by: revision.by.uuid(),
            by_name: revision.name,
            comment: revision.comment,
            at: revision.at,
            command: revision.record.into(),
        }
    }
}
