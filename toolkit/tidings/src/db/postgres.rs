//! PostgreSQL: a pool per service, one schema per service.

mod convert;
mod copy;
mod fault;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolBuilder, QueueMode, RecyclingMethod,
    Runtime,
};
use futures_util::future::{join, join_all, try_join, try_join_all};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, Statement};

use self::fault::{commit_fault, fault, pool_fault};
use super::row::Row;
use super::value::Value;
use crate::Error;

/// Connections that one service of one process takes at the most.
pub(crate) const CONNECTIONS: usize = 16;
const WAIT: Duration = Duration::from_secs(10);
/// A statement that takes longer is a fault of ours; it must not hold locks for ever.
const STATEMENT_TIMEOUT: &str = "30s";

pub(super) struct Postgres {
    pool: Pool,
    url: String,
    schema: String,
}

impl Postgres {
    pub(super) async fn connect(url: &str, schema: &str) -> Result<Self, Error> {
        let postgres = Self::attach(url, schema)?;
        let mut handle = postgres.read().await?;
        handle.create_schema(schema).await?;
        Ok(postgres)
    }

    /// Connects when it is first asked, to a schema that somebody else makes.
    pub(super) fn attach(url: &str, schema: &str) -> Result<Self, Error> {
        let config = config(url, schema, "")?;
        let pool = builder(config, CONNECTIONS)
            // Every connection, not only the first: a setting can change while we run.
            .post_create(Hook::async_fn(|client, _| Box::pin(refuse_unsafe(client))))
            .build()
            .map_err(|error| Error::ConnectionLost(Box::new(error)))?;
        Ok(Self {
            pool,
            url: url.to_owned(),
            schema: schema.to_owned(),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Takes any settings and makes no schema: nothing can be written.
    pub(super) async fn connect_to_read(url: &str, schema: &str) -> Result<Self, Error> {
        let config = config(url, schema, "-c default_transaction_read_only=on")?;
        let pool = builder(config, 1).build();
        let pool = pool.map_err(|error| Error::ConnectionLost(Box::new(error)))?;
        let postgres = Self {
            pool,
            url: url.to_owned(),
            schema: schema.to_owned(),
        };
        postgres.read().await?;
        Ok(postgres)
    }

    pub(super) async fn read(&self) -> Result<Handle, Error> {
        let client = self.pool.get().await.map_err(pool_fault)?;
        Ok(Handle {
            client: Some(client),
            in_transaction: false,
            busy: false,
        })
    }

    pub(super) async fn begin(&self) -> Result<Handle, Error> {
        let mut handle = self.read().await?;
        // Marked first: if this future is dropped half-way, the connection goes too.
        handle.in_transaction = true;
        handle.execute_batch("BEGIN").await?;
        Ok(handle)
    }

    /// Begins, and asks in the same round trip. The question must change nothing: were BEGIN to
    /// fail, it would stand alone.
    pub(super) async fn begin_asking(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(Handle, Vec<Row>), Error> {
        let mut handle = self.read().await?;
        handle.in_transaction = true;
        let rows = handle.query_behind(Some("BEGIN"), sql, params).await?;
        Ok((handle, rows))
    }
}

fn config(url: &str, schema: &str, more: &str) -> Result<tokio_postgres::Config, Error> {
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
         -c idle_in_transaction_session_timeout=60s {more}"
    ));
    config.connect_timeout(WAIT);
    // A server that vanished without a word must not keep us waiting for ever.
    config.tcp_user_timeout(3 * WAIT).keepalives_idle(WAIT);
    config.keepalives_interval(WAIT).keepalives_retries(2);
    Ok(config)
}

fn builder(config: tokio_postgres::Config, connections: usize) -> PoolBuilder {
    let recycling_method = RecyclingMethod::Fast;
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
    Pool::builder(manager)
        .max_size(connections)
        // Those used last have their statements prepared and what they need in memory.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
}

/// A connection on loan.
pub(super) struct Handle {
    client: Option<Object>,
    in_transaction: bool,
    /// A statement was sent and its answer has not come.
    busy: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A connection dropped in mid-transaction is closed and the server rolls back:
        // handing it to the next user would hand him our locks and our half-done work.
        if (self.in_transaction || self.busy)
            && let Some(client) = self.client.take()
        {
            let client = Object::take(client);
            // Waiting for a lock it would keep those it has until the statement times out.
            if self.busy
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                let token = client.cancel_token();
                runtime.spawn(async move { token.cancel_query(NoTls).await });
            }
            drop(client);
        }
    }
}

