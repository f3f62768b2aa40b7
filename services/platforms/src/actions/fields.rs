//! Custom fields are defined, change, and go with the values that platforms have in them.

use contracts::{PlatformId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidings::{Job, Tx, Uuid};

use super::{check_seen, save_in_tx};
use crate::changes::{self, Action, Changing};
use crate::edit::wrong;
use crate::fields::{CustomField, FIELDS_MAX, FieldDraft, FieldType, Told, check_key};
use crate::{Error, store};

/// Platforms of one transaction.
const SLICE: u32 = 100;

/// Defines a field, or says something else of it; says whether it is new. What is so already
/// is no change. `if_match` is the version that the caller has seen, if they say so: what they
/// have seen is not defined anew once it is gone.
pub(crate) async fn put_field_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    key: &str,
    draft: &FieldDraft,
    if_match: Option<u64>,
) -> Result<(CustomField, bool), Error> {
    check_key(key)?;
    let told = draft.check()?;
    // Keys are looked for and taken one behind the other.
    store::hold_names(tx).await?;
    let fields = store::fields::all(tx).await?;
    let before = fields.iter().find(|field| field.key == key);
    if let Some(before) = before {
        check_seen(if_match, before.version)?;
        check_change_in_tx(tx, before, &told).await?;
        if before.told == told {
            return Ok((before.clone(), false));
        }
    } else if if_match.is_some() {
        return Err(Error::FieldUnknown);
    } else if fields.len() >= FIELDS_MAX {
        let message = format!("There are at most {FIELDS_MAX} custom fields.");
        return Err(wrong("key", "too_many_fields", message).into());
    }
    let field = CustomField {
        key: key.to_owned(),
        told,
        version: before.map_or(1, |before| before.version + 1),
        updated_at: tx.now(),
        updated_by: changing.by,
        removed_at: None,
    };
    store::fields::save(tx, &field).await?;
    let action = match before {
        Some(_) => Action::Update,
        None => Action::Create,
    };
    let changing = changing.to(action);
    let before = before.map(|before| &before.told);
    record(tx, &changing, key, before, Some(&field.told)).await?;
    Ok((field, before.is_none()))
}

/// Values that platforms have must fit the type they are of: as a text, all of them do.
async fn check_change_in_tx(tx: &mut Tx, before: &CustomField, told: &Told) -> Result<(), Error> {
    if before.removed_at.is_some() {
        return Err(Error::FieldGoing);
    }
    if before.told.kind == told.kind || told.kind == FieldType::Text {
        return Ok(());
    }
    match store::fields::used(tx, &before.key).await? {
        0 => Ok(()),
        platforms => Err(Error::FieldInUse { platforms }),
    }
}

/// Removes a field. Where platforms have values in it, whoever asks has to say that these may
/// go; a job takes them then, each with its change record, all of this one request. Says how
/// many platforms that are.
pub(crate) async fn delete_field_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    key: &str,
    drop_values: bool,
) -> Result<u64, Error> {
    store::hold_names(tx).await?;
    let field = store::fields::find(tx, key).await?;
    let mut field = field.ok_or(Error::FieldUnknown)?;
    if field.removed_at.is_some() {
        return Err(Error::FieldGoing);
    }
    let platforms = store::fields::used(tx, key).await?;
    match (platforms, drop_values) {
        (0, _) => store::fields::delete(tx, key).await?,
        (_, false) => return Err(Error::FieldInUse { platforms }),
        (_, true) => {
            field.removed_at = Some(tx.now());
            store::fields::save(tx, &field).await?;
            let job = DropValues {
                key: key.to_owned(),
                request_id: changing.request_id,
                by: changing.by,
                comment: changing.comment.clone(),
                after: String::new(),
            };
            tx.enqueue(&job).await?;
        }
    }
    let changing = changing.to(Action::Delete);
    record(tx, &changing, key, Some(&field.told), None).await?;
    Ok(platforms)
}

async fn record(
    tx: &mut Tx,
    changing: &Changing,
    key: &str,
    before: Option<&Told>,
    after: Option<&Told>,
) -> Result<(), Error> {
    let (before, after) = (
        before.map(|told| json!(told)),
        after.map(|told| json!(told)),
    );
    changes::record_in_tx(tx, changing, "field", key.to_owned(), before, after).await?;
    Ok(())
}

/// Takes the values of a field that was removed from the platforms behind one of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DropValues {
    key: String,
    request_id: Uuid,
    by: UserId,
    comment: String,
    /// The last platform that was reached.
    after: String,
}

impl Job for DropValues {
    const KIND: &'static str = "drop_values";
}

/// The next slice is a job of its own, so that the service goes on between. The definition
/// goes with the last one; until then nobody defines another field of this key, whose values
/// would be taken too. What is retired loses its value as well: a field that is not there any
/// more says nothing of it. What is in the archive stays as it was put there.
pub(crate) async fn drop_values(job: DropValues, tx: &mut Tx) -> Result<(), Error> {
    let ids = store::fields::users(tx, &job.key, &job.after, SLICE).await?;
    let Some(last) = ids.last().map(PlatformId::to_string) else {
        return Ok(store::fields::delete(tx, &job.key).await?);
    };
    let changing = Changing {
        request_id: job.request_id,
        by: job.by,
        action: Action::Update,
        comment: job.comment.clone(),
    };
    for id in ids {
        let Some(before) = store::hold(tx, id).await? else {
            continue;
        };
        let mut after = before.clone();
        let is_there = after.custom_fields.remove(&job.key).is_some();
        if is_there && before.archived_at.is_none() {
            save_in_tx(tx, &changing, Some(before), after).await?;
        }
    }
    tx.enqueue(&DropValues { after: last, ..job }).await?;
    Ok(())
}
