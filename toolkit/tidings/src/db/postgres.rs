//! PostgreSQL: a pool per service, one schema per service.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};

use super::row::Row;
use super::value::Value;
use crate::Error;

const CONNECTIONS: usize = 16;
const WAIT: Duration = Duration::from_secs(10);
/// A statement that takes longer is a fault of ours; it must not hold locks for ever.
const STATEMENT_TIMEOUT: &str = "30s";

pub(super) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(super) async fn connect(url: &str, schema: &str) -> Result<Self, Error> {
        let mut config = tokio_postgres::Config::from_str(url)
            .map_err(|error| Error::Unsafe(format!("the database URL cannot be read: {error}")))?;
        if !schema
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            return Err(Error::Unsafe(format!("{schema} is not a schema name")));
        }
        config.application_name(format!("tidings/{schema}"));
        config.options(format!(
            "-c search_path={schema} -c statement_timeout={STATEMENT_TIMEOUT} \
             -c idle_in_transaction_session_timeout=60s"
        ));
        config.connect_timeout(WAIT);
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .build()
            .map_err(|error| Error::ConnectionLost(Box::new(error)))?;
        let postgres = Self { pool };
        let mut handle = postgres.read().await?;
        handle.refuse_unsafe().await?;
        handle.create_schema(schema).await?;
        Ok(postgres)
    }

    pub(super) async fn read(&self) -> Result<Handle, Error> {
        let client = self.pool.get().await.map_err(pool_fault)?;
        Ok(Handle {
            client: Some(client),
            in_transaction: false,
        })
    }

    pub(super) async fn begin(&self) -> Result<Handle, Error> {
        let mut handle = self.read().await?;
        // Marked first: if this future is dropped half-way, the connection goes too.
        handle.in_transaction = true;
        handle.execute_batch("BEGIN").await?;
        Ok(handle)
    }
}

/// A connection on loan.
pub(super) struct Handle {
    client: Option<Object>,
    in_transaction: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A connection dropped in mid-transaction is closed and the server rolls back:
        // handing it to the next user would hand him our locks and our half-done work.
        if self.in_transaction
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

impl Handle {
    pub(super) fn raw(&self) -> Option<&Client> {
        self.client.as_ref().map(|object| -> &Client { object })
    }

    fn client(&self) -> Result<&Object, Error> {
        let gone = || Error::ConnectionLost("the connection was given back".into());
        self.client.as_ref().ok_or_else(gone)
    }

    pub(super) async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(fault)?;
        client.execute_raw(&statement, params).await.map_err(fault)
    }

    pub(super) async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(fault)?;
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = client.query(&statement, &params).await.map_err(fault)?;
        let columns: Arc<[String]> = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        rows.iter()
            .map(|row| {
                let values: Result<Vec<Value>, _> =
                    (0..columns.len()).map(|index| row.try_get(index)).collect();
                Ok(Row::new(Arc::clone(&columns), values.map_err(fault)?))
            })
            .collect()
    }

    pub(super) async fn execute_batch(&mut self, sql: &str) -> Result<(), Error> {
        self.client()?.batch_execute(sql).await.map_err(fault)
    }

    pub(super) async fn pipeline(&mut self, statements: &[super::Piped<'_>]) -> Result<(), Error> {
        let client = self.client()?;
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, params) in statements {
            prepared.push((client.prepare_cached(sql).await.map_err(fault)?, *params));
        }
        let sent = prepared
            .iter()
            .map(|(statement, params)| client.query(statement, params));
        futures_util::future::try_join_all(sent)
            .await
            .map_err(fault)?;
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let client = self.client()?;
        // A COMMIT whose answer is lost may have happened.
        let outcome = client.simple_query("COMMIT").await;
        crate::crash::point("P3").await;
        match outcome {
            Ok(_) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(error) if error.as_db_error().is_none() => {
                Err(Error::OutcomeUnknown(Box::new(error)))
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// Acknowledged commits must survive a crash of the server (P-20).
    async fn refuse_unsafe(&mut self) -> Result<(), Error> {
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let sql = "SELECT current_setting($1)";
            let rows = self.query(sql, &[Value::from(setting)]).await?;
            let value: String = rows.first().ok_or(Error::NoRow)?.at(0)?;
            if value == "off" {
                let text = format!("PostgreSQL runs with {setting} = off and may lose commits");
                return Err(Error::Unsafe(text));
            }
        }
        Ok(())
    }

    async fn create_schema(&mut self, schema: &str) -> Result<(), Error> {
        // IF NOT EXISTS still fails when two sessions create it at the same moment.
        let sql = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        match self.execute_batch(&sql).await {
            Err(Error::Unique { .. }) => self.execute_batch(&sql).await,
            other => other,
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(int) => match *ty {
                Type::INT4 => i32::try_from(*int)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*int)?.to_sql(ty, out),
                Type::BOOL => (*int != 0).to_sql(ty, out),
                Type::INT8 => int.to_sql(ty, out),
                _ => Err(format!("an integer for a parameter of type {ty}").into()),
            },
            Value::Bool(bool) => match *ty {
                Type::BOOL => bool.to_sql(ty, out),
                Type::INT8 => i64::from(*bool).to_sql(ty, out),
                _ => Err(format!("a boolean for a parameter of type {ty}").into()),
            },
            Value::Real(real) => real.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::VOID => Value::Null,
            _ => Value::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        let ours = [
            Type::INT8,
            Type::INT4,
            Type::INT2,
            Type::BOOL,
            Type::FLOAT8,
            Type::BYTEA,
            Type::VOID,
        ];
        ours.contains(ty) || <String as FromSql>::accepts(ty)
    }
}

fn pool_fault(error: deadpool_postgres::PoolError) -> Error {
    match error {
        deadpool_postgres::PoolError::Timeout(_) => Error::Busy(Box::new(error)),
        other => Error::ConnectionLost(Box::new(other)),
    }
}

fn fault(error: tokio_postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        return if error.is_closed() || error.source_is_io() {
            Error::ConnectionLost(Box::new(error))
        } else {
            Error::Sql(Box::new(error))
        };
    };
    let code = db.code().clone();
    let what = db
        .constraint()
        .or(db.column())
        .unwrap_or_default()
        .to_owned();
    // `tokio_postgres::Error` displays as a bare "db error"; its cause has the text.
    let cause: crate::Cause = db.to_string().into();
    match code {
        SqlState::UNIQUE_VIOLATION => Error::Unique {
            what,
            source: cause,
        },
        code if code.code().starts_with("23") => Error::Constraint {
            what,
            source: cause,
        },
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            Error::Serialization(cause)
        }
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Error::Busy(cause),
        // Class 08: connection; 57P: shutdown and crash; 53: out of resources.
        code if code.code().starts_with("08") || code.code().starts_with("57P") => {
            Error::ConnectionLost(cause)
        }
        code if code.code().starts_with("53") => Error::Busy(cause),
        _ => Error::Sql(cause),
    }
}

/// Whether the driver's error comes from the socket.
trait SourceIsIo {
    fn source_is_io(&self) -> bool;
}

impl SourceIsIo for tokio_postgres::Error {
    fn source_is_io(&self) -> bool {
        std::error::Error::source(self).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
    }
}
