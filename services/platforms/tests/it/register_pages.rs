//! The pages of the register, without a script.

use serde_json::{Value, json};
use tidings_test::Answer;

use crate::stage::{
    Person, Stage, accountant, admin, assert_hides, assert_shows, buyer, engineer, form, infra,
    led_to, support,
};

async fn submit(stage: &Stage, by: Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    crate::stage::submit(stage, by, path, &form(fields)).await
}

#[tokio::test]
async fn the_list_is_searched_narrowed_and_leads_on() {
    let stage = Stage::new().await;
    let empty = stage.get(infra(), "/platforms").await;
    assert_shows(
        &empty,
        200,
        &["The register is empty", "href=\"/platforms/import\""],
    );
    for name in ["Kubernetes", "Nginx <b>", "Old thing"] {
        stage.create_named(name).await;
    }
    stage
        .post(infra(), "/api/platforms/3/archive", Value::Null)
        .await;
    let all = stage.get(infra(), "/platforms").await;
    assert_shows(
        &all,
        200,
        &["2 platforms", "Nginx &#60;b&#62;", "href=\"/platforms/1\""],
    );
    assert_hides(&all, &["Old thing", "<b>"]);
    let found = stage.get(infra(), "/platforms?q=kuber&sort=-updated").await;
    assert_shows(
        &found,
        200,
        &["One platform", "export.csv?q=kuber&#38;sort=-updated"],
    );
    let archive = stage.get(infra(), "/platforms?archived=true").await;
    assert_shows(&archive, 200, &["Old thing", "Archived"]);
    // What has no field in the form stays when it is sent.
    let kept = "/platforms?unowned=true&eol_before=2027-01-01&cost_min=0&sort=lifecycle";
    let kept = stage.get(infra(), kept).await;
    let shown = [
        "name=\"unowned\" value=\"true\"",
        "name=\"eol_before\" value=\"2027-01-01\"",
        "name=\"cost_min\" value=\"0\"",
        "value=\"lifecycle\" selected",
    ];
    assert_shows(&kept, 200, &shown);
    assert_hides(&kept, &["licence_expires_before"]);
    let nothing = stage.get(infra(), "/platforms?q=nowhere").await;
    assert_shows(&nothing, 200, &["Nothing matches"]);
    let part = stage.get(infra(), "/platforms?limit=1").await;
    assert_shows(&part, 200, &["rel=\"next\""]);
    assert_eq!(
        stage.get(infra(), "/platforms?kind=spoon").await.status,
        400
    );
}

