//! One row is taken over.

use tidings::{Problem, Tx};

use super::{Counts, Line, RowError, Target};
use crate::access::Member;
use crate::actions::{create_platform_in_tx, edit_platform_in_tx};
use crate::changes::Changing;
use crate::edit::Edit;
use crate::import::header::REPLACED_BY;
use crate::known::Known;
use crate::platform::Platform;
use crate::{Error, store};

/// What is the same for all rows of a slice.
pub(super) struct Taking<'a> {
    pub(super) member: Member,
    pub(super) changing: &'a Changing,
    pub(super) known: &'a Known,
}

enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// Takes over some rows; what cannot be is counted and told. A row fails before it has written
/// anything.
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
    for line in lines {
        if !line.wrong.is_empty() {
            counts.failed += 1;
            errors.extend(line.wrong.iter().cloned());
            continue;
        }
        match take(tx, taking, line).await {
            Ok(Outcome::Created) => counts.created += 1,
            Ok(Outcome::Updated) => counts.updated += 1,
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
    Ok((counts, errors))
}

async fn take(tx: &mut Tx, taking: &Taking<'_>, line: &Line) -> Result<Outcome, Error> {
    let edit = edit_of(line)?;
    if let Some(target) = line.target {
        let platform = store::find(tx, target.id).await?;
        let platform = platform.ok_or(Error::PlatformUnknown)?;
        return change(tx, taking, edit, &platform, Some(target)).await;
    }
    let created = create_platform_in_tx(tx, taking.member, taking.changing, edit.clone());
    match Box::pin(created).await {
        Ok(_) => Ok(Outcome::Created),
        // It was not there when the import was accepted.
        Err(Error::Exists { id, .. }) => {
            let platform = store::find(tx, id).await?;
            let platform = platform.ok_or(Error::PlatformUnknown)?;
            change(tx, taking, edit, &platform, None).await
        }
        Err(error) => Err(error),
    }
}

/// Changes a platform as it was when the import was accepted. One that is so already stays,
/// whoever has made it so; any other that somebody has changed since is left to them.
async fn change(
    tx: &mut Tx,
    taking: &Taking<'_>,
    edit: Edit,
    platform: &Platform,
    target: Option<Target>,
) -> Result<Outcome, Error> {
    let mut after = platform.clone();
    edit.apply(&mut after, taking.known)?;
    if after == *platform {
        return Ok(Outcome::Unchanged);
    }
    let Some(target) = target.filter(|target| target.version == platform.version) else {
        return Err(Error::ChangedMeanwhile);
    };
    let version = Some(target.version);
    let saved = edit_platform_in_tx(tx, taking.member, taking.changing, target.id, edit, version);
    match Box::pin(saved).await {
        Ok(saved) if saved.changed => Ok(Outcome::Updated),
        Ok(_) => Ok(Outcome::Unchanged),
        Err(Error::Stale { .. }) => Err(Error::ChangedMeanwhile),
        Err(error) => Err(error),
    }
}

fn edit_of(line: &Line) -> Result<Edit, Error> {
    let mut edit = Edit::default();
    let mut wrong = Vec::new();
    for (column, text) in &line.cells {
        match column.as_str() {
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
