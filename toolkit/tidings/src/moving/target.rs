//! The PostgreSQL schemas that a move fills.

use crate::db::{Conn, Db, quoted};
use crate::{Dialect, Error, params};

/// The mark of a move, one a schema: there while it is unfinished.
const MARK: &str = "tidings_unfinished_move";

/// A column of a table.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_bytes: bool,
    /// Whether a row can be inserted without it.
    pub(super) fills_itself: bool,
}

/// Refuses a database that a move has only begun to fill.
pub(crate) async fn refuse_unfinished(db: &Db) -> Result<(), Error> {
    if is_unfinished(&mut db.read().await?).await? {
        return Err(Error::Unsafe(
            "a move into this database was begun and is not finished: run `tidings move` with \
             --again"
                .into(),
        ));
    }
    Ok(())
}

/// Whether a move into this database was begun and is not finished.
pub(crate) async fn is_unfinished(conn: &mut Conn) -> Result<bool, Error> {
    if conn.dialect() == Dialect::Sqlite {
        return Ok(false);
    }
    let sql = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";
    let (there,): (bool,) = conn.query_one(sql, params![MARK]).await?;
    Ok(there)
}

async fn is_marked(conn: &mut Conn, schema: &str) -> Result<bool, Error> {
    let sql = "SELECT to_regclass(quote_ident($1) || '.' || $2) IS NOT NULL";
    let (there,): (bool,) = conn.query_one(sql, params![schema, MARK]).await?;
    Ok(there)
}

/// Makes sure that a schema is empty, and marks it before anything is in it; with `again`, drops
/// what an unfinished move has left.
pub(super) async fn begin(conn: &mut Conn, service: &str, again: bool) -> Result<(), Error> {
    let schema = quoted(service);
    if is_marked(conn, service).await? {
        if !again {
            let text = format!(
                "the schema {service} of the target is half filled by a move that was broken \
                 off: run this with --again, which drops what that one has left"
            );
            return Err(Error::Unsafe(text));
        }
        let anew = format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}");
        conn.execute_batch(&anew).await?;
    }
    let sql = "SELECT count(*) FROM pg_class WHERE relnamespace = quote_ident($1)::regnamespace";
    let (used,): (i64,) = conn.query_one(sql, params![service]).await?;
    if used > 0 {
        let text = format!(
            "the target has a schema {service} with tables in it: choose a database that is empty"
        );
        return Err(Error::Unsafe(text));
    }
    let mark = format!("CREATE TABLE {schema}.{MARK} ()");
    conn.execute_batch(&mark).await
}

/// Takes the mark away.
pub(super) async fn finish(conn: &mut Conn, service: &str) -> Result<(), Error> {
    let sql = format!("DROP TABLE {}.{MARK}", quoted(service));
    conn.execute_batch(&sql).await
}

/// The columns of a table that a row can be written to.
pub(super) async fn columns(conn: &mut Conn, table: &str) -> Result<Vec<Column>, Error> {
    let sql = "SELECT a.attname::text, a.atttypid = 'bytea'::regtype,
            NOT a.attnotnull OR a.atthasdef OR a.attidentity <> ''
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1
            AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = ''";
    let rows: Vec<(String, bool, bool)> = conn.query(sql, params![table]).await?;
    let column = |(name, is_bytes, fills_itself)| Column {
        name,
        is_bytes,
        fills_itself,
    };
    Ok(rows.into_iter().map(column).collect())
}

/// Takes foreign keys away, and gives the statements that bring them back, checked: tables are
/// filled one after the other, and may refer to each other in a circle.
pub(super) async fn drop_foreign_keys(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let sql = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY oid";
    let rules: Vec<(String, String)> = conn.query(sql, &[]).await?;
    for (drop, _) in &rules {
        conn.execute_batch(drop).await?;
    }
    Ok(rules.into_iter().map(|(_, add)| add).collect())
}

/// Lets every counter go on behind what was copied, and the sequencer behind this transaction.
pub(super) async fn number_on(conn: &mut Conn) -> Result<(), Error> {
    let sql =
        "SELECT format('SELECT setval(%L, greatest(max(%I), 1), max(%2$I) IS NOT NULL)::bigint
                FROM %s', s.name, a.attname, c.oid::regclass)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid,
            LATERAL (SELECT pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS name) s
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
            AND a.attnum > 0 AND NOT a.attisdropped AND s.name IS NOT NULL";
    let counters: Vec<(String,)> = conn.query(sql, &[]).await?;
    for (counter,) in counters {
        conn.query_one::<(i64,)>(&counter, &[]).await?;
    }
    let sql = "UPDATE tidings_ticks SET snapshot = pg_current_snapshot()";
    conn.execute(sql, &[]).await?;
    Ok(())
}
