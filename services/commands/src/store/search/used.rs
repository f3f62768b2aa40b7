//! The commands that somebody has used last.

use std::collections::{BTreeMap, BTreeSet};

use contracts::UserId;
use tidings::{Conn, Error, Timestamp, params};

use super::{Best, Hit, Rank, those_wanted};
use crate::search::Wanted;

/// How many uses are looked at, the last ones.
const USES_MAX: u32 = 1_000;

/// Those of the commands that somebody has used last that are wanted, and among their favourites
/// if these alone are; the last first.
pub(super) async fn used(
    conn: &mut Conn,
    wanted: &Wanted,
    of: UserId,
    favourites: Option<&BTreeSet<i64>>,
) -> Result<Best, Error> {
    let sql = "SELECT c.number, max(u.at) FROM (
            SELECT command_id, at FROM usages WHERE user_id = $1 ORDER BY at DESC LIMIT $2
        ) u JOIN commands c ON c.id = u.command_id GROUP BY c.number";
    let rows: Vec<(i64, Timestamp)> = conn.query(sql, params![of, USES_MAX]).await?;
    let last: BTreeMap<i64, Timestamp> = rows.into_iter().collect();
    let is_liked = |number: &i64| favourites.is_none_or(|liked| liked.contains(number));
    let among: BTreeSet<i64> = last.keys().copied().filter(is_liked).collect();
    let found = those_wanted(conn, &among, wanted).await?;
    let hit = |number: i64| {
        let at = last.get(&number).copied()?;
        let rank = Rank::of_use(number, at);
        Some(Hit { number, rank })
    };
    let mut hits: Vec<Hit> = found.into_iter().filter_map(hit).collect();
    hits.sort_unstable_by_key(|hit| hit.rank);
    Ok(Best {
        hits,
        is_cut: false,
    })
}
