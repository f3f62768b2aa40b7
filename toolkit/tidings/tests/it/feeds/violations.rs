//! What programs outside are told of data that is not as its schema says.

use serde_json::{Value, json};
use tidings::Service;

use super::site::{Answer, Site};
use crate::bed::{Bed, on_both};

on_both!(
    everything_that_is_wrong_with_the_data_is_answered_at_once_with_its_place,
    no_more_places_are_named_than_somebody_reads,
    of_an_older_version_its_upcast_says_what_is_wrong,
);

#[derive(tidings::Stream)]
#[stream(name = "readings", key = "meter", slots = 4, schemas)]
enum ReadingEvent {
    #[event("reading.taken", version = 2, upcast(1 = in_a_list))]
    Taken {
        meter: String,
        at: tidings::Timestamp,
        values: Vec<i64>,
        #[schemars(length(max = 3))]
        note: Option<String>,
    },
}

fn in_a_list(mut taken: Value) -> Result<Value, String> {
    taken["values"] = json!([taken["value"]]);
    Ok(taken)
}

async fn site(bed: &Bed) -> Site {
    let service = Service::new("meters")
        .publishes::<ReadingEvent>()
        .accepts::<ReadingEvent>();
    let setup = bed.setup(&tidings::Clock::system()).service(service);
    Site::open(setup, None).await
}

async fn send(site: &Site, id: &str, version: u16, data: Value) -> Answer {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "https://meters.example/7",
        "type": "reading.taken", "data": data,
        "dataschema": format!("urn:tidings:readings:reading.taken:{version}"),
    });
    let token = site.token_of("publisher");
    site.post_as(&token, "/feed/readings", &event).await
}

const NOON: &str = "2026-03-14T12:00:00Z";

async fn everything_that_is_wrong_with_the_data_is_answered_at_once_with_its_place(bed: Bed) {
    let site = site(&bed).await;
    let data = json!({ "at": "noon", "values": [1, "2", 3.5], "note": "too long" });
    let refused = send(&site, "m-1", 2, data).await;
    let (status, code, _) = refused.problem();
    assert_eq!((status, code.as_str()), (422, "bad_event"));
    let answer = refused.json();
    let errors = answer["errors"].as_array().unwrap().iter();
    let text = |one: &Value| one.as_str().unwrap_or("-").to_owned();
    let errors: Vec<_> = errors
        .map(|one| (text(&one["field"]), text(&one["message"])))
        .collect();
    let expected = [
        (
            "-",
            "The data is not that of reading.taken, in several places.",
        ),
        ("/data/meter", "/meter is missing: expected a string."),
        (
            "/data/at",
            "/at must be a moment like 2026-03-14T16:00:00Z.",
        ),
        (
            "/data/note",
            "/note must have 3 characters at the most, and has 8.",
        ),
        (
            "/data/values/1",
            "/values/1 must be an integer, and is a string.",
        ),
        (
            "/data/values/2",
            "/values/2 must be an integer, and is a number.",
        ),
    ];
    let expected = expected.map(|(field, message)| (field.to_owned(), message.to_owned()));
    assert_eq!(errors, expected);
    let good = json!({ "meter": "a", "at": NOON, "values": [1] });
    let taken = send(&site, "m-1", 2, good).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    site.stop().await;
}

async fn no_more_places_are_named_than_somebody_reads(bed: Bed) {
    let site = site(&bed).await;
    let data = json!({ "meter": "a", "at": NOON, "values": vec!["x"; 50] });
    let refused = send(&site, "m-1", 2, data).await;
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 21);
    let (_, _, title) = refused.problem();
    let end = "The first 20 are named, and 30 are not.";
    assert!(title.ends_with(end), "{title}");
    site.stop().await;
}

async fn of_an_older_version_its_upcast_says_what_is_wrong(bed: Bed) {
    let site = site(&bed).await;
    let of = |value: Value| json!({ "meter": "a", "at": NOON, "value": value });
    let refused = send(&site, "m-1", 1, of(json!("x"))).await;
    let (status, _, title) = refused.problem();
    assert_eq!(status, 422);
    assert!(title.contains("invalid type"), "{title}");
    let taken = send(&site, "m-1", 1, of(json!(7))).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    site.stop().await;
}
