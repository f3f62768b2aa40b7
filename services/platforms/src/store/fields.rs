//! The SQL of custom fields.

use contracts::PlatformId;
use tidings::{Conn, Error, FromRow, Row, Tx, params};

use super::count;
use crate::edit::is_key;
use crate::fields::{CustomField, Told};

impl FromRow for CustomField {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let choices: String = row.get("allowed_values")?;
        let allowed_values = serde_json::from_str(&choices).map_err(|error| Error::Decode {
            what: "column allowed_values".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            key: row.get("key")?,
            told: Told {
                label: row.get("label")?,
                kind: row.get("type")?,
                required: row.get("required")?,
                allowed_values,
                applies_to_kind: row.get("applies_to_kind")?,
            },
            version: row.get("version")?,
            updated_at: row.get("updated_at")?,
            updated_by: row.get("updated_by")?,
            removed_at: row.get("removed_at")?,
        })
    }
}

/// All definitions by their keys, also those that are being removed.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<CustomField>, Error> {
    conn.query("SELECT * FROM custom_fields ORDER BY key", &[])
        .await
}

pub(crate) async fn find(conn: &mut Conn, key: &str) -> Result<Option<CustomField>, Error> {
    // PostgreSQL refuses texts that nothing can be called, such as NUL.
    if !is_key(key) {
        return Ok(None);
    }
    let sql = "SELECT * FROM custom_fields WHERE key = $1";
    conn.query_opt(sql, params![key]).await
}

/// Stores a definition, whether there is one or not. Whoever calls holds the names.
pub(crate) async fn save(tx: &mut Tx, field: &CustomField) -> Result<(), Error> {
    let sql = "INSERT INTO custom_fields (key, label, type, required, allowed_values,
            applies_to_kind, version, updated_at, updated_by, removed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (key) DO UPDATE SET label = excluded.label, type = excluded.type,
            required = excluded.required, allowed_values = excluded.allowed_values,
            applies_to_kind = excluded.applies_to_kind, version = excluded.version,
            updated_at = excluded.updated_at, updated_by = excluded.updated_by,
            removed_at = excluded.removed_at";
    let told = &field.told;
    let row = params![
        &field.key,
        &told.label,
        told.kind,
        told.required,
        serde_json::Value::from(told.allowed_values.clone()).to_string(),
        told.applies_to_kind,
        count(field.version),
        field.updated_at,
        field.updated_by,
        field.removed_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, key: &str) -> Result<(), Error> {
    let sql = "DELETE FROM custom_fields WHERE key = $1";
    tx.execute(sql, params![key]).await?;
    Ok(())
}

/// What is in the stored JSON of platforms that have the field, and in no other: within a
/// value, a quotation mark has a backslash before it.
fn pattern(key: &str) -> String {
    format!("%\"{}\":%", key.replace('_', r"\_"))
}

/// How many platforms in use have a value in the field.
pub(crate) async fn used(conn: &mut Conn, key: &str) -> Result<u64, Error> {
    let sql = r"SELECT count(*) FROM platforms
        WHERE archived_at IS NULL AND custom_fields <> '{}' AND custom_fields LIKE $1 ESCAPE '\'";
    let (many,) = conn.query_one(sql, params![pattern(key)]).await?;
    Ok(many)
}

/// Platforms in use with a value in the field, in the order of their ids.
pub(crate) async fn users(
    conn: &mut Conn,
    key: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<PlatformId>, Error> {
    let sql = r"SELECT id FROM platforms
        WHERE id > $1 AND archived_at IS NULL AND custom_fields <> '{}'
            AND custom_fields LIKE $2 ESCAPE '\'
        ORDER BY id LIMIT $3";
    let rows: Vec<(PlatformId,)> = conn.query(sql, params![after, pattern(key), limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
