//! Stored events are found over all services, and what became of each is told.

mod receptions;
mod traces;

use std::time::Duration;

use tidings::find::{self, Found, Marks, Search};
use tidings::{Context, Handle, Place, Service, Timestamp};

use crate::bed::{Bed, Stage, add, on_both, producer, publish};

/// Another service's stream, so that two logs are merged.
#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "notes", key = "key", slots = 8)]
enum NoteEvent {
    #[event("note.written")]
    Written { key: String, number: i64 },
    #[event("note.torn")]
    Torn { key: String, number: i64 },
}

fn scribe() -> Service {
    Service::new("scribe")
        .publishes::<NoteEvent>()
        .publishes::<ListEvent>()
}

/// A second stream of one service.
#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "lists", key = "key")]
enum ListEvent {
    #[event("list.made")]
    Made { key: String, number: i64 },
}

async fn note(service: &Handle, event: NoteEvent) {
    let mut tx = service.begin_own().await.unwrap();
    tx.publish(event).unwrap();
    tx.commit().await.unwrap();
}

fn written(key: &str, number: i64) -> NoteEvent {
    let key = key.to_owned();
    NoteEvent::Written { key, number }
}

/// Number of an event, as all of these have one.
fn number(data: &str) -> i64 {
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    data["number"].as_i64().unwrap()
}

fn numbers(found: &Found) -> Vec<i64> {
    let events = found.events.iter();
    events.map(|one| number(&one.event.data)).collect()
}

/// Sixty events a second apart, over three streams of two services.
async fn sixty(bed: &Bed) -> Stage {
    let mut stage = bed.stage([producer(), scribe()]).await;
    let (producer, scribe) = (stage.handle("producer"), stage.handle("scribe"));
    for number in 0..60 {
        stage.clock.advance(Duration::from_secs(1));
        let key = format!("k{}", number % 7);
        match number % 3 {
            0 => publish(&producer, &key, number).await,
            1 if number == 31 => note(&scribe, NoteEvent::Torn { key, number }).await,
            1 => note(&scribe, written(&key, number)).await,
            _ => {
                let mut tx = scribe.begin_own().await.unwrap();
                tx.publish(ListEvent::Made { key, number }).unwrap();
                tx.commit().await.unwrap();
            }
        }
    }
    stage.settle().await;
    stage
}

/// Every part of an answer, one behind the other, over the text of an address.
async fn in_parts(stage: &Stage, search: &Search, limit: u32) -> Vec<i64> {
    let mut all = Vec::new();
    let mut before: Option<Marks> = None;
    for _ in 0..100 {
        let found = find::newest(&stage.installation, search, before.as_ref(), limit).await;
        assert!(found.silent.is_empty());
        assert!(found.events.len() <= limit as usize);
        all.extend(numbers(&found));
        match found.next {
            Some(next) => before = Some(Marks::read(&next.write()).unwrap()),
            None => return all,
        }
    }
    panic!("the parts do not end");
}

fn of_key(key: &str) -> Search {
    let key = Some(key.to_owned());
    Search {
        key,
        ..Search::default()
    }
}

fn of_type(name: &str) -> Search {
    let event_type = Some(name.to_owned());
    Search {
        event_type,
        ..Search::default()
    }
}

on_both!(
    events_of_all_services_are_found_newest_first_and_parts_join_without_a_hole,
    a_search_finds_what_it_says_and_nothing_else,
    a_flow_and_what_somebody_has_caused_are_found_over_all_services,
    what_follows_is_given_once_and_nothing_is_passed_over,
);

async fn events_of_all_services_are_found_newest_first_and_parts_join_without_a_hole(bed: Bed) {
    let stage = sixty(&bed).await;
    let backwards: Vec<i64> = (0..60).rev().collect();
    for limit in [1, 7, 60, 100] {
        let all = in_parts(&stage, &Search::default(), limit).await;
        assert_eq!(all, backwards, "by {limit}");
    }
}

