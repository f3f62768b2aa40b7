//! What is sent by mistake or on purpose: a clear problem, and nothing happens.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value as Json, json};
use tidings_test::Answer;

use crate::stage::{Stage, parsifal, with};

async fn send(stage: &Stage, kind: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post("/api/tickets")
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.seller))
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .expect("a request");
    stage.world.call(request).await
}

async fn nothing_is_listed(stage: &Stage) {
    assert_eq!(
        stage
            .world
            .get("/api/me/listings", Some(&stage.seller))
            .await
            .json,
        json!([])
    );
}

#[tokio::test]
async fn a_bad_field_is_named() {
    let stage = Stage::new().await;
    let cases = [
        ("title", json!("")),
        ("title", json!("   ")),
        ("title", json!("\u{200B}\u{200B}")),
        ("title", json!("***")),
        ("title", json!("x".repeat(201))),
        ("title", json!("a\u{0}b")),
        ("title", json!("two\nlines")),
        ("title", json!("a\u{7}bell")),
        ("title", json!("abc\u{202E}cba")),
        ("title", json!("broken \u{FFFD}")),
        ("venue", json!("x".repeat(201))),
        ("city", json!("a\tb")),
        ("seat", json!("\u{1b}[31m seat")),
        ("notes", json!("x".repeat(2_001))),
        ("notes", json!("a\u{0}b")),
        ("price_minor", json!(0)),
        ("price_minor", json!(-1)),
        ("price_minor", json!(100_000_001)),
        ("price_minor", json!(i64::MAX)),
        ("currency", json!("gbp")),
        ("currency", json!("USD")),
        ("category", json!("opera")),
        ("starts_at", json!("2026-01-01T12:00:00Z")),
        ("starts_at", json!("1970-01-01T00:00:00Z")),
        ("starts_at", json!("9999-12-30T00:00:00Z")),
    ];
    for (field, value) in cases {
        let body = with(parsifal(), json!({ field: value }));
        let answer = stage.post("/api/tickets", body).await;
        let named = answer.json["errors"][0]["field"].clone();
        assert_eq!(
            (answer.status.as_u16(), named),
            (400, json!(field)),
            "{value:?}"
        );
    }
    nothing_is_listed(&stage).await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let stage = Stage::new().await;
    let body = json!({ "title": "", "price_minor": 0, "currency": "x", "category": "y", "starts_at": "2020-01-01T00:00:00Z" });
    let answer = stage.post("/api/tickets", body).await;
    let errors = answer.json["errors"].as_array().expect("errors").clone();
    let mut fields: Vec<_> = errors
        .iter()
        .map(|one| one["field"].as_str().expect("a field"))
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["category", "currency", "price_minor", "starts_at", "title"]
    );
}

#[tokio::test]
async fn the_longest_that_is_allowed_is_taken() {
    let stage = Stage::new().await;
    let body =
        json!({ "title": "é".repeat(200), "price_minor": 100_000_000, "notes": "x\n".repeat(999) });
    let id = stage.list(body).await;
    assert_eq!(stage.read(id).await["title"], "é".repeat(200));
}

#[tokio::test]
async fn what_is_not_the_body_that_is_asked_for_is_a_problem() {
    let stage = Stage::new().await;
    let json_kind = "application/json";
    let without = |field: &str| {
        let mut body = parsifal();
        body.as_object_mut().expect("an object").remove(field);
        body
    };
    let wrong: [Json; 14] = [
        without("title"),
        without("price_minor"),
        with(parsifal(), json!({ "title": 7 })),
        with(parsifal(), json!({ "title": null })),
        with(parsifal(), json!({ "title": ["Parsifal"] })),
        with(parsifal(), json!({ "price_minor": "12000" })),
        with(parsifal(), json!({ "price_minor": 120.5 })),
        with(parsifal(), json!({ "price_minor": 1e30 })),
        with(parsifal(), json!({ "starts_at": 5 })),
        with(parsifal(), json!({ "starts_at": "soon" })),
        with(parsifal(), json!({ "status": "sold" })),
        with(
            parsifal(),
            json!({ "seller_id": "00000000-0000-0000-0000-000000000000" }),
        ),
        json!([]),
        json!("x"),
    ];
    for body in wrong {
        let answer = send(&stage, json_kind, body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json["errors"][0]["message"].is_string(), "{body}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        "{",
        "null",
        r#"{"title":"a","title":"b","price_minor":1}"#,
        &deep,
    ] {
        assert_eq!(send(&stage, json_kind, text.to_owned()).await.status, 400);
    }
    let utf8 = b"{\"title\":\"\xff\xfe\",\"price_minor\":1}".to_vec();
    assert_eq!(send(&stage, json_kind, utf8).await.status, 400);
    assert_eq!(
        send(&stage, "text/plain", parsifal().to_string())
            .await
            .status,
        415
    );
    let huge = with(parsifal(), json!({ "notes": "x".repeat(3_000_000) })).to_string();
    assert_eq!(send(&stage, json_kind, huge).await.status, 413);
    nothing_is_listed(&stage).await;
}

#[tokio::test]
async fn names_that_are_none_are_400_and_unknown_ones_404() {
    let stage = Stage::new().await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    for (name, status) in [
        ("7", 400),
        ("%00", 400),
        ("%FF", 400),
        ("x'--", 400),
        (unknown, 404),
    ] {
        for path in [
            "/api/tickets/{}",
            "/tickets/{}",
            "/tickets/{}/edit",
            "/tickets/{}/live",
        ] {
            let path = path.replace("{}", name);
            let answer = stage.world.get(&path, Some(&stage.seller)).await;
            assert_eq!(answer.status, status, "{path}");
        }
    }
}

/// What the seller has written is text on every page, never part of it.
#[tokio::test]
async fn scripts_in_what_sellers_write_are_shown_as_text() {
    let stage = Stage::new().await;
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let body = json!({ "title": script, "venue": script, "city": script, "seat": script, "notes": script, "price_minor": 100 });
    let id = stage.list(body).await;
    let pages = [
        "/".to_owned(),
        "/?q=%3Cscript%3Ealert(1)".to_owned(),
        "/?city=%22%3E%3Cscript%3E&sort=%3Cscript%3E&from=%3Cscript%3E".to_owned(),
        "/?page=%22%3E%3Cscript%3E".to_owned(),
        format!("/tickets/{id}"),
        format!("/tickets/{id}?done=%3Cscript%3E"),
        format!("/tickets/{id}/edit"),
        "/my/listings".to_owned(),
    ];
    for path in pages {
        for token in [None, Some(&stage.seller), Some(&stage.buyer)] {
            let answer = stage.world.get(&path, token.map(String::as_str)).await;
            assert!(!answer.text.contains("<script"), "{path}: {}", answer.text);
            assert!(!answer.text.contains("<img"), "{path}: {}", answer.text);
        }
    }
    let shown = stage.world.get(&format!("/tickets/{id}"), None).await.text;
    assert!(shown.contains("&#60;script&#62;"), "{shown}");
}
