//! What a transaction would do: rows by table, events, commands, jobs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::db::quoted;
use crate::outbox::NewEvent;
use crate::{Dialect, Error, Timestamp, Tx, params};

/// Rows of one table that are shown at the most.
const ROWS_MAX: u32 = 20;

/// Rows of one table that would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableChange {
    /// The table.
    pub table: String,
    /// Rows that would be new.
    pub inserted: u64,
    /// Rows that would be other ones, each as often as it would be written.
    pub updated: u64,
    /// Rows that would be gone.
    pub deleted: u64,
    /// Some of them, where the database tells: SQLite does.
    pub rows: Vec<RowChange>,
}

/// A row that would change, by its columns. What is in it is shown to nobody unmasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// As it is; none if it would be new.
    pub before: Option<Json>,
    /// As it would be; none if it would be gone.
    pub after: Option<Json>,
}

/// An event, a command or a reply that would be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WouldPublish {
    /// `event`, `command` or `reply`.
    pub what: &'static str,
    /// The stream.
    pub stream: String,
    /// The key.
    pub key: String,
    /// The type: `order.paid`.
    #[serde(rename = "type")]
    pub name: String,
    /// Its version.
    pub version: u16,
    /// Its data, as JSON text, unmasked.
    pub data: String,
}

impl WouldPublish {
    pub(super) fn of(event: &NewEvent) -> Self {
        Self {
            what: match event.stream.split_once('.') {
                Some(("commands", _)) => "command",
                Some(("replies", _)) => "reply",
                _ => "event",
            },
            stream: event.stream.to_owned(),
            key: event.key.clone(),
            name: event.event_type.name.to_owned(),
            version: event.event_type.version,
            data: event.data.clone(),
        }
    }
}

/// A job that would be enqueued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WouldEnqueue {
    /// Its kind.
    pub kind: String,
    /// Its data, as JSON text, unmasked.
    pub data: String,
    /// When it would be due.
    pub run_at: Timestamp,
}

impl WouldEnqueue {
    pub(crate) fn of(kind: &str, data: &str, run_at: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            data: data.to_owned(),
            run_at,
        }
    }
}

/// Watches which rows a transaction changes.
pub(super) struct Watch {
    /// PostgreSQL counts for the whole session.
    before: BTreeMap<String, Counts>,
}

type Counts = (u64, u64, u64);

impl Watch {
    /// From here on. On SQLite by triggers that only this connection has, and that go with the
    /// transaction when it is rolled back.
    pub(super) async fn begin(tx: &mut Tx) -> Result<Self, Error> {
        tx.enqueued = Some(Vec::new());
        let before = match tx.dialect() {
            Dialect::Sqlite => {
                write_down_changes(tx).await?;
                BTreeMap::new()
            }
            Dialect::Postgres => counts(tx).await?,
        };
        Ok(Self { before })
    }

    /// What has changed since.
    pub(super) async fn end(self, tx: &mut Tx) -> Result<Vec<TableChange>, Error> {
        match tx.dialect() {
            Dialect::Sqlite => written_down(tx).await,
            Dialect::Postgres => {
                // What COMMIT would find out, at once.
                tx.execute_batch("SET CONSTRAINTS ALL IMMEDIATE").await?;
                let after = counts(tx).await?.into_iter();
                let changes = after.map(|(table, after)| {
                    let before = self.before.get(&table).copied().unwrap_or_default();
                    TableChange {
                        table,
                        inserted: after.0.saturating_sub(before.0),
                        updated: after.1.saturating_sub(before.1),
                        deleted: after.2.saturating_sub(before.2),
                        rows: Vec::new(),
                    }
                });
                let has_changed = |one: &TableChange| one.inserted + one.updated + one.deleted > 0;
                Ok(changes.filter(has_changed).collect())
            }
        }
    }
}

/// What the session has inserted, updated and deleted, also what it has committed lately.
async fn counts(tx: &mut Tx) -> Result<BTreeMap<String, Counts>, Error> {
    let sql = "SELECT relname::text, n_tup_ins, n_tup_upd, n_tup_del
        FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()
            AND n_tup_ins + n_tup_upd + n_tup_del > 0";
    let rows: Vec<(String, u64, u64, u64)> = tx.query(sql, &[]).await?;
    let counts = |(table, inserted, updated, deleted)| (table, (inserted, updated, deleted));
    Ok(rows.into_iter().map(counts).collect())
}

async fn write_down_changes(tx: &mut Tx) -> Result<(), Error> {
    let mut sql = "CREATE TEMP TABLE tidings_dry_run (
        place INTEGER PRIMARY KEY, changed TEXT, act TEXT, before TEXT, after TEXT);"
        .to_owned();
    let tables = "SELECT name FROM pragma_table_list
        WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let tables: Vec<(String,)> = tx.query(tables, &[]).await?;
    for (number, (table,)) in tables.iter().enumerate() {
        let columns = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
        let columns: Vec<(String,)> = tx.query(columns, params![table]).await?;
        let (old, new) = (row_of("OLD", &columns), row_of("NEW", &columns));
        let (name, text) = (quoted(table), table.replace('\'', "''"));
        for (act, before, after) in [
            ("INSERT", "NULL", new.as_str()),
            ("UPDATE", &old, &new),
            ("DELETE", &old, "NULL"),
        ] {
            sql.push_str(&format!(
                "CREATE TEMP TRIGGER tidings_dry_run_{number}_{act} AFTER {act} ON main.{name}
                BEGIN
                    INSERT INTO tidings_dry_run (changed, act, before, after)
                    VALUES ('{text}', '{act}', {before}, {after});
                END;"
            ));
        }
    }
    tx.execute_batch(&sql).await
}

/// An expression: the row as JSON, of bytes only how many.
fn row_of(row: &str, columns: &[(String,)]) -> String {
    let columns = columns.iter().map(|(column,)| {
        let (name, text) = (quoted(column), column.replace('\'', "''"));
        format!(
            "'{text}', CASE typeof({row}.{name})
                WHEN 'blob' THEN length({row}.{name}) || ' bytes' ELSE {row}.{name} END"
        )
    });
    format!("json_object({})", columns.collect::<Vec<_>>().join(", "))
}

async fn written_down(tx: &mut Tx) -> Result<Vec<TableChange>, Error> {
    let sql = "SELECT changed, count(*) FILTER (WHERE act = 'INSERT'),
            count(*) FILTER (WHERE act = 'UPDATE'), count(*) FILTER (WHERE act = 'DELETE')
        FROM tidings_dry_run GROUP BY changed ORDER BY min(place)";
    let counts: Vec<(String, u64, u64, u64)> = tx.query(sql, &[]).await?;
    let mut changes = Vec::with_capacity(counts.len());
    for (table, inserted, updated, deleted) in counts {
        let sql = "SELECT before, after FROM tidings_dry_run WHERE changed = $1
            ORDER BY place LIMIT $2";
        let rows: Vec<(Option<String>, Option<String>)> =
            tx.query(sql, params![&table, ROWS_MAX]).await?;
        let read = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let rows = rows.into_iter().map(|(before, after)| RowChange {
            before: read(before),
            after: read(after),
        });
        changes.push(TableChange {
            rows: rows.collect(),
            table,
            inserted,
            updated,
            deleted,
        });
    }
    Ok(changes)
}
