//! Replies: once for each command that waits for one, or the end of its time.

use tidings::{CommandId, Handle, Sending, Service, commands, dead};

use super::{
    ANSWERS, Add, MINUTE, SUMS, added, adder, answered, asker, open, pair, send_with, stage, states,
};
use crate::bed::{Bed, Stage, on_both};

/// Whom an answer was for, and what it was, in the order in which they came.
pub(super) async fn answers(service: &Handle) -> Vec<(CommandId, String)> {
    let sql = "SELECT command_id, outcome FROM answers ORDER BY place";
    service.read().await.unwrap().query(sql, &[]).await.unwrap()
}

async fn outcomes(service: &Handle) -> Vec<String> {
    let all = answers(service).await;
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Name and state of how many commands.
async fn counts(service: &Handle) -> Vec<(String, u64)> {
    let all = commands::counts(service).await.unwrap();
    all.into_iter().map(|one| (one.state, one.count)).collect()
}

/// An asker whose replies nobody carries to it: the adder does not run.
async fn without_adder(bed: &Bed) -> Stage {
    bed.stage([asker()]).await
}

on_both!(
    a_reply_comes_once_and_ends_the_waiting,
    a_command_that_cannot_be_carried_out_is_answered_with_the_reason,
    a_command_that_fails_for_good_only_later_is_answered_then,
    without_a_reply_in_time_the_sender_is_told_so_once,
    a_reply_that_comes_late_is_counted_and_goes_no_further,
    replies_of_one_key_come_in_the_order_of_the_commands,
    what_has_ended_long_ago_is_deleted_and_what_waits_stays,
    a_reply_that_nobody_takes_any_more_is_dead,
);

async fn a_reply_comes_once_and_ends_the_waiting(bed: Bed) {
    let mut stage = stage(&bed).await;
    let asker = stage.handle("asker");
    let how = Sending::reply_within(MINUTE);
    let ids = send_with(&asker, &[("a", 1)], how).await;
    assert_eq!(counts(&asker).await, [("sent".to_owned(), 1)]);
    stage.settle().await;
    let expected = [(ids[0], "done 1".to_owned())];
    assert_eq!(answers(&asker).await, expected);
    stage.advance(2 * MINUTE).await;
    assert_eq!(answers(&asker).await, expected, "nor does its time end");
    let row = commands::list(&asker, 10).await.unwrap().remove(0);
    assert_eq!((row.id, row.state.as_str()), (ids[0], "done"));
    assert_eq!((row.target.as_str(), row.key.as_str()), ("adder", "a"));
}

async fn a_command_that_cannot_be_carried_out_is_answered_with_the_reason(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (asker, adder) = (stage.handle("asker"), stage.handle("adder"));
    let numbers = [("a", 13), ("a", 2), ("b", 3)];
    send_with(&asker, &numbers, Sending::reply_within(MINUTE)).await;
    stage.settle().await;
    let mut all = outcomes(&asker).await;
    all.sort();
    let refused = "bad_luck: add 13: it brings bad luck";
    assert_eq!(all, [refused, "done 2", "done 3"]);
    assert_eq!(added(&adder).await, [pair("a", 2), pair("b", 3)]);
    assert_eq!(states(&adder).await, [], "nobody has to decide anything");
}

/// It is parked first, then tried again, and only then refused: 13 behind a closed door.
async fn a_command_that_fails_for_good_only_later_is_answered_then(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (asker, adder) = (stage.handle("asker"), stage.handle("adder"));
    let numbers = [("closed", 1), ("closed", 13)];
    send_with(&asker, &numbers, Sending::reply_within(60 * MINUTE)).await;
    stage.settle().await;
    assert_eq!(outcomes(&asker).await, [""; 0]);
    open(&adder, "closed").await;
    stage.advance(MINUTE).await;
    let refused = "bad_luck: add 13: it brings bad luck";
    assert_eq!(outcomes(&asker).await, ["done 1", refused]);
    assert_eq!(states(&adder).await, []);
}

async fn without_a_reply_in_time_the_sender_is_told_so_once(bed: Bed) {
    let mut stage = without_adder(&bed).await;
    let asker = stage.handle("asker");
    let ids = send_with(&asker, &[("a", 1)], Sending::reply_within(MINUTE)).await;
    stage
        .advance(MINUTE - std::time::Duration::from_micros(1))
        .await;
    assert_eq!(answers(&asker).await, []);
    stage.advance(std::time::Duration::from_micros(1)).await;
    let expected = [(ids[0], "timed out".to_owned())];
    assert_eq!(answers(&asker).await, expected);
    stage.advance(60 * MINUTE).await;
    assert_eq!(answers(&asker).await, expected);
}

async fn a_reply_that_comes_late_is_counted_and_goes_no_further(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (asker, adder) = (stage.handle("asker"), stage.handle("adder"));
    send_with(&asker, &[("closed", 1)], Sending::reply_within(MINUTE)).await;
    stage.advance(MINUTE).await;
    assert_eq!(outcomes(&asker).await, ["timed out"]);
    open(&adder, "closed").await;
    stage.advance(30 * MINUTE).await;
    assert_eq!(
        added(&adder).await,
        [pair("closed", 1)],
        "it is carried out"
    );
    assert_eq!(outcomes(&asker).await, ["timed out"]);
    assert_eq!(counts(&asker).await, [("late".to_owned(), 1)]);
    assert_eq!(states(&asker).await, []);
}

async fn replies_of_one_key_come_in_the_order_of_the_commands(bed: Bed) {
    let mut stage = stage(&bed).await;
    let asker = stage.handle("asker");
    let numbers = [("a", 1), ("a", 1), ("a", 13), ("a", 1)];
    send_with(&asker, &numbers, Sending::reply_within(MINUTE)).await;
    stage.settle().await;
    let refused = "bad_luck: add 13: it brings bad luck";
    let expected = ["done 1", "done 2", refused, "done 3"];
    assert_eq!(outcomes(&asker).await, expected);
}

async fn what_has_ended_long_ago_is_deleted_and_what_waits_stays(bed: Bed) {
    let mut stage = stage(&bed).await;
    let asker = stage.handle("asker");
    let day = 24 * 60 * MINUTE;
    send_with(&asker, &[("a", 1)], Sending::reply_within(MINUTE)).await;
    let long = Sending::reply_within(100 * day);
    send_with(&asker, &[("closed", 2)], long).await;
    stage.settle().await;
    let both = [("done".to_owned(), 1), ("sent".to_owned(), 1)];
    assert_eq!(counts(&asker).await, both);
    stage.advance(31 * day).await;
    assert_eq!(counts(&asker).await, [("sent".to_owned(), 1)]);
}

/// The sender was changed while its command was on its way.
async fn a_reply_that_nobody_takes_any_more_is_dead(bed: Bed) {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Other {}

    impl tidings::Command for Other {
        const NAME: &'static str = "adder.do_other";
        const TARGET: &'static str = "adder";
        type Reply = ();

        fn key(&self) -> String {
            String::new()
        }
    }

    async fn other(_: tidings::Answer<Other>, _: &mut tidings::Tx) -> Result<(), tidings::Error> {
        Ok(())
    }

    let stage = stage(&bed).await;
    let how = Sending::reply_within(MINUTE);
    send_with(&stage.handle("asker"), &[("a", 1)], how).await;
    drop(stage);
    let changed = Service::new("asker")
        .migrations(ANSWERS)
        .sends::<Add>()
        .on_reply(other);
    let mut stage = bed.stage([changed, adder()]).await;
    stage.settle().await;
    let asker = stage.handle("asker");
    let kept = dead::events(&asker, 10).await.unwrap().remove(0);
    assert_eq!(kept.state, "dead");
    assert!(kept.error.unwrap().contains("no handler for replies"));
    assert_eq!(kept.event.id.stream, "replies.adder.asker");
    drop(stage);
    let mut stage = self::Stage::open(
        bed.setup(&crate::bed::clock())
            .service(Service::new("asker").migrations(ANSWERS).on_reply(answered))
            .service(Service::new("adder").migrations(SUMS)),
        crate::bed::clock(),
    )
    .await;
    let asker = stage.handle("asker");
    let mut tx = asker.begin_own().await.unwrap();
    let retried = dead::retry(&mut tx, "replies", &kept.event.id).await;
    assert!(retried.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(
        outcomes(&asker).await,
        ["done 1"],
        "with code that takes it"
    );
}
