//! The page of one platform and its form: what is typed there is neither lost nor laid over
//! what others have written.

use serde_json::{Value, json};
use tidings_test::Answer;

use crate::stage::{
    Person, Stage, accountant, admin, assert_hides, assert_shows, engineer, form, infra, led_to,
    support,
};

async fn submit(stage: &Stage, by: Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    crate::stage::submit(stage, by, path, &form(fields)).await
}

async fn field(stage: &Stage, key: &str, told: Value) {
    let path = format!("/api/platforms/fields/{key}");
    let put = stage.send(infra(), "PUT", &path, told).await;
    assert!(put.status.is_success(), "{}", put.text);
}

/// 1. Somebody opens the form.
/// 2. Somebody else saves another description.
/// 3. The first one sends the form with a mistake in the cost.
/// 4. They mend the cost and send it again: nothing is overwritten unseen.
#[tokio::test]
async fn whoever_mends_a_mistake_overwrites_nobody() {
    let stage = Stage::new().await;
    stage.create_named("Kubernetes").await;
    let other = json!({ "description": "Theirs" });
    stage.patch(admin(), "/api/platforms/1", other).await;
    let typed = |cost: &'static str| {
        [
            ("version", "1"),
            ("description", "Mine"),
            ("cost_amount", cost),
            ("cost_period", "annual"),
        ]
    };
    let path = "/platforms/1/edit";
    let wrong = submit(&stage, infra(), path, &typed("a lot")).await;
    let shown = ["id=\"cost_amount-error\"", "name=\"version\" value=\"1\""];
    assert_shows(&wrong, 422, &shown);
    let stale = submit(&stage, infra(), path, &typed("120.00")).await;
    let shown = [
        "has changed: Description.",
        "It says now: Theirs",
        "name=\"version\" value=\"2\"",
    ];
    assert_shows(&stale, 412, &shown);
    assert_eq!(stage.platform(&json!(1)).await["description"], "Theirs");
}

#[tokio::test]
async fn what_is_true_is_a_yes() {
    let stage = Stage::new().await;
    for (key, label) in [("sso", "Single sign-on"), ("dr", "Second site")] {
        field(&stage, key, json!({"label": label, "type": "bool"})).await;
    }
    let custom = json!({"sso": "true", "dr": "false"});
    let wish = json!({"name": "Linux", "publisher": "Acme", "custom_fields": custom});
    stage.create(wish).await;
    let page = stage.get(infra(), "/platforms/1").await;
    let shown = [
        "<dt>Single sign-on</dt><dd>Yes</dd>",
        "<dt>Second site</dt><dd>No</dd>",
    ];
    assert_shows(&page, 200, &shown);
}

#[tokio::test]
async fn the_form_loses_no_value_of_a_custom_field() {
    let stage = Stage::new().await;
    field(&stage, "notes", json!({"label": "Notes", "type": "text"})).await;
    let choice = |choices: &[&str]| json!({"label": "Site", "type": "choice", "allowed_values": choices, "required": true});
    let custom = json!({"notes": "one\ntwo", "site": "Oslo"});
    stage.create_named("Never said").await;
    field(&stage, "site", choice(&["Oslo", "Bonn"])).await;
    let wish = json!({"name": "Linux", "publisher": "Acme", "custom_fields": custom});
    stage.create(wish).await;
    field(&stage, "site", choice(&["Bonn"])).await;
    let page = stage.get(infra(), "/platforms/2/edit").await;
    let shown = [
        ">\none\ntwo</textarea>",
        "<option value=\"Oslo\" selected>",
        "name=\"custom.site\" required",
    ];
    assert_shows(&page, 200, &shown);
    let sent = [
        ("version", "1"),
        ("custom.notes", "one\r\ntwo"),
        ("custom.site", "Oslo"),
        ("description", "New"),
    ];
    let saved = submit(&stage, infra(), "/platforms/2/edit", &sent).await;
    assert_eq!(led_to(&saved), "/platforms/2?done=saved");
    let saved = stage.platform(&json!(2)).await;
    assert_eq!(
        saved["custom_fields"],
        json!({"notes": "one\ntwo", "site": "Oslo"})
    );
    // The browser stops nobody over what was never said.
    let page = stage.get(infra(), "/platforms/1/edit").await;
    assert_hides(&page, &["name=\"custom.site\" required"]);
}

#[tokio::test]
async fn a_kind_is_chosen_that_must_have_a_custom_field() {
    let stage = Stage::new().await;
    stage.create_named("Oracle").await;
    let told = json!({"label": "Engine", "type": "text", "required": true,
        "applies_to_kind": "database"});
    field(&stage, "engine", told).await;
    let page = stage.get(infra(), "/platforms/1/edit").await;
    assert_hides(&page, &["custom.engine"]);
    let chosen = [("version", "1"), ("kind", "database")];
    let asked = submit(&stage, infra(), "/platforms/1/edit", &chosen).await;
    assert_shows(&asked, 422, &["Say the Engine.", "name=\"custom.engine\""]);
    let said = [
        ("version", "1"),
        ("kind", "database"),
        ("custom.engine", "23ai"),
    ];
    let saved = submit(&stage, infra(), "/platforms/1/edit", &said).await;
    assert_eq!(led_to(&saved), "/platforms/1?done=saved");
    assert_eq!(stage.platform(&json!(1)).await["kind"], "database");
}

