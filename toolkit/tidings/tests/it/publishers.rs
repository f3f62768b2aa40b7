//! Publishers: the outbox is handed to a bus in order, behind the back of whoever writes, and
//! again after every fault.

mod bus;
mod patience;

use std::time::Duration;

use tidings::crash::{Plan, with_plan};
use tidings::{Handle, Service, alert, lag};

use crate::bed::{Bed, Stage, clock, on_both, producer, publish, publish_all};
use bus::ToyBus;

async fn stage(bed: &Bed, bus: &ToyBus) -> Stage {
    let clock = clock();
    let setup = bed.setup(&clock).service(producer()).bus(bus.as_bus());
    Stage::open(setup, clock).await
}

async fn waiting(stage: &Stage) -> u64 {
    lag::buses(&stage.installation).await.unwrap()[0].lag
}

async fn alerts(service: &Handle) -> Vec<(String, String)> {
    let open = alert::open(service).await.unwrap();
    let named = |alert: alert::Alert| (alert.kind, alert.subject);
    open.into_iter().map(named).collect()
}

on_both![
    a_broker_gets_every_event_once_and_in_order,
    a_crash_at_any_point_repeats_events_and_loses_none,
    two_publishers_at_once_lose_nothing,
    a_broker_that_is_away_delays_nobody_and_gets_what_has_waited,
    an_alert_opens_when_the_broker_is_away_for_a_minute_and_closes_by_itself,
    an_alert_of_an_earlier_process_closes_when_another_has_caught_up,
    a_broker_forgets_what_a_restored_database_does_not_know,
    positions_that_count_anew_hide_nothing,
];

async fn a_broker_gets_every_event_once_and_in_order(bed: Bed) {
    let bus = ToyBus::default();
    let mut stage = stage(&bed, &bus).await;
    let service = stage.handle("producer");
    for number in 0..30 {
        publish_all(&service, &[("a", number), ("b", number), ("c", number)]).await;
    }
    stage.settle().await;
    assert_eq!(bus.taken(), bus.in_order(&service).await);
    assert_eq!(bus.taken().len(), 90);
    assert_eq!(waiting(&stage).await, 0);
}

/// P-05: before the events are handed over, and after, before the position has moved: it moves
/// while the next events are handed over, or when there are none.
async fn a_crash_at_any_point_repeats_events_and_loses_none(bed: Bed) {
    let bus = ToyBus::default();
    for point in ["B0", "B1", "B2"] {
        let mut first = stage(&bed, &bus).await;
        publish(&first.handle("producer"), "a", 1).await;
        let plan = Plan::new(move |passed| passed == point);
        assert!(with_plan(&plan, first.settle()).await.is_none(), "{point}");
    }
    let mut last = stage(&bed, &bus).await;
    last.settle().await;
    let service = last.handle("producer");
    assert_eq!(bus.first_of_each(), bus.in_order(&service).await);
    assert_eq!(
        bus.taken().len(),
        8,
        "the crash at B1 repeats two, the one at B2 three"
    );
    assert_eq!(waiting(&last).await, 0);
}

async fn two_publishers_at_once_lose_nothing(bed: Bed) {
    let bus = ToyBus::default();
    let mut one = stage(&bed, &bus).await;
    let mut other = stage(&bed, &bus).await;
    let service = one.handle("producer");
    for number in 0..20 {
        publish(&service, "a", number).await;
        one.settle().await;
        publish(&service, "b", number).await;
        other.settle().await;
    }
    one.settle().await;
    assert_eq!(bus.first_of_each(), bus.in_order(&service).await);
    assert_eq!(bus.first_of_each().len(), 40);
    assert_eq!(waiting(&one).await, 0);
}

