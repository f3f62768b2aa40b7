//! What nobody should send is refused, and nothing comes of it.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, infra, mistakes, on_both, path_of, refusal};

on_both!(
    what_cannot_be_is_refused_field_by_field,
    what_can_just_be_is_kept_as_it_was_sent,
    filters_and_cursors_that_are_none_are_refused,
    bodies_that_are_none_are_refused,
    a_list_is_no_object,
    zero_bytes_name_nothing,
);

async fn what_cannot_be_is_refused_field_by_field(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let heard = stage.heard().await;
    let long = |letters: usize| json!("ä".repeat(letters));
    let texts = [
        ("name", long(201), "field_too_long"),
        ("name", json!("x".repeat(1_000_000)), "field_too_long"),
        ("name", json!("a\u{0}b"), "bad_text"),
        ("name", json!("a\nb"), "bad_text"),
        ("name", json!("a\u{1f}b"), "bad_text"),
        ("name", json!("   "), "field_missing"),
        ("name", Value::Null, "field_missing"),
        ("name", json!(["a"]), "bad_text"),
        ("publisher", json!({"a": 1}), "bad_text"),
        ("description", long(4_001), "field_too_long"),
        ("description", json!("a\u{7f}"), "bad_text"),
        ("kind", json!("mainframe"), "bad_word"),
        ("kind", json!("x".repeat(100_000)), "bad_word"),
        ("lifecycle", json!("PRODUCTION!"), "bad_word"),
        ("lifecycle", json!(3), "bad_word"),
        ("criticality", json!(true), "bad_word"),
        ("eol_on", json!("2027-02-29"), "bad_day"),
        ("eol_on", json!("14.03.2026"), "bad_day"),
        ("eol_on", json!("-002026-03"), "bad_day"),
    ];
    refused_alone(&stage, &path, &texts).await;
    refused_alone(&stage, &path, &wrong_lists()).await;
    refused_alone(&stage, &path, &wrong_others(&made["id"])).await;
    let early = json!({"licence": {"starts_on": "2026-03-02", "expires_on": "2026-03-01"}});
    let early = stage.patch(infra(), &path, early).await;
    assert_eq!(refusal(&early), (422, "licence_ends_early"));
    assert_eq!(stage.platform(&made["id"]).await, made);
    assert_eq!(stage.heard().await, heard);
}

/// A field, what nobody may say of it, and the code that tells so.
type Case = (&'static str, Value, &'static str);

fn wrong_lists() -> Vec<Case> {
    vec![
        ("tags", json!("two words"), "bad_tag"),
        ("tags", json!(["a,b"]), "bad_tag"),
        ("tags", json!([1]), "bad_tag"),
        ("tags", json!(["x".repeat(41)]), "bad_tag"),
        (
            "tags",
            json!((0..21).map(|one| format!("t{one}")).collect::<Vec<_>>()),
            "too_many",
        ),
        (
            "links",
            json!([{"title": "x", "url": "ftp://example.com"}]),
            "bad_link",
        ),
        (
            "links",
            json!([{"title": "x", "url": "https://"}]),
            "bad_link",
        ),
        (
            "links",
            json!([{"title": "x", "url": "https://a b"}]),
            "bad_link",
        ),
        (
            "links",
            json!([{"title": "x\ny", "url": "https://a"}]),
            "bad_link",
        ),
        (
            "links",
            json!([{"title": "x", "url": "https://a\"><script>"}]),
            "bad_link",
        ),
        (
            "links",
            json!([{"title": "x", "href": "https://a"}]),
            "bad_link",
        ),
        ("links", json!(["https://a"]), "bad_link"),
    ]
}

fn wrong_others(platform: &Value) -> Vec<Case> {
    vec![
        ("cost", json!(5), "bad_cost"),
        ("cost", json!("€"), "bad_cost"),
        ("cost", json!("$1 a week"), "bad_cost"),
        ("cost_amount", json!("-1"), "bad_amount"),
        ("cost_amount", json!("1.005"), "bad_amount"),
        ("cost_amount", json!(1e300), "bad_amount"),
        ("cost_amount", json!("99999999999999999999"), "bad_amount"),
        ("cost_currency", json!("gbp"), "bad_word"),
        ("cost_amount", json!("5"), "cost_is_free"),
        ("licence_seats", json!(4_294_967_296_u64), "bad_number"),
        ("licence_seats", json!("+5"), "bad_number"),
        ("owner_team_id", json!("x"), "unknown_team"),
        ("owner_team_id", platform.clone(), "unknown_team"),
        ("id", json!("x"), "unknown_field"),
        ("number", json!(7), "unknown_field"),
        ("version", json!(7), "unknown_field"),
        ("slug", json!("x"), "unknown_field"),
        ("archived_at", Value::Null, "unknown_field"),
        ("", json!("x"), "unknown_field"),
        ("custom.", json!("x"), "unknown_field"),
        ("custom.A", json!("x"), "unknown_field"),
        ("comment", json!(["x"]), "bad_text"),
        ("comment", json!("x".repeat(201)), "field_too_long"),
        ("comment", json!("a\u{0}"), "bad_text"),
    ]
}

