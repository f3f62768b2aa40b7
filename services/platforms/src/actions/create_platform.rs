//! Somebody brings a platform into the register, or proposes it.

use contracts::PlatformId;
use contracts::platforms::{LicenceType, Period, PlatformEvent, RegisterEvent};
use tidings::Tx;

use super::{record, take_name_in_tx};
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
    let known = Known::load(tx).await?;
    let id = PlatformId::new(tx.now());
    let mut platform = blank(id, 0, changing.by, tx.now());
    edit.apply(&mut platform, &known)?;
    if edit.told("licence_type").is_none() && platform.cost.period != Period::Free {
        platform.licence.kind = LicenceType::Commercial;
    }
    member.check(None, &platform)?;
    take_name_in_tx(tx, &platform).await?;
    platform.number = store::next_number(tx).await?;
    platform.slug = store::free_slug(tx, &platform.name, platform.number).await?;
    store::insert(tx, &platform).await?;
    record(tx, changing, None, &platform).await?;
    tx.publish(PlatformEvent::Created(platform.clone()))?;
    tx.publish(RegisterEvent::Published {
        platform_id: id,
        number: platform.number,
        name: platform.name.clone(),
        publisher: platform.publisher.clone(),
    })?;
    Ok(platform)
}
