//! What is exported can be imported again, without loss.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tidings::Storage;

use super::{CSV, JSON, counts};
use crate::stage::{Stage, infra, on_both};

on_both!(
    a_17_an_export_that_is_imported_again_changes_nothing_and_is_the_same_file_again,
    a_17_an_export_builds_the_same_register_elsewhere,
);

/// Platforms whose texts are hard for tables, and one of everything else.
async fn fill(stage: &Stage) {
    stage.team("Data, \"core\" & Co").await;
    let hard = [
        "=HYPERLINK(\"http://example.com\")",
        "+1 (650) 555-0100",
        "-5",
        "@everybody",
        "'=quoted",
        "''twice",
        "'tis",
        "a, b; c",
        "say \"hi\"",
        "Ünïcödé 数据库 🐘",
        "＝wide",
        "|pipe",
        "%0A&amp;<b>",
        "\\\"",
    ];
    for (number, text) in hard.iter().enumerate() {
        let body = json!({
            "name": text,
            "publisher": format!("{text} {number}"),
            "description": format!("{text}\n  {text},\r\n\t\"{text}\"\n\n{text}"),
            "technical_contact": text,
            "owner": if number % 2 == 0 { "data, \"core\" & co" } else { "" },
            "tags": ["c++", "a/b", "é"],
            "links": [{"title": format!("Manual, {number}"), "url": "https://example.com/?a=1,2"}],
        });
        stage.create(body).await;
    }
    let whole = json!({
        "name": "Everything", "publisher": "Acme", "kind": "saas", "version_label": "1.2",
        "owner": "data, \"core\" & co", "cost": {"amount_minor": 0, "currency": "eur", "period": "monthly"},
        "cost_centre": "CC-1", "budget_code": "B", "purchase_order": "PO", "lifecycle": "production",
        "licence": {"type": "subscription", "spdx": "MIT", "seats": 0, "reference": "-17",
            "starts_on": "2024-02-29", "expires_on": "2028-02-29", "renewal": "manual"},
        "criticality": "critical", "eol_on": "2030-12-31",
    });
    stage.create(whole).await;
    let free = json!({"name": "Free", "publisher": "Acme",
        "cost": {"amount_minor": 0, "currency": "eur", "period": "free"}, "lifecycle": "retired"});
    stage.create(free).await;
}

async fn a_17_an_export_that_is_imported_again_changes_nothing_and_is_the_same_file_again(
    storage: Storage,
) {
    let mut stage = Stage::on(storage).await;
    fill(&stage).await;
    let changes = "/api/platforms/changes?limit=200";
    let before = stage.get(infra(), changes).await.json;
    for (file, kind) in [("export.csv", CSV), ("export.json", JSON)] {
        let first = stage.export(file).await;
        let import = stage.import("", kind, first.clone()).await;
        assert_eq!(
            counts(&import),
            [16, 0, 0, 16, 0, 0],
            "{}",
            import["errors"]
        );
        assert_eq!(stage.export(file).await, first);
    }
    assert_eq!(stage.get(infra(), changes).await.json, before);
    assert_eq!(stage.heard_of("platform.updated").await, [Value::Null; 0]);
}

/// Without the columns that name the platforms of this register.
async fn a_17_an_export_builds_the_same_register_elsewhere(storage: Storage) {
    let there = Stage::new().await;
    fill(&there).await;
    let mut objects = there.get(infra(), "/api/platforms/export.json").await.json;
    for object in objects.as_array_mut().unwrap() {
        object.as_object_mut().unwrap().remove("id");
        object.as_object_mut().unwrap().remove("number");
    }
    let mut here = Stage::on(storage).await;
    here.team("Data, \"core\" & Co").await;
    let import = here.import("", JSON, objects.to_string()).await;
    assert_eq!(
        counts(&import),
        [16, 16, 0, 0, 0, 0],
        "{}",
        import["errors"]
    );
    let without_ids = |file: String| -> Vec<String> {
        let rows = file
            .split("\r\n")
            .map(|row| row.split_once(',').map_or("", |(_, rest)| rest));
        rows.map(str::to_owned).collect()
    };
    let (first, second) = (
        there.export("export.csv").await,
        here.export("export.csv").await,
    );
    assert_eq!(without_ids(first), without_ids(second));
}

fn text() -> impl Strategy<Value = String> {
    let hard = "['=+@|,;\"\\-a ]{0,8}";
    prop_oneof!["\\PC{0,20}", hard, "['=]{0,4}"]
}

/// Whatever people write, as far as the register takes it at all.
#[tokio::test]
async fn a_17_any_text_comes_back_as_it_was() {
    let mut stage = Stage::new().await;
    let mut runner = TestRunner::deterministic();
    let rows = prop::collection::vec((text(), text(), "[\\PC\n,\"'=]{0,30}"), 200);
    let rows = rows.new_tree(&mut runner).unwrap().current();
    let objects: Vec<Value> = rows
        .into_iter()
        .enumerate()
        .map(|(number, (name, publisher, description))| {
            let name = format!("{name}{number}");
            json!({"name": name, "publisher": format!("{publisher}x"), "description": description,
                "support_contact": publisher})
        })
        .collect();
    let made = stage
        .import("", JSON, Value::from(objects).to_string())
        .await;
    let [total, created, .., failed, _] = counts(&made);
    assert_eq!(total, 200);
    assert!(
        created > 150,
        "{failed} of 200 were refused: {}",
        made["errors"]
    );
    for (file, kind) in [("export.csv", CSV), ("export.json", JSON)] {
        let first = stage.export(file).await;
        let import = stage.import("", kind, first.clone()).await;
        assert_eq!(
            counts(&import),
            [created, 0, 0, created, 0, 0],
            "{}",
            import["errors"]
        );
        assert_eq!(stage.export(file).await, first);
    }
}

#[tokio::test]
async fn an_export_has_what_the_list_shows_in_the_order_of_numbers() {
    let mut stage = Stage::new().await;
    let mut file = "name,publisher,kind\n".to_owned();
    for number in 0..600 {
        let kind = if number % 2 == 0 { "os" } else { "saas" };
        file += &format!("{},Acme,{kind}\n", 1_000 - number);
    }
    stage.import("", CSV, file).await;
    stage
        .post(infra(), "/api/platforms/1/archive", json!({}))
        .await;
    let objects = stage
        .get(infra(), "/api/platforms/export.json?kind=os&sort=-name")
        .await;
    assert_eq!(objects.headers["content-type"], "application/json");
    let numbers: Vec<i64> = objects
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["number"].as_i64().unwrap())
        .collect();
    let expected: Vec<i64> = (3..=599).step_by(2).collect();
    assert_eq!(numbers, expected);
    let table = stage.export("export.csv?kind=saas").await;
    assert_eq!(table.lines().count(), 1 + 300);
    let table = stage.export("export.csv?archived=true").await;
    assert_eq!(table.lines().count(), 2);
    let answer = stage
        .get(infra(), "/api/platforms/export.csv?kind=spaceship")
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json["code"]),
        (400, &json!("bad_filter"))
    );
    let empty = stage
        .get(infra(), "/api/platforms/export.json?q=nothing")
        .await
        .json;
    assert_eq!(empty, json!([]));
}
