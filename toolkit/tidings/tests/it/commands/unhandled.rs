//! Commands that nobody handles: an alert, not silence.

use tidings::{Command, Received, Service, Setup, Storage, alert, dead};

use super::{Add, SUMS, added, adder, asker, pair, send, states};
use crate::bed::{Bed, on_both};

#[derive(serde::Serialize, serde::Deserialize)]
struct Paint {}

impl Command for Paint {
    const NAME: &'static str = "adder.paint_wall";
    const TARGET: &'static str = "adder";
    type Reply = ();

    fn key(&self) -> String {
        String::new()
    }
}

async fn paint(_: Received<Paint>, _: &mut tidings::Tx) -> Result<(), tidings::Error> {
    Ok(())
}

/// An adder that knows another command only.
fn painter() -> Service {
    Service::new("adder").migrations(SUMS).handles(paint)
}

/// Kind, subject and text of the asker's open alerts.
async fn alerts(stage: &crate::bed::Stage) -> Vec<(String, String, String)> {
    let open = alert::open(&stage.handle("asker")).await.unwrap();
    let parts = |alert: alert::Alert| (alert.kind, alert.subject, alert.text);
    open.into_iter().map(parts).collect()
}

fn unhandled(text: &str) -> (String, String, String) {
    let [kind, name, text] = ["unhandled", "adder.add_number", text].map(str::to_owned);
    (kind, name, text)
}

on_both!(
    a_command_to_a_service_that_is_not_there_waits_under_an_alert,
    a_command_that_its_receiver_does_not_know_is_dead_at_once_under_an_alert,
);

async fn a_command_to_a_service_that_is_not_there_waits_under_an_alert(bed: Bed) {
    let mut stage = bed.stage([asker()]).await;
    let expected = unhandled(
        "asker sends adder.add_number to adder, which is not installed: its commands wait in the \
         outbox of asker; install adder, and they will be carried out",
    );
    assert_eq!(alerts(&stage).await, std::slice::from_ref(&expected));
    send(&stage.handle("asker"), &[("a", 1)]).await;
    stage.settle().await;
    drop(stage);
    let stage = bed.stage([asker()]).await;
    assert_eq!(alerts(&stage).await, [expected], "one, however often");
    drop(stage);
    let mut stage = bed.stage([asker(), adder()]).await;
    assert_eq!(alerts(&stage).await, [], "it has closed by itself");
    stage.settle().await;
    assert_eq!(added(&stage.handle("adder")).await, [pair("a", 1)]);
}

async fn a_command_that_its_receiver_does_not_know_is_dead_at_once_under_an_alert(bed: Bed) {
    let mut stage = bed.stage([asker(), painter()]).await;
    let expected = unhandled(
        "asker sends adder.add_number to adder, which has no handler for it: its commands are \
         dead on arrival; run a version of adder that handles them, then retry the dead",
    );
    assert_eq!(alerts(&stage).await, [expected]);
    send(&stage.handle("asker"), &[("a", 1)]).await;
    stage.settle().await;
    let error = "carry out adder.add_number: adder has no handler for this command";
    let kept = dead::events(&stage.handle("adder"), 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].state.as_str(), kept[0].attempts), ("dead", 1));
    assert_eq!(kept[0].error.as_deref(), Some(error));
    drop(stage);
    let mut stage = bed.stage([asker(), adder()]).await;
    assert_eq!(alerts(&stage).await, []);
    let service = stage.handle("adder");
    let mut tx = service.begin_own().await.unwrap();
    let retried = dead::retry(&mut tx, "commands", &kept[0].event.id).await;
    assert!(retried.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(added(&service).await, [pair("a", 1)]);
    assert_eq!(states(&service).await, []);
}

async fn refused(services: impl IntoIterator<Item = Service>) -> String {
    let setup = Setup::new(Storage::Memory);
    let setup = services.into_iter().fold(setup, Setup::service);
    let Err(error) = setup.open().await else {
        panic!("such services must not open");
    };
    error.to_string()
}

#[tokio::test]
async fn declarations_that_contradict_each_other_are_refused() {
    let twice = adder().handles(super::add_number);
    let text = "accept the set-up: there are two of command adder/adder.add_number";
    assert_eq!(refused([twice]).await, text);
    let misplaced = Service::new("other").handles(super::add_number);
    let text = "accept the set-up: other handles the command adder.add_number, which is for adder";
    assert_eq!(refused([misplaced]).await, text);
    let twice = asker().on_reply(super::answered).sends::<Add>();
    let text = "accept the set-up: there are two of the replies to adder.add_number in asker";
    assert_eq!(refused([twice]).await, text);
}