/// Each is refused by itself.
async fn refused_alone(stage: &Stage, path: &str, cases: &[Case]) {
    for (field, value, code) in cases {
        let answer = stage.patch(infra(), path, json!({ *field: value })).await;
        let found: Vec<_> = mistakes(&answer)
            .into_iter()
            .map(|(_, code)| code)
            .collect();
        let text = &answer.text.chars().take(300).collect::<String>();
        assert_eq!(
            (answer.status.as_u16(), &found[..]),
            (422, &[(*code).to_owned()][..]),
            "{field} {text}"
        );
        // What was sent does not come back at its whole length.
        assert!(answer.text.len() < 2_000, "{field}");
    }
}

async fn what_can_just_be_is_kept_as_it_was_sent(storage: Storage) {
    let stage = Stage::on(storage).await;
    let name = "ß𝄞\"';--<b>&%_\\ ".trim().to_owned() + &"ä".repeat(180);
    let made = stage.create(json!({"name": name, "publisher": "=cmd|' /C calc'!A0",
        "description": "one\n\ttwo\r\nthree", "eol_on": "2028-02-29", "cost_amount": 1_000_000_000,
        "cost_period": "monthly", "licence_seats": 4_294_967_295_u32,
        "links": [{"title": "", "url": "http://a"}, {"title": "two words", "url": "https://b?c=d#e"}],
        "tags": ["C++", "c#", "ÄÖ", "a/b"]})).await;
    let told =
        ["name", "publisher", "description", "eol_on", "tags"].map(|name| made[name].clone());
    let expected = [
        json!(name),
        json!("=cmd|' /C calc'!A0"),
        json!("one\n\ttwo\nthree"),
        json!("2028-02-29"),
        json!(["a/b", "c#", "c++", "äö"]),
    ];
    assert_eq!(told, expected);
    assert_eq!(made["charge"]["amount_minor"], 100_000_000_000_i64);
    assert_eq!(made["licence"]["seats"], 4_294_967_295_u32);
    assert_eq!(stage.platform(&made["id"]).await, made);
    // A title that nobody has said is the address.
    assert_eq!(
        made["links"][0],
        json!({"title": "http://a", "url": "http://a"})
    );
    // What was answered can be sent again, and changes nothing.
    let mut same = made.clone();
    for name in [
        "id",
        "number",
        "slug",
        "owner_team_id",
        "version",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "archived_at",
        "last_reviewed_at",
        "last_reviewed_by",
    ] {
        same.as_object_mut().unwrap().remove(name);
    }
    let again = stage.patch(infra(), &path_of(&made["id"]), same).await;
    assert_eq!(again.json, made, "{}", again.text);
    for name in ["  ", "...", "42", "日本"] {
        let made = stage
            .post(
                infra(),
                "/api/platforms",
                json!({"name": name, "publisher": "P"}),
            )
            .await;
        let slug = made.json["slug"].as_str();
        assert!(
            slug.is_none_or(|slug| slug.starts_with("platform")),
            "{name} {slug:?}"
        );
    }
}

