//! Payments that the version before has left in the middle, as rows and jobs.

use contracts::{OrderId, PaymentId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{
    Clock, Db, Handle, Installation, Job, JobRun, Migration, Service, Setup, Storage, Tx, Worker,
    dead, params,
};

use crate::market::{
    Book, GIVEN_BACK, HOLD, KEPT, PRICE, UNTOUCHED, book, created, heard, seconds, settings,
    unended,
};
use crate::moody::Moody;
use crate::orders;

const BEFORE: &[Migration] = &[
    Migration::new(
        "0001_payments",
        include_str!("../../migrations/0001_payments.sql"),
    ),
    Migration::new(
        "0002_simulator",
        include_str!("../../migrations/0002_simulator.sql"),
    ),
];

/// The jobs of that version, which end without having done anything.
macro_rules! jobs {
    ($($name:ident = $kind:literal,)*) => {$(
        #[derive(Serialize, Deserialize)]
        struct $name {
            payment_id: PaymentId,
            asked: u32,
        }

        impl Job for $name {
            const KIND: &'static str = $kind;
        }

        impl $name {
            async fn run(self, _: JobRun) -> Result<(), tidings::Error> {
                Ok(())
            }
        }
    )*};
}

jobs! {
    Charge = "charge",
    Reconcile = "reconcile",
    Refund = "refund",
}

/// A payment as it was left.
#[derive(Clone, Copy)]
struct Left {
    status: &'static str,
    is_sent: bool,
    is_in_the_book: bool,
    job: &'static str,
    job_state: &'static str,
}

struct Machine {
    clock: Clock,
    orders: Db,
    payments: Db,
    provider: Moody,
}

impl Machine {
    fn new() -> Self {
        Self {
            clock: Clock::manual("2026-01-01T12:00:00Z".parse().unwrap()),
            orders: Db::memory().unwrap(),
            payments: Db::memory().unwrap(),
            provider: Moody::default(),
        }
    }

    async fn open(&self, payments: Service) -> Installation {
        let setup = Setup::new(Storage::Memory)
            .clock(self.clock.clone())
            .seed(1)
            .database("orders", self.orders.clone())
            .database("payments", self.payments.clone())
            .service(orders::service())
            .service(payments);
        setup.open().await.unwrap()
    }

    async fn leave(&self, left: Left) -> OrderId {
        let before = Service::new("payments")
            .migrations(BEFORE)
            .outside_job(Charge::run)
            .outside_job(Reconcile::run)
            .outside_job(Refund::run);
        let installation = self.open(before).await;
        let now = self.clock.now();
        let (order_id, buyer_id) = (OrderId::new(now), UserId::new(now));
        let placed = created(order_id, buyer_id, now.plus(HOLD));
        let orders = installation.handle("orders").unwrap();
        orders::create(&orders, placed, true).await;
        let payments = installation.handle("payments").unwrap();
        let mut tx = payments.begin_own().await.unwrap();
        write(&mut tx, order_id, buyer_id, left).await;
        tx.commit().await.unwrap();
        order_id
    }

    /// Starts this version and lets ten minutes pass.
    async fn go_on(&self) -> Installation {
        let mut installation = self.open(payments::service(settings(&self.provider))).await;
        let mut workers = installation.workers();
        for _ in 0..60 {
            settle(&mut workers).await;
            self.clock.advance(seconds(10));
        }
        installation
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

/// The order's replica, the payment, what the provider knows of it, and the job.
async fn write(tx: &mut Tx, order_id: OrderId, buyer_id: UserId, left: Left) {
    let now = tx.now();
    let sql =
        "INSERT INTO orders (id, buyer_id, price_minor, currency, expires_at, status, version)
        VALUES ($1, $2, $3, 'usd', $4, 'awaiting_payment', 2)";
    let row = params![order_id, buyer_id, PRICE, now.plus(HOLD)];
    tx.execute(sql, row).await.unwrap();
    let payment_id = PaymentId::new(now);
    let key = format!("{order_id}-1");
    let reference = left.is_in_the_book.then(|| format!("ch_{key}"));
    let sql =
        "INSERT INTO payments (id, order_id, buyer_id, attempt, amount_minor, currency, token,
            idempotency_key, status, provider_reference, created_at, sent_at)
        VALUES ($1, $2, $3, 1, $4, 'usd', 'tok_visa', $5, $6, $7, $8, $9)";
    let sent_at = left.is_sent.then_some(now);
    let row = params![
        payment_id,
        order_id,
        buyer_id,
        PRICE,
        &key,
        left.status,
        reference.clone(),
        now,
        sent_at,
    ];
    tx.execute(sql, row).await.unwrap();
    if let Some(reference) = reference {
        let sql =
            "INSERT INTO simulator_charges (idempotency_key, reference, amount_minor, currency,
                answers_at, created_at)
            VALUES ($1, $2, $3, 'usd', $4, $4)";
        let row = params![&key, reference, PRICE, now];
        tx.execute(sql, row).await.unwrap();
    }
    let asked = 1;
    match left.job {
        "charge" => tx.enqueue(&Charge { payment_id, asked }).await,
        "reconcile" => tx.enqueue(&Reconcile { payment_id, asked }).await,
        _ => tx.enqueue(&Refund { payment_id, asked }).await,
    }
    .unwrap();
    let sql = "UPDATE tidings_jobs SET state = $1, attempts = 1, fence = 1 WHERE kind = $2";
    tx.execute(sql, params![left.job_state, left.job])
        .await
        .unwrap();
}

/// What became of it: what orders heard, the provider's book, and how often it was charged.
async fn ends(left: Left) -> (Vec<String>, Book, usize) {
    let machine = Machine::new();
    let order_id = machine.leave(left).await;
    let installation = machine.go_on().await;
    let payments = installation.handle("payments").unwrap();
    assert!(dead::jobs(&payments, 10).await.unwrap().is_empty());
    assert_eq!(unended(&payments).await, []);
    story(&machine, &installation, order_id).await
}

async fn story(
    machine: &Machine,
    installation: &Installation,
    order_id: OrderId,
) -> (Vec<String>, Book, usize) {
    let payments: Handle = installation.handle("payments").unwrap();
    let orders = installation.handle("orders").unwrap();
    (
        heard(&orders, order_id).await,
        book(&payments, order_id).await,
        machine.provider.charges().len(),
    )
}

fn told(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

const NEW: Left = Left {
    status: "created",
    is_sent: false,
    is_in_the_book: false,
    job: "charge",
    job_state: "ready",
};

#[tokio::test]
async fn a_payment_that_waited_for_its_turn_is_made() {
    assert_eq!(ends(NEW).await, (told("completed 1: 12050"), KEPT, 1));
}

/// C-06: the process that was to send it has ended, before or after it was sent.
#[tokio::test]
async fn a_payment_that_may_have_been_sent_is_asked_for_and_not_sent_again() {
    let sent = Left {
        is_sent: true,
        job_state: "running",
        ..NEW
    };
    let lost = (told("failed 1: provider_lost"), UNTOUCHED, 0);
    assert_eq!(ends(sent).await, lost);
    let arrived = Left {
        is_in_the_book: true,
        ..sent
    };
    assert_eq!(ends(arrived).await, (told("completed 1: 12050"), KEPT, 0));
}

#[tokio::test]
async fn a_payment_whose_outcome_was_unknown_is_asked_for() {
    let unknown = Left {
        status: "unknown",
        is_sent: true,
        is_in_the_book: true,
        job: "reconcile",
        job_state: "ready",
    };
    assert_eq!(ends(unknown).await, (told("completed 1: 12050"), KEPT, 0));
}

const OWED: Left = Left {
    status: "refund_pending",
    is_sent: true,
    is_in_the_book: true,
    job: "refund",
    job_state: "ready",
};

#[tokio::test]
async fn a_refund_that_was_owed_is_made() {
    assert_eq!(ends(OWED).await, (told("refunded: 12050"), GIVEN_BACK, 0));
}

#[tokio::test]
async fn a_refund_that_was_refused_still_waits_for_a_person() {
    let machine = Machine::new();
    let refused = Left {
        status: "refund_failed",
        job_state: "dead",
        ..OWED
    };
    let order_id = machine.leave(refused).await;
    let installation = machine.go_on().await;
    let untold = (Vec::new(), KEPT, 0);
    assert_eq!(story(&machine, &installation, order_id).await, untold);

    let payments = installation.handle("payments").unwrap();
    let dead = dead::jobs(&payments, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    let mut tx = payments.begin_own().await.unwrap();
    assert!(dead::retry_job(&mut tx, dead[0].id).await.unwrap());
    tx.commit().await.unwrap();
    drop(installation);
    let installation = machine.go_on().await;
    let told = (told("refunded: 12050"), GIVEN_BACK, 0);
    assert_eq!(story(&machine, &installation, order_id).await, told);
}
