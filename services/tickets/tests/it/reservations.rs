//! What orders do to listings.

use std::time::Duration;

use contracts::TicketId;
use contracts::tickets::TicketEvent;
use serde_json::json;
use tidings::Service;
use tidings_test::{Misbehaviour, World, under_seeds};

use crate::stage::{
    Stage, awaiting, cancelled, completed, created, created_at_price, order, orders, parsifal, with,
};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn the_first_order_gets_the_ticket_and_the_second_hears_so_c_03() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage.orders_say([created(order(1), id)]).await;
    stage.orders_say([created(order(2), id)]).await;
    let (ticket_id, reason) = (id, "reserved".to_owned());
    let reserved = TicketEvent::Reserved {
        ticket_id,
        order_id: order(1),
        version: 2,
    };
    let rejected = TicketEvent::ReservationRejected {
        ticket_id,
        order_id: order(2),
        reason,
    };
    assert_eq!(stage.told(id).await[1..], [reserved, rejected]);
    assert_eq!(stage.standing(id).await, "reserved 2");
    stage.ends_well().await;
}

/// Orders have slots of their own, so it is open which of them comes first.
#[tokio::test]
async fn of_a_hundred_orders_at_once_one_gets_the_ticket_c_20() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage
        .orders_say((1..=100).map(|number| created(order(number), id)))
        .await;
    let story = stage.story(id).await;
    let count = |word: &str| story.iter().filter(|told| *told == word).count();
    assert_eq!((count("reserved 2"), count("rejected: reserved")), (1, 99));
    stage.ends_well().await;
}

#[tokio::test]
async fn an_order_for_nothing_is_rejected_c_03() {
    let mut stage = Stage::new().await;
    let nothing: TicketId = tidings::Uuid::from_u128(77).into();
    stage.orders_say([created(order(1), nothing)]).await;
    assert_eq!(stage.story(nothing).await, ["rejected: unknown"]);
    stage
        .orders_say([cancelled(order(1), nothing), completed(order(2), nothing)])
        .await;
    assert_eq!(stage.story(nothing).await, ["rejected: unknown"]);
    stage.ends_well().await;
}

#[tokio::test]
async fn an_order_at_another_price_than_the_present_one_is_rejected_c_13() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage
        .put(id, with(parsifal(), json!({ "price_minor": 13_000 })))
        .await;
    stage.orders_say([created(order(1), id)]).await;
    stage
        .orders_say([created_at_price(order(2), id, 13_000)])
        .await;
    let story = [
        "created 1",
        "updated 2",
        "rejected: price_changed",
        "reserved 3",
    ];
    assert_eq!(stage.story(id).await, story);
}

#[tokio::test]
async fn a_paid_ticket_is_sold_and_stays_so_c_08_c_11_c_14() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let (one, two) = (order(1), order(2));
    stage
        .orders_say([created(one, id), awaiting(one), completed(one, id)])
        .await;
    assert_eq!(stage.standing(id).await, "sold 3");
    // Nothing that comes too late, or from somebody else, takes it back.
    stage
        .orders_say([cancelled(one, id), created(two, id), cancelled(two, id)])
        .await;
    stage.orders_say([completed(two, id)]).await;
    let story = ["created 1", "reserved 2", "sold 3", "rejected: sold"];
    assert_eq!(stage.story(id).await, story);
    assert_eq!(stage.standing(id).await, "sold 3");
    stage.ends_well().await;
}

#[tokio::test]
async fn an_order_that_never_held_the_ticket_cannot_buy_or_release_it_c_08() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage
        .orders_say([completed(order(2), id), cancelled(order(3), id)])
        .await;
    assert_eq!(stage.standing(id).await, "available 1");
    stage
        .orders_say([
            created(order(1), id),
            completed(order(4), id),
            cancelled(order(5), id),
        ])
        .await;
    assert_eq!(stage.standing(id).await, "reserved 2");
}

