//! Moving an installation from SQLite to PostgreSQL with everything that it knows.
//!
//! The target's tables are made by the same migrations, and every table is copied as its
//! columns say: what a service keeps, the outbox with its addresses, cursors, parked and dead
//! events, jobs, runs of workflows, operations. So every service goes on exactly where it was.
//!
//! Each service is copied in one transaction, counted before its COMMIT. A mark in each schema
//! says that the move is unfinished: it is put into all of them at once, in the first
//! transaction, and taken away from all of them at once, in the last. Until then nothing starts on the target ([`refuse_unfinished`]), so a crash
//! anywhere leaves either a target that says so or a whole one.

mod plan;
mod source;
mod target;

use serde::Serialize;

use self::plan::Plan;
use self::source::Source;
pub(crate) use self::target::{is_unfinished, refuse_unfinished};
use crate::db::{Conn, Db, Migration, differences, migrate, quoted};
use crate::setup::steps_of;
use crate::{Error, Setup, Storage, command, crash, housekeeping};

/// A table that was copied and counted on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedTable {
    /// The service that it belongs to.
    pub service: String,
    /// Its name in the target. The outbox becomes two: `tidings_outbox` and `tidings_numbers`.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// How far one service is, the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedService {
    /// The service.
    pub service: String,
    /// The sum of its streams' heads: every event that it has published.
    pub heads: u64,
    /// The sum of its cursors: every event that its subscriptions have passed.
    pub cursors: u64,
}

/// An installation that is copied and counted, and not yet declared complete.
///
/// Dropped without [`Copied::finish`], the target stays unfinished.
pub struct Copied {
    targets: Vec<Db>,
    /// Every table, service by service.
    pub tables: Vec<MovedTable>,
    /// Every service.
    pub services: Vec<MovedService>,
}

impl Copied {
    /// Declares the target complete, in one transaction for all services. From then on the
    /// installation can be started there, and must not be started on its source any more.
    ///
    /// # Errors
    /// When the target cannot be reached; it is still unfinished then, or it is complete and
    /// the answer was lost.
    pub async fn finish(self) -> Result<(), Error> {
        let Some(first) = self.targets.first() else {
            return Ok(());
        };
        crash::point("M3").await;
        let mut conn = first.begin().await?;
        for service in &self.services {
            target::finish(&mut conn, &service.service).await?;
        }
        first.commit(conn).await?;
        crash::point("M4").await;
        Ok(())
    }
}

/// A service as far as its tables go.
struct Moving {
    name: &'static str,
    steps: Vec<Migration>,
    source: Source,
}

impl Setup {
    /// Copies this installation, which is on SQLite, into a PostgreSQL database, and counts.
    ///
    /// The source is only read. Nobody else may have it open: what is written to it meanwhile
    /// would be left behind. `told` hears of every table. The target has no schemas of these
    /// names, or empty ones; with `again`, what an unfinished move has left is dropped first.
    /// Start hooks do not run.
    ///
    /// ```no_run
    /// use tidings::{Service, Setup, Storage};
    ///
    /// # async fn example() -> Result<(), tidings::Error> {
    /// let setup = Setup::new(Storage::Sqlite("data".into())).service(Service::new("orders"));
    /// let mut told = |table: &tidings::MovedTable| println!("{}: {}", table.table, table.rows);
    /// let copied = setup.copy_to("postgres://db.example/shop", false, &mut told).await?;
    /// // … make sure that nobody starts on the source any more …
    /// copied.finish().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Dropped or killed in between, the target stays unfinished: nothing opens on it
    /// ([`Setup::open`] refuses), and `again` begins anew.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the source is not of this version of the program, or the target
    /// is not empty; as statements otherwise. The target stays unfinished, the source as it was.
    pub async fn copy_to(
        self,
        url: &str,
        again: bool,
        told: &mut (dyn FnMut(&MovedTable) + Send),
    ) -> Result<Copied, Error> {
        let all = self.sources().await?;
        let mut targets = Vec::new();
        for moving in &all {
            targets.push(Db::postgres(url, moving.name).await?);
        }
        if let Some(first) = targets.first() {
            // All of them or none: in a schema without a mark, a part of the services could
            // begin a life of its own while the others are moved.
            let mut conn = first.begin().await?;
            for moving in &all {
                target::begin(&mut conn, moving.name, again).await?;
            }
            first.commit(conn).await?;
        }
        crash::point("M2").await;
        for (moving, db) in all.iter().zip(&targets) {
            migrate(db, &moving.steps).await?;
        }
        let mut copied = Copied {
            targets: Vec::new(),
            tables: Vec::new(),
            services: Vec::new(),
        };
        for (moving, db) in all.iter().zip(&targets) {
            copied.services.push(
                moving
                    .copy(db, &mut |table| {
                        told(&table);
                        copied.tables.push(table);
                    })
                    .await?,
            );
            crash::point("M1").await;
        }
        copied.targets = targets;
        Ok(copied)
    }

