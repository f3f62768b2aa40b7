//! What can be done with platforms, one file a use case. Only these write the table
//! `platforms`: each checks, saves, writes down the change and tells of it.

mod archive_platform;
mod create_platform;
mod edit_platform;
mod fields;
mod relations;
mod restore_platform;
mod reviews;
mod teams;

use contracts::PlatformId;
use contracts::platforms::{PlatformEvent, RegisterEvent};
use serde_json::Value;
use tidings::Tx;

use crate::changes::{Change, Changing};
use crate::platform::{Platform, natural_key};
use crate::{Error, store};

pub(crate) use archive_platform::archive_platform_in_tx;
pub(crate) use create_platform::{create_platform_in_tx, draft};
pub(crate) use edit_platform::{
    admit_in_tx, edit_platform_in_tx, replace_in_tx, review_platform_in_tx,
};
pub(crate) use fields::{delete_field_in_tx, drop_values, put_field_in_tx};
pub(crate) use relations::{
    RELATIONS, end_relations_in_tx, put_relations_in_tx, replaced_by_in_tx,
};
pub(crate) use restore_platform::restore_platform_in_tx;
pub(crate) use reviews::{
    REVIEW_ITEM, close_review_in_tx, fill_review, find_in_tx, open_review_in_tx,
};
pub(crate) use teams::{create_team_in_tx, delete_team_in_tx, edit_team_in_tx};

/// The entity that changes of platforms are about.
pub(crate) const PLATFORM: &str = "platform";

/// The platform, which nobody else changes before the transaction has ended, if it is at the
/// version that the caller has seen.
async fn held_in_tx(tx: &mut Tx, id: PlatformId, if_match: Option<u64>) -> Result<Platform, Error> {
    let platform = store::hold(tx, id).await?.ok_or(Error::PlatformUnknown)?;
    check_seen(if_match, platform.version)?;
    Ok(platform)
}

/// Whether the caller has seen something as it is now, if they say what they have seen.
fn check_seen(if_match: Option<u64>, now: u64) -> Result<(), Error> {
    match if_match {
        Some(seen) if seen != now => Err(Error::Stale { now }),
        _ => Ok(()),
    }
}

/// Makes sure that nobody else has this publisher and name; until COMMIT nobody takes them
///
async fn take_name_in_tx(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    store::hold_names(tx).await?;
    let key = natural_key(&platform.publisher, &platform.name);
    let found = store::find_by_keys(tx, vec![key]).await?;
    let other = found
        .iter()
        .find(|other| other.platform_id != platform.platform_id);
    match other {
        Some(other) => Err(Error::Exists {
            id: other.platform_id,
            number: other.number,
        }),
        None => Ok(()),
    }
}

/// What a held platform is to become, or a new one that has no number yet.
pub(crate) struct Save {
    pub(crate) before: Option<Platform>,
    pub(crate) after: Platform,
}

/// Saves platforms: numbers, versions, change records and events in one. This alone writes
/// them, however many.
pub(crate) async fn save_all_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    all: &mut [Save],
) -> Result<(), Error> {
    let mut new = Vec::new();
    for save in &mut *all {
        match &save.before {
            None => new.push(&mut save.after),
            Some(before) => {
                save.after.version = before.version.saturating_add(1);
                save.after.updated_at = tx.now();
                save.after.updated_by = changing.by;
            }
        }
    }
    if !new.is_empty() {
        store::number(tx, &mut new).await?;
    }
    let platforms: Vec<_> = all.iter().map(|save| &save.after).collect();
    store::put(tx, &platforms).await?;
    let mut changes = Vec::with_capacity(all.len());
    for Save { before, after } in &*all {
        let before = before.as_ref().map(snapshot).transpose()?;
        let what = (PLATFORM, after.platform_id.to_string());
        changes.extend(Change::find(
            tx.now(),
            changing,
            what,
            before,
            Some(snapshot(after)?),
        ));
    }
    store::changes::insert(tx, &changes).await?;
    all.iter().try_for_each(|save| tell(tx, save))
}

async fn save_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    before: Option<Platform>,
    after: Platform,
) -> Result<Platform, Error> {
    let mut save = Save { before, after };
    save_all_in_tx(tx, changing, std::slice::from_mut(&mut save)).await?;
    Ok(save.after)
}

/// What the history keeps of a platform: its whole record.
pub(crate) fn snapshot(platform: &Platform) -> Result<Value, Error> {
    let value = serde_json::to_value(platform);
    value.map_err(|source| {
        Error::Store(tidings::Error::Encode {
            what: "a platform".to_owned(),
            source,
        })
    })
}

fn tell(tx: &mut Tx, Save { before, after }: &Save) -> Result<(), Error> {
    let Some(before) = before else {
        tx.publish(PlatformEvent::Created(after.clone()))?;
        tx.publish(RegisterEvent::Published {
            platform_id: after.platform_id,
            number: after.number,
            name: after.name.clone(),
            publisher: after.publisher.clone(),
        })?;
        return Ok(());
    };
    let is_archived = before.archived_at.is_none() && after.archived_at.is_some();
    tx.publish(match is_archived {
        true => PlatformEvent::Archived(after.clone()),
        false => PlatformEvent::Updated(after.clone()),
    })?;
    if before.lifecycle != after.lifecycle {
        tx.publish(RegisterEvent::LifecycleChanged {
            platform_id: after.platform_id,
            from: before.lifecycle,
            to: after.lifecycle,
            effective_on: contracts::calendar::Day::of(tx.now()),
            changed_by: after.updated_by,
        })?;
    }
    if before.owner_team_id != after.owner_team_id {
        tx.publish(RegisterEvent::OwnerChanged {
            platform_id: after.platform_id,
            from_team: before.owner_team_id,
            to_team: after.owner_team_id,
        })?;
    }
    Ok(())
}
