//! Some services run here, the others are elsewhere.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tidings::{Command, Error, Handle, Received, Service, Setup, Storage, Tx, alert, lag};
use tower::ServiceExt;

use super::site::{SECRET, Site};
use crate::bed::{self, Bed, CountEvent, on_both, publish};

on_both!(
    only_the_named_services_have_a_database_routes_and_moving_parts,
    a_command_to_a_service_elsewhere_is_sent_and_alerts_nobody,
    a_command_that_the_service_elsewhere_does_not_handle_opens_an_alert,
    a_service_elsewhere_has_a_storage_of_its_own_where_one_is_named,
);

#[derive(Serialize, Deserialize)]
struct Count {
    key: String,
}

impl Command for Count {
    const NAME: &'static str = "counter.count";
    const TARGET: &'static str = "counter";
    type Reply = ();

    fn key(&self) -> String {
        self.key.clone()
    }
}

async fn count(_: Received<Count>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

fn with_route(name: &'static str, path: &'static str) -> Service {
    let routes: Router<Handle> = Router::new().route(path, get(async || "here"));
    Service::new(name).http(routes)
}

fn asker() -> Service {
    with_route("asker", "/asker")
        .sends::<Count>()
        .publishes::<CountEvent>()
}

fn counter() -> Service {
    with_route("counter", "/counter").handles(count)
}

fn two(bed: &Bed) -> Setup {
    bed.setup(&bed::clock()).service(asker()).service(counter())
}

async fn status(router: Router, path: &str) -> StatusCode {
    let request = Request::get(path).body(Body::empty()).unwrap();
    router.oneshot(request).await.unwrap().status()
}

async fn only_the_named_services_have_a_database_routes_and_moving_parts(bed: Bed) {
    let mut opened = two(&bed).only(&["asker"]).open().await.unwrap();
    let names: Vec<_> = opened.handles().iter().map(Handle::name).collect();
    assert_eq!(names, ["asker"]);
    assert!(opened.handle("counter").is_none());
    assert_eq!(status(opened.router(), "/asker").await, StatusCode::OK);
    assert_eq!(
        status(opened.router(), "/counter").await,
        StatusCode::NOT_FOUND
    );
    for worker in opened.workers() {
        assert!(worker.name().starts_with("asker"), "{}", worker.name());
    }
    let elsewhere = opened.elsewhere();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(
        (elsewhere[0].name, elsewhere[0].url.as_deref()),
        ("counter", None)
    );
    if bed.is_sqlite() {
        assert!(!bed.file("counter").exists());
    } else {
        let client = bed::client(bed.url()).await;
        let sql = "SELECT 1 FROM pg_namespace WHERE nspname = 'counter'";
        assert!(client.query(sql, &[]).await.unwrap().is_empty());
    }
}

async fn alerts(setup: Setup) -> Vec<String> {
    let opened = setup.open().await.unwrap();
    let asker = opened.handle("asker").unwrap();
    let mut tx = asker.begin_own().await.unwrap();
    tx.send(&Count {
        key: "a".to_owned(),
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let open = alert::open(&asker).await.unwrap();
    open.into_iter().map(|alert| alert.text).collect()
}

async fn a_command_to_a_service_elsewhere_is_sent_and_alerts_nobody(bed: Bed) {
    assert_eq!(alerts(two(&bed).only(&["asker"])).await, [""; 0]);
    // Without its definition its address is enough.
    let alone = bed.setup(&bed::clock()).service(asker());
    assert_eq!(
        alerts(alone.remote("counter", "http://127.0.0.1:1")).await,
        [""; 0]
    );
    let alone = bed.setup(&bed::clock()).service(asker());
    assert!(alerts(alone).await[0].contains("not installed"));
}

async fn a_command_that_the_service_elsewhere_does_not_handle_opens_an_alert(bed: Bed) {
    let setup = bed.setup(&bed::clock()).service(asker());
    let setup = setup.service(Service::new("counter")).only(&["asker"]);
    assert!(alerts(setup).await[0].contains("no handler"));
}

async fn a_service_elsewhere_has_a_storage_of_its_own_where_one_is_named(bed: Bed) {
    let setup = Setup::new(Storage::Memory).clock(bed::clock());
    let setup = setup.service(asker()).storage_of("asker", bed.storage());
    let opened = setup.open().await.unwrap();
    publish(&opened.handle("asker").unwrap(), "a", 1).await;
    drop(opened);
    let opened = two(&bed).only(&["asker"]).open().await.unwrap();
    let mut conn = opened.handle("asker").unwrap().read().await.unwrap();
    let sql = "SELECT count(*) FROM tidings_outbox";
    assert_eq!(conn.query_one::<(u64,)>(sql, &[]).await.unwrap(), (1,));
}

#[tokio::test]
async fn a_name_that_no_service_has_is_refused_with_those_that_there_are() {
    let refused = two(&Bed::sqlite()).only(&["askr"]).open().await.err();
    let said = "there is no service askr; there are asker, counter";
    assert!(matches!(refused, Some(Error::Unsafe(text)) if text == said));
}

/// An operator sees what is stuck in a service that does not run at all just now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_looks_into_services_elsewhere_on_postgres_while_they_are_down() {
    let bed = Bed::postgres().await;
    let console = || two(&bed).only(&["counter"]).attach();
    let opened = console().open().await.unwrap();
    let asker = opened.handle("asker").unwrap();
    assert!(!asker.runs_here() && opened.handle("counter").unwrap().runs_here());
    // It was never started: there is nothing to see yet, and nothing is made.
    assert!(alert::open(&asker).await.is_err());
    let client = bed::client(bed.url()).await;
    let sql = "SELECT 1 FROM pg_namespace WHERE nspname = 'asker'";
    assert!(client.query(sql, &[]).await.unwrap().is_empty());
    let streams = lag::streams(&opened).await.unwrap();
    assert!(streams.iter().all(|stream| stream.service == "counter"));

    let site = Site::open(two(&bed).only(&["asker"])).await;
    publish(&site.installation.handle("asker").unwrap(), "a", 1).await;
    drop(site);
    assert!(alert::open(&asker).await.unwrap().is_empty());
    let mut opened = console().open().await.unwrap();
    let streams = lag::streams(&opened).await.unwrap();
    assert!(streams.iter().any(|stream| stream.stream == "counts"));
    for worker in opened.workers() {
        assert!(!worker.name().starts_with("asker"), "{}", worker.name());
    }
}

#[tokio::test]
async fn an_sqlite_file_is_its_own_processs() {
    let bed = Bed::sqlite();
    let setup = two(&bed).only(&["asker"]).attach().secret(SECRET);
    let opened = setup.open().await.unwrap();
    assert!(opened.handle("counter").is_none());
    assert!(!opened.elsewhere()[0].is_attached);
    assert!(!bed.file("counter").exists());
}