#[tokio::test]
async fn a_cancelled_order_gives_its_ticket_back_once_c_28() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let (one, two) = (order(1), order(2));
    stage
        .orders_say([created(one, id), cancelled(one, id)])
        .await;
    assert_eq!(stage.standing(id).await, "available 3");
    // The next order holds it; the first one's cancellation is told again.
    stage
        .orders_say([created(two, id), cancelled(one, id), cancelled(one, id)])
        .await;
    assert_eq!(stage.standing(id).await, "reserved 4");
    let story = ["created 1", "reserved 2", "released 3", "reserved 4"];
    assert_eq!(stage.story(id).await, story);
}

/// A producer that has lost its memory tells everything again under new numbers, so that the
/// subscription's cursor cannot know the events as old ones.
#[tokio::test]
async fn an_order_told_again_changes_nothing_c_10() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let one = order(1);
    let history = [created(one, id), awaiting(one), cancelled(one, id)];
    for until in 1..=history.len() {
        for _ in 0..3 {
            stage.orders_say(history[..until].to_vec()).await;
        }
    }
    // In particular, the first event does not reserve it once more.
    assert_eq!(
        stage.story(id).await,
        ["created 1", "reserved 2", "released 3"]
    );
    stage
        .orders_say([created(order(2), id), completed(order(2), id)])
        .await;
    stage.orders_say(history).await;
    assert_eq!(stage.standing(id).await, "sold 5");
    stage.ends_well().await;
}

#[tokio::test]
async fn what_is_held_or_sold_cannot_be_edited_or_withdrawn_c_23() {
    let mut stage = Stage::new().await;
    let (held, sold) = (stage.list(parsifal()).await, stage.list(parsifal()).await);
    let (one, two) = (order(1), order(2));
    stage
        .orders_say([created(one, held), created(two, sold), completed(two, sold)])
        .await;
    let change = with(parsifal(), json!({ "price_minor": 1 }));
    for (id, code) in [(held, "ticket_reserved"), (sold, "ticket_sold")] {
        let answers = [
            stage.put(id, change.clone()).await,
            stage.put(id, parsifal()).await,
            stage.withdraw(id).await,
        ];
        for answer in answers {
            assert_eq!(
                (answer.status.as_u16(), &answer.json["code"]),
                (409, &json!(code))
            );
        }
        assert_eq!(stage.read(id).await["price_minor"], 12_000);
    }
    stage.orders_say([cancelled(one, held)]).await;
    assert_eq!(stage.put(held, change).await.status, 200);
}

/// 1. The seller withdraws. 2. An order that has seen the ticket on sale comes. And the other
///    way round: 1. The order comes. 2. The seller withdraws.
#[tokio::test]
async fn of_seller_and_buyer_the_first_one_wins_c_34() {
    let mut stage = Stage::new().await;
    let (first, second) = (stage.list(parsifal()).await, stage.list(parsifal()).await);
    assert_eq!(stage.withdraw(first).await.status, 200);
    stage
        .orders_say([created(order(1), first), created(order(2), second)])
        .await;
    assert_eq!(stage.withdraw(second).await.status, 409);
    assert_eq!(
        stage.story(first).await,
        ["created 1", "withdrawn 2", "rejected: withdrawn"]
    );
    assert_eq!(stage.story(second).await, ["created 1", "reserved 2"]);
}

#[tokio::test]
async fn a_ticket_leaves_the_market_when_its_event_begins_c_33() {
    let mut stage = Stage::new().await;
    let soon = with(parsifal(), json!({ "starts_at": "2026-01-02T12:00:00Z" }));
    let id = stage.list(soon).await;
    stage.world.advance(DAY - Duration::from_secs(1)).await;
    assert_eq!(stage.standing(id).await, "available 1");
    stage.world.advance(Duration::from_secs(1)).await;
    assert_eq!(stage.standing(id).await, "withdrawn 2");
    assert_eq!(stage.story(id).await, ["created 1", "withdrawn 2"]);
    stage.ends_well().await;
}

