//! A request waits for the outcome, for a while.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use contracts::{OrderId, UserId};
use payments::{PaymentProvider, Settings};
use serde_json::{Value, json};
use tidings::{Claims, Clock, Handle, Identity, Installation, Running, Setup, Signer, Storage};
use tower::ServiceExt;

use crate::market::{HOLD, created, seconds};
use crate::moody::{Mood, Moody};
use crate::orders;

/// Services in motion, by a clock that the test moves.
struct Shop {
    clock: Clock,
    installation: Installation,
    running: Running,
    order_id: OrderId,
    token: String,
}

impl Shop {
    async fn open(settings: Settings) -> Self {
        let clock = Clock::manual("2026-01-01T12:00:00Z".parse().unwrap());
        let setup = Setup::new(Storage::Memory)
            .clock(clock.clone())
            .service(orders::service())
            .service(payments::service(settings));
        let mut installation = setup.open().await.unwrap();
        let signer = Signer::new("test", &Signer::generate().unwrap()).unwrap();
        let key = signer.public_key();
        installation.verifier().trust("test", key);
        let running = installation.start();
        let now = clock.now();
        let (order_id, buyer_id) = (OrderId::new(now), UserId::new(now));
        let orders = installation.handle("orders").unwrap();
        let placed = created(order_id, buyer_id, now.plus(HOLD));
        orders::create(&orders, placed, true).await;
        let payments = installation.handle("payments").unwrap();
        await_order(&payments).await;
        let identity = Identity {
            user_id: buyer_id.uuid(),
            email: "buyer@example.com".to_owned(),
            roles: Vec::new(),
        };
        let claims = Claims::new(&identity, now, now.plus(HOLD));
        let token = signer.sign(&claims).unwrap();
        Self {
            clock,
            installation,
            running,
            order_id,
            token,
        }
    }

    /// Pays while a tenth of a second passes again and again, for the number of times given.
    async fn pay(self, card: &str, tenths: u32) -> (StatusCode, Value) {
        let body = json!({ "token": card, "order_id": self.order_id }).to_string();
        let request = Request::post("/api/payments")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = tokio::spawn(self.installation.router().oneshot(request));
        for _ in 0..tenths {
            busy().await;
            self.clock.advance(seconds(1) / 10);
        }
        let answer = answer.await.unwrap().unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        self.running.stop().await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

/// Lets the tasks of this thread do what they can without time passing.
async fn busy() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn await_order(payments: &Handle) {
    let sql = "SELECT count(*) FROM orders WHERE status = 'awaiting_payment'";
    loop {
        let mut conn = payments.read().await.unwrap();
        let (known,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
        drop(conn);
        if known == 1 {
            return;
        }
        busy().await;
    }
}

#[tokio::test]
async fn a_good_card_is_answered_with_the_completed_payment() {
    let shop = Shop::open(Settings::default()).await;
    let (status, payment) = shop.pay("tok_visa", 0).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(payment["status"], "completed");
}

#[tokio::test]
async fn a_declined_card_is_answered_with_the_providers_reason() {
    for (card, code) in [
        ("tok_chargeDeclined", "card_declined"),
        ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("tok_unheard_of", "invalid_token"),
    ] {
        let shop = Shop::open(Settings::default()).await;
        let (status, problem) = shop.pay(card, 0).await;
        assert_eq!(status, StatusCode::PAYMENT_REQUIRED);
        assert_eq!(problem["code"], code);
    }
}

#[tokio::test]
async fn a_card_that_answers_late_is_waited_for() {
    let shop = Shop::open(Settings::default()).await;
    let (status, payment) = shop.pay("tok_timeout", 39).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(payment["status"], "completed");
}

#[tokio::test]
async fn after_four_seconds_the_answer_is_that_nobody_knows_yet() {
    let moody = Moody::default();
    moody.next(Mood::Silent);
    let connect = move |service: &Handle| -> Arc<dyn PaymentProvider> { moody.over(service) };
    let shop = Shop::open(Settings::default().provider(connect)).await;
    let (status, payment) = shop.pay("tok_visa", 300).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(payment["status"], "created");
}
