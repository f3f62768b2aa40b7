//! Where a test keeps its data: databases of its own, which go when it ends.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tidings::{Cause, Db, Storage, Uuid};

/// An empty database of a test's own; what is in it goes with the last clone of this.
///
/// On SQLite it is a folder with a file for each service, on PostgreSQL a database on the server
/// that `TIDINGS_TEST_POSTGRES` names: a URL such as `postgres://postgres@127.0.0.1/postgres`, of
/// a user who may create databases.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use tidings::Service;
/// use tidings_test::{Database, World};
///
/// let database = Database::sqlite();
/// let services = || [Service::new("orders")];
/// drop(World::on(database.storage(), services()).await);
/// // The next process finds what the last one has left.
/// let next = World::on(database.storage(), services()).await;
/// # let _ = next.service("orders");
/// # });
/// ```
///
/// A story that holds on every database is told on each with [`on_both!`](crate::on_both!).
#[derive(Clone, Debug)]
pub struct Database(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Folder(TempDir),
    Served(Served),
}

/// One database of a server.
#[derive(Debug)]
struct Served {
    server: String,
    name: String,
}

impl Database {
    /// A folder for SQLite.
    ///
    /// # Panics
    /// When no folder can be made where temporary files are kept.
    #[must_use]
    pub fn sqlite() -> Self {
        Self::try_sqlite().expect("a folder for temporary files")
    }

    /// A database on the server of the test run.
    ///
    /// # Panics
    /// When there is no server, because a test that is passed over shows nothing.
    pub async fn postgres() -> Self {
        match Self::try_postgres().await {
            Ok(database) => database,
            Err(cause) => panic!("failed to create a database for a test: {cause}"),
        }
    }

    pub(crate) fn try_sqlite() -> Result<Self, Cause> {
        Ok(Self(Arc::new(Kind::Folder(TempDir::new()?))))
    }

    pub(crate) async fn try_postgres() -> Result<Self, Cause> {
        let server = std::env::var("TIDINGS_TEST_POSTGRES")
            .map_err(|_| "TIDINGS_TEST_POSTGRES names no server")?;
        let name = format!("test_{}", Uuid::now_v7().simple());
        run(&server, &format!("CREATE DATABASE {name}")).await?;
        Ok(Self(Arc::new(Kind::Served(Served { server, name }))))
    }

    /// Another one of the same kind.
    ///
    /// # Panics
    /// As the first one would have.
    pub async fn another(&self) -> Self {
        match &*self.0 {
            Kind::Folder(_) => Self::sqlite(),
            Kind::Served(_) => Self::postgres().await,
        }
    }

    /// Where it is, for a world or a setup.
    #[must_use]
    pub fn storage(&self) -> Storage {
        match &*self.0 {
            Kind::Folder(folder) => Storage::Sqlite(Path::to_owned(folder.path())),
            Kind::Served(served) => Storage::Postgres(served.url()),
        }
    }
}

impl From<&Database> for Database {
    fn from(database: &Database) -> Self {
        database.clone()
    }
}

/// Somebody has to keep the database as long as its storage is used.
impl From<&Database> for Storage {
    fn from(database: &Database) -> Self {
        database.storage()
    }
}

impl Served {
    fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{base}/{}", self.name)
    }
}

impl Drop for Served {
    /// Some megabytes each: without this a test run leaves gigabytes on a server that stays.
    fn drop(&mut self) {
        let server = std::mem::take(&mut self.server);
        // Connections of the test's may still be open, and a service may be in the middle.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A runtime cannot wait for another within itself, so this has a thread of its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(run(&server, &sql)).is_ok())
        });
        // A server that is gone has taken the database with it.
        let _ = dropping.join();
    }
}

async fn run(server: &str, sql: &str) -> Result<(), Cause> {
    let db = Db::postgres(server, "public").await?;
    let conn = db.read().await?;
    let client = conn.as_postgres().ok_or("no server of PostgreSQL")?;
    Ok(client.batch_execute(sql).await?)
}

/// Tells each story on both databases, as two tests in a module of the story's name.
///
/// A story is an `async fn` of the [`Storage`](tidings::Storage) to keep its data in, or of
/// anything else that is made [`From`] a `&`[`Database`], such as the database itself. Its
/// connections run beside each other, and what it leaves is removed, also when it fails.
///
/// ```no_run
/// use tidings::{Service, Storage};
/// use tidings_test::{Database, World};
///
/// async fn what_is_sold_is_sold_once(storage: Storage) {
///     let mut world = World::on(storage, [Service::new("orders")]).await;
///     world.settle().await;
/// }
///
/// async fn what_is_moved_is_whole(from: Database) {
///     let to = from.another().await;
///     // A service on `from.storage()`, then on `to.storage()`.
/// #   drop(to);
/// }
///
/// tidings_test::on_both!(what_is_sold_is_sold_once, what_is_moved_is_whole);
/// ```
#[macro_export]
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let database = $crate::Database::sqlite();
                Box::pin(super::$story((&database).into())).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let database = $crate::Database::postgres().await;
                Box::pin(super::$story((&database).into())).await;
            }
        }
    )*};
}
