//! Listing, editing and withdrawing.

use axum::body::Body;
use axum::http::{Request, header};
use contracts::TicketId;
use serde_json::json;
use tidings_test::Answer;

use crate::stage::{BUYER, SELLER, Stage, created, order, parsifal, with};

async fn put_if_match(stage: &Stage, id: TicketId, tag: &str, price: i64) -> Answer {
    let body = with(parsifal(), json!({ "price_minor": price })).to_string();
    let request = Request::put(format!("/api/tickets/{id}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.seller))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::IF_MATCH, tag)
        .body(Body::from(body))
        .expect("a request");
    stage.world.call(request).await
}

#[tokio::test]
async fn a_listed_ticket_is_read_as_it_was_listed() {
    let stage = Stage::new().await;
    let answer = stage.post("/api/tickets", parsifal()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers[header::ETAG], "\"1\"");
    let location = answer.headers[header::LOCATION].to_str().expect("a path");
    let read = stage.world.get(location, None).await;
    let id = answer.json["id"].clone();
    let expected = with(
        parsifal(),
        json!({
            "id": id, "seller_id": SELLER, "status": "available", "version": 1,
            "created_at": "2026-01-01T12:00:00Z", "updated_at": "2026-01-01T12:00:00Z",
        }),
    );
    assert_eq!((read.json, answer.json), (expected.clone(), expected));
}

/// The route of the original: a title and a price are enough, and names may be in camel case.
#[tokio::test]
async fn a_title_and_a_price_are_enough() {
    let stage = Stage::new().await;
    let body = json!({ "title": " A seat ", "priceMinor": 1 });
    let id = stage.list(body).await;
    let ticket = stage.read(id).await;
    let told = [
        "title",
        "price_minor",
        "currency",
        "category",
        "venue",
        "starts_at",
    ];
    let told: Vec<_> = told.iter().map(|name| ticket[name].clone()).collect();
    assert_eq!(json!(told), json!(["A seat", 1, "usd", "other", "", null]));
}

#[tokio::test]
async fn every_change_gives_one_event_and_no_change_gives_none_c_01_c_27() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let cheaper = with(parsifal(), json!({ "price_minor": 9_000 }));
    assert_eq!(stage.put(id, cheaper.clone()).await.status, 200);
    assert_eq!(stage.put(id, cheaper).await.status, 200);
    let refused = with(parsifal(), json!({ "price_minor": 0 }));
    assert_eq!(stage.put(id, refused).await.status, 400);
    assert_eq!(stage.withdraw(id).await.status, 200);
    assert_eq!(stage.withdraw(id).await.status, 200);
    assert_eq!(
        stage.story(id).await,
        ["created 1", "updated 2", "withdrawn 3"]
    );
    assert_eq!(stage.standing(id).await, "withdrawn 3");
}

#[tokio::test]
async fn the_event_holds_the_whole_public_record() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let told = stage.told(id).await;
    let [contracts::tickets::TicketEvent::Created(ticket)] = &told[..] else {
        panic!("one event was expected: {told:?}");
    };
    let record = serde_json::to_value(ticket).expect("JSON");
    let mut expected = with(
        parsifal(),
        json!({ "ticket_id": id, "seller_id": SELLER, "version": 1 }),
    );
    expected.as_object_mut().expect("an object").remove("notes");
    assert_eq!(record, expected);
}

#[tokio::test]
async fn the_same_put_twice_is_one_change_x_02() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let body = with(parsifal(), json!({ "title": "Parsifal, row 4" }));
    let first = stage.put(id, body.clone()).await;
    let second = stage.put(id, body).await;
    assert_eq!(first.json["version"], 2);
    assert_eq!(first.json, second.json);
    assert_eq!(first.headers[header::ETAG], second.headers[header::ETAG]);
    assert_eq!(stage.story(id).await, ["created 1", "updated 2"]);
}