#[tokio::test]
async fn a_21_everybody_sees_what_is_theirs_to_do() {
    let stage = Stage::new().await;
    stage.create_named("Kubernetes").await;
    for (who, adds, edits, lives) in [
        (infra(), "Add a platform", true, true),
        (admin(), "Add a platform", true, true),
        (support(), "Propose a platform", false, false),
        (engineer(), "Propose a platform", false, false),
        (accountant(), "", true, false),
    ] {
        let list = stage.get(who, "/platforms").await;
        assert_shows(&list, 200, &[adds]);
        assert_eq!(list.text.contains("/platforms/new"), !adds.is_empty());
        let page = stage.get(who, "/platforms/1").await;
        assert_shows(&page, 200, &["<h1>Kubernetes</h1>"]);
        assert_eq!(
            page.text.contains("/platforms/1/edit"),
            edits,
            "{:?}",
            who.roles
        );
        assert_eq!(page.text.contains("Its life"), lives, "{:?}", who.roles);
        let form = stage.get(who, "/platforms/1/edit").await;
        assert_eq!(
            form.status,
            if edits { 200 } else { 403 },
            "{:?}",
            who.roles
        );
    }
    let form = stage.get(accountant(), "/platforms/1/edit").await;
    assert_shows(
        &form,
        200,
        &["name=\"cost_amount\"", "name=\"licence_expires_on\""],
    );
    assert_hides(&form, &["name=\"name\"", "name=\"criticality\""]);
    assert_eq!(stage.get(accountant(), "/platforms/new").await.status, 403);
    for path in [
        "/platforms",
        "/platforms/1",
        "/platforms/new",
        "/platforms/changes",
    ] {
        assert_eq!(stage.get(buyer(), path).await.status, 403, "{path}");
        assert_eq!(stage.world.get(path, None).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_platform_is_added_with_its_mistakes_told_by_field() {
    let stage = Stage::new().await;
    let team = stage.team("Networks").await.to_string();
    let wrong = [
        ("name", " "),
        ("publisher", "Acme \" onload=x"),
        ("cost_amount", "a lot"),
        ("lifecycle", "production"),
        ("eol_on", "soon"),
        ("comment", "why not"),
    ];
    let again = submit(&stage, infra(), "/platforms/new", &wrong).await;
    let marked = [
        "id=\"cost_amount-error\"",
        "id=\"eol_on-error\"",
        "value=\"a lot\"",
        "Acme &#34; onload=x",
        "value=\"why not\"",
    ];
    assert_shows(&again, 422, &marked);
    let mended = [
        ("name", ""),
        ("publisher", "Acme"),
        ("lifecycle", "production"),
        ("owner_team_id", ""),
    ];
    let again = submit(&stage, infra(), "/platforms/new", &mended).await;
    assert_shows(
        &again,
        422,
        &["id=\"name-error\"", "id=\"owner_team_id-error\""],
    );
    let good = [
        ("name", "Backbone"),
        ("publisher", "Acme"),
        ("lifecycle", "production"),
        ("owner_team_id", &team),
        ("cost_amount", "120.00"),
        ("cost_period", "annual"),
        ("links", "Handbook https://example.com/h"),
        ("tags", "core, routing"),
    ];
    let added = submit(&stage, infra(), "/platforms/new", &good).await;
    assert_eq!(led_to(&added), "/platforms/1?done=added");
    let page = stage.get(infra(), "/platforms/1?done=added").await;
    let shown = [
        "It is number 1",
        "$120.00 a year",
        "Networks",
        "https://example.com/h",
        "core",
    ];
    assert_shows(&page, 200, &shown);
    //
    let twice = [("name", "backbone "), ("publisher", "ACME")];
    let twice = submit(&stage, infra(), "/platforms/new", &twice).await;
    let told = ["There is a platform of this publisher and name"];
    assert_shows(&twice, 409, &told);
}

#[tokio::test]
async fn a_proposal_is_a_proposal_whatever_is_sent() {
    let stage = Stage::new().await;
    let form = stage.get(support(), "/platforms/new").await;
    assert_shows(&form, 200, &["Propose a platform"]);
    assert_hides(&form, &["name=\"lifecycle\""]);
    let bold = [
        ("name", "Radar"),
        ("publisher", "Acme"),
        ("lifecycle", "experimental"),
    ];
    assert_eq!(
        submit(&stage, support(), "/platforms/new", &bold)
            .await
            .status,
        403
    );
    let proposed = submit(&stage, support(), "/platforms/new", &bold[..2]).await;
    assert_eq!(led_to(&proposed), "/platforms/1?done=proposed");
    let own = stage.get(support(), "/platforms/1/edit").await;
    assert_shows(&own, 200, &["value=\"Radar\""]);
    assert_eq!(stage.get(engineer(), "/platforms/1/edit").await.status, 403);
}

/// 1. Somebody opens the form.
/// 2. Somebody else saves another description.
/// 3. The first one saves: nothing is lost, and the page says who has changed what.
#[tokio::test]
async fn a_stale_form_says_what_others_have_changed_and_keeps_what_was_typed() {
    let stage = Stage::new().await;
    stage.create_named("Kubernetes").await;
    let other = json!({ "description": "Theirs" });
    stage.patch(admin(), "/api/platforms/1", other).await;
    let typed = [
        ("description", "Mine"),
        ("version_label", "1.35"),
        ("version", "1"),
    ];
    let stale = submit(&stage, infra(), "/platforms/1/edit", &typed).await;
    let shown = [
        "Somebody else has changed it",
        "has changed: Description.",
        ">\nMine</textarea>",
        "It says now: Theirs",
        "value=\"1.35\"",
        "name=\"version\" value=\"2\"",
    ];
    assert_shows(&stale, 412, &shown);
    let typed = [
        ("description", "Ours"),
        ("version_label", "1.35"),
        ("version", "2"),
    ];
    let saved = submit(&stage, infra(), "/platforms/1/edit", &typed).await;
    assert_eq!(led_to(&saved), "/platforms/1?done=saved");
    assert_eq!(stage.platform(&json!(1)).await["description"], "Ours");
    let never = submit(
        &stage,
        infra(),
        "/platforms/1/edit",
        &[("description", "Late")],
    )
    .await;
    assert_eq!(never.status, 412, "a form without a version has seen none");
}

/// A-12 by buttons.
#[tokio::test]
async fn a_12_life_goes_on_by_buttons_and_back_with_a_reason() {
    let stage = Stage::new().await;
    stage.team("Networks").await;
    let owned = json!({ "name": "Old", "publisher": "Acme", "owner": "Networks",
        "lifecycle": "production" });
    stage.create(owned).await;
    let page = stage.get(infra(), "/platforms/1").await;
    assert_shows(
        &page,
        200,
        &[
            "id=\"to-deprecated\"",
            "id=\"to-experimental\"",
            "id=\"archive\"",
        ],
    );
    let go =
        async |fields: &[(&str, &str)]| submit(&stage, infra(), "/platforms/1/move", fields).await;
    let untold = go(&[("to", "deprecated"), ("version", "1")]).await;
    assert_shows(&untold, 422, &["id=\"replaced_by-error\""]);
    let moved = go(&[
        ("to", "deprecated"),
        ("replaced_by", "none"),
        ("version", "1"),
    ])
    .await;
    assert_eq!(led_to(&moved), "/platforms/1?done=moved");
    let back = go(&[("to", "production"), ("version", "2")]).await;
    assert_shows(&back, 422, &["id=\"comment-error\""]);
    assert_eq!(
        go(&[("to", "retired"), ("version", "1")]).await.status,
        412,
        "stale"
    );
    go(&[("to", "retired"), ("version", "2")]).await;
    let retired = stage.get(infra(), "/platforms/1").await;
    assert_shows(&retired, 200, &["It is retired.", "id=\"restore\""]);
    assert_hides(&retired, &["/platforms/1/edit"]);
    let restored = submit(
        &stage,
        infra(),
        "/platforms/1/restore",
        &[("comment", "still used")],
    )
    .await;
    assert_eq!(led_to(&restored), "/platforms/1?done=restored");
    let archived = submit(&stage, infra(), "/platforms/1/archive", &[]).await;
    assert_eq!(led_to(&archived), "/platforms/1?done=archived");
    let archived = stage.get(support(), "/platforms/1").await;
    assert_shows(&archived, 200, &["It is in the archive."]);
    let theirs = submit(&stage, support(), "/platforms/1/restore", &[]).await;
    assert_eq!(theirs.status, 403);
}

#[tokio::test]
async fn a_13_the_changes_are_told_field_by_field() {
    let stage = Stage::new().await;
    stage.team("Networks").await;
    stage.create_named("Kubernetes").await;
    let edit = json!({ "owner": "Networks", "description": "<i>", "comment": "moved house" });
    stage.patch(infra(), "/api/platforms/1", edit).await;
    for path in [
        "/platforms/1",
        "/platforms/changes",
        "/platforms/changes?entity=platform",
    ] {
        let page = stage.get(support(), path).await;
        let shown = [
            "moved house",
            "<dt>Owner</dt>",
            "<ins>Networks</ins>",
            "<ins>&#60;i&#62;</ins>",
            "Added",
        ];
        assert_shows(&page, 200, &shown);
        assert_hides(&page, &["<i>"]);
    }
    // What stands in the log as an id has a name on the page.
    stage.create_named("Linux").await;
    let relations = json!({ "relations": [{ "type": "depends_on", "to": "2" }] });
    let path = "/api/platforms/1/relations";
    let put = stage.send(infra(), "PUT", path, relations).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let page = stage
        .get(support(), "/platforms/changes?entity=relations")
        .await;
    let shown = [
        ">Kubernetes</a> <span class=\"small muted\">relations</span>",
        "<ins>Linux</ins>",
    ];
    assert_shows(&page, 200, &shown);
    let costs = "/platforms/changes?about=costs&entity_id=none";
    let costs = stage.get(infra(), costs).await;
    let shown = [
        "value=\"costs\" selected",
        "name=\"entity_id\" value=\"none\"",
        "No changes",
    ];
    assert_shows(&costs, 200, &shown);
    let none = stage.get(infra(), "/platforms/changes?entity=review").await;
    assert_shows(&none, 200, &["No changes"]);
    assert_eq!(
        stage
            .get(infra(), "/platforms/changes?since=soon")
            .await
            .status,
        400
    );
}
