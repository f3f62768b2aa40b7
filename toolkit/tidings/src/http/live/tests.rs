use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::BodyDataStream;
use futures_util::{FutureExt, StreamExt};

use super::*;
use crate::{Error, Installation, Service, Setup, Storage};

const CHANGE: Option<&str> = Some("event: change\ndata: again\n\n");
const COMMENT: Option<&str> = Some(": still here\n\n");
const END: Option<&str> = Some("");

/// A page that follows a number, and the service that says that it may have changed.
struct Scene {
    clock: Clock,
    service: Handle,
    number: Arc<AtomicU64>,
    looks: Arc<AtomicU64>,
    _installation: Installation,
}

impl Scene {
    async fn new() -> Self {
        let clock = Clock::manual("2026-03-01T12:00:00Z".parse().expect("a time"));
        let installation = Setup::new(Storage::Memory)
            .clock(clock.clone())
            .service(Service::new("orders"))
            .open()
            .await
            .expect("an installation");
        Self {
            clock,
            service: installation.handle("orders").expect("the service"),
            number: Arc::default(),
            looks: Arc::default(),
            _installation: installation,
        }
    }

    fn open(&self, seen: Option<u64>) -> BodyDataStream {
        let (number, looks) = (Arc::clone(&self.number), Arc::clone(&self.looks));
        let answer = follow(&self.service, seen, move |_| {
            looks.fetch_add(1, Ordering::SeqCst);
            std::future::ready(match number.load(Ordering::SeqCst) {
                u64::MAX => Err(Error::Undeclared {
                    what: "number".to_owned(),
                }),
                number => Ok(number),
            })
        });
        answer.into_body().into_data_stream()
    }

    /// Another process changes the number: nobody here is told.
    fn change_elsewhere(&self, number: u64) {
        self.number.store(number, Ordering::SeqCst);
    }

    fn change(&self, number: u64) {
        self.change_elsewhere(number);
        self.service.0.wake(false);
    }

    fn wait_ms(&self, span_ms: u64) {
        self.clock.advance(Duration::from_millis(span_ms));
    }
}

/// What the page hears now: `None` for nothing yet, an empty text for the end.
fn hears(page: &mut BodyDataStream) -> Option<String> {
    let part = page.next().now_or_never()?;
    let bytes = part.map(|part| part.expect("a part")).unwrap_or_default();
    Some(String::from_utf8(bytes.to_vec()).expect("text"))
}

#[tokio::test]
async fn a_page_hears_of_a_change_and_of_no_other_commit() {
    let scene = Scene::new().await;
    let mut page = scene.open(None);
    assert_eq!(hears(&mut page), None);
    scene.change(0);
    scene.wait_ms(500);
    assert_eq!(hears(&mut page), None);
    scene.change(1);
    scene.wait_ms(500);
    assert_eq!(hears(&mut page).as_deref(), CHANGE);
    assert_eq!(hears(&mut page), None);
}

/// 1. The page is made. 2. What it shows changes. 3. The page opens its stream.
#[tokio::test]
async fn what_has_changed_since_it_was_seen_is_told_at_once() {
    let scene = Scene::new().await;
    scene.change(7);
    assert_eq!(hears(&mut scene.open(Some(6))).as_deref(), CHANGE);
    assert_eq!(hears(&mut scene.open(Some(7))), None);
}

#[tokio::test]
async fn a_page_looks_at_most_twice_a_second() {
    let scene = Scene::new().await;
    let mut page = scene.open(None);
    assert_eq!(hears(&mut page), None);
    let before = scene.looks.load(Ordering::SeqCst);
    for number in 1..=100 {
        scene.change(number);
        scene.wait_ms(20);
        hears(&mut page);
    }
    assert_eq!(scene.looks.load(Ordering::SeqCst) - before, 4);
}

#[tokio::test]
async fn what_another_process_has_changed_is_seen_after_ten_seconds() {
    let scene = Scene::new().await;
    let mut page = scene.open(None);
    assert_eq!(hears(&mut page), None);
    scene.change_elsewhere(1);
    scene.wait_ms(9_999);
    assert_eq!(hears(&mut page), None);
    scene.wait_ms(1);
    assert_eq!(hears(&mut page).as_deref(), CHANGE);
}

#[tokio::test]
async fn a_quiet_page_hears_a_comment_every_fifteen_seconds_and_the_end_after_ten_minutes() {
    let scene = Scene::new().await;
    let mut page = scene.open(None);
    assert_eq!(hears(&mut page), None);
    for _ in 1..40 {
        scene.wait_ms(14_999);
        assert_eq!(hears(&mut page), None);
        scene.wait_ms(1);
        assert_eq!(hears(&mut page).as_deref(), COMMENT);
    }
    scene.wait_ms(15_000);
    assert_eq!(hears(&mut page).as_deref(), END);
}

#[tokio::test]
async fn a_page_whose_revision_cannot_be_read_is_let_go() {
    let scene = Scene::new().await;
    let mut page = scene.open(None);
    assert_eq!(hears(&mut page), None);
    scene.change(u64::MAX);
    scene.wait_ms(500);
    assert_eq!(hears(&mut page).as_deref(), END);
}
