//! The swap: in one transaction of the service's database, what was built anew takes the place
//! of what was there, tables, cursors and parked events together.
//!
//! So the two may stand anywhere when it happens: whoever applies the next event does it to the
//! tables that belong to the cursor that he moves. A reader that has read an old cursor touches no
//! row with it and begins again from what is stored.

use super::Known;
use super::shadow::Built;
use crate::db::{Beside, Conn, quoted, replace_rows};
use crate::{Context, Dialect, Error, Tx, act, crash, params};

/// What the toolkit keeps of a subscription and belongs to its tables.
const KEPT: [&str; 3] = ["tidings_cursors", "tidings_starts", "tidings_parked"];

/// Swaps, and says how many events are parked with the new one. `None` when the live one is
/// ahead somewhere: nothing has happened then, except with `at_any_rate`.
pub(super) async fn swap(
    known: &Known,
    built: &Built,
    (by, why): (Option<Context>, Option<&str>),
    at_any_rate: bool,
) -> Result<Option<u64>, Error> {
    let mut tx = match by {
        Some(context) => known.service.begin(context).await?,
        None => known.service.begin_own().await?,
    };
    let parked = match (tx.dialect(), &built.place) {
        (Dialect::Postgres, Beside::Schema { schema, .. }) => {
            // Somebody may be reading the old tables for long, and everybody who comes after us
            // waits behind us.
            tx.execute_batch("SET LOCAL lock_timeout = '3s'").await?;
            if is_ahead(&mut tx, known, built, Some(schema)).await? && !at_any_rate {
                return Ok(None);
            }
            let parked = built.parked().await?;
            take_over_postgres(&mut tx, known, schema).await?;
            parked
        }
        _ => {
            if is_ahead(&mut tx, known, built, None).await? && !at_any_rate {
                return Ok(None);
            }
            let parked = built.parked().await?;
            let mut from = built.handle.read().await?;
            take_over_sqlite(&mut tx, known, &mut from).await?;
            parked
        }
    };
    settle(&mut tx, known, parked, why).await?;
    crash::point("R3").await;
    tx.commit().await?;
    Ok(Some(parked))
}

/// Whether the live projection has applied more in any slot. From here on it applies nothing:
/// its cursors are locked.
async fn is_ahead(
    tx: &mut Tx,
    known: &Known,
    built: &Built,
    schema: Option<&str>,
) -> Result<bool, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    if let Some(schema) = schema {
        // Another rebuild of the same may be at work there.
        let sql = format!("SELECT slot FROM {schema}.tidings_cursors {lock}");
        tx.query::<(u16,)>(&sql, &[]).await?;
    }
    let sql = format!(
        "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2
         ORDER BY slot {lock}"
    );
    let mut is_ahead = false;
    for (of, _) in &known.streams {
        let stream = of.stream.name;
        let live: Vec<(u16, u64)> = tx.query(&sql, params![known.name, stream]).await?;
        let reached = built.cursors(known.name, stream).await?;
        let reached = |slot| reached.get(slot).copied().unwrap_or(0);
        is_ahead |= live.iter().any(|(slot, live)| *live > reached(slot));
    }
    Ok(is_ahead)
}

async fn take_over_sqlite(tx: &mut Tx, known: &Known, from: &mut Conn) -> Result<(), Error> {
    // Parents and children are emptied and filled in any order.
    tx.execute_batch("PRAGMA defer_foreign_keys = ON").await?;
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
        AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE 'tidings!_%' ESCAPE '!'";
    let tables: Vec<(String,)> = from.query(sql, &[]).await?;
    for (table,) in &tables {
        replace_rows(from, tx, table, None)?;
    }
    for table in KEPT {
        replace_rows(from, tx, table, Some(known.name))?;
    }
    Ok(())
}

async fn take_over_postgres(tx: &mut Tx, known: &Known, shadow: &str) -> Result<(), Error> {
    for table in KEPT {
        let delete = format!("DELETE FROM {table} WHERE subscription = $1");
        tx.execute(&delete, params![known.name]).await?;
        let insert =
            format!("INSERT INTO {table} SELECT * FROM {shadow}.{table} WHERE subscription = $1");
        tx.execute(&insert, params![known.name]).await?;
    }
    let sql = "SELECT c.relname::text, current_schema()::text, CASE c.relkind WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END
        FROM pg_class c WHERE c.relnamespace = $1::text::regnamespace
            AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname NOT LIKE 'tidings\\_%'
        ORDER BY c.relkind IN ('v', 'm') DESC, c.oid DESC";
    let built: Vec<(String, String, String)> = tx.query(sql, params![shadow]).await?;
    let old = format!("{shadow}_old");
    tx.execute_batch(&format!("CREATE SCHEMA {old}")).await?;
    for (name, live, _) in &built {
        let name = quoted(name);
        let live = quoted(live);
        // Moved and not emptied: it takes no longer with many rows, and leaves no dead ones.
        tx.execute_batch(&format!(
            "ALTER TABLE IF EXISTS {live}.{name} SET SCHEMA {old};
             ALTER TABLE {shadow}.{name} SET SCHEMA {live}"
        ))
        .await?;
    }
    // Views first, and all tables in one statement because of what refers to what. Without
    // CASCADE: what somebody else has made to depend on them is not ours to drop.
    for kind in ["VIEW", "MATERIALIZED VIEW", "TABLE"] {
        let names = built.iter().filter(|(.., of)| of == kind);
        let names: Vec<String> = names
            .map(|(name, ..)| format!("{old}.{}", quoted(name)))
            .collect();
        if !names.is_empty() {
            tx.execute_batch(&format!("DROP {kind} IF EXISTS {}", names.join(", ")))
                .await?;
        }
    }
    tx.execute_batch(&format!("DROP SCHEMA {old}; DROP SCHEMA {shadow} CASCADE"))
        .await
}

/// What was open about the old one is closed, and the act is on record.
async fn settle(tx: &mut Tx, known: &Known, parked: u64, why: Option<&str>) -> Result<(), Error> {
    let now = tx.now();
    for (of, _) in &known.streams {
        let about = format!("{} {}.", known.name, of.stream.name);
        let sql = "UPDATE tidings_alerts SET closed_at = $1 WHERE closed_at IS NULL
            AND kind IN ('gap', 'ahead', 'gone') AND substr(subject, 1, length($2)) = $2";
        tx.execute(sql, params![now, about]).await?;
    }
    for notes in ["tidings_tries", "tidings_trying"] {
        let sql = format!("DELETE FROM {notes} WHERE subscription = $1");
        tx.execute(&sql, params![known.name]).await?;
    }
    let note = match (why, parked) {
        (Some(why), 0) => why.to_owned(),
        (Some(why), parked) => format!("{why} ({parked} events are parked with it)"),
        (None, parked) => format!("{parked} events are parked with it"),
    };
    act::record(tx, "rebuild", known.name, Some(&note)).await
}
