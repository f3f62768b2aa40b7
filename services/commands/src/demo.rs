//! The command lines of a company, for an installation that nobody has used yet.

use std::collections::{BTreeMap, HashMap};

use contracts::commands::Outcome;
use contracts::platforms::PlatformRecord;
use contracts::{CommandId, UserId};
use serde::Deserialize;
use tidings::{Handle, Identity, Tx};

use crate::access::Member;
use crate::actions::{Used, create_command_in_tx, edit_command_in_tx, use_command_in_tx};
use crate::edit::Edit;
use crate::store::platforms::Platform;
use crate::{Error, store};

const COMMANDS: &str = include_str!("demo/commands.json");

/// Who has written the commands down.
#[derive(Clone, Copy, Debug)]
pub struct DemoPeople {
    /// Somebody with the role `infrastructure`.
    pub infrastructure: UserId,
    /// Somebody with the role `support`.
    pub support: UserId,
    /// Somebody with the role `engineering`.
    pub engineering: UserId,
}

/// A command as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The platform's name.
    platform: String,
    #[serde(default)]
    by: Person,
    /// The title of the command of the same platform that takes it back.
    undo: Option<String>,
    /// Whose favourite it is.
    #[serde(default)]
    liked_by: Vec<Person>,
    #[serde(default)]
    uses: Vec<Use>,
    edit: Edit,
}

/// A use as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Use {
    by: Person,
    #[serde(default)]
    values: BTreeMap<String, String>,
    outcome: Outcome,
    #[serde(default)]
    note: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Person {
    Infrastructure,
    #[default]
    Support,
    Engineering,
}

impl Person {
    fn member(self, people: DemoPeople) -> Result<Member, Error> {
        let (id, role) = match self {
            Self::Infrastructure => (people.infrastructure, "infrastructure"),
            Self::Support => (people.support, "support"),
            Self::Engineering => (people.engineering, "engineering"),
        };
        Member::of(&Identity {
            user_id: id.uuid(),
            email: String::new(),
            roles: vec![role.to_owned()],
        })
    }
}

/// Whether nobody has written a command down yet.
///
/// # Errors
/// When the database fails.
pub async fn is_unused(service: &Handle) -> Result<bool, Error> {
    let mut conn = service.read().await?;
    Ok(store::demo::last_number(&mut conn).await? == 0)
}

/// Writes some hundred commands down, of those of the platforms that are given, with a few of
/// their uses and who has them at hand, in one transaction; nothing where there is a command already. Of the platforms the stream tells
/// later what these records say, and they are known by then.
///
/// # Errors
/// When the database fails; nothing has been written then.
pub async fn enter_demo(
    service: &Handle,
    people: DemoPeople,
    platforms: &[PlatformRecord],
) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    store::hold_numbers(&mut tx).await?;
    if store::demo::last_number(&mut tx).await? != 0 {
        return Ok(());
    }
    for record in platforms {
        store::platforms::keep(&mut tx, &Platform::from(record)).await?;
    }
    write_down(&mut tx, people, platforms).await?;
    Ok(tx.commit().await?)
}

async fn write_down(
    tx: &mut Tx,
    people: DemoPeople,
    platforms: &[PlatformRecord],
) -> Result<(), Error> {
    let commands: Vec<Written> = serde_json::from_str(COMMANDS).map_err(|source| {
        let reason = source.to_string();
        let what = "the demonstration's commands".to_owned();
        Error::Store(tidings::Error::Decode { what, reason })
    })?;
    let platform_of = |name: &str| platforms.iter().find(|one| one.name == name);
    let mut ids: HashMap<(&str, &str), CommandId> = HashMap::new();
    for written in &commands {
        // Somebody has renamed it meanwhile, or put it into the archive.
        let platform = platform_of(&written.platform).filter(|one| one.archived_at.is_none());
        let Some(platform) = platform else { continue };
        let member = written.by.member(people)?;
        let made = create_command_in_tx(tx, member, platform.platform_id, &written.edit).await?;
        ids.insert(
            (&written.platform, written.title()),
            made.command.command_id,
        );
    }
    for written in &commands {
        let of = |title| ids.get(&(written.platform.as_str(), title)).copied();
        let undo = written.undo.as_deref().and_then(of);
        if let (Some(id), Some(undo)) = (of(written.title()), undo) {
            let edit = Edit {
                undo_command_id: Some(Some(undo)),
                comment: Some("Says what takes it back".to_owned()),
                ..Edit::default()
            };
            edit_command_in_tx(tx, written.by.member(people)?, id, &edit, None).await?;
        }
        if let Some(id) = of(written.title()) {
            use_it(tx, people, id, written).await?;
        }
    }
    Ok(())
}

/// Who has a command at hand, and who has used it as it was written down.
async fn use_it(
    tx: &mut Tx,
    people: DemoPeople,
    id: CommandId,
    written: &Written,
) -> Result<(), Error> {
    for person in &written.liked_by {
        let member = person.member(people)?;
        store::favourites::insert(tx, member.id, id).await?;
    }
    for one in &written.uses {
        let values = one.values.clone().into_iter();
        let values = values.map(|(name, value)| (name, vec![value]));
        let used = Used {
            revision: 1,
            values: values.collect(),
            outcome: Some(one.outcome),
            note: one.note.clone(),
        };
        use_command_in_tx(tx, one.by.member(people)?, id, used).await?;
    }
    Ok(())
}

impl Written {
    fn title(&self) -> &str {
        self.edit.how_to.as_deref().unwrap_or_default()
    }
}
