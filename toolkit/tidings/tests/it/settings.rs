//! Set-ups that would lose what was acknowledged are refused (P-20).

use tidings::{Db, Error};

use crate::bed::{Bed, client, producer};

async fn alter(bed: &Bed, what: &str) {
    let (_, database) = bed.url().rsplit_once('/').unwrap();
    let sql = what.replace("HERE", database);
    client(bed.url()).await.batch_execute(&sql).await.unwrap();
}

fn names_the_setting(refused: &Error) -> bool {
    matches!(refused, Error::Unsafe(text) if text.contains("synchronous_commit"))
}

#[tokio::test]
async fn a_database_that_commits_without_waiting_for_the_disk_is_refused() {
    let bed = Bed::postgres().await;
    alter(&bed, "ALTER DATABASE HERE SET synchronous_commit = off").await;
    let refused = Db::postgres(bed.url(), "orders").await.err().unwrap();
    assert!(names_the_setting(&refused), "{refused:?}");
}

#[tokio::test]
async fn a_role_that_commits_without_waiting_for_the_disk_is_refused() {
    let bed = Bed::postgres().await;
    let role = "ALTER ROLE postgres IN DATABASE HERE SET synchronous_commit = off";
    alter(&bed, role).await;
    let refused = Db::postgres(bed.url(), "orders").await.err().unwrap();
    assert!(names_the_setting(&refused), "{refused:?}");
}

/// The setting changes while the service runs: the next connection is refused.
#[tokio::test]
async fn a_setting_that_becomes_unsafe_later_is_refused_too() {
    let bed = Bed::postgres().await;
    let service = bed.serve(producer()).await;
    let _first = service.begin_own().await.unwrap();
    alter(&bed, "ALTER DATABASE HERE SET synchronous_commit = off").await;
    let refused = service.begin_own().await.err().unwrap();
    assert!(names_the_setting(&refused), "{refused:?}");
}

#[tokio::test]
async fn a_name_that_would_be_sql_is_refused() {
    let bed = Bed::postgres().await;
    let refused = Db::postgres(bed.url(), "a\"; DROP SCHEMA b").await;
    assert!(matches!(refused, Err(Error::Unsafe(_))));
}