#[tokio::test]
async fn an_event_that_is_put_off_keeps_its_tickets_on_the_market_c_33() {
    let mut stage = Stage::new().await;
    let soon = with(parsifal(), json!({ "starts_at": "2026-01-02T12:00:00Z" }));
    let later = with(parsifal(), json!({ "starts_at": "2026-01-03T12:00:00Z" }));
    let id = stage.list(soon.clone()).await;
    for body in [&later, &soon, &later] {
        assert_eq!(stage.put(id, body.clone()).await.status, 200);
    }
    stage.world.advance(DAY).await;
    assert_eq!(stage.standing(id).await, "available 4");
    stage.world.advance(DAY).await;
    assert_eq!(stage.standing(id).await, "withdrawn 5");
    stage.ends_well().await;
}

#[tokio::test]
async fn a_hold_outlives_the_beginning_of_the_event_and_then_the_ticket_is_withdrawn_c_33() {
    let mut stage = Stage::new().await;
    let soon = with(parsifal(), json!({ "starts_at": "2026-01-01T12:10:00Z" }));
    let (dropped, bought) = (stage.list(soon.clone()).await, stage.list(soon).await);
    let (one, two) = (order(1), order(2));
    stage
        .orders_say([created(one, dropped), created(two, bought)])
        .await;
    stage.world.advance(Duration::from_secs(800)).await;
    assert_eq!(stage.standing(dropped).await, "reserved 2");
    stage
        .orders_say([cancelled(one, dropped), completed(two, bought)])
        .await;
    let story = ["created 1", "reserved 2", "released 3", "withdrawn 4"];
    assert_eq!(stage.story(dropped).await, story);
    assert_eq!(stage.standing(bought).await, "sold 3");
    stage.ends_well().await;
}

/// The tickets service crashes, and its events are lost, doubled, delayed and reordered; the
/// versions it tells are gapless and every ticket ends as its orders have decided.
#[test]
fn a_misbehaving_world_ends_as_a_behaving_one_c_10_c_27() {
    let faults: u32 = under_seeds(0..12, story).into_iter().sum();
    assert!(faults > 0, "nothing went wrong, so nothing was shown");
}

/// How often something went wrong.
async fn story(seed: u64) -> u32 {
    let services = || -> Vec<Service> { vec![tickets::service(), orders()] };
    let world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    let mut stage = Stage::of(world);
    let (one, two) = (stage.list(parsifal()).await, stage.list(parsifal()).await);
    for round in 0..6 {
        let end = if round == 5 { completed } else { cancelled };
        let [first, second, late] = [1, 2, 3].map(|number| order(10 * round + number));
        let parts = [
            vec![created(first, one), created(second, two)],
            vec![created(late, one)],
            vec![awaiting(first), cancelled(late, one)],
            vec![end(first, one), awaiting(second), end(second, two)],
        ];
        for part in parts {
            stage.orders_say(part).await;
            // An event whose handler has crashed again and again waits before its next try.
            stage.world.advance(Duration::from_secs(1_800)).await;
        }
    }
    for id in [one, two] {
        assert_eq!(stage.standing(id).await, "sold 13", "seed {seed}");
        let versions: Vec<u64> = stage.told(id).await.iter().filter_map(version).collect();
        assert_eq!(versions, (1..=13).collect::<Vec<_>>(), "seed {seed}");
    }
    stage.ends_well().await;
    stage.world.faults().values().sum()
}

fn version(event: &TicketEvent) -> Option<u64> {
    match event {
        TicketEvent::Created(ticket) | TicketEvent::Updated(ticket) => Some(ticket.version),
        TicketEvent::Withdrawn { version, .. }
        | TicketEvent::Reserved { version, .. }
        | TicketEvent::Released { version, .. }
        | TicketEvent::Sold { version, .. } => Some(*version),
        TicketEvent::ReservationRejected { .. } => None,
    }
}
