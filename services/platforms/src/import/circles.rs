//! No rows of a file make a circle of platforms that take each other's place.
//!
//! Looked for when the import is accepted, and in everything that the register and the file say
//! together: what is written then can close no circle, in whichever slice it stands, and a
//! rehearsal, which takes each slice back, finds what the real run finds.

use std::collections::{HashMap, HashSet};

use contracts::PlatformId;
use tidings::{Conn, Error};

use super::header::REPLACED_BY;
use super::targets::Replaced;
use super::{Line, RowError};
use crate::relation::RelationType;
use crate::store::relations;

/// A platform, and what takes its place.
type Step = (PlatformId, PlatformId);

/// Marks the rows that are part of a circle.
///
/// # Errors
/// When the database fails.
pub(super) async fn refuse_circles(
    conn: &mut Conn,
    slices: &mut [Vec<Line>],
    said: &[Replaced],
) -> Result<(), Error> {
    // That it is itself is told by its row alone.
    let said: Vec<_> = said.iter().filter(|one| one.platform != one.by).collect();
    if said.is_empty() {
        return Ok(());
    }
    let mut steps = relations::all(conn, RelationType::ReplacedBy).await?;
    steps.extend(said.iter().map(|one| (one.platform, one.by)));
    let in_circles = in_circles(&steps);
    let is_in =
        |one: &&&Replaced| in_circles.contains(&one.platform) && in_circles.contains(&one.by);
    let rows: HashSet<_> = said.iter().filter(is_in).map(|one| one.row).collect();
    for line in slices.iter_mut().flatten() {
        if rows.contains(&line.row) {
            let text = "With what the register and other rows say, it would take its own place \
                in the end.";
            let wrong = RowError::new(line.row, Some(REPLACED_BY), "relation_circle", text);
            line.wrong.push(wrong);
        }
    }
    Ok(())
}

/// The platforms that are in circles, and those that lead from one circle to another.
fn in_circles(steps: &[Step]) -> HashSet<PlatformId> {
    let before = leading_to_circles(steps.iter().copied());
    let behind = leading_to_circles(steps.iter().map(|(from, to)| (*to, *from)));
    before.intersection(&behind).copied().collect()
}

/// The platforms from which one goes on for ever: what is left when those that lead nowhere are
/// taken away, one after another. However long the ways are, each step is looked at once.
fn leading_to_circles(steps: impl Iterator<Item = Step>) -> HashSet<PlatformId> {
    let mut ahead: HashMap<PlatformId, u64> = HashMap::new();
    let mut behind: HashMap<PlatformId, Vec<PlatformId>> = HashMap::new();
    for (from, to) in steps {
        *ahead.entry(from).or_default() += 1;
        ahead.entry(to).or_default();
        behind.entry(to).or_default().push(from);
    }
    let ends = ahead.iter().filter(|(_, ways)| **ways == 0);
    let mut ends: Vec<_> = ends.map(|(id, _)| *id).collect();
    while let Some(end) = ends.pop() {
        ahead.remove(&end);
        for from in behind.remove(&end).unwrap_or_default() {
            let Some(ways) = ahead.get_mut(&from) else {
                continue;
            };
            *ways -= 1;
            if *ways == 0 {
                ends.push(from);
            }
        }
    }
    ahead.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use tidings::Uuid;

    use super::*;

    fn id(number: u128) -> PlatformId {
        Uuid::from_u128(number).into()
    }

    fn found(steps: &[(u128, u128)]) -> Vec<u128> {
        let steps: Vec<_> = steps.iter().map(|&(from, to)| (id(from), id(to))).collect();
        let found = in_circles(&steps).into_iter();
        let mut found: Vec<_> = found.map(|id| id.uuid().as_u128()).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn circles_are_found_and_what_leads_to_them_is_none() {
        assert_eq!(found(&[(1, 2), (2, 3), (1, 3), (4, 1), (4, 1)]), [0; 0]);
        assert_eq!(found(&[(1, 2), (2, 1), (3, 1), (2, 4), (4, 5)]), [1, 2]);
        assert_eq!(
            found(&[(1, 2), (2, 3), (3, 1), (5, 6), (6, 5)]),
            [1, 2, 3, 5, 6]
        );
    }

    #[test]
    fn a_long_way_is_looked_at_once() {
        let steps: Vec<_> = (0..200_000).rev().map(|one| (one, one + 1)).collect();
        assert_eq!(found(&steps), [0; 0]);
    }
}
