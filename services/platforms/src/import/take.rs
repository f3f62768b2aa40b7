//! Rows are taken over.

use std::collections::HashMap;

use contracts::PlatformId;
use tidings::{Problem, Tx};

use super::targets::key_of;
use super::{Counts, Line, RowError, Target};
use crate::access::Member;
use crate::actions::{Save, admit_in_tx, draft, replace_in_tx, save_all_in_tx};
use crate::changes::Changing;
use crate::edit::{Edit, wrong};
use crate::import::header::REPLACED_BY;
use crate::known::Known;
use crate::platform::{Platform, natural_key};
use crate::{Error, store};

/// What is the same for all rows of a slice.
pub(super) struct Taking<'a> {
    pub(super) member: Member,
    /// Whether somebody has said why; what stands in the history if nobody has is no reason.
    pub(super) is_explained: bool,
    pub(super) changing: &'a Changing,
    pub(super) known: &'a Known,
}

/// What comes of a row.
enum Outcome {
    Save(Box<Save>),
    Unchanged,
}

/// Takes over some rows; what cannot be is counted and told. A row fails before it has written
/// anything.
///
/// What they speak of is read at once and held, and what comes of them written at once, many
/// rows with a statement: 4,000 rows took 10 s so on PostgreSQL, and 53 s one by one.
///
/// # Errors
/// When the database fails: none of the rows is taken over then.
pub(super) async fn take_lines(
    tx: &mut Tx,
    taking: &Taking<'_>,
    lines: &[Line],
) -> Result<(Counts, Vec<RowError>), Error> {
    let mut counts = Counts::default();
    let mut errors = Vec::new();
    let there = There::hold(tx, lines).await?;
    let mut saves = Vec::new();
    for line in lines {
        if !line.wrong.is_empty() {
            counts.failed += 1;
            errors.extend(line.wrong.iter().cloned());
            continue;
        }
        match Box::pin(take(tx, taking, &there, line)).await {
            Ok(Outcome::Save(save)) => {
                match save.before {
                    Some(_) => counts.updated += 1,
                    None => counts.created += 1,
                }
                saves.push(*save);
            }
            Ok(Outcome::Unchanged) => counts.unchanged += 1,
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => {
                counts.failed += 1;
                let problem = Problem::from(error);
                let told = problem.errors().iter();
                errors.extend(told.map(|error| RowError::of(line.row, error)));
            }
        }
    }
    save_all_in_tx(tx, taking.changing, &mut saves).await?;
    Ok((counts, errors))
}

/// What the register has of some rows. Nobody else changes it, or takes a name, before the
/// transaction has ended.
struct There {
    by_id: HashMap<PlatformId, Platform>,
    /// Of rows whose platform was not there when the import was accepted.
    by_key: HashMap<String, Platform>,
}

impl There {
    /// Names, which whoever calls holds, then platforms, then relations: in the same order as
    /// all others who hold several of these.
    async fn hold(tx: &mut Tx, lines: &[Line]) -> Result<Self, Error> {
        let fine = || lines.iter().filter(|line| line.wrong.is_empty());
        let targets = fine()
            .filter_map(|line| line.target)
            .map(|target| target.id);
        let held = store::hold_all(tx, targets.collect()).await?;
        let new = fine().filter(|line| line.target.is_none());
        let named = store::find_by_keys(tx, new.filter_map(key_of).collect()).await?;
        let held = held.into_iter().map(|one| (one.platform_id, one));
        let named = named.into_iter();
        let named = named.map(|one| (natural_key(&one.publisher, &one.name), one));
        Ok(Self {
            by_id: held.collect(),
            by_key: named.collect(),
        })
    }
}

async fn take(
    tx: &mut Tx,
    taking: &Taking<'_>,
    there: &There,
    line: &Line,
) -> Result<Outcome, Error> {
    let edit = edit_of(line)?;
    if let Some(target) = line.target {
        let platform = there.by_id.get(&target.id);
        let platform = platform.ok_or(Error::PlatformUnknown)?;
        return change(tx, taking, &edit, platform, Some(target)).await;
    }
    let now = tx.now();
    let new = draft(now, taking.member, taking.changing, taking.known, &edit)?;
    if let Some(platform) = there.by_key.get(&natural_key(&new.publisher, &new.name)) {
        // It was not there when the import was accepted.
        return change(tx, taking, &edit, platform, None).await;
    }
    let (member, changing) = (taking.member, taking.changing);
    replace_in_tx(tx, member, changing, &edit, None, &new).await?;
    Ok(Outcome::Save(Box::new(Save {
        before: None,
        after: new,
    })))
}

/// Changes a platform as it was when the import was accepted. One that is so already stays,
/// whoever has made it so; any other that somebody has changed since is left to them.
async fn change(
    tx: &mut Tx,
    taking: &Taking<'_>,
    edit: &Edit,
    platform: &Platform,
    target: Option<Target>,
) -> Result<Outcome, Error> {
    let mut after = platform.clone();
    edit.apply(&mut after, taking.known)?;
    let (member, changing) = (taking.member, taking.changing);
    if after == *platform {
        replace_in_tx(tx, member, changing, edit, Some(platform), &after).await?;
        return Ok(Outcome::Unchanged);
    }
    if target.is_none_or(|target| target.version != platform.version) {
        return Err(Error::ChangedMeanwhile);
    }
    let foreign = member.foreign(platform, &after).into_iter();
    let foreign = foreign.map(|column| wrong(&column, "forbidden", "It is not yours to change."));
    let foreign: Vec<_> = foreign.collect();
    if !foreign.is_empty() {
        return Err(foreign.into());
    }
    admit_in_tx(tx, member, changing, edit, platform, &after).await?;
    if after.lifecycle < platform.lifecycle && !taking.is_explained {
        let text = "It goes back in its life: say why in the comment on the import.";
        return Err(wrong("lifecycle", "comment_missing", text).into());
    }
    Ok(Outcome::Save(Box::new(Save {
        before: Some(platform.clone()),
        after,
    })))
}

fn edit_of(line: &Line) -> Result<Edit, Error> {
    let mut edit = Edit::default();
    let mut wrong = Vec::new();
    for (column, text) in &line.cells {
        match &**column {
            "id" | "number" => {}
            REPLACED_BY => {
                edit.replaced_by = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            }
            column => wrong.extend(edit.set(column, text).err()),
        }
    }
    match wrong.is_empty() {
        true => Ok(edit),
        false => Err(wrong.into()),
    }
}
