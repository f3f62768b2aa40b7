//! Somebody says something else about a platform.

use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::Tx;

use super::{RELATIONS, held_in_tx, replaced_by_in_tx, save_in_tx, take_name_in_tx};
use crate::access::Member;
use crate::changes::Changing;
use crate::columns::differing;
use crate::edit::{Edit, wrong};
use crate::known::Known;
use crate::platform::{Move, Platform, natural_key};
use crate::relation::RelationType;
use crate::{Error, store};

/// Changes a platform with the caller's transaction; nothing is written when nothing is other
/// than before. `if_match` is the version that the caller
/// has seen, if they say so.
///
/// # Errors
/// [`Error::PlatformUnknown`], [`Error::Stale`], [`Error::Wrong`], [`Error::NotTheirs`],
/// [`Error::Exists`], [`Error::LifecycleMove`], [`Error::Retired`], [`Error::Archived`].
pub(crate) async fn edit_platform_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    id: PlatformId,
    edit: Edit,
    if_match: Option<u64>,
) -> Result<Platform, Error> {
    // Names before platforms: in the same order as all others who take both, or two could
    // wait for each other.
    if edit.needs_names() {
        store::hold_names(tx).await?;
    }
    let before = held_in_tx(tx, id, if_match).await?;
    let known = Known::load(tx).await?;
    let mut after = before.clone();
    if let Err(wrong) = edit.apply(&mut after, &known) {
        // Whoever may not change it is told that, and not what else is wrong.
        member.check(Some(&before), &after)?;
        return Err(wrong.into());
    }
    if after == before {
        replace_in_tx(tx, member, changing, &edit, Some(&before), &after).await?;
        return Ok(before);
    }
    admit_in_tx(tx, member, changing, &edit, &before, &after).await?;
    save_in_tx(tx, changing, Some(before), after).await
}

/// Checks that a held platform may become what an edit makes of it, and then writes down what
/// takes its place, if the edit says so. Nothing is written when it may not.
///
/// # Errors
/// [`Error::NotTheirs`], [`Error::Archived`], [`Error::Retired`], [`Error::LifecycleMove`],
/// [`Error::Exists`], [`Error::Wrong`].
pub(crate) async fn admit_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    edit: &Edit,
    before: &Platform,
    after: &Platform,
) -> Result<(), Error> {
    member.check(Some(before), after)?;
    match before.archived_at {
        // Whose it was is said anew: a team that has gone could never be removed otherwise.
        Some(_) if differing(before, after) == ["owner"] => {
            return replace_in_tx(tx, member, changing, edit, Some(before), after).await;
        }
        Some(_) => return Err(Error::Archived),
        None if before.lifecycle == Lifecycle::Retired => return Err(Error::Retired),
        None => {}
    }
    let step = Move {
        from: before.lifecycle,
        to: after.lifecycle,
        comment: &changing.comment,
        is_replacement_told: edit.replaced_by.is_some(),
    };
    step.check()?;
    let key = |platform: &Platform| natural_key(&platform.publisher, &platform.name);
    if key(before) != key(after) {
        take_name_in_tx(tx, after).await?;
    }
    replace_in_tx(tx, member, changing, edit, Some(before), after).await
}

/// Writes down what takes the place of a platform that is being deprecated, or that is new and
/// deprecated or retired, if the edit says it. Of any other it may repeat what is so: the same
/// request twice is one change. Whoever calls holds the platform.
///
/// # Errors
/// [`Error::Wrong`] for `replaced_by`, [`Error::NotTheirs`].
pub(crate) async fn replace_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    edit: &Edit,
    before: Option<&Platform>,
    after: &Platform,
) -> Result<(), Error> {
    const FIELD: &str = "replaced_by";
    let by = match edit.replaced_by.as_deref() {
        None => return Ok(()),
        Some("none") => None,
        Some(text) => Some(store::resolve(tx, text).await?.ok_or_else(|| {
            let text = "No platform is that: give its id, or \"none\".";
            wrong(FIELD, "relation_unknown", text)
        })?),
    };
    let (id, to) = (after.platform_id, after.lifecycle);
    let is_replaced = match before {
        Some(before) => before.lifecycle < to && to == Lifecycle::Deprecated,
        None => to >= Lifecycle::Deprecated,
    };
    if is_replaced {
        return replaced_by_in_tx(tx, changing, id, by).await;
    }
    let mut now = store::relations::outgoing(tx, id).await?;
    now.retain(|one| one.kind == RelationType::ReplacedBy);
    if now.iter().map(|one| one.to).eq(by) {
        return Ok(());
    }
    if before.is_some_and(|before| !member.may_edit_field(before, RELATIONS)) {
        let text = "You may not say what takes the place of this platform.";
        return Err(Error::NotTheirs(text.to_owned()));
    }
    let text = "It is not being deprecated: what takes its place is said among its relations.";
    Err(wrong(FIELD, "not_deprecated", text).into())
}

/// Writes down that somebody has made sure that all this is so, now.
///
/// # Errors
/// [`Error::PlatformUnknown`], [`Error::Archived`], [`Error::Retired`].
pub(crate) async fn review_platform_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: PlatformId,
) -> Result<Platform, Error> {
    let before = held_in_tx(tx, id, None).await?;
    if before.archived_at.is_some() {
        return Err(Error::Archived);
    }
    if before.lifecycle == Lifecycle::Retired {
        return Err(Error::Retired);
    }
    let mut after = before.clone();
    after.last_reviewed_at = Some(tx.now());
    after.last_reviewed_by = Some(changing.by);
    save_in_tx(tx, changing, Some(before), after).await
}