async fn a_search_finds_what_it_says_and_nothing_else(bed: Bed) {
    let stage = sixty(&bed).await;
    let all = |keep: &dyn Fn(i64) -> bool| -> Vec<i64> {
        (0..60).rev().filter(|number| keep(*number)).collect()
    };
    let threes = in_parts(&stage, &of_key("k3"), 4).await;
    assert_eq!(threes, all(&|number| number % 7 == 3));
    let torn = in_parts(&stage, &of_type("note.torn"), 5).await;
    assert_eq!(torn, [31]);
    let both = Search {
        stream: Some("notes".to_owned()),
        ..of_key("k3")
    };
    let both = in_parts(&stage, &both, 50).await;
    assert_eq!(both, all(&|number| number % 7 == 3 && number % 3 == 1));
    let lists = Search {
        stream: Some("lists".to_owned()),
        ..Search::default()
    };
    assert_eq!(in_parts(&stage, &lists, 6).await, all(&|n| n % 3 == 2));
    let start: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    let second = |number: u64| Some(start.plus(Duration::from_secs(number)));
    // Number 0 was published a second after the start.
    let middle = Search {
        from: second(11),
        until: second(21),
        ..Search::default()
    };
    assert_eq!(
        in_parts(&stage, &middle, 3).await,
        all(&|n| (10..20).contains(&n))
    );
    for nothing in [of_key("k9"), of_type("note.eaten")] {
        assert_eq!(in_parts(&stage, &nothing, 5).await, [0; 0]);
    }
}

async fn a_flow_and_what_somebody_has_caused_are_found_over_all_services(bed: Bed) {
    let mut stage = sixty(&bed).await;
    let scribe = stage.handle("scribe");
    let context = Context {
        actor: "user:ada".to_owned(),
        correlation_id: "flow-7".to_owned(),
        causation_id: None,
    };
    let mut tx = scribe.begin(context.clone()).await.unwrap();
    tx.publish(written("k1", 100)).unwrap();
    tx.publish(ListEvent::Made {
        key: "l".to_owned(),
        number: 101,
    })
    .unwrap();
    tx.commit().await.unwrap();
    let mut tx = stage.handle("producer").begin(context).await.unwrap();
    tx.publish(add("k2", 102)).unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let flow = Search {
        correlation_id: Some("flow-7".to_owned()),
        ..Search::default()
    };
    let mut found = in_parts(&stage, &flow, 2).await;
    found.sort_unstable();
    assert_eq!(found, [100, 101, 102]);
    let of_list = Search {
        stream: Some("lists".to_owned()),
        ..flow
    };
    assert_eq!(in_parts(&stage, &of_list, 2).await, [101]);
    let actor = Search {
        actor: Some("user:ada".to_owned()),
        ..of_type("count.added")
    };
    assert_eq!(in_parts(&stage, &actor, 2).await, [102]);
}

/// Who follows the log as it grows.
async fn follow(stage: &Stage, search: &Search, after: &mut Marks, limit: u32) -> Vec<i64> {
    let mut all = Vec::new();
    loop {
        let found = find::following(&stage.installation, search, after, limit).await;
        let text = found.next.as_ref().unwrap().write();
        *after = Marks::read(&text).unwrap();
        if found.events.is_empty() {
            return all;
        }
        assert!(found.events.len() <= limit as usize);
        all.extend(numbers(&found));
    }
}

async fn what_follows_is_given_once_and_nothing_is_passed_over(bed: Bed) {
    let mut stage = sixty(&bed).await;
    let everything = Search::default();
    let mut after = find::ends(&stage.installation, &everything)
        .await
        .next
        .unwrap();
    assert_eq!(follow(&stage, &everything, &mut after, 5).await, [0; 0]);
    let (producer, scribe) = (stage.handle("producer"), stage.handle("scribe"));
    for number in 60..80 {
        stage.clock.advance(Duration::from_secs(1));
        publish(&producer, "k", number).await;
        note(&scribe, written("k", number + 100)).await;
    }
    stage.settle().await;
    let mut came = follow(&stage, &everything, &mut after, 3).await;
    assert_eq!(came.first(), Some(&60));
    came.sort_unstable();
    let all: Vec<i64> = (60..80).chain(160..180).collect();
    assert_eq!(came, all);
    let mut beginning = Marks::default();
    let torn = follow(&stage, &of_type("note.torn"), &mut beginning, 3).await;
    assert_eq!(torn, [31]);
    let mut beginning = Marks::default();
    let keys = follow(&stage, &of_key("k6"), &mut beginning, 2).await;
    let sixes: Vec<i64> = (0..60).filter(|number| number % 7 == 6).collect();
    assert_eq!(keys, sixes);
}