/// C-15: 401 is for nobody, 404 for nothing, 403 for somebody else's; and what is somebody
/// else's says nothing of its state.
#[tokio::test]
async fn only_its_seller_may_change_a_ticket_and_others_learn_nothing_c_15() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage.orders_say([created(order(1), id)]).await;
    let missing = "/api/tickets/00000000-0000-7000-8000-000000000000";
    let (own, gone) = (format!("/api/tickets/{id}"), missing.to_owned());
    let routes = [("PUT", "", parsifal()), ("POST", "/withdraw", json!(null))];
    for (method, tail, body) in routes {
        let cases = [
            (&own, None, 401, "not_signed_in"),
            (&gone, Some(&stage.buyer), 404, "not_found"),
            (&own, Some(&stage.buyer), 403, "forbidden"),
            (&own, Some(&stage.seller), 409, "ticket_reserved"),
        ];
        for (path, token, status, code) in cases {
            let path = format!("{path}{tail}");
            let token = token.map(String::as_str);
            let answer = stage.world.send(method, &path, token, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json["code"].as_str()),
                (status, Some(code)),
                "{method} {path}"
            );
        }
    }
    assert_eq!(stage.standing(id).await, "reserved 2");
}

#[tokio::test]
async fn the_order_that_holds_a_ticket_is_nobodys_business_c_15() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage.orders_say([created(order(0xdead_beef), id)]).await;
    let answer = stage
        .world
        .get(&format!("/api/tickets/{id}"), Some(&stage.buyer))
        .await;
    assert!(!answer.text.contains("deadbeef"), "{}", answer.text);
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_refused_c_34() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    assert_eq!(put_if_match(&stage, id, "\"1\"", 9_000).await.status, 200);
    let late = put_if_match(&stage, id, "\"1\"", 8_000).await;
    assert_eq!(
        (late.status.as_u16(), &late.json["code"]),
        (412, &json!("stale_version"))
    );
    for tag in ["\"7\"", "2", "W/\"2\"", "", "nonsense"] {
        assert_eq!(
            put_if_match(&stage, id, tag, 7_000).await.status,
            412,
            "{tag:?}"
        );
    }
    assert_eq!(stage.read(id).await["price_minor"], 9_000);
    assert_eq!(
        put_if_match(&stage, id, "\"1\", \"2\"", 8_500).await.status,
        200
    );
    assert_eq!(put_if_match(&stage, id, "*", 8_000).await.status, 200);
    assert_eq!(stage.standing(id).await, "available 4");
}

/// 1. Eight edits that have all seen version 1 are sent at the same moment.
/// 2. One is carried out, the others are told that they are late.
#[tokio::test]
async fn of_edits_at_the_same_moment_one_wins_c_34() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let edits = (1..=8).map(|cents| put_if_match(&stage, id, "\"1\"", cents));
    let answers = futures_util::future::join_all(edits).await;
    let mut statuses: Vec<u16> = answers.iter().map(|one| one.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(stage.story(id).await, ["created 1", "updated 2"]);
}

#[tokio::test]
async fn my_listings_are_mine_in_every_state_and_the_newest_first() {
    let mut stage = Stage::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(
            stage
                .list(with(parsifal(), json!({ "title": format!("T{number}") })))
                .await,
        );
        stage.world.advance(std::time::Duration::from_secs(1)).await;
    }
    stage.withdraw(ids[0]).await;
    stage.orders_say([created(order(1), ids[1])]).await;
    let mut seen = Vec::new();
    let mut next = Some("/api/me/listings?limit=2".to_owned());
    while let Some(path) = next {
        let answer = stage.world.get(&path, Some(&stage.seller)).await;
        for item in answer.json.as_array().expect("an array") {
            seen.push(format!(
                "{} {}",
                item["title"].as_str().expect("a title"),
                item["status"].as_str().expect("a status")
            ));
        }
        next = crate::market::next_of(&answer);
    }
    assert_eq!(
        seen,
        [
            "T4 available",
            "T3 available",
            "T2 available",
            "T1 reserved",
            "T0 withdrawn"
        ]
    );
    let others = stage
        .world
        .get("/api/me/listings", Some(&stage.world.token(BUYER, &[])))
        .await;
    assert_eq!(others.json, json!([]));
    assert_eq!(stage.world.get("/api/me/listings", None).await.status, 401);
}

#[tokio::test]
async fn the_document_names_every_route() {
    let (_, document) = {
        let stage = Stage::new().await;
        stage.world.installation().openapi()[0].clone()
    };
    let mut paths: Vec<_> = document["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .cloned()
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/api/me/listings",
            "/api/tickets",
            "/api/tickets/{id}",
            "/api/tickets/{id}/withdraw"
        ]
    );
}
