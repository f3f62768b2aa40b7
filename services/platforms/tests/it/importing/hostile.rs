//! Files that are none, and requests that are wrong.

use axum::http::{Request, header};
use serde_json::{Value, json};

use super::{CSV, JSON, counts, errors};
use crate::stage::{Stage, infra, mistakes, refusal};

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_refused_as_a_whole_and_nothing_is_stored() {
    let stage = Stage::new().await;
    let long = format!("name,publisher\n{}", "a,b\n".repeat(100_001));
    for (kind, file, code) in [
        (CSV, "", "file_empty"),
        (CSV, "\n", "missing_column"),
        (CSV, "name,publsher\nA,B\n", "unknown_column"),
        (CSV, "publisher,kind\nA,os\n", "missing_column"),
        (CSV, "name,publisher,name\nA,B,C\n", "repeated_column"),
        (CSV, "name,publisher,custom.rack\nA,B,C\n", "unknown_column"),
        (CSV, "name,publisher\nA,\"B\nC,D\n", "open_quote"),
        (CSV, "na\0me,publisher\nA,B\n", "not_text"),
        (CSV, "PK\u{3}\u{4}xlsx", "not_text"),
        (CSV, long.as_str(), "too_many_rows"),
        (JSON, "{\"name\": \"A\"}", "bad_json"),
        (JSON, "[{\"name\": \"A\"}", "bad_json"),
    ] {
        let answer = stage.upload(infra(), "", kind, file.to_owned()).await;
        assert_eq!(refusal(&answer), (422, code), "{}", answer.text);
    }
    let imports = stage.get(infra(), "/api/platforms/import").await.json;
    assert_eq!(imports, json!([]));
}

#[tokio::test]
async fn every_wrong_column_is_named_with_what_was_meant() {
    let stage = Stage::new().await;
    let file = "name,pubisher,cost_ammount\nA,B,5\n";
    let answer = stage.upload(infra(), "", CSV, file).await;
    let of = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    let expected = [
        of("pubisher", "unknown_column"),
        of("cost_ammount", "unknown_column"),
        of("publisher", "missing_column"),
    ];
    assert_eq!(mistakes(&answer), expected);
    let meant = "There is no column \"cost_ammount\". Did you mean cost_amount?";
    assert_eq!(answer.json["errors"][1]["message"], meant);
}

#[tokio::test]
async fn requests_that_are_wrong_are_refused() {
    let stage = Stage::new().await;
    let file = "name,publisher\nA,B\n";
    for (query, kind, expected) in [
        ("?mode=replace", CSV, (400, "bad_filter")),
        ("?dry_run=perhaps", CSV, (400, "bad_filter")),
        ("?format=xml", CSV, (400, "bad_filter")),
        ("", "text/plain", (415, "unsupported_media_type")),
        ("", "multipart/form-data", (415, "unsupported_media_type")),
    ] {
        let answer = stage.upload(infra(), query, kind, file).await;
        assert_eq!(refusal(&answer), expected, "{query} {kind}");
    }
    let long = format!("?comment={}", "x".repeat(201));
    for (query, code) in [
        (long.as_str(), "field_too_long"),
        ("?comment=%00", "bad_text"),
    ] {
        let answer = stage.upload(infra(), query, CSV, file).await;
        assert_eq!(refusal(&answer), (422, code));
        assert_eq!(mistakes(&answer)[0].0, "comment");
    }
    let large = "x".repeat(super::BYTES_MAX + 1);
    let answer = stage.upload(infra(), "", CSV, large).await;
    assert_eq!(refusal(&answer), (413, "too_large"));
    for path in [
        "/api/platforms/import/17",
        "/api/platforms/import/x/errors.csv",
    ] {
        assert_eq!(stage.get(infra(), path).await.status, 400, "{path}");
    }
    let nil = "/api/platforms/import/00000000-0000-0000-0000-000000000000";
    assert_eq!(stage.get(infra(), nil).await.status, 404);
}

/// Hostile cells are mistakes of their rows, or texts; never more.
#[tokio::test]
async fn hostile_cells_harm_nobody() {
    let mut stage = Stage::new().await;
    let long = "x".repeat(1_000_000);
    let wide = ",".repeat(1_000_000);
    let file = format!(
        "name,publisher,description\n\
         {long},Acme,\nA,Acme,{long}\n{wide}\n\
         B,Acme,\"\u{1b}[31m\"\n\
         C\u{202e},Acme,<script>alert(1)</script>\n\
         ';DROP TABLE platforms;--,Acme,%s%n\n\
         D,Acme,\"torn\"x\n"
    );
    let import = stage.import("", CSV, file).await;
    let told = errors(&import);
    let rows: Vec<&Value> = told.iter().map(|one| &one[0]).collect();
    assert_eq!(rows, [2, 3, 4, 5, 8]);
    assert_eq!(counts(&import), [7, 2, 0, 0, 5, 0]);

    let file = r#"[{"name": "A\u0000", "publisher": "B"}, {"name": {"a": 1}}, null,
        {"name": "E", "publisher": "B", "licence": {"seats": 1e400}}]"#;
    let answer = stage.upload(infra(), "", JSON, file).await;
    match answer.status.as_u16() {
        // A number that no computer has makes the whole file none.
        422 => assert_eq!(answer.json["code"], "bad_json"),
        status => assert_eq!(status, 202),
    }
    let file = r#"[{"name": "A\u0000", "publisher": "B"}, {"name": {"a": 1}}, null]"#;
    let import = stage.import("", JSON, file).await;
    assert_eq!(counts(&import), [3, 0, 0, 0, 3, 0]);
}

/// X-02, also of a file that is larger than what is typed.
#[tokio::test]
async fn a_file_that_is_sent_twice_with_a_key_is_imported_once() {
    let stage = Stage::new().await;
    let mut file = "name,publisher,description\n".to_owned();
    for row in 0..900 {
        file += &format!("Platform {row},Acme,{}\n", "x".repeat(4_000));
    }
    assert!(file.len() > 3 * 1024 * 1024);
    let token = stage.world.token(infra().id.uuid(), infra().roles);
    let send = async |file: String| {
        let request = Request::post("/api/platforms/import")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, CSV)
            .header("idempotency-key", "once")
            .body(file.into());
        stage.world.call(request.unwrap()).await
    };
    let first = send(file.clone()).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let again = send(file).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.json["job_id"], first.json["job_id"]);
    let imports = stage.get(infra(), "/api/platforms/import").await.json;
    assert_eq!(imports.as_array().unwrap().len(), 1);
    let large = send("x".repeat(super::BYTES_MAX + 1)).await;
    assert_eq!(refusal(&large), (413, "too_large"));
}
