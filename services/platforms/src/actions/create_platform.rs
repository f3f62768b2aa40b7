//! Somebody brings a platform into the register, or proposes it.

use contracts::PlatformId;
use contracts::platforms::{LicenceType, Period};
use tidings::{Timestamp, Tx};

use super::{replace_in_tx, save_in_tx, take_name_in_tx};
use crate::access::Member;
use crate::changes::Changing;
use crate::edit::Edit;
use crate::known::Known;
use crate::platform::{Platform, blank};
use crate::{Error, store};

/// Adds a platform with the caller's transaction. It may stand anywhere in its life; nobody
/// has moved it there.
///
/// # Errors
/// [`Error::Wrong`], [`Error::NotTheirs`], and [`Error::Exists`].
pub(crate) async fn create_platform_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    edit: Edit,
) -> Result<Platform, Error> {
    // Nobody removes the team or the custom fields that are told between here and COMMIT.
    store::hold_names(tx).await?;
    let known = Known::load(tx).await?;
    let platform = draft(tx.now(), member, changing, &known, &edit)?;
    take_name_in_tx(tx, &platform).await?;
    replace_in_tx(tx, member, changing, &edit, None, &platform).await?;
    save_in_tx(tx, changing, None, platform).await
}

/// A new platform as it will be, save for what the register gives it: number and slug.
///
/// # Errors
/// [`Error::Wrong`], [`Error::NotTheirs`].
pub(crate) fn draft(
    now: Timestamp,
    member: Member,
    changing: &Changing,
    known: &Known,
    edit: &Edit,
) -> Result<Platform, Error> {
    member.must_propose()?;
    let mut platform = blank(PlatformId::new(now), 0, changing.by, now);
    edit.apply(&mut platform, known)?;
    let is_licence_told = edit
        .told("licence_type")
        .is_some_and(|told| !told.trim().is_empty());
    if !is_licence_told && platform.cost.period != Period::Free {
        platform.licence.kind = LicenceType::Commercial;
    }
    member.check(None, &platform)?;
    Ok(platform)
}
