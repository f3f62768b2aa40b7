//! Teams come, change, and go when nothing is theirs any more.

use contracts::TeamId;
use serde_json::{Value, json};
use tidings::Tx;

use super::check_seen;
use crate::changes::{self, Changing};
use crate::team::{Team, TeamEdit, Told};
use crate::{Error, store};

/// How many things are named that a team still has.
const NAMED: u32 = 5;

pub(crate) async fn create_team_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    edit: &TeamEdit,
) -> Result<Team, Error> {
    let told = edit.apply(None)?;
    // Names are looked for and taken one behind the other.
    store::hold_names(tx).await?;
    check_name(tx, None, &told).await?;
    let now = tx.now();
    let team = Team {
        id: TeamId::new(now),
        told,
        version: 1,
        created_at: now,
        created_by: changing.by,
        updated_at: now,
        updated_by: changing.by,
    };
    store::teams::save(tx, &team).await?;
    record(tx, changing, &team, None, Some(&team.told)).await?;
    Ok(team)
}

/// Changes a team; what is so already is no change. `if_match` is the version that the caller
/// has seen, if they say so.
pub(crate) async fn edit_team_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: TeamId,
    edit: &TeamEdit,
    if_match: Option<u64>,
) -> Result<Team, Error> {
    // Names before teams, as whoever adds a platform takes them.
    store::hold_names(tx).await?;
    let team = store::teams::load_for_update(tx, id).await?;
    let mut team = team.ok_or(Error::TeamUnknown)?;
    check_seen(if_match, team.version)?;
    let told = edit.apply(Some(&team.told))?;
    if told == team.told {
        return Ok(team);
    }
    check_name(tx, Some(id), &told).await?;
    let before = std::mem::replace(&mut team.told, told);
    team.version += 1;
    (team.updated_at, team.updated_by) = (tx.now(), changing.by);
    store::teams::save(tx, &team).await?;
    record(tx, changing, &team, Some(&before), Some(&team.told)).await?;
    Ok(team)
}

/// Removes a team to which nothing belongs.
pub(crate) async fn delete_team_in_tx(
    tx: &mut Tx,
    changing: &Changing,
    id: TeamId,
) -> Result<(), Error> {
    store::hold_names(tx).await?;
    let team = store::teams::load_for_update(tx, id).await?;
    let team = team.ok_or(Error::TeamUnknown)?;
    let (platforms, named) = store::teams::owned(tx, id, NAMED).await?;
    let reviews = store::reviews::open_of_team(tx, id).await?;
    if platforms > 0 || !reviews.is_empty() {
        return Err(Error::TeamOwns {
            platforms,
            named: [named, reviews].concat(),
        });
    }
    store::teams::delete(tx, id).await?;
    record(tx, changing, &team, Some(&team.told), None).await
}

async fn check_name(tx: &mut Tx, own: Option<TeamId>, told: &Told) -> Result<(), Error> {
    let other = store::teams::find_by_name(tx, &told.name).await?;
    match other.filter(|other| Some(other.id) != own) {
        Some(other) => Err(Error::TeamExists(other.told.name)),
        None => Ok(()),
    }
}

async fn record(
    tx: &mut Tx,
    changing: &Changing,
    team: &Team,
    before: Option<&Told>,
    after: Option<&Told>,
) -> Result<(), Error> {
    let snapshot = |told: Option<&Told>| told.map(|told| json!(told));
    let (before, after): (Option<Value>, Option<Value>) = (snapshot(before), snapshot(after));
    changes::record_in_tx(tx, changing, "team", team.id.to_string(), before, after).await?;
    Ok(())
}