async fn filters_and_cursors_that_are_none_are_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.create_named("A").await;
    for (query, code) in [
        ("kind=car", "bad_filter"),
        ("lifecycle=production,dead", "bad_filter"),
        ("owner=nobody", "bad_filter"),
        ("owner=%00", "bad_filter"),
        ("publisher=%00", "bad_filter"),
        ("tag=a%0Ab", "bad_filter"),
        ("archived=maybe", "bad_filter"),
        ("unowned=maybe", "bad_filter"),
        ("licence_expires_before=2026-02-30", "bad_filter"),
        ("cost_min=-1", "bad_filter"),
        ("cost_min=99999999999999999999", "bad_filter"),
        ("sort=colour", "bad_filter"),
        ("sort=--name", "bad_filter"),
        ("limit=0", "bad_limit"),
        ("limit=201", "bad_limit"),
        ("cursor=x", "bad_cursor"),
        ("cursor=name_1_00", "bad_cursor"),
        ("cursor=-name_1_61", "bad_cursor"),
        ("sort=cost&cursor=name_1_61", "bad_cursor"),
    ] {
        let answer = stage.get(infra(), &format!("/api/platforms?{query}")).await;
        assert_eq!(refusal(&answer), (400, code), "{query}");
    }
    let long = "x".repeat(201);
    let answer = stage
        .get(infra(), &format!("/api/platforms?q={long}"))
        .await;
    assert_eq!(refusal(&answer), (400, "bad_filter"));
    for nothing in [
        "q=%25",
        "q='",
        "q=%22%20OR%201=1",
        "tag=%25",
        "publisher=_",
        "q=zzz",
    ] {
        let answer = stage
            .get(infra(), &format!("/api/platforms?{nothing}"))
            .await;
        assert_eq!(answer.json, json!([]), "{nothing}");
    }
}

async fn bodies_that_are_none_are_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let token = stage.world.token(infra().id.uuid(), infra().roles);
    let send = async |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        let answer = stage.world.call(request.unwrap()).await;
        answer.status.as_u16()
    };
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "[]",
        "\"x\"",
        "null",
        "{\"name\": \"\\ud800\"}",
        deep.as_str(),
    ] {
        let body = body.as_bytes().to_vec();
        assert_eq!(send("PATCH", &path, body.clone()).await, 400);
        assert_eq!(send("POST", "/api/platforms", body).await, 400);
    }
    assert_eq!(send("PATCH", &path, vec![0xff; 10]).await, 400);
    for body in ["{", "[]", "{\"comment\": 5}", "{\"why\": \"x\"}"] {
        let archive = format!("{path}/archive");
        assert_eq!(
            send("POST", &archive, body.as_bytes().to_vec()).await,
            400,
            "{body}"
        );
    }
    assert_eq!(stage.platform(&made["id"]).await, made);
}

/// Each would stand for the field of its place.
async fn a_list_is_no_object(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let relations = format!("{}/relations", path_of(&made["id"]));
    for (method, path, body) in [
        (
            "POST",
            "/api/platforms/teams",
            json!(["A", "infra", "", ""]),
        ),
        (
            "PUT",
            "/api/platforms/fields/rack",
            json!(["Rack", "text", false, [], null, ""]),
        ),
        ("PUT", &relations, json!([[], ""])),
        (
            "PUT",
            &relations,
            json!({"relations": [["depends_on", "1"]]}),
        ),
        (
            "POST",
            "/api/platforms/reviews",
            json!(["A", {}, "2027-01-01"]),
        ),
        (
            "POST",
            "/api/platforms/reviews",
            json!({"name": "A", "due_on": "2027-01-01", "scope": ["A"]}),
        ),
    ] {
        let answer = stage.send(infra(), method, path, body.clone()).await;
        assert_eq!(refusal(&answer), (400, "bad_request"), "{body}");
        assert!(
            answer.text.contains("a list where an object"),
            "{}",
            answer.text
        );
    }
}

/// PostgreSQL refuses a text with one in it.
async fn zero_bytes_name_nothing(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.create_named("A").await;
    for path in ["/api/platforms/fields/%00", "/platforms/fields/%00"] {
        let answer = stage.get(infra(), path).await;
        assert_eq!(refusal(&answer), (404, "not_found"), "{path}");
    }
    let path = "/api/platforms/fields/a%00";
    let answer = stage.send(infra(), "DELETE", path, Value::Null).await;
    assert_eq!(refusal(&answer), (404, "not_found"));
    let token = stage.world.token(infra().id.uuid(), infra().roles);
    let request = Request::post("/platforms/fields")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("key=%00&label=A&type=text"))
        .unwrap();
    let answer = stage.world.call(request).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    for part in ["q", "publisher", "tag"] {
        for (text, code) in [("a\u{0}", "bad_text"), (&"x".repeat(201), "field_too_long")] {
            let body = json!({"name": "A", "due_on": "2027-01-01", "scope": {part: text}});
            let answer = stage.post(infra(), "/api/platforms/reviews", body).await;
            let expected = [(part.to_owned(), code.to_owned())];
            assert_eq!(mistakes(&answer), expected, "{part}");
        }
    }
}
