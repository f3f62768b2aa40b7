//! Events that operators give other data.

use std::time::Duration;

use serde_json::{Value, json};
use tidings::acts::{self, ActRow, Acts};
use tidings::dead::{self, Edited};
use tidings::{Context, EventId, Handle};

use super::{fragile_stage, kept, mend, own_key};
use crate::bed::{Bed, Stage, effects_by_key, on_both, publish};

fn operator(name: &str) -> Context {
    Context {
        actor: format!("user:{name}"),
        correlation_id: "c".to_owned(),
        causation_id: None,
    }
}

/// One event that is dead, and a later one of its key.
async fn dead_event(bed: &Bed) -> (Stage, String, EventId) {
    let mut stage = fragile_stage(bed).await;
    let bad = own_key("bad");
    for number in 1..=2 {
        publish(&stage.handle("producer"), &bad, number).await;
    }
    for _ in 0..8 {
        stage.advance(Duration::from_secs(3600)).await;
    }
    let event = kept(&stage.handle("consumer")).await.remove(0);
    assert_eq!(event.state, "dead");
    (stage, bad, event.event.id)
}

async fn edit(stage: &Stage, by: &str, id: &EventId, data: &str) -> Edited {
    let mut all = stage.installation.subscriptions().iter();
    let of = all.find(|one| one.name == "count").unwrap();
    let mut tx = of.service.begin(operator(by)).await.unwrap();
    let edited = dead::edit(&mut tx, of, id, data, "a typo").await.unwrap();
    tx.commit().await.unwrap();
    edited
}

async fn record(service: &Handle) -> Vec<ActRow> {
    acts::list(service, &Acts::default(), 10).await.unwrap()
}

on_both!(
    an_edited_event_is_applied_in_its_place_and_the_original_stays_on_record,
    what_cannot_be_read_or_is_of_another_key_is_not_taken,
    of_two_who_decide_one_wins,
    what_is_discarded_stays_on_record_with_its_data,
);

/// X-14, E-20
async fn an_edited_event_is_applied_in_its_place_and_the_original_stays_on_record(bed: Bed) {
    let (mut stage, bad, id) = dead_event(&bed).await;
    mend(&stage, &bad).await;
    let original = json!({"key": bad, "number": 1}).to_string();
    // Whatever its form, it is kept and read as it is.
    let data = format!("{{ \"number\" : 10, \"key\" : \"{bad}\" }}");
    assert_eq!(edit(&stage, "ann", &id, &data).await, Edited::Done);
    let event = kept(&stage.handle("consumer")).await.remove(0);
    let (key, name, version) = (&*event.event.key, &*event.event.name, event.event.version);
    assert_eq!(
        (&event.event.id, key, name, version),
        (&id, &*bad, "count.added", 1)
    );
    assert_eq!(event.event.data, data);
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(
        effects_by_key(&consumer).await,
        [(bad.clone(), vec![10, 2])].into()
    );
    let act = record(&consumer).await.remove(0);
    assert_eq!(
        (&*act.actor, &*act.act, act.note.as_deref()),
        ("user:ann", "edit", Some("a typo"))
    );
    assert_eq!(act.subject, format!("count {id}"));
    let detail: Value = serde_json::from_str(&act.detail.unwrap()).unwrap();
    assert_eq!(detail["event"]["data"], original);
    assert_eq!(
        (&detail["edited"], &detail["attempts"]),
        (&json!(data), &json!(10))
    );
    assert_eq!(detail["error"], format!("swallow {bad}"));
}

async fn what_cannot_be_read_or_is_of_another_key_is_not_taken(bed: Bed) {
    let (stage, bad, id) = dead_event(&bed).await;
    let long = "x".repeat(tidings::MESSAGE_BYTES_MAX);
    for (data, words) in [
        ("{".to_owned(), "EOF while parsing"),
        (
            json!({"key": bad, "number": "one"}).to_string(),
            "invalid type",
        ),
        (
            json!({"key": "good", "number": 1}).to_string(),
            "these data say good",
        ),
        (
            json!({"key": bad, "number": 1, "more": long}).to_string(),
            "the data",
        ),
    ] {
        match edit(&stage, "ann", &id, &data).await {
            Edited::Refused(reason) => assert!(reason.contains(words), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    let event = kept(&stage.handle("consumer")).await.remove(0);
    assert_eq!((event.state.as_str(), event.attempts), ("dead", 10));
    assert_eq!(record(&stage.handle("consumer")).await, []);
}

async fn of_two_who_decide_one_wins(bed: Bed) {
    let (stage, bad, id) = dead_event(&bed).await;
    let data = json!({"key": bad, "number": 10}).to_string();
    let other = json!({"key": bad, "number": 11}).to_string();
    let (ann, bob) = tokio::join!(
        edit(&stage, "ann", &id, &data),
        edit(&stage, "bob", &id, &other)
    );
    let mut outcomes = [ann, bob];
    outcomes.sort_by_key(|one| *one == Edited::Gone);
    assert_eq!(outcomes, [Edited::Done, Edited::Gone]);
    let consumer = stage.handle("consumer");
    let retries = ["cat", "dan"].map(|name| {
        let (consumer, id) = (consumer.clone(), id.clone());
        async move {
            let mut tx = consumer.begin(operator(name)).await.unwrap();
            let done = dead::retry(&mut tx, "count", &id).await.unwrap();
            tx.commit().await.unwrap();
            done
        }
    });
    assert_eq!(
        futures_util::future::join_all(retries).await,
        [false, false]
    );
    assert_eq!(record(&consumer).await.len(), 1);
}

/// E-21
async fn what_is_discarded_stays_on_record_with_its_data(bed: Bed) {
    let (mut stage, bad, id) = dead_event(&bed).await;
    mend(&stage, &bad).await;
    let consumer = stage.handle("consumer");
    let mut tx = consumer.begin(operator("ann")).await.unwrap();
    assert!(
        dead::discard(&mut tx, "count", &id, "a test")
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    stage.advance(Duration::from_secs(90 * 86_400)).await;
    assert_eq!(
        effects_by_key(&consumer).await,
        [(bad.clone(), vec![2])].into()
    );
    let act = record(&consumer).await.remove(0);
    assert_eq!(
        (&*act.act, act.note.as_deref()),
        ("discard", Some("a test"))
    );
    let detail: Value = serde_json::from_str(&act.detail.unwrap()).unwrap();
    assert_eq!(
        detail["event"]["data"],
        json!({"key": bad, "number": 1}).to_string()
    );
    assert_eq!(detail["event"]["id"], id.to_string());
}
