//! Platforms come into the register.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, infra, mistakes, on_both, path_of, refusal, support};

on_both!(
    what_the_first_version_was_asked_is_answered_as_it_answered,
    a_05_a_platform_is_found_by_its_id_and_by_its_number,
    what_is_called_like_a_page_stands_at_another_address,
    a_10_a_publisher_and_a_name_are_there_once_in_whichever_letters,
    a_01_a_new_platform_is_told_of_with_its_whole_record,
);

/// A.1: the paths, fields and statuses of the first version.
async fn what_the_first_version_was_asked_is_answered_as_it_answered(storage: Storage) {
    let stage = Stage::on(storage).await;
    let wish = json!({"name": "Kubernetes", "publisher": "Cloud Native Computing Foundation",
        "cost": "Free"});
    let made = stage.post(infra(), "/api/platforms", wish).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap();
    assert_eq!(
        made.headers[header::LOCATION],
        format!("/api/platforms/{id}")
    );
    assert_eq!(made.headers[header::ETAG], "\"1\"");
    let told = ["number", "name", "publisher", "cost", "slug", "lifecycle"];
    let told = told.map(|name| made.json[name].clone());
    let expected = [
        json!(1),
        json!("Kubernetes"),
        json!("Cloud Native Computing Foundation"),
        json!("Free"),
        json!("kubernetes"),
        json!("proposed"),
    ];
    assert_eq!(told, expected);
    let list = stage.get(support(), "/api/platforms").await;
    assert_eq!(list.json, json!([made.json]));
    let shown = stage.get(support(), &format!("/api/platforms/{id}")).await;
    assert_eq!(shown.json, made.json);
    let missing = stage.get(infra(), "/api/platforms/2").await;
    assert_eq!(refusal(&missing), (404, "not_found"));
}

async fn a_05_a_platform_is_found_by_its_id_and_by_its_number(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.create_named("One").await;
    let two = stage.create_named("Two").await;
    assert_eq!(two["number"], 2);
    assert_eq!(stage.platform(&json!(2)).await, two);
    assert_eq!(stage.platform(&two["id"]).await, two);
    assert_eq!(stage.platform(&two["slug"]).await, two);
    for odd in [
        "0",
        "-1",
        "3",
        "2147483648",
        "99999999999999999999",
        "2.0",
        "%00",
        "x%27",
        "+2x",
    ] {
        let answer = stage.get(infra(), &format!("/api/platforms/{odd}")).await;
        assert_eq!(refusal(&answer), (404, "not_found"), "{odd}");
    }
}

async fn what_is_called_like_a_page_stands_at_another_address(storage: Storage) {
    let stage = Stage::on(storage).await;
    for name in [
        "Changes", "Fields", "Import", "New", "Reports", "Reviews", "Teams",
    ] {
        let made = stage.create_named(name).await;
        let slug = format!("{}-{}", name.to_lowercase(), made["number"]);
        assert_eq!(made["slug"], slug);
        let page = stage.get(infra(), &format!("/platforms/{slug}")).await;
        assert!(page.text.contains(&format!("<h1>{name}")), "{}", page.text);
        assert_eq!(stage.platform(&json!(slug)).await, made);
    }
}

async fn a_10_a_publisher_and_a_name_are_there_once_in_whichever_letters(storage: Storage) {
    let stage = Stage::on(storage).await;
    let first = stage
        .create(json!({"name": "Straße", "publisher": "ACME"}))
        .await;
    let second = json!({"name": "  STRAßE ", "publisher": "acme\t"});
    let second = stage.post(infra(), "/api/platforms", second).await;
    assert_eq!(refusal(&second), (409, "platform_exists"));
    let id = first["id"].as_str().unwrap();
    assert!(second.text.contains(id), "{}", second.text);

    // Somebody else's of the same name is another.
    let other = stage
        .create(json!({"name": "Straße", "publisher": "Other"}))
        .await;
    assert_ne!(other["slug"], first["slug"]);
    let taken = stage
        .patch(
            infra(),
            &path_of(&other["id"]),
            json!({"publisher": "Acme"}),
        )
        .await;
    assert_eq!(refusal(&taken), (409, "platform_exists"));
    // Its own name in other letters is no conflict.
    let own = json!({"publisher": "OTHER"});
    assert_eq!(
        stage
            .patch(infra(), &path_of(&other["id"]), own)
            .await
            .status,
        200
    );

    // What is in the archive leaves its name to others, and does not take it back from them.
    let path = path_of(&first["id"]);
    let archived = stage
        .post(infra(), &format!("{path}/archive"), Value::Null)
        .await;
    assert_eq!(archived.status, 200, "{}", archived.text);
    let third = stage
        .create(json!({"name": "straße", "publisher": "Acme"}))
        .await;
    assert_eq!(third["number"], 3);
    let back = stage
        .post(infra(), &format!("{path}/restore"), Value::Null)
        .await;
    assert_eq!(refusal(&back), (409, "platform_exists"));
}

