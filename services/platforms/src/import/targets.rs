//! Which platform each row speaks of, and what the rows of a file do to each other.

use std::collections::HashMap;

use contracts::PlatformId;
use tidings::{Conn, Error, Value};

use super::header::REPLACED_BY;
use super::{Line, Mode, RowError, Target};
use crate::platform::{is_slug, natural_key};
use crate::store::imports::{By, Found, find_by};

/// What the rows before have spoken of: each with its row.
#[derive(Debug, Default)]
pub(super) struct Seen {
    keys: HashMap<String, u64>,
    ids: HashMap<PlatformId, u64>,
    /// What takes the place of which platform.
    pub(super) replaced: Vec<Replaced>,
}

/// A row that says what takes the place of a platform.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replaced {
    pub(super) row: u64,
    pub(super) platform: PlatformId,
    pub(super) by: PlatformId,
}

/// What the register knows of some rows.
#[derive(Default)]
struct There {
    by_id: HashMap<PlatformId, Found>,
    by_number: HashMap<i32, PlatformId>,
    by_slug: HashMap<String, PlatformId>,
    by_key: HashMap<String, PlatformId>,
}

impl There {
    fn add(&mut self, found: Vec<Found>) {
        for one in found {
            let id = one.target.id;
            self.by_number.insert(one.number, id);
            self.by_slug.insert(one.slug.clone(), id);
            if let Some(key) = &one.natural_key {
                self.by_key.insert(key.clone(), id);
            }
            self.by_id.insert(id, one);
        }
    }

    fn named(&self, name: &Named<'_>) -> Option<&Found> {
        let id = match name {
            Named::Id(id) => id,
            Named::Number(number) => self.by_number.get(number)?,
            Named::Slug(slug) => self.by_slug.get(*slug)?,
        };
        self.by_id.get(id)
    }
}

/// How a cell names a platform.
enum Named<'a> {
    Id(PlatformId),
    Number(i32),
    Slug(&'a str),
}

impl<'a> Named<'a> {
    /// None of an empty cell.
    fn read(line: &'a Line, column: &str) -> Option<Self> {
        let text = line.cell(column).filter(|text| !text.is_empty())?;
        Some(match (text.parse(), text.parse()) {
            (Ok(id), _) => Self::Id(id),
            (_, Ok(number)) => Self::Number(number),
            _ => Self::Slug(text),
        })
    }
}

/// What takes the place of the platform of a row, where the row says that something does.
fn replacement(line: &Line) -> Option<Named<'_>> {
    let is_said = line.cell(REPLACED_BY) != Some("none");
    Named::read(line, REPLACED_BY).filter(|_| is_said)
}

/// The key of a row that says publisher and name.
pub(super) fn key_of(line: &Line) -> Option<String> {
    let (publisher, name) = (line.cell("publisher")?, line.cell("name")?);
    Some(natural_key(publisher, name))
}