/// X-18, P-18: the outbox takes what the broker does not.
async fn a_broker_that_is_away_delays_nobody_and_gets_what_has_waited(bed: Bed) {
    let bus = ToyBus::default();
    let mut stage = stage(&bed, &bus).await;
    let service = stage.handle("producer");
    bus.is_away(true);
    publish(&service, "a", 1).await;
    stage.try_settle().await.unwrap_err();
    assert_eq!((bus.taken().len(), waiting(&stage).await), (0, 1));
    bus.is_away(false);
    publish(&service, "a", 2).await;
    stage.settle().await;
    assert_eq!(bus.taken(), bus.in_order(&service).await);
}

async fn an_alert_opens_when_the_broker_is_away_for_a_minute_and_closes_by_itself(bed: Bed) {
    let bus = ToyBus::default();
    let mut stage = stage(&bed, &bus).await;
    let service = stage.handle("producer");
    bus.is_away(true);
    publish(&service, "a", 1).await;
    stage.try_settle().await.unwrap_err();
    stage.clock.advance(Duration::from_secs(59));
    stage.try_settle().await.unwrap_err();
    assert_eq!(alerts(&service).await, []);
    stage.clock.advance(Duration::from_secs(1));
    stage.try_settle().await.unwrap_err();
    let expected = ("bus".to_owned(), "toy counts".to_owned());
    assert_eq!(alerts(&service).await, [expected]);
    bus.is_away(false);
    stage.settle().await;
    assert_eq!(alerts(&service).await, []);
}

async fn an_alert_of_an_earlier_process_closes_when_another_has_caught_up(bed: Bed) {
    let bus = ToyBus::default();
    let mut first = stage(&bed, &bus).await;
    let service = first.handle("producer");
    bus.is_away(true);
    publish(&service, "a", 1).await;
    for _ in 0..2 {
        first.try_settle().await.unwrap_err();
        first.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(alerts(&service).await.len(), 1);
    drop(first);
    bus.is_away(false);
    stage(&bed, &bus).await.settle().await;
    assert_eq!(alerts(&service).await, []);
}

/// numbers that are given a second time must not be taken for those of the first.
async fn a_broker_forgets_what_a_restored_database_does_not_know(bed: Bed) {
    let bus = ToyBus::default();
    let mut before = stage(&bed, &bus).await;
    publish(&before.handle("producer"), "a", 1).await;
    before.settle().await;
    assert_eq!(bus.taken().len(), 1);
    let restored = bed.another().await;
    let mut after = stage(&restored, &bus).await;
    after.settle().await;
    assert_eq!(bus.taken(), []);
    publish(&after.handle("producer"), "a", 2).await;
    after.settle().await;
    assert_eq!(bus.taken(), bus.in_order(&after.handle("producer")).await);
}

/// As after a move to another database, or when retention has emptied the table on SQLite.
async fn positions_that_count_anew_hide_nothing(bed: Bed) {
    let bus = ToyBus::default();
    let mut stage = stage(&bed, &bus).await;
    let service = stage.handle("producer");
    publish(&service, "a", 1).await;
    stage.settle().await;
    let mut tx = service.begin_own().await.unwrap();
    let far = "UPDATE tidings_published SET position = 1000";
    tx.execute(far, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let mut again = self::stage(&bed, &bus).await;
    again.settle().await;
    publish(&service, "a", 2).await;
    stage.settle().await;
    again.settle().await;
    assert_eq!(bus.first_of_each(), bus.in_order(&service).await);
    assert_eq!(bus.first_of_each().len(), 2);
}

/// A broker on a set-up without streams is of no use, and does no harm.
#[tokio::test]
async fn a_service_without_streams_hands_over_nothing() {
    let bus = ToyBus::default();
    let (bed, clock) = (Bed::sqlite(), clock());
    let setup = bed.setup(&clock).service(Service::new("quiet"));
    let mut stage = Stage::open(setup.bus(bus.as_bus()), clock).await;
    stage.settle().await;
    assert_eq!(lag::buses(&stage.installation).await.unwrap(), []);
}
