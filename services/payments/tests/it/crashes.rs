//! A crash at each point of a payment in turn, then a restart from what was on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use contracts::{OrderId, UserId};
use serde_json::json;
use tidings::crash::{Plan, with_plan};
use tidings::{Claims, Clock, Db, Identity, Installation, Setup, Signer, Storage, Worker};
use tower::ServiceExt;

use crate::market::{
    Book, HOLD, KEPT, UNTOUCHED, book, created, heard, seconds, settings, unended,
};
use crate::moody::{Mood, Moody};
use crate::orders;

/// What outlives a crash.
struct Disk {
    clock: Clock,
    orders: Db,
    payments: Db,
    signer: Signer,
    provider: Moody,
}

impl Disk {
    fn new() -> Self {
        let key = Signer::generate().unwrap();
        let signer = Signer::new("test", &key).unwrap();
        Self {
            clock: Clock::manual("2026-01-01T12:00:00Z".parse().unwrap()),
            orders: Db::memory().unwrap(),
            payments: Db::memory().unwrap(),
            signer,
            provider: Moody::default(),
        }
    }

    async fn start(&self) -> (Installation, Vec<Worker>) {
        let setup = Setup::new(Storage::Memory)
            .clock(self.clock.clone())
            .seed(1)
            .database("orders", self.orders.clone())
            .database("payments", self.payments.clone())
            .service(orders::service())
            .service(payments::service(settings(&self.provider)));
        let mut installation = setup.open().await.unwrap();
        installation
            .verifier()
            .trust("test", self.signer.public_key());
        let workers = installation.workers();
        (installation, workers)
    }

    fn token(&self, buyer_id: UserId) -> String {
        let identity = Identity {
            user_id: buyer_id.uuid(),
            email: "buyer@example.com".to_owned(),
            roles: Vec::new(),
        };
        let now = self.clock.now();
        let claims = Claims::new(&identity, now, now.plus(HOLD));
        self.signer.sign(&claims).unwrap()
    }
}

async fn settle(workers: &mut [Worker]) {
    let mut moved = true;
    while moved {
        moved = false;
        for worker in &mut *workers {
            moved |= worker.step().await.unwrap();
        }
    }
}

async fn pay(installation: &Installation, token: &str, order_id: OrderId, card: &str) {
    let body = json!({ "token": card, "order_id": order_id }).to_string();
    let request = Request::post("/api/payments")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap();
    let answer = installation.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 201);
}

/// Runs one payment that crashes at the given passage of a crash point, restarts, and says
/// what the books hold in the end; whether it crashed; and whether the payment was written down.
async fn story(card: &str, crash_at: u32) -> (Book, Vec<String>, bool) {
    let disk = Disk::new();
    let now = disk.clock.now();
    let (order_id, buyer_id) = (OrderId::new(now), UserId::new(now));
    let (installation, mut workers) = disk.start().await;
    let placed = created(order_id, buyer_id, now.plus(HOLD));
    let orders = installation.handle("orders").unwrap();
    orders::create(&orders, placed, true).await;
    settle(&mut workers).await;

    let crashed = Arc::new(AtomicBool::new(false));
    let (flag, passed) = (Arc::clone(&crashed), AtomicU32::new(0));
    let plan = Plan::new(move |_| {
        let is_here = passed.fetch_add(1, Ordering::Relaxed) == crash_at;
        flag.fetch_or(is_here, Ordering::Relaxed);
        is_here
    });
    let token = disk.token(buyer_id);
    let clock = disk.clock.clone();
    let paying = Box::pin(async {
        pay(&installation, &token, order_id, card).await;
        for _ in 0..5 {
            settle(&mut workers).await;
            clock.advance(seconds(1));
        }
    });
    with_plan(&plan, paying).await;
    drop((installation, workers, orders));

    let (installation, mut workers) = disk.start().await;
    for _ in 0..20 {
        settle(&mut workers).await;
        disk.clock.advance(seconds(20));
    }
    let payments = installation.handle("payments").unwrap();
    assert_eq!(unended(&payments).await, [], "crash {crash_at}");
    let book = book(&payments, order_id).await;
    let heard = heard(&installation.handle("orders").unwrap(), order_id).await;
    (book, heard, crashed.load(Ordering::Relaxed))
}

