//! A backup of the producer's database, and going back to it.

use std::path::PathBuf;

use crate::bed::{Bed, client};

const TABLES: [&str; 4] = [
    "tidings_outbox",
    "tidings_numbers",
    "tidings_heads",
    "tidings_ticks",
];

/// What the producer's database was; take it while nobody has the database open.
pub(super) enum Backup {
    Files(Vec<(PathBuf, Option<Vec<u8>>)>),
    Schema,
}

impl Backup {
    pub(super) async fn take(bed: &Bed) -> Self {
        if bed.is_sqlite() {
            let files = ["db", "db-wal", "db-shm"];
            let files = files.map(|end| bed.file("producer").with_extension(end));
            let files = files.into_iter().map(|file| {
                let bytes = std::fs::read(&file).ok();
                (file, bytes)
            });
            return Self::Files(files.collect());
        }
        let copies =
            TABLES.map(|table| format!("CREATE TABLE backup.{table} AS TABLE producer.{table};"));
        let sql = format!("CREATE SCHEMA backup; {}", copies.concat());
        client(bed.url()).await.batch_execute(&sql).await.unwrap();
        Self::Schema
    }

    pub(super) async fn restore(&self, bed: &Bed) {
        let Self::Files(files) = self else {
            let copies = TABLES.map(|table| {
                format!(
                    "TRUNCATE producer.{table};
                     INSERT INTO producer.{table} OVERRIDING SYSTEM VALUE TABLE backup.{table};"
                )
            });
            let client = client(bed.url()).await;
            return client.batch_execute(&copies.concat()).await.unwrap();
        };
        for (file, bytes) in files {
            match bytes {
                Some(bytes) => std::fs::write(file, bytes).unwrap(),
                None if file.exists() => std::fs::remove_file(file).unwrap(),
                None => {}
            }
        }
    }
}
