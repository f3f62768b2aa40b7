//! Custom fields: what an organisation wants to know of its platforms besides.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Stage, accountant, buyer, engineer, infra, mistakes, on_both, path_of, refusal, support,
};

const FIELDS: &str = "/api/platforms/fields";

on_both!(
    a_field_is_defined_filled_and_checked_by_its_type,
    a_field_that_is_removed_takes_its_values_along_as_one_request,
    what_became_required_stops_nobody_who_changes_something_else,
    a_stale_version_of_a_field_changes_nothing,
);

async fn define(stage: &Stage, key: &str, body: Value) -> Value {
    let answer = stage
        .send(infra(), "PUT", &format!("{FIELDS}/{key}"), body)
        .await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer.json
}

async fn fill(stage: &Stage, id: &Value, custom: Value) -> tidings_test::Answer {
    let body = json!({ "custom_fields": custom });
    stage.patch(infra(), &path_of(id), body).await
}

async fn a_field_is_defined_filled_and_checked_by_its_type(storage: Storage) {
    let stage = Stage::on(storage).await;
    let centre = json!({"label": "Data centre", "type": "choice",
        "allowed_values": ["Berlin", "Oslo"]});
    let path = format!("{FIELDS}/centre");
    let made = stage.send(infra(), "PUT", &path, centre.clone()).await;
    assert_eq!(
        (made.status.as_u16(), &made.json["version"]),
        (201, &json!(1))
    );
    let same = stage.send(infra(), "PUT", &path, centre).await;
    assert_eq!((same.status.as_u16(), &same.json), (200, &made.json));
    assert_eq!(stage.get(support(), &path).await.json, made.json);
    assert_eq!(stage.get(support(), FIELDS).await.json, json!([made.json]));
    define(
        &stage,
        "audited",
        json!({"label": "Audited", "type": "date"}),
    )
    .await;
    let racks = json!({"label": "Racks", "type": "number", "applies_to_kind": "appliance"});
    define(&stage, "racks", racks).await;

    let platform = stage.create_named("Linux").await;
    let id = &platform["id"];
    let wrong = json!({"centre": "Rome", "audited": "yesterday", "racks": "4", "other": "x"});
    let refused = fill(&stage, id, wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let expected = [
        ("custom.audited", "custom_bad_value"),
        ("custom.centre", "custom_bad_value"),
        ("custom.other", "custom_unknown"),
        ("custom.racks", "custom_not_for_kind"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(mistakes(&refused), expected);
    let filled = fill(
        &stage,
        id,
        json!({"centre": " oslo", "audited": "2026-01-02"}),
    )
    .await;
    assert_eq!(filled.status, 200, "{}", filled.text);
    let expected = json!({"centre": "Oslo", "audited": "2026-01-02"});
    assert_eq!(filled.json["custom_fields"], expected);
    // what is written in another way and means the same is no change.
    let same = fill(&stage, id, json!({"centre": "OSLO"})).await;
    assert_eq!(same.json["version"], filled.json["version"]);
    let last = &stage.history(id).await[0];
    assert_eq!(
        last["changed_fields"],
        json!(["custom.audited", "custom.centre"])
    );

    let as_number = json!({"label": "Data centre", "type": "number"});
    let refused = stage.send(infra(), "PUT", &path, as_number).await;
    assert_eq!(refusal(&refused), (409, "field_in_use"));
    let as_text = json!({"label": "Data centre", "type": "text"});
    assert_eq!(define(&stage, "centre", as_text).await["version"], 2);
}

/// one request, one change record for the definition and one for each platform.
async fn a_field_that_is_removed_takes_its_values_along_as_one_request(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    define(&stage, "rack_no", json!({"label": "Rack", "type": "text"})).await;
    define(&stage, "rackxno", json!({"label": "Other", "type": "text"})).await;
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        let wish = json!({"name": name, "publisher": "Acme",
            "custom_fields": {"rack_no": "4 \"rack_no\":5", "rackxno": "\"rack_no\":"}});
        ids.push(stage.create(wish).await["id"].clone());
    }
    let bare = json!({"name": "Bare", "publisher": "Acme",
        "custom_fields": {"rackxno": "\"rack_no\":1"}});
    let bare = stage.create(bare).await;
    let archived = stage
        .post(infra(), &format!("{}/archive", path_of(&ids[2])), json!({}))
        .await;
    assert_eq!(archived.status, 200, "{}", archived.text);

    let path = format!("{FIELDS}/rack_no");
    let refused = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "field_in_use"));
    assert!(refused.text.contains("2 platforms"), "{}", refused.text);
    let drop = format!("{path}?drop_values=true&comment=Racks%20are%20gone");
    let gone = stage.send(infra(), "DELETE", &drop, Value::Null).await;
    assert_eq!(
        (gone.status.as_u16(), &gone.json["platforms"]),
        (202, &json!(2))
    );
    // Until its values are gone nobody defines another one of the key, or fills it.
    let body = json!({"label": "Rack", "type": "number"});
    let refused = stage.send(infra(), "PUT", &path, body.clone()).await;
    assert_eq!(refusal(&refused), (409, "field_going"));
    let refused = stage.send(infra(), "DELETE", &drop, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "field_going"));
    let refused = fill(&stage, &bare["id"], json!({"rack_no": "1"})).await;
    assert_eq!(refusal(&refused), (422, "custom_unknown"));
    stage.world.settle().await;

    for (id, left) in [
        (&ids[0], json!({"rackxno": "\"rack_no\":"})),
        (&ids[1], json!({"rackxno": "\"rack_no\":"})),
        (&bare["id"], json!({"rackxno": "\"rack_no\":1"})),
    ] {
        assert_eq!(stage.platform(id).await["custom_fields"], left);
    }
    let kept = &stage.platform(&ids[2]).await["custom_fields"]["rack_no"];
    assert_eq!(
        kept, "4 \"rack_no\":5",
        "the archive stays as it was put there"
    );
    assert_dropped(&stage, &ids[..2]).await;
    assert_eq!(
        refusal(&stage.get(infra(), &path).await),
        (404, "not_found")
    );
    assert_eq!(define(&stage, "rack_no", body).await["version"], 1);
    let unused = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(unused.status, 204, "{}", unused.text);
}

