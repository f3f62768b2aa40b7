//! What is not moved, and says why.

use tidings::{Error, Migration, Service, Setup};

use super::{copy, half_way, setup_on};
use crate::bed::{Bed, clock, consumer, producer};

async fn refusal(source: &Bed, target: &Bed) -> String {
    let refused = copy(source, target).await.unwrap_err();
    let Error::Unsafe(text) = refused else {
        panic!("{refused:?}")
    };
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_with_tables_in_it_is_refused_and_left_alone() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    half_way(&source).await;
    let stage = target.stage([producer()]).await;
    crate::bed::publish(&stage.handle("producer"), "a", 1).await;
    let text = refusal(&source, &target).await;
    assert!(text.contains("schema producer"), "{text}");
    let mut conn = stage.handle("producer").read().await.unwrap();
    let (events,): (i64,) = conn
        .query_one("SELECT count(*) FROM tidings_outbox", &[])
        .await
        .unwrap();
    assert_eq!(events, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_was_moved_into_is_not_moved_into_again() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    half_way(&source).await;
    copy(&source, &target).await.unwrap();
    let setup = setup_on(source.storage());
    let again = setup.copy_to(target.url(), true, &mut |_| {}).await;
    assert!(matches!(again, Err(Error::Unsafe(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_of_another_version_is_refused() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    drop(source.stage([producer(), consumer()]).await);
    let text = refusal(&source, &target).await;
    assert!(
        text.contains("0002_kinds of consumer is not applied yet"),
        "{text}"
    );
    let newer = Migration::new("0002_kinds", "CREATE TABLE other (id BIGINT)");
    let newer = consumer().migrations(&[newer]);
    drop(source.stage([producer(), newer]).await);
    let text = refusal(&source, &target).await;
    assert!(text.contains("is not what was applied"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_without_a_services_database_is_refused() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    let text = refusal(&source, &target).await;
    assert!(text.contains("no database of producer"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_without_a_place_in_the_target_is_refused_by_name() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    let odd = || {
        let tables = Migration::new("0001", "CREATE TABLE here (id BIGINT, note TEXT)");
        let tables = tables.postgres("CREATE TABLE here (id BIGINT)");
        Service::new("odd").migrations(&[tables])
    };
    drop(source.stage([odd()]).await);
    let setup = Setup::new(source.storage()).clock(clock()).service(odd());
    let refused = setup.copy_to(target.url(), false, &mut |_| {}).await;
    let Err(Error::Unsafe(text)) = refused else {
        panic!("not refused")
    };
    assert!(text.contains("odd.here.note"), "{text}");
}