impl Handle {
    pub(super) fn raw(&self) -> Option<&Client> {
        self.client.as_ref().map(|object| -> &Client { object })
    }

    /// Runs statements and remembers that their answer is awaited.
    async fn run<T>(
        &mut self,
        statements: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let gone = || Error::ConnectionLost("the connection was given back".into());
        let client = self.client.as_ref().ok_or_else(gone)?;
        self.busy = true;
        let outcome = statements(client).await;
        self.busy = false;
        outcome.map_err(fault)
    }

    pub(super) async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        self.run(async |client| {
            let statement = client.prepare_cached(sql).await?;
            client.execute_raw(&statement, params).await
        })
        .await
    }

    pub(super) async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        self.query_behind(None, sql, params).await
    }

    async fn query_behind(
        &mut self,
        first: Option<&str>,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<Row>, Error> {
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let (statement, rows) = self
            .run(async |client| {
                let statement = client.prepare_cached(sql).await?;
                let rows = match first {
                    Some(first) => {
                        let both = (
                            client.batch_execute(first),
                            client.query(&statement, &params),
                        );
                        try_join(both.0, both.1).await?.1
                    }
                    None => client.query(&statement, &params).await?,
                };
                Ok((statement, rows))
            })
            .await?;
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
        self.run(async |client| client.batch_execute(sql).await)
            .await
    }

    pub(super) async fn pipeline(&mut self, statements: &[super::Piped<'_>]) -> Result<(), Error> {
        self.run(async |client| {
            let prepared = prepare(client, statements).await?;
            let sent = prepared.iter();
            try_join_all(sent.map(|(statement, params)| client.execute(statement, params))).await?;
            Ok(())
        })
        .await
    }

    /// Runs statements and commits, all in one round trip; says how many rows each touched.
    pub(super) async fn commit_with(
        mut self,
        last: &[super::Piped<'_>],
    ) -> Result<Vec<u64>, Error> {
        let prepared = self.run(async |client| prepare(client, last).await).await?;
        let gone = || Error::ConnectionLost("the connection was given back".into());
        let client = self.client.as_ref().ok_or_else(gone)?;
        self.busy = true;
        let statements = prepared.iter();
        let statements = statements.map(|(statement, params)| client.execute(statement, params));
        // COMMIT of a transaction in which something has failed answers ROLLBACK and
        // no error. SELECT fails then, also where we could not see the first failure:
        // through the driver's own client, or in a future that was dropped.
        let (touched, committed) = join(
            join_all(statements),
            client.simple_query("SELECT 1; COMMIT"),
        )
        .await;
        self.busy = false;
        crate::crash::point("P3").await;
        // The first that failed is the cause; but all were sent, so whatever is no ordinary
        // answer leaves open whether they were carried out.
        let touched: Result<Vec<u64>, _> = touched.into_iter().collect();
        let touched = touched.map_err(commit_fault)?;
        committed.map_err(commit_fault)?;
        self.in_transaction = false;
        Ok(touched)
    }

    async fn create_schema(&mut self, schema: &str) -> Result<(), Error> {
        // IF NOT EXISTS still fails when two sessions create it at the same moment.
        let sql = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
        match self.execute_batch(&sql).await {
            Err(Error::Unique { .. }) => self.execute_batch(&sql).await,
            other => other,
        }
    }
}

async fn prepare<'a>(
    client: &Object,
    statements: &[super::Piped<'a>],
) -> Result<Vec<(Statement, &'a [super::Param<'a>])>, tokio_postgres::Error> {
    let mut prepared = Vec::with_capacity(statements.len());
    for (sql, params) in statements {
        prepared.push((client.prepare_cached(sql).await?, *params));
    }
    Ok(prepared)
}

/// Acknowledged commits must survive a crash of the server (P-20).
async fn refuse_unsafe(client: &Client) -> Result<(), HookError> {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let answer = client.simple_query(&format!("SHOW {setting}")).await;
        let off = answer.map_err(HookError::Backend)?.iter().any(
            |message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("off")),
        );
        if off {
            let text = format!("PostgreSQL runs with {setting} = off and may lose commits");
            return Err(HookError::message(text));
        }
    }
    Ok(())
}
