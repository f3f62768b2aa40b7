//! Databases made by the version before, in which a hold was a timer: a row and a job.

use serde::{Deserialize, Serialize};
use tidings::{
    Db, Enqueue, Error, Handle, Job, JobRow, Migration, Service, Setup, Storage, Timestamp, Tx,
    dead, jobs, params,
};

use crate::restart::Machine;
use crate::stage::{Held, completed, hold, order, publish};

const BEFORE: &[Migration] = &[Migration::new(
    "0001_timers",
    include_str!("../../migrations/0001_timers.sql"),
)];

#[derive(Serialize, Deserialize)]
struct ExpireOrder {
    order_id: contracts::OrderId,
}

impl Job for ExpireOrder {
    const KIND: &'static str = "expire_order";
}

async fn expire_order(_: ExpireOrder, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

/// What the version before has left: some timers that are armed, with their jobs, one that has
/// fired and one that was disarmed, with its job.
async fn leave_timers(machine: &Machine, armed: u128, due_at: Timestamp) {
    let service = Service::new("expiration")
        .migrations(BEFORE)
        .job(expire_order);
    let setup = Setup::new(Storage::Memory)
        .clock(machine.clock.clone())
        .database("expiration", machine.expiration.clone())
        .service(service);
    let installation = setup.open().await.expect("the service opens");
    let mut tx = installation
        .handle("expiration")
        .unwrap()
        .begin_own()
        .await
        .unwrap();
    for number in 1..=armed {
        timer(&mut tx, number, due_at, "armed").await;
    }
    timer(&mut tx, armed + 1, due_at, "disarmed").await;
    timer(&mut tx, armed + 2, due_at, "fired").await;
    tx.commit().await.unwrap();
}

async fn timer(tx: &mut Tx, number: u128, due_at: Timestamp, state: &str) {
    let order_id = order(number);
    let sql = "INSERT INTO timers (order_id, due_at, state) VALUES ($1, $2, $3)";
    tx.execute(sql, params![order_id, due_at, state])
        .await
        .unwrap();
    let when = Enqueue::at(due_at).unique(order_id.to_string());
    tx.enqueue_with(&ExpireOrder { order_id }, when)
        .await
        .unwrap();
}

async fn timers_left(expiration: &Handle) -> i64 {
    let mut conn = expiration.read().await.unwrap();
    let (count,) = conn
        .query_one("SELECT count(*) FROM timers", &[])
        .await
        .unwrap();
    count
}

async fn old_jobs(expiration: &Handle, state: &str) -> Vec<JobRow> {
    let kind = Some("expire_order");
    jobs::list(expiration, Some(state), kind, None, 5000)
        .await
        .unwrap()
}

/// C-17: nobody's hold is lost, ends early or is told twice because of a new version.
#[tokio::test]
async fn timers_that_are_armed_become_holds() {
    let machine = Machine::new();
    let armed = 1100;
    leave_timers(&machine, armed, machine.in_900_seconds()).await;

    // The second start finds nothing more to do.
    drop(machine.start(true).await);
    let mut up = machine.start(true).await;
    let expiration = up.service("expiration");
    assert_eq!(timers_left(&expiration).await, 0);
    assert_eq!(old_jobs(&expiration, "ready").await.len(), 0);
    assert_eq!(old_jobs(&expiration, "cancelled").await.len(), 1102);
    up.settle().await;
    assert_eq!(hold(&expiration, order(1)).await, Some(Held::On));
    assert_eq!(hold(&expiration, order(armed + 1)).await, None);
    assert_eq!(hold(&expiration, order(armed + 2)).await, None);

    publish(&up.service("orders"), completed(order(7))).await;
    machine.advance(899);
    up.settle().await;
    assert_eq!(up.heard().await, []);
    machine.advance(1);
    up.settle().await;
    let expected: Vec<_> = (1..=armed).filter(|&n| n != 7).map(order).collect();
    assert_eq!(up.heard().await, expected);
    assert_eq!(hold(&expiration, order(7)).await, Some(Held::Over));
    assert!(dead::jobs(&expiration, 10).await.unwrap().is_empty());
}

/// A timer that fell due while the service was being replaced is told at the start.
#[tokio::test]
async fn a_timer_that_is_overdue_is_told_at_once() {
    let machine = Machine::new();
    leave_timers(&machine, 1, machine.in_900_seconds()).await;
    machine.advance(1000);
    let mut up = machine.start(true).await;
    up.settle().await;
    assert_eq!(up.heard().await, [order(1)]);
}

/// A job that was given up is not left on the list of a service that has no code for it.
#[tokio::test]
async fn a_timer_whose_job_was_dead_becomes_a_hold() {
    let machine = Machine::new();
    leave_timers(&machine, 1, machine.in_900_seconds()).await;
    mark_dead(&machine.expiration).await;
    let mut up = machine.start(true).await;
    let expiration = up.service("expiration");
    assert!(dead::jobs(&expiration, 10).await.unwrap().is_empty());
    machine.advance(900);
    up.settle().await;
    assert_eq!(up.heard().await, [order(1)]);
}

async fn mark_dead(db: &Db) {
    let service = Service::new("expiration");
    let setup = Setup::new(Storage::Memory)
        .database("expiration", db.clone())
        .service(service);
    let installation = setup.open().await.expect("the service opens");
    let mut tx = installation
        .handle("expiration")
        .unwrap()
        .begin_own()
        .await
        .unwrap();
    let sql = "UPDATE tidings_jobs SET state = 'dead' WHERE kind = 'expire_order'";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}
