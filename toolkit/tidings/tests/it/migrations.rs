//! Migrations: once, in order, whole or not at all.

use tidings::{Error, Handle, Migration, Service};

use crate::bed::{Bed, clock, on_both};

const FIRST: Migration = Migration::new(
    "0001",
    "CREATE TABLE notes (id TEXT PRIMARY KEY); INSERT INTO notes VALUES ('first')",
);
const SECOND: Migration = Migration::new("0002", "INSERT INTO notes VALUES ('second')");
const SECOND_EDITED: Migration = Migration::new("0002", "INSERT INTO notes VALUES ('other')");
const BROKEN: Migration = Migration::new(
    "0003",
    "INSERT INTO notes VALUES ('third'); INSERT INTO nowhere VALUES (1)",
);

on_both!(
    a_migration_is_applied_once,
    an_edited_migration_is_refused,
    a_broken_migration_leaves_nothing_of_itself,
    many_processes_that_start_at_once_migrate_once,
);

async fn open(bed: &Bed, migrations: &[Migration]) -> Result<Handle, Error> {
    let service = Service::new("notes").migrations(migrations);
    let opened = bed.setup(&clock()).service(service).open().await?;
    Ok(opened.handles()[0].clone())
}

async fn notes(service: &Handle) -> Vec<String> {
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT id FROM notes ORDER BY id";
    let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

async fn a_migration_is_applied_once(bed: Bed) {
    open(&bed, &[FIRST]).await.unwrap();
    open(&bed, &[FIRST, SECOND]).await.unwrap();
    let service = open(&bed, &[FIRST, SECOND]).await.unwrap();
    assert_eq!(notes(&service).await, ["first", "second"]);
}

async fn an_edited_migration_is_refused(bed: Bed) {
    let service = open(&bed, &[FIRST, SECOND]).await.unwrap();
    let refused = open(&bed, &[FIRST, SECOND_EDITED]).await.err().unwrap();
    assert!(
        matches!(&refused, Error::Migration { what, .. } if what == "0002"),
        "{refused:?}"
    );
    assert_eq!(notes(&service).await, ["first", "second"]);
}

async fn a_broken_migration_leaves_nothing_of_itself(bed: Bed) {
    let service = open(&bed, &[FIRST]).await.unwrap();
    let refused = open(&bed, &[FIRST, SECOND, BROKEN]).await.err().unwrap();
    assert!(matches!(refused, Error::Migration { .. }), "{refused:?}");
    assert_eq!(notes(&service).await, ["first"]);
}

async fn many_processes_that_start_at_once_migrate_once(bed: Bed) {
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let setup = bed.setup(&clock());
            std::thread::spawn(move || {
                let service = Service::new("notes").migrations(&[FIRST, SECOND]);
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async { setup.service(service).open().await.map(drop) })
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    let service = open(&bed, &[FIRST, SECOND]).await.unwrap();
    assert_eq!(notes(&service).await, ["first", "second"]);
}