/// Every crash point in turn until one run meets none; `whole` is how an undisturbed story ends.
async fn at_every_point(card: &str, whole: (Book, &[&str])) {
    let mut crashes = 0;
    let mut nothing_happened = 0;
    let mut lost = 0;
    loop {
        let (book, heard, crashed) = Box::pin(story(card, crashes)).await;
        if crashed && heard.is_empty() {
            // It crashed before the payment was written down: then nobody was asked either.
            assert_eq!(book, UNTOUCHED, "crash {crashes}");
            nothing_happened += 1;
        } else if crashed && heard == ["failed 1: provider_lost"] {
            // E0: it crashed after the note that the provider would be asked and before it had
            // taken anything: two points of our commit, that of the step, two of the
            // provider's. The buyer may pay again.
            assert_eq!(book, UNTOUCHED, "crash {crashes}");
            lost += 1;
        } else {
            assert_eq!(
                (book, &heard[..]),
                (whole.0, &to_owned(whole.1)[..]),
                "crash {crashes}"
            );
        }
        if !crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 15, "only {crashes} points were met");
    assert!(
        nothing_happened <= 2,
        "{nothing_happened} payments were forgotten"
    );
    assert!(lost <= 5, "{lost} payments were never sent");
}

fn to_owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// C-04, C-06, F-17: intent stored (E0), request sent and no answer (E1), answer received and
/// not stored (E2).
#[tokio::test]
async fn a_crash_at_any_point_takes_the_money_once_and_records_it() {
    Box::pin(at_every_point("tok_visa", (KEPT, &["completed 1: 12050"]))).await;
}

/// C-06, F-17: the answer comes late, as that of a webhook would (E3), and more than once (E4).
#[tokio::test]
async fn a_crash_at_any_point_while_a_late_answer_is_awaited_takes_the_money_once() {
    Box::pin(at_every_point(
        "tok_timeout",
        (KEPT, &["completed 1: 12050"]),
    ))
    .await;
}

#[tokio::test]
async fn a_crash_at_any_point_of_a_declined_payment_says_once_that_it_failed() {
    let whole: (Book, &[&str]) = (UNTOUCHED, &["failed 1: card_declined"]);
    Box::pin(at_every_point("tok_chargeDeclined", whole)).await;
}

/// F-17 (E3): 1. A process charges, and hangs. 2. Another takes over, asks, and writes down that
/// the money was taken. 3. The first one's answer comes.
#[tokio::test]
async fn an_answer_that_comes_after_the_question_was_answered_changes_nothing() {
    let disk = Disk::new();
    let now = disk.clock.now();
    let (order_id, buyer_id) = (OrderId::new(now), UserId::new(now));
    let (installation, mut workers) = disk.start().await;
    let orders = installation.handle("orders").unwrap();
    let placed = created(order_id, buyer_id, now.plus(HOLD));
    orders::create(&orders, placed, true).await;
    settle(&mut workers).await;
    disk.provider.next(Mood::Late);
    let token = disk.token(buyer_id);
    pay(&installation, &token, order_id, "tok_visa").await;
    let mut hanging = Box::pin(settle(&mut workers));
    while disk.provider.charges().is_empty() {
        let pending = tokio::time::timeout(Duration::from_millis(50), &mut hanging);
        assert!(pending.await.is_err());
    }
    disk.clock.advance(seconds(31));

    let (other, mut others) = disk.start().await;
    settle(&mut others).await;
    let whole = ["completed 1: 12050"];
    assert_eq!(heard(&orders, order_id).await, whole);

    disk.provider.answer();
    hanging.await;
    settle(&mut others).await;
    let payments = other.handle("payments").unwrap();
    assert_eq!(heard(&orders, order_id).await, whole);
    assert_eq!(book(&payments, order_id).await, KEPT);
    assert_eq!(unended(&payments).await, []);
    assert_eq!(disk.provider.charges().len(), 1);
}