    /// Opens the databases to be read, and makes sure that they are of this version.
    async fn sources(self) -> Result<Vec<Moving>, Error> {
        let Storage::Sqlite(folder) = self.storage else {
            return Err(Error::Unsafe("only from SQLite files can be moved".into()));
        };
        let mut all = Vec::new();
        for service in command::wire(self.services)? {
            let service = housekeeping::keep(service);
            let steps = steps_of(&service);
            let source = Source::open(&folder, service.name)?;
            let mut conn = source.db.read().await?;
            if let Some((migration, difference)) = differences(&mut conn, &steps).await?.first() {
                let text = format!(
                    "{} of {} is {difference}: start this version on the source once, or move \
                     with the version that it belongs to",
                    migration, service.name
                );
                return Err(Error::Unsafe(text));
            }
            drop(conn);
            let name = service.name;
            all.push(Moving {
                name,
                steps,
                source,
            });
        }
        Ok(all)
    }
}

impl Moving {
    /// Copies one service in one transaction.
    async fn copy(
        &self,
        db: &Db,
        told: &mut (dyn FnMut(MovedTable) + Send),
    ) -> Result<MovedService, Error> {
        let mut conn = db.begin().await?;
        // A table may take longer than any statement of a service ever should.
        let patience = "SET LOCAL statement_timeout = 0;
            SET LOCAL idle_in_transaction_session_timeout = 0;";
        conn.execute_batch(patience).await?;
        let plans = plan::of_service(&self.source, &mut conn, self.name).await?;
        let rules = target::drop_foreign_keys(&mut conn).await?;
        for plan in &plans {
            // Migrations may have put rows there; the source has its own of these.
            let empty = format!("TRUNCATE {}", quoted(&plan.table));
            conn.execute_batch(&empty).await?;
            self.copy_table(&mut conn, plan).await?;
            crash::point("M0").await;
        }
        target::number_on(&mut conn).await?;
        for rule in &rules {
            conn.execute_batch(rule).await?;
        }
        for plan in &plans {
            // Without statistics the first minute would be planned as for empty tables.
            let learn = format!("ANALYZE {}", quoted(&plan.table));
            conn.execute_batch(&learn).await?;
        }
        for plan in plans {
            let rows = self.count(&mut conn, &plan).await?;
            let service = self.name.to_owned();
            let table = plan.table;
            told(MovedTable {
                service,
                table,
                rows,
            });
        }
        let moved = MovedService {
            service: self.name.to_owned(),
            heads: self.sum(&mut conn, "tidings_heads").await?,
            cursors: self.sum(&mut conn, "tidings_cursors").await?,
        };
        db.commit(conn).await?;
        Ok(moved)
    }

    async fn copy_table(&self, conn: &mut Conn, plan: &Plan) -> Result<(), Error> {
        let columns: Vec<String> = plan.columns.iter().map(|name| quoted(name)).collect();
        let sql = format!(
            "COPY {} ({}) FROM STDIN",
            quoted(&plan.table),
            columns.join(", ")
        );
        let mut chunks = self.source.scan(self.name, plan);
        conn.copy_in(&sql, &mut chunks).await
    }

    /// The rows of a table, the same on both sides.
    async fn count(&self, conn: &mut Conn, plan: &Plan) -> Result<u64, Error> {
        let count = |table: &str| format!("SELECT count(*) FROM {}", quoted(table));
        let there: (u64,) = conn.query_one(&count(&plan.table), &[]).await?;
        let mut source = self.source.db.read().await?;
        let here: (u64,) = source.query_one(&count(&plan.from), &[]).await?;
        self.same(&plan.table, here.0, there.0)
    }

    /// The sum of a table's numbers, the same on both sides.
    async fn sum(&self, conn: &mut Conn, table: &str) -> Result<u64, Error> {
        let sum = format!("SELECT coalesce(sum(sequence), 0) FROM {table}");
        let there: (u64,) = conn.query_one(&sum, &[]).await?;
        let here: (u64,) = self.source.db.read().await?.query_one(&sum, &[]).await?;
        self.same(table, here.0, there.0)
    }

    fn same(&self, table: &str, here: u64, there: u64) -> Result<u64, Error> {
        if here == there {
            return Ok(here);
        }
        let name = self.name;
        let text = format!(
            "{name}.{table} came to {there} in the target and is {here} in the source: somebody \
             else writes to one of them"
        );
        Err(Error::Unsafe(text))
    }
}