#[tokio::test]
async fn relations_are_added_and_removed_on_the_page_and_are_in_its_changes() {
    let stage = Stage::new().await;
    for name in ["Shop", "Linux <b>"] {
        stage.create_named(name).await;
    }
    let path = "/platforms/1/relations";
    let add = [("type", "depends_on"), ("to", "2"), ("version", "1")];
    let added = submit(&stage, infra(), path, &add).await;
    assert_eq!(led_to(&added), "/platforms/1?done=saved#relations");
    let page = stage.get(infra(), "/platforms/1").await;
    let shown = [
        "Depends on <a href=\"/platforms/2\">Linux &#60;b&#62;</a>",
        "aria-label=\"Remove: depends on Linux &#60;b&#62;\"",
        "<span class=\"small muted\">relations</span>",
        "<ins>Linux &#60;b&#62;</ins>",
        "name=\"version\" value=\"2\"",
    ];
    assert_shows(&page, 200, &shown);
    let other = stage.get(infra(), "/platforms/2").await;
    assert_shows(&other, 200, &["Shop</a> depends on this"]);
    assert_hides(&other, &["aria-label=\"Remove"]);
    let stale = submit(&stage, infra(), path, &add).await;
    assert_shows(
        &stale,
        412,
        &["Somebody else has changed it", "value=\"2\""],
    );
    for (to, told) in [
        ("1", "no relation to itself"),
        ("77", "There is no such platform"),
    ] {
        let wrong = [("type", "part_of"), ("to", to), ("version", "2")];
        let wrong = submit(&stage, infra(), path, &wrong).await;
        let kept = format!("name=\"to\" value=\"{to}\" required");
        let shown = [
            told,
            "id=\"relation_to-error\"",
            kept.as_str(),
            "value=\"part_of\" selected",
        ];
        assert_shows(&wrong, 422, &shown);
    }
    let linux = stage.platform(&json!(2)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let remove = [
        ("type", "depends_on"),
        ("to", linux.as_str()),
        ("version", "2"),
        ("remove", "yes"),
    ];
    let removed = submit(&stage, infra(), path, &remove).await;
    assert_eq!(led_to(&removed), "/platforms/1?done=saved#relations");
    let none = stage.get(infra(), "/api/platforms/1/relations").await;
    assert_eq!(none.json["relations"], json!([]));
}

#[tokio::test]
async fn a_21_relations_are_changed_by_those_who_may() {
    let stage = Stage::new().await;
    for name in ["Shop", "Linux"] {
        stage.create_named(name).await;
    }
    let path = "/platforms/1/relations";
    let add = [("type", "depends_on"), ("to", "2"), ("version", "1")];
    for who in [accountant(), support(), engineer()] {
        let page = stage.get(who, "/platforms/1").await;
        assert_hides(&page, &["id=\"relate\""]);
        assert_eq!(submit(&stage, who, path, &add).await.status, 403);
    }
    let mine = json!({"name": "Radar", "publisher": "Acme"});
    stage.post(support(), "/api/platforms", mine).await;
    let page = stage.get(support(), "/platforms/3").await;
    assert_shows(&page, 200, &["id=\"relate\""]);
    let added = submit(&stage, support(), "/platforms/3/relations", &add).await;
    assert_eq!(led_to(&added), "/platforms/3?done=saved#relations");
    stage
        .post(infra(), "/api/platforms/1/archive", Value::Null)
        .await;
    let archived = stage.get(infra(), "/platforms/1").await;
    assert_hides(&archived, &["id=\"relate\""]);
    let late = submit(&stage, infra(), path, &add).await;
    assert_shows(&late, 409, &["This platform is in the archive,"]);
}

/// 1. Somebody opens the page. 2. Somebody else saves. 3. The first one presses a button.
#[tokio::test]
async fn buttons_keep_what_was_typed_and_say_who_was_faster() {
    let stage = Stage::new().await;
    stage.team("Networks").await;
    let owned = json!({ "name": "Old", "publisher": "Acme", "owner": "Networks",
        "lifecycle": "production" });
    stage.create(owned).await;
    let other = json!({ "description": "Theirs" });
    stage.patch(admin(), "/api/platforms/1", other).await;
    for (fields, kept) in [
        (
            [("to", "deprecated"), ("replaced_by", "17")],
            "value=\"17\"",
        ),
        (
            [("to", "experimental"), ("comment", "Too soon")],
            "value=\"Too soon\"",
        ),
    ] {
        let sent = [fields[0], fields[1], ("version", "1")];
        let stale = submit(&stage, infra(), "/platforms/1/move", &sent).await;
        let shown = [
            "Somebody else has changed it",
            "has changed: Description.",
            "name=\"version\" value=\"2\"",
            kept,
        ];
        assert_shows(&stale, 412, &shown);
    }
    let stale = submit(&stage, infra(), "/platforms/1/archive", &[("version", "1")]).await;
    assert_shows(&stale, 412, &["has changed: Description."]);
}

/// No line that somebody types into a browser is a fault of the server.
#[tokio::test]
async fn an_address_of_no_platform_is_told_so() {
    let stage = Stage::new().await;
    for path in [
        "/platforms/a%0Ab",
        "/platforms/a%26b%3Dc",
        "/platforms/%C3%BC/edit",
    ] {
        assert_eq!(stage.get(infra(), path).await.status, 404, "{path}");
        assert_eq!(stage.world.get(path, None).await.status, 401, "{path}");
    }
    let moved = submit(
        &stage,
        infra(),
        "/platforms/a%0Ab/move",
        &[("to", "retired")],
    )
    .await;
    assert_eq!(moved.status, 404, "{}", moved.text);
}