/// it is told by the outbox, with the record and its version.
async fn a_01_a_new_platform_is_told_of_with_its_whole_record(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let team = stage.team("Databases").await;
    let made = stage
        .create(
            json!({"name": "PostgreSQL", "publisher": "PGDG", "kind": "database",
            "owner_team_id": team, "lifecycle": "production", "tags": ["SQL", "db", "sql"],
            "cost": {"amount_minor": 12_000, "currency": "eur", "period": "annual"},
            "links": [{"title": "Manual", "url": "https://example.com/docs"}],
            "comment": "the one we know"}),
        )
        .await;
    assert_eq!(made["cost"], "€120.00 a year");
    assert_eq!(made["tags"], json!(["db", "sql"]));
    assert_eq!(made["owner"], "Databases");
    let created = stage.heard_of("platform.created").await;
    let record = &created[0];
    for name in [
        "name",
        "publisher",
        "lifecycle",
        "owner_team_id",
        "tags",
        "links",
        "custom_fields",
        "version",
        "licence",
    ] {
        assert_eq!(record[name], made[name], "{name}");
    }
    assert_eq!(record["cost"], made["charge"]);
    assert_eq!(record["licence"]["type"], "commercial");
    let published = stage.heard_of("platform.published").await;
    let expected = json!({"platform_id": made["id"], "number": 1, "name": "PostgreSQL",
        "publisher": "PGDG"});
    assert_eq!(published, [expected]);
    let history = stage.history(&made["id"]).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["comment"], "the one we know");
    assert_eq!(history[0]["after"], *record);
}

#[tokio::test]
async fn a_08_every_field_that_cannot_be_so_is_named_at_once() {
    let stage = Stage::new().await;
    let wish = json!({"name": " ", "publisher": "x".repeat(201), "kind": "car", "eol_on": "2026-02-30",
        "licence": {"seats": -1, "type": "bought", "colour": "red"}, "owner": "Nobody",
        "tags": ["two words"], "links": [{"title": "x", "url": "javascript:alert(1)"}],
        "cost": "cheap", "lifecycle": "dead", "color": "red", "id": "7"});
    let answer = stage.post(infra(), "/api/platforms", wish).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("color", "unknown_field"),
        ("cost", "bad_cost"),
        ("eol_on", "bad_day"),
        ("id", "unknown_field"),
        ("kind", "bad_word"),
        ("licence.colour", "unknown_field"),
        ("licence.seats", "bad_number"),
        ("licence.type", "bad_word"),
        ("lifecycle", "bad_word"),
        ("links", "bad_link"),
        ("publisher", "field_too_long"),
        ("tags", "bad_tag"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    let mut found = mistakes(&answer);
    found.sort();
    assert_eq!(found, expected);
    let nothing = stage.post(infra(), "/api/platforms", json!({})).await;
    assert_eq!(
        mistakes(&nothing),
        ["name", "publisher"].map(|field| (field.to_owned(), "field_missing".to_owned()))
    );
    let stranger = json!({"name": "A", "publisher": "B", "owner": "Nobody"});
    let stranger = stage.post(infra(), "/api/platforms", stranger).await;
    assert_eq!(
        mistakes(&stranger),
        [("owner".to_owned(), "unknown_team".to_owned())]
    );
    assert_eq!(stage.get(infra(), "/api/platforms").await.json, json!([]));
}
