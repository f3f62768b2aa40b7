//! A page of a feed: events, and what the holes between them mean.

use super::floor::Floor;
use crate::db::Conn;
use crate::feed::FeedPage;
use crate::outbox::{self, as_i64};
use crate::{Envelope, Error, FromRow, Row, params};

/// Events of one slot after a sequence, with its floor.
///
/// One statement, so that both are of one moment: with an older floor what has just been
/// compacted would look lost, and with a newer one an event that is just being numbered could
/// be passed over.
pub(crate) async fn read_page(
    conn: &mut Conn,
    stream: &str,
    slot: u16,
    after: u64,
    limit: u32,
) -> Result<FeedPage, Error> {
    let events = outbox::select(
        conn,
        "WHERE n.stream = $1 AND n.slot = $2 AND n.sequence > $3 ORDER BY n.sequence LIMIT $4",
    );
    let sql = format!(
        "SELECT f.gone, f.compacted, e.* FROM (
            SELECT coalesce(max(gone), 0) AS gone, coalesce(max(compacted), 0) AS compacted
            FROM tidings_floors WHERE stream = $1 AND slot = $2
         ) AS f LEFT JOIN ({events}) AS e ON 1 = 1 ORDER BY e.sequence"
    );
    let params = params![stream, slot, as_i64(after), limit];
    let rows: Vec<Row> = conn.query(&sql, params).await?;
    let floor = rows.first().map(Floor::from_row).transpose()?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.get::<Option<u64>>("sequence")?.is_some() {
            events.push(Envelope::from_row(row)?);
        }
    }
    let floor = floor.unwrap_or_default();
    let is_full = events.len() >= limit as usize;
    Ok(FeedPage {
        covered: covered(after, floor, &events, is_full),
        gone: floor.gone,
        events,
    })
}

/// Up to where nothing is missing. A hole behind it is a loss, which readers must not pass over.
fn covered(after: u64, floor: Floor, events: &[Envelope], is_full: bool) -> u64 {
    if after < floor.gone {
        // Whoever is there needs what was deleted by age: nothing is declared to him.
        return after;
    }
    let declared = match events.last() {
        // What comes behind a full page has not been looked at.
        Some(last) if is_full => floor.compacted.min(last.id.sequence),
        _ => floor.compacted,
    };
    events.iter().fold(declared.max(after), |covered, event| {
        covered + u64::from(event.id.sequence == covered + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, EventId, Timestamp};

    fn events(sequences: &[u64]) -> Vec<Envelope> {
        let events = sequences.iter().map(|&sequence| Envelope {
            id: EventId {
                stream: "counts".to_owned(),
                slot: 0,
                sequence,
            },
            key: "a".to_owned(),
            name: "count.added".to_owned(),
            version: 1,
            data: "{}".to_owned(),
            time: Timestamp::from_micros(0),
            context: Context::of_service("test", Timestamp::from_micros(0)),
        });
        events.collect()
    }

    fn of(after: u64, gone: u64, compacted: u64, sequences: &[u64], is_full: bool) -> u64 {
        let floor = Floor { gone, compacted };
        covered(after, floor, &events(sequences), is_full)
    }

    #[test]
    fn holes_are_declared_up_to_where_the_slot_is_compacted_and_not_behind_it() {
        assert_eq!(of(0, 0, 0, &[1, 2, 4], false), 2);
        assert_eq!(of(0, 0, 5, &[2, 5, 6, 8], false), 6);
        assert_eq!(of(0, 0, 7, &[2, 5, 6, 8], false), 8);
    }

    #[test]
    fn a_full_page_declares_nothing_behind_its_last_event() {
        assert_eq!(of(0, 0, 9, &[2, 5], true), 5);
        assert_eq!(of(0, 0, 9, &[2, 5], false), 9);
    }

    #[test]
    fn nothing_is_declared_to_a_reader_that_needs_what_was_deleted_by_age() {
        assert_eq!(of(2, 4, 9, &[5, 6], false), 2);
        assert_eq!(of(4, 4, 0, &[5, 6], false), 6);
    }
}