/// the last change of each platform is of the request that has removed the field.
async fn assert_dropped(stage: &Stage, ids: &[Value]) {
    let path_of_field = "/api/platforms/changes?entity=field&limit=200";
    let field = stage.get(infra(), path_of_field).await.json[0].clone();
    assert_eq!(
        (&field["action"], &field["comment"]),
        (&json!("delete"), &json!("Racks are gone"))
    );
    for id in ids {
        let last = &stage.history(id).await[0];
        assert_eq!(last["request_id"], field["request_id"]);
        assert_eq!(last["changed_fields"], json!(["custom.rack_no"]));
        assert_eq!(
            last["before"]["custom_fields"]["rack_no"],
            "4 \"rack_no\":5"
        );
    }
}

async fn what_became_required_stops_nobody_who_changes_something_else(storage: Storage) {
    let stage = Stage::on(storage).await;
    let old = stage.create_named("Old").await;
    let label = json!({"label": "Data centre", "type": "text", "required": true});
    define(&stage, "centre", label).await;
    let path = path_of(&old["id"]);
    let cost = json!({"cost_centre": "4711"});
    let paid = stage.patch(accountant(), &path, cost).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let new = json!({"name": "New", "publisher": "Acme"});
    let refused = stage.post(infra(), "/api/platforms", new).await;
    let missing = [("custom.centre".to_owned(), "custom_missing".to_owned())];
    assert_eq!(
        (refused.status.as_u16(), mistakes(&refused)),
        (422, missing.to_vec())
    );
    let filled = fill(&stage, &old["id"], json!({"centre": "Oslo"})).await;
    assert_eq!(filled.status, 200, "{}", filled.text);
    let cleared = fill(&stage, &old["id"], json!({"centre": ""})).await;
    assert_eq!(
        (cleared.status.as_u16(), mistakes(&cleared)),
        (422, missing.to_vec())
    );
}

async fn a_stale_version_of_a_field_changes_nothing(storage: Storage) {
    let stage = Stage::on(storage).await;
    define(&stage, "rack", json!({"label": "Rack", "type": "text"})).await;
    let path = format!("{FIELDS}/rack");
    assert_eq!(
        stage.get(infra(), &path).await.headers[header::ETAG],
        "\"1\""
    );
    let put = async |path: &str, seen: &str, label: &str| {
        let body = json!({"label": label, "type": "text"});
        stage
            .send_with(infra(), ("PUT", path), (header::IF_MATCH, seen), body)
            .await
    };
    let first = put(&path, "\"1\"", "First").await;
    assert_eq!(
        (first.status.as_u16(), &first.headers[header::ETAG]),
        (200, &"\"2\"".parse().unwrap())
    );
    assert_eq!(
        refusal(&put(&path, "\"1\"", "Second").await),
        (412, "stale_version")
    );
    assert_eq!(stage.get(infra(), &path).await.json["label"], "First");
    // What somebody has seen is not defined anew once another has removed it.
    assert_eq!(
        stage
            .send(infra(), "DELETE", &path, Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        refusal(&put(&path, "\"2\"", "Third").await),
        (404, "not_found")
    );
    assert_eq!(stage.get(infra(), FIELDS).await.json, json!([]));
}

#[tokio::test]
async fn a_definition_that_cannot_be_is_refused() {
    let stage = Stage::new().await;
    let text = json!({"label": "A", "type": "text"});
    for key in ["Upper", "1a", "a-b", "%C3%A9", &"a".repeat(41)] {
        let path = format!("{FIELDS}/{key}");
        let refused = stage.send(infra(), "PUT", &path, text.clone()).await;
        assert_eq!(refusal(&refused), (422, "bad_key"), "{key}");
    }
    let path = format!("{FIELDS}/a");
    let wrong = json!({"label": "", "type": "colour", "applies_to_kind": "car"});
    let refused = stage.send(infra(), "PUT", &path, wrong).await;
    let expected = [
        ("label", "field_missing"),
        ("type", "bad_type"),
        ("applies_to_kind", "bad_kind"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(
        (refused.status.as_u16(), mistakes(&refused)),
        (422, expected.to_vec())
    );
    for number in 0..50 {
        define(&stage, &format!("f{number}"), text.clone()).await;
    }
    let refused = stage.send(infra(), "PUT", &path, text).await;
    assert_eq!(refusal(&refused), (422, "too_many_fields"));
}

#[tokio::test]
async fn a_21_custom_fields_are_for_those_who_edit_the_register() {
    let stage = Stage::new().await;
    let text = json!({"label": "A", "type": "text"});
    define(&stage, "a", text.clone()).await;
    let path = format!("{FIELDS}/a");
    for reader in [accountant(), support(), engineer()] {
        assert_eq!(stage.get(reader, FIELDS).await.status, 200);
        let put = stage.send(reader, "PUT", &path, text.clone()).await;
        let delete = stage.send(reader, "DELETE", &path, Value::Null).await;
        assert_eq!([refusal(&put), refusal(&delete)], [(403, "forbidden"); 2]);
    }
    assert_eq!(
        refusal(&stage.get(buyer(), &path).await),
        (403, "forbidden")
    );
    assert_eq!(stage.world.get(FIELDS, None).await.status, 401);
}
