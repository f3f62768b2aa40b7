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

use crate::changes::{Changing, record_in_tx};
use crate::platform::{Platform, natural_key};
use crate::{Error, store};

pub(crate) use archive_platform::archive_platform_in_tx;
pub(crate) use create_platform::create_platform_in_tx;
pub(crate) use edit_platform::{Saved, edit_platform_in_tx, review_platform_in_tx};
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
    match if_match {
        Some(seen) if seen != platform.version => Err(Error::Stale {
            now: platform.version,
        }),
        _ => Ok(platform),
    }
}

/// Makes sure that nobody else has this publisher and name; until COMMIT nobody takes them
///
async fn take_name_in_tx(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    store::hold_names(tx).await?;
    let key = natural_key(&platform.publisher, &platform.name);
    match store::find_by_key(tx, &key).await? {
        Some(other) if other.platform_id != platform.platform_id => Err(Error::Exists {
            id: other.platform_id,
            number: other.number,
        }),
        _ => Ok(()),
    }
}

/// Saves what a held platform has become: version, change record and events in one.
async fn save_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    before: &Platform,
    mut after: Platform,
) -> Result<Platform, Error> {
    after.version = before.version.saturating_add(1);
    after.updated_at = tx.now();
    after.updated_by = changing.by;
    store::update(tx, &after).await?;
    record(tx, changing, Some(before), &after).await?;
    tell(tx, before, &after)?;
    Ok(after)
}

async fn record(
    tx: &mut Tx,
    changing: &Changing,
    before: Option<&Platform>,
    after: &Platform,
) -> Result<bool, Error> {
    let before = before.map(snapshot).transpose()?;
    let id = after.platform_id.to_string();
    record_in_tx(tx, changing, PLATFORM, id, before, Some(snapshot(after)?)).await
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

fn tell(tx: &mut Tx, before: &Platform, after: &Platform) -> Result<(), Error> {
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
