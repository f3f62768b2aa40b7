//! What the history says, to whom, and that it stays so.

use axum::http::header;
use serde_json::json;
use tidings::Storage;

use crate::stage::{Stage, accountant, infra, on_both, path_of, refusal};

on_both!(
    a_14_nobody_changes_what_the_history_says,
    what_was_changed_is_found_by_who_when_and_together,
    changes_of_costs_are_found_alone,
    the_history_comes_as_a_file_whole_and_without_formulas,
);

async fn a_14_nobody_changes_what_the_history_says(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let before = stage.history(&made["id"]).await;
    for sql in ["UPDATE changes SET comment = 'x'", "DELETE FROM changes"] {
        let mut tx = stage.world.service("platforms").begin_own().await.unwrap();
        let refused = tx.execute(sql, &[]).await.unwrap_err();
        assert!(
            tidings::chain(&refused).contains("append-only"),
            "{refused:?}"
        );
    }
    for method in ["PUT", "PATCH", "DELETE", "POST"] {
        for path in ["/api/platforms/changes", "/api/platforms/1/history"] {
            let answer = stage.send(infra(), method, path, json!({})).await;
            assert!(
                answer.status.is_client_error(),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    assert_eq!(stage.history(&made["id"]).await, before);
}

async fn what_was_changed_is_found_by_who_when_and_together(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    stage
        .world
        .advance(std::time::Duration::from_secs(86_400))
        .await;
    stage
        .patch(accountant(), &path, json!({"budget_code": "B7"}))
        .await;
    let since = stage.platform(&made["id"]).await["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let found = async |query: &str| {
        let answer = stage
            .get(accountant(), &format!("/api/platforms/changes?{query}"))
            .await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let rows = answer.json.as_array().unwrap().clone();
        rows.iter()
            .map(|one| one["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let both = ["update".to_owned(), "create".to_owned()];
    assert_eq!(found("").await, both);
    assert_eq!(found("actor=&since=&entity=").await, both);
    let id = accountant().id;
    assert_eq!(found(&format!("actor={id}")).await, both[..1]);
    assert_eq!(found(&format!("since={since}")).await, both[..1]);
    assert_eq!(found(&format!("since={}", &since[..10])).await, both[..1]);
    assert_eq!(found("entity=platform").await, both);
    assert_eq!(found("entity=team").await, [""; 0]);
    let history = stage.history(&made["id"]).await;
    let request = history[1]["request_id"].as_str().unwrap();
    assert_eq!(found(&format!("request={request}")).await, both[1..]);
    for odd in [
        "actor=x",
        "since=yesterday",
        "since=2026-02-30",
        "request=1",
        "entity=%00",
        "about=weather",
    ] {
        let answer = stage
            .get(infra(), &format!("/api/platforms/changes?{odd}"))
            .await;
        assert_eq!(refusal(&answer), (400, "bad_filter"), "{odd}");
    }
    // In parts, none twice.
    let first = stage.get(infra(), "/api/platforms/changes?limit=1").await;
    let link = first.headers["link"].to_str().unwrap();
    let next = &link[1..link.find('>').unwrap()];
    let second = stage.get(infra(), next).await;
    assert_eq!(second.json[0]["action"], "create");
    assert!(!second.headers.contains_key("link"));
}

/// E.2: what accounting looks for among all that others change.
async fn changes_of_costs_are_found_alone(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    stage.team("Data").await;
    let path = path_of(&made["id"]);
    for change in [
        json!({"description": "budget_code"}),
        json!({"cost_centre": "CC-1"}),
        json!({"licence_seats": 7}),
        json!({"owner": "Data"}),
        json!({"purchase_order": "P-2", "name": "B"}),
        json!({"tags": ["cost_amount"]}),
        json!({"budget_code": "B7"}),
    ] {
        let changed = stage.patch(infra(), &path, change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    let found = async |query: &str| {
        let answer = stage
            .get(accountant(), &format!("/api/platforms/changes?{query}"))
            .await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let rows = answer.json.as_array().unwrap().iter();
        rows.map(|one| one["changed_fields"].clone())
            .collect::<Vec<_>>()
    };
    let costs = [
        json!(["budget_code"]),
        json!(["name", "purchase_order"]),
        json!(["licence_seats"]),
        json!(["cost_centre"]),
    ];
    // What comes into the register costs something, or nothing.
    assert_eq!(found("about=costs").await[..4], costs);
    assert_eq!(found("about=costs").await.len(), 5);
    let narrowed = format!("about=costs&entity=platform&actor={}&limit=4", infra().id);
    assert_eq!(found(&narrowed).await, costs);
    assert!(found("about=costs&entity=team").await.is_empty());
    let table = "/api/platforms/changes.csv?about=costs";
    let table = stage.get(accountant(), table).await;
    assert_eq!(table.text.lines().count(), 6, "{}", table.text);
}

/// More changes than are read at once, and what a spreadsheet would carry out.
async fn the_history_comes_as_a_file_whole_and_without_formulas(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage
        .create(json!({"name": "=1+1", "publisher": "P", "comment": "=2+2"}))
        .await;
    let path = path_of(&made["id"]);
    for step in 0..104 {
        let body = json!({"description": format!("step {step}")});
        assert_eq!(stage.patch(infra(), &path, body).await.status, 200);
    }
    let file = stage.get(accountant(), "/api/platforms/changes.csv").await;
    assert_eq!(file.status, 200);
    let kind = file.headers[header::CONTENT_TYPE].to_str().unwrap();
    assert!(kind.starts_with("text/csv"), "{kind}");
    let lines: Vec<_> = file.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 105);
    assert!(lines[0].starts_with("\u{feff}at,actor,"), "{}", lines[0]);
    let steps = lines[1..105].iter().zip((0..104).rev());
    for (line, step) in steps {
        assert!(line.contains(&format!("\"\"step {step}\"\"")), "{line}");
    }
    assert!(lines[105].contains(",\"'=2+2\","), "{}", lines[105]);
    let none = stage
        .get(accountant(), "/api/platforms/changes.csv?entity=team")
        .await;
    assert_eq!(none.text.lines().count(), 1);
}
