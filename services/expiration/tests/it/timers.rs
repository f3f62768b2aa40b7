//! One hold an order: it runs out, or the order is over first.

use std::time::Duration;

use contracts::OrderId;
use contracts::orders::OrderEvent;
use tidings::Timestamp;
use tidings_test::{Misbehaviour, World, under_seeds};

use crate::stage::{Held, cancelled, completed, created, ear, heard, hold, order, orders, publish};

const HOLD: Duration = Duration::from_secs(900);

async fn world() -> World {
    World::new([orders(), expiration::service(), ear()]).await
}

async fn tell(world: &mut World, event: OrderEvent) {
    publish(&world.service("orders"), event).await;
    world.settle().await;
}

/// An order with 900 seconds from now; says when they end.
async fn arm(world: &mut World, order_id: OrderId) -> Timestamp {
    let expires_at = world.clock().now().plus(HOLD);
    tell(world, created(order_id, expires_at)).await;
    expires_at
}

async fn heard_in(world: &World) -> Vec<(OrderId, Timestamp)> {
    heard(&world.service("ear")).await
}

async fn state(world: &World, order_id: OrderId) -> Option<Held> {
    hold(&world.service("expiration"), order_id).await
}

/// C-22: not a second before.
#[tokio::test]
async fn a_timer_is_silent_at_899_seconds_and_has_fired_at_901() {
    let mut world = world().await;
    let expires_at = arm(&mut world, order(1)).await;
    world.advance(Duration::from_secs(899)).await;
    assert_eq!(heard_in(&world).await, []);
    world.advance(Duration::from_secs(1)).await;
    assert_eq!(heard_in(&world).await, [(order(1), expires_at)]);
    world.advance(Duration::from_secs(1)).await;
    assert_eq!(heard_in(&world).await, [(order(1), expires_at)]);
    assert_eq!(state(&world, order(1)).await, Some(Held::Expired));
}

#[tokio::test]
async fn an_order_that_is_over_in_time_is_never_said_to_be_out_of_it() {
    for end in [cancelled as fn(OrderId) -> OrderEvent, completed] {
        let mut world = world().await;
        arm(&mut world, order(1)).await;
        world.advance(Duration::from_secs(899)).await;
        tell(&mut world, end(order(1))).await;
        world.advance(Duration::from_secs(86_400)).await;
        assert_eq!(heard_in(&world).await, []);
        assert_eq!(state(&world, order(1)).await, Some(Held::Over));
    }
}

/// C-26: an order's end that is told after the timer has fired does not unfire it.
#[tokio::test]
async fn a_timer_that_has_fired_stays_so() {
    let mut world = world().await;
    arm(&mut world, order(1)).await;
    world.advance(HOLD).await;
    tell(&mut world, cancelled(order(1))).await;
    assert_eq!(state(&world, order(1)).await, Some(Held::Expired));
    assert_eq!(heard_in(&world).await.len(), 1);
}

/// C-10: the same order told again winds no second timer, and revives none.
#[tokio::test]
async fn an_order_created_twice_has_one_timer() {
    let mut world = world().await;
    let expires_at = arm(&mut world, order(1)).await;
    tell(&mut world, created(order(1), expires_at)).await;
    world.advance(HOLD).await;
    tell(&mut world, created(order(1), expires_at)).await;
    world.advance(HOLD).await;
    assert_eq!(heard_in(&world).await, [(order(1), expires_at)]);
}

#[tokio::test]
async fn every_order_has_its_own_time() {
    let mut world = world().await;
    let first = arm(&mut world, order(1)).await;
    world.advance(Duration::from_secs(10)).await;
    let second = arm(&mut world, order(2)).await;
    world.advance(Duration::from_secs(890)).await;
    assert_eq!(heard_in(&world).await, [(order(1), first)]);
    world.advance(Duration::from_secs(10)).await;
    assert_eq!(
        heard_in(&world).await,
        [(order(1), first), (order(2), second)]
    );
}

/// Down for 20 minutes: the order, its end of time, everything is past when it looks again.
#[tokio::test]
async fn an_order_whose_time_ran_out_during_an_outage_is_told_at_the_return() {
    let mut world = world().await;
    let expires_at = world.clock().now().plus(HOLD);
    publish(&world.service("orders"), created(order(1), expires_at)).await;
    let outage = Duration::from_secs(20 * 60);
    world.clock().advance(outage);
    world.settle().await;
    let back_at = world.clock().now();
    assert_eq!(heard_in(&world).await, [(order(1), back_at)]);
}

async fn retry_the_dead(world: &World) {
    let service = world.service("expiration");
    let stuck = tidings::dead::events(&service, 100).await.unwrap();
    let mut tx = service.begin_own().await.unwrap();
    for event in stuck {
        if event.state == "dead" {
            let retried = tidings::dead::retry(&mut tx, &event.subscription, &event.event.id);
            assert!(retried.await.unwrap());
        }
    }
    tx.commit().await.unwrap();
}

/// C-26: events are lost, doubled, late and out of order, processes die, and still.
#[test]
fn a_timer_fires_once_in_a_world_that_does_wrong() {
    let faults: u32 = under_seeds(0..20, story).into_iter().sum();
    assert!(
        faults > 20,
        "the worlds did too little wrong: {faults} faults"
    );
}

/// How often something went wrong.
async fn story(seed: u64) -> u32 {
    let services = || vec![orders(), expiration::service(), ear()];
    let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    for number in 1..=6 {
        arm(&mut world, order(number)).await;
    }
    for number in [1, 2] {
        tell(&mut world, completed(order(number))).await;
    }
    // A job that a crash has cut off is tried again after its lease, so an hour is one try.
    for _ in 0..20 {
        world.advance(Duration::from_secs(3600)).await;
    }
    // What only crashes have stopped, one try after the other, waits for a person.
    retry_the_dead(&world).await;
    for _ in 0..20 {
        world.advance(Duration::from_secs(3600)).await;
    }
    let heard = heard_in(&world).await;
    for number in 1..=6 {
        let fired = heard.iter().filter(|(id, _)| *id == order(number)).count();
        // Where the order's end was heard too late its timer has fired as well, once;
        // `orders` ignores that.
        let allowed = if number <= 2 { 0..=1 } else { 1..=1 };
        let faults = world.faults();
        assert!(
            allowed.contains(&fired),
            "seed {seed}: order {number} fired {fired} times, {faults:?}"
        );
    }
    world.faults().values().sum()
}
