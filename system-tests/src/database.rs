//! A PostgreSQL database of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

use crate::Failure;

/// A database on the test server; removed when it is dropped with [`Database::remove`].
#[derive(Clone, Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes an empty database on the server that `TIDINGS_TEST_POSTGRES` names.
    ///
    /// # Errors
    /// When there is no server: a test that needs one fails without it.
    pub async fn create() -> Result<Self, Failure> {
        let server = std::env::var("TIDINGS_TEST_POSTGRES").map_err(
            |_| "TIDINGS_TEST_POSTGRES is not set: run `cargo xtask test`, which brings a server",
        )?;
        Self::create_on(&server).await
    }

    /// Makes an empty database on a server.
    ///
    /// # Errors
    /// When there is no server.
    pub async fn create_on(server: &str) -> Result<Self, Failure> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("system_test_{}_{number}", std::process::id());
        let create = format!("CREATE DATABASE {name}");
        connect(server).await?.batch_execute(&create).await?;
        let server = server.to_owned();
        Ok(Self { server, name })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let base = self
            .server
            .rsplit_once('/')
            .map_or(&*self.server, |(base, _)| base);
        format!("{base}/{}", self.name)
    }

    /// Removes it, and everybody who is still connected to it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn remove(&self) -> Result<(), Failure> {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        Ok(connect(&self.server).await?.batch_execute(&drop).await?)
    }
}

pub(crate) async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
