//! Which table goes where, column by column.

use super::source::Source;
use super::target::{self, Column};
use crate::Error;
use crate::db::{Conn, quoted};

/// One table of the target, and where its rows come from.
pub(super) struct Plan {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// Which of the columns hold bytes.
    pub(super) is_bytes: Vec<bool>,
    /// The table of the source.
    pub(super) from: String,
    /// What is read there for each of the columns.
    pub(super) expressions: Vec<String>,
}

/// SQLite numbers an event in its own row. PostgreSQL numbers it later, in another table; the
/// row keeps the place that it had. Transaction `1` is long over: to the sequencer the event
/// is numbered.
const OUTBOX: &[(&str, &[(&str, &str)])] = &[
    (
        "tidings_outbox",
        &[
            ("id", "position"),
            ("xid", "1"),
            ("stream", "stream"),
            ("slot", "slot"),
            ("key", "key"),
            ("type", "type"),
            ("version", "version"),
            ("data", "data"),
            ("time", "time"),
            ("actor", "actor"),
            ("correlation_id", "correlation_id"),
            ("causation_id", "causation_id"),
        ],
    ),
    (
        "tidings_numbers",
        &[
            ("position", "position"),
            ("stream", "stream"),
            ("slot", "slot"),
            ("sequence", "sequence"),
            ("outbox_id", "position"),
        ],
    ),
];
/// Each side has its own: the texts differ, the names were compared.
const MIGRATIONS: &str = "tidings_migrations";

/// A plan for every table of a service's source.
pub(super) async fn of_service(
    source: &Source,
    target: &mut Conn,
    service: &str,
) -> Result<Vec<Plan>, Error> {
    let mut conn = source.db.read().await?;
    // An index of words is a virtual table that is made of another one: the target has its own.
    let tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let tables: Vec<(String,)> = conn.query(tables, &[]).await?;
    let mut plans = Vec::new();
    for (table,) in tables {
        if table == MIGRATIONS {
            continue;
        }
        if table == OUTBOX[0].0 {
            plans.extend(
                OUTBOX
                    .iter()
                    .map(|(to, columns)| outbox(&table, to, columns)),
            );
            continue;
        }
        let columns = "SELECT name FROM pragma_table_info($1)";
        let columns: Vec<(String,)> = conn.query(columns, crate::params![&table]).await?;
        let columns = columns.into_iter().map(|(name,)| name).collect();
        let known = target::columns(target, &table).await?;
        plans.push(alike(service, table, columns, &known)?);
    }
    Ok(plans)
}

fn outbox(from: &str, to: &str, columns: &[(&str, &str)]) -> Plan {
    Plan {
        table: to.to_owned(),
        columns: columns.iter().map(|(to, _)| (*to).to_owned()).collect(),
        is_bytes: vec![false; columns.len()],
        from: from.to_owned(),
        expressions: columns.iter().map(|(_, from)| (*from).to_owned()).collect(),
    }
}

/// A table that both sides have, with the same columns.
fn alike(
    service: &str,
    table: String,
    columns: Vec<String>,
    known: &[Column],
) -> Result<Plan, Error> {
    let missing = columns
        .iter()
        .find(|column| !known.iter().any(|one| one.name == **column));
    if let Some(missing) = missing {
        let text = format!("{service}.{table}.{missing} has no place in the target");
        return Err(Error::Unsafe(text));
    }
    let empty = known
        .iter()
        .find(|one| !one.fills_itself && !columns.contains(&one.name));
    if let Some(empty) = empty {
        let text = format!(
            "{service}.{table}.{} of the target has nothing in the source",
            empty.name
        );
        return Err(Error::Unsafe(text));
    }
    let is_bytes = |column: &String| known.iter().any(|one| one.name == *column && one.is_bytes);
    Ok(Plan {
        is_bytes: columns.iter().map(is_bytes).collect(),
        expressions: columns.iter().map(|name| quoted(name)).collect(),
        from: table.clone(),
        table,
        columns,
    })
}
