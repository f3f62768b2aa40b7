//! F-15: the process ends in the middle of a delivery.

use serde_json::{Value as Json, json};
use tidings::crash::{Plan, with_plan};

use super::receiver::{Receiver, status};
use super::{HOUR, Scene, outcomes, policy, scene};
use crate::bed::{Bed, Stage, on_both};
use crate::operations::exporter::{Way, exporter, exports};

on_both!(
    killed_before_a_result_was_told_it_is_told,
    killed_without_the_answer_it_tells_again_with_the_same_id_and_bytes,
    killed_before_the_answer_was_noted_it_tells_again_with_the_same_id_and_bytes,
    killed_in_every_try_it_is_given_up,
);

/// Ends the process there, and starts another one on the same database.
async fn killed_at(name: &'static str, scene: &mut Scene, bed: &Bed) {
    let plan = Plan::new(move |point| point == name);
    let crashed = with_plan(&plan, scene.stage.settle()).await;
    assert!(crashed.is_none(), "{name} is on the way");
    let clock = scene.stage.clock.clone();
    let setup = bed.setup(&clock).callbacks(policy()).service(exporter());
    scene.stage = Stage::open(setup, clock).await;
}

/// K1: the result is stored, and with it that it has to be told.
async fn killed_before_a_result_was_told_it_is_told(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    scene.ask(Way::Succeed, &receiver.url("127.0.0.1")).await;
    killed_at("K1", &mut scene, &bed).await;
    assert_eq!(receiver.heard().len(), 0);
    scene.stage.advance(HOUR).await;
    assert_eq!(receiver.heard().len(), 1);
    assert_eq!(exports(&scene.stage.handle("reports")).await, ["a"]);
}

/// K2.
async fn killed_without_the_answer_it_tells_again_with_the_same_id_and_bytes(bed: Bed) {
    killed_in_mid_try("K2", bed).await;
}

/// K3.
async fn killed_before_the_answer_was_noted_it_tells_again_with_the_same_id_and_bytes(bed: Bed) {
    killed_in_mid_try("K3", bed).await;
}

async fn killed_in_mid_try(name: &'static str, bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.ask(Way::Succeed, &receiver.url("127.0.0.1")).await;
    killed_at(name, &mut scene, &bed).await;
    scene.stage.advance(HOUR).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].same(), heard[1].same());
    assert_eq!(exports(&scene.stage.handle("reports")).await, ["a"], "once");
    // A new installation believes no tokens of the old one's.
    scene.who.trusted_by(&scene.stage);
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "delivered");
    let expected = [(Json::Null, Json::Null), (json!(200), Json::Null)];
    assert_eq!(outcomes(&log), expected, "the lost try is in the log");
}

/// A receiver on whose answer our process ends must not end it for ever.
async fn killed_in_every_try_it_is_given_up(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.ask(Way::Succeed, &receiver.url("127.0.0.1")).await;
    for _ in 0..10 {
        killed_at("K2", &mut scene, &bed).await;
        scene.stage.clock.advance(HOUR);
    }
    scene.stage.settle().await;
    scene.stage.advance(100 * HOUR).await;
    assert_eq!(receiver.heard().len(), 10);
    scene.who.trusted_by(&scene.stage);
    assert_eq!(scene.log(&location).await["state"], "exhausted");
}