/// Finds the platforms of some rows, and marks the rows that cannot be taken over beside the
/// others or beside what is in the register now.
///
/// # Errors
/// When the database fails.
pub(super) async fn resolve(
    conn: &mut Conn,
    mode: Mode,
    lines: &mut [Line],
    seen: &mut Seen,
) -> Result<(), Error> {
    let (mut ids, mut numbers, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
    let fine = |line: &&Line| line.wrong.is_empty();
    for line in lines.iter().filter(fine) {
        let names = [Named::read(line, "id"), replacement(line)];
        for name in names.into_iter().flatten() {
            match name {
                Named::Id(id) => ids.push(Value::from(id)),
                Named::Number(number) => numbers.push(Value::from(number)),
                Named::Slug(slug) if is_slug(slug) => slugs.push(Value::from(slug)),
                Named::Slug(_) => {}
            }
        }
    }
    let mut there = There::default();
    there.add(find_by(conn, By::Id, ids).await?);
    there.add(find_by(conn, By::Number, numbers).await?);
    there.add(find_by(conn, By::Slug, slugs).await?);
    let keys = lines.iter().filter(fine);
    let keys = keys.filter_map(|line| {
        let named = Named::read(line, "id");
        final_key(line, named.and_then(|name| there.named(&name)))
    });
    let keys: Vec<Value> = keys.map(Value::from).collect();
    there.add(find_by(conn, By::Key, keys).await?);
    for line in lines.iter_mut().filter(|line| line.wrong.is_empty()) {
        if let Err(wrong) = settle(line, mode, &there, seen) {
            line.wrong.push(wrong);
        }
    }
    Ok(())
}

fn settle(line: &mut Line, mode: Mode, there: &There, seen: &mut Seen) -> Result<(), RowError> {
    let row = line.row;
    let wrong = |column: &str, code: &str, text: &str| RowError::new(row, Some(column), code, text);
    let name = Named::read(line, "id");
    let named = match (&name, name.as_ref().and_then(|name| there.named(name))) {
        (Some(Named::Slug(_)), _) => {
            let text = "An id is a UUID or the number of a platform.";
            return Err(wrong("id", "bad_id", text));
        }
        (Some(_), None) => {
            let text = "There is no such platform. Leave the id empty for a new one.";
            return Err(wrong("id", "platform_unknown", text));
        }
        (_, found) => found,
    };
    let key = final_key(line, named);
    let holder = key.as_ref().and_then(|key| there.by_key.get(key));
    let holder = holder.and_then(|id| there.by_id.get(id));
    let target = named.or(holder);
    check_number(line, target).map_err(|text| wrong("number", "number_is_fixed", text))?;
    let twice = target.and_then(|found| seen.ids.get(&found.target.id));
    let twice = twice.or_else(|| seen.keys.get(key.as_ref()?));
    if let Some(first) = twice {
        let text = format!("Row {first} speaks of the same platform.");
        return Err(wrong("name", "duplicate_row", &text));
    }
    seen.ids.extend(target.map(|found| (found.target.id, row)));
    seen.keys.extend(key.clone().map(|key| (key, row)));
    if let (Some(found), Mode::CreateOnly) = (target, mode) {
        return Err(wrong("name", "platform_exists", &is_there(found)));
    }
    let is_other = |held: &&Found| target.is_some_and(|found| found.target.id != held.target.id);
    if let Some(other) = holder.filter(is_other) {
        return Err(wrong("name", "platform_exists", &is_there(other)));
    }
    let target = target.map(|found| found.target);
    seen.replaced.extend(replaced(line, target, there)?);
    line.target = target;
    Ok(())
}

/// What takes the place of the platform of a row, if that is in the register; nothing is replaced
/// by what is not.
fn replaced(
    line: &Line,
    target: Option<Target>,
    there: &There,
) -> Result<Option<Replaced>, RowError> {
    let Some(name) = replacement(line) else {
        return Ok(None);
    };
    let by = there.named(&name).ok_or_else(|| {
        let text = "No platform of the register is that. What the same file brings can take the \
            place of another once it is there: import that first.";
        RowError::new(line.row, Some(REPLACED_BY), "relation_unknown", text)
    })?;
    Ok(target.map(|target| Replaced {
        row: line.row,
        platform: target.id,
        by: by.target.id,
    }))
}

fn is_there(found: &Found) -> String {
    format!(
        "There is a platform of this publisher and name: {}, number {}.",
        found.target.id, found.number
    )
}

/// Numbers are given by the register, once and for all.
fn check_number(line: &Line, target: Option<&Found>) -> Result<(), &'static str> {
    let told = line.cell("number").unwrap_or_default();
    match target {
        _ if told.is_empty() => Ok(()),
        Some(found) if told == found.number.to_string() => Ok(()),
        Some(_) => Err("The number of a platform never changes."),
        None => Err("The register numbers new platforms itself. Leave the number empty."),
    }
}

/// Publisher and name that the platform of a row will have; none of a platform in the archive.
fn final_key(line: &Line, target: Option<&Found>) -> Option<String> {
    let Some(found) = target else {
        return key_of(line);
    };
    let (publisher, name) = found.natural_key.as_deref()?.split_once('\u{1f}')?;
    Some(natural_key(
        line.cell("publisher").unwrap_or(publisher),
        line.cell("name").unwrap_or(name),
    ))
}
