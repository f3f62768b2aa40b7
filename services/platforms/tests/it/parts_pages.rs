//! The pages of teams, custom fields and reviews, without a script.

use serde_json::json;

use crate::stage::{Stage, accountant, assert_shows, buyer, infra, led_to, submit, support};

#[tokio::test]
async fn a_team_is_added_by_its_form_and_mistakes_are_shown_beside_the_fields() {
    let stage = Stage::new().await;
    let page = stage.get(infra(), "/platforms/teams").await;
    assert_shows(
        &page,
        200,
        &["<h1>Teams</h1>", "No teams yet", "Add a team"],
    );
    let wrong = submit(
        &stage,
        infra(),
        "/platforms/teams",
        "name=&kind=support&email=%3Cx%3E",
    );
    assert_shows(
        &wrong.await,
        422,
        &[
            "The team was not added",
            "id=\"name-error\"",
            "id=\"email-error\"",
            "value=\"&#60;x&#62;\"",
            "value=\"support\" selected",
        ],
    );
    let form = "name=Core+%26+Co&kind=infra&email=core%40example.com";
    let added = submit(&stage, infra(), "/platforms/teams", form).await;
    assert_eq!(led_to(&added), "/platforms/teams?done=added");
    let page = stage.get(support(), "/platforms/teams?done=added").await;
    assert_shows(
        &page,
        200,
        &[
            "<strong>Added.</strong>",
            "Core &#38; Co",
            "mailto:core@example.com",
        ],
    );
    assert!(!page.text.contains("Add a team"), "{}", page.text);
    let taken = submit(&stage, infra(), "/platforms/teams", "name=core+%26+co").await;
    assert_shows(&taken, 409, &["There is a team of this name"]);
}

#[tokio::test]
async fn a_team_is_edited_by_its_form_and_removed_once_nothing_is_its_own() {
    let stage = Stage::new().await;
    let id = stage.team("Core & Co").await;
    let path = format!("/platforms/teams/{id}");
    assert_shows(
        &stage.get(infra(), &path).await,
        200,
        &["value=\"Core &#38; Co\"", "Remove this team"],
    );
    let wrong = submit(&stage, infra(), &path, "name=Core&kind=boss&email=").await;
    assert_shows(
        &wrong,
        422,
        &["Nothing was changed", "id=\"kind-error\"", "value=\"Core\""],
    );
    let saved = submit(&stage, infra(), &path, "name=Core&kind=support&email=").await;
    assert_eq!(led_to(&saved), "/platforms/teams?done=saved");
    let wish = json!({"name": "Linux", "publisher": "Acme", "owner_team_id": id});
    let platform = stage.create(wish).await;
    let held = stage.get(infra(), &path).await;
    assert_shows(&held, 200, &["one platform belongs"]);
    assert!(!held.text.contains("Remove this team"), "{}", held.text);
    let delete = format!("{path}/delete");
    let refused = submit(&stage, infra(), &delete, "").await;
    assert_shows(&refused, 409, &["Linux"]);
    let freed = crate::stage::path_of(&platform["id"]);
    stage
        .patch(infra(), &freed, json!({"owner_team_id": null}))
        .await;
    let gone = submit(&stage, infra(), &delete, "").await;
    assert_eq!(led_to(&gone), "/platforms/teams?done=deleted");
    assert_eq!(stage.get(infra(), &path).await.status, 404);
}

#[tokio::test]
async fn a_custom_field_is_added_edited_and_removed_by_forms() {
    let mut stage = Stage::new().await;
    let page = stage.get(infra(), "/platforms/fields").await;
    assert_shows(
        &page,
        200,
        &["<h1>Custom fields</h1>", "No custom fields yet"],
    );
    let form = "key=Bad&label=Data+centre&type=choice&allowed_values=&applies_to_kind=";
    let wrong = submit(&stage, infra(), "/platforms/fields", form).await;
    assert_shows(
        &wrong,
        422,
        &[
            "id=\"key-error\"",
            "value=\"Data centre\"",
            "value=\"choice\" selected",
        ],
    );
    let form = "key=centre&label=Data+centre&type=choice&allowed_values=Berlin%0D%0AOslo%0D%0A&applies_to_kind=&required=yes";
    let added = submit(&stage, infra(), "/platforms/fields", form).await;
    assert_eq!(led_to(&added), "/platforms/fields?done=added");
    let again = submit(&stage, infra(), "/platforms/fields", form).await;
    assert_shows(&again, 422, &["There is a field of this key"]);
    let page = stage.get(support(), "/platforms/fields").await;
    assert_shows(&page, 200, &["<code>centre</code>", "Berlin, Oslo"]);

    let path = "/platforms/fields/centre";
    let page = stage.get(infra(), path).await;
    assert_shows(
        &page,
        200,
        &["Berlin\nOslo", "checked", "No platform has a value in it"],
    );
    let wish = json!({"name": "Linux", "publisher": "Acme", "custom_fields": {"centre": "Oslo"}});
    stage.create(wish).await;
    let as_day = "label=Data+centre&type=date&allowed_values=&applies_to_kind=";
    let refused = submit(&stage, infra(), path, as_day).await;
    assert_shows(
        &refused,
        409,
        &["1 platforms have a value", "value=\"date\" selected"],
    );
    let saved = "label=Site&type=choice&allowed_values=Oslo&applies_to_kind=";
    let saved = submit(&stage, infra(), path, saved).await;
    assert_eq!(led_to(&saved), "/platforms/fields?done=saved");
    let delete = format!("{path}/delete");
    let refused = submit(&stage, infra(), &delete, "").await;
    assert_shows(&refused, 409, &["One platform loses its value"]);
    let gone = submit(&stage, infra(), &delete, "drop_values=yes").await;
    assert_eq!(led_to(&gone), "/platforms/fields?done=deleted");
    let page = stage.get(infra(), "/platforms/fields").await;
    assert_shows(&page, 200, &["being removed"]);
    stage.world.settle().await;
    assert_eq!(stage.get(infra(), path).await.status, 404);
}

/// Both at once: 1. Two open the form. 2. One makes a mistake. 3. The other saves. 4. The first
/// mends it, saves, and is told, with what was typed. 5. Who saves then has seen it.
#[tokio::test]
async fn whoever_saves_a_team_or_a_field_that_another_has_overtaken_is_told() {
    let stage = Stage::new().await;
    let id = stage.team("Core").await;
    let field = "key=rack&label=Rack&type=text&allowed_values=&applies_to_kind=";
    led_to(&submit(&stage, infra(), "/platforms/fields", field).await);
    let team = format!("/platforms/teams/{id}");
    for (path, first, wrong, second) in [
        (
            team.as_str(),
            "name=Base&kind=infra&email=",
            "name=Central&kind=boss&email=",
            "name=Central&kind=infra&email=",
        ),
        (
            "/platforms/fields/rack",
            "label=Base&type=text&allowed_values=&applies_to_kind=",
            "label=Central&type=boss&allowed_values=&applies_to_kind=",
            "label=Central&type=text&allowed_values=&applies_to_kind=",
        ),
    ] {
        let seen = "name=\"version\" value=\"1\"";
        assert_shows(&stage.get(infra(), path).await, 200, &[seen]);
        let of = |form: &str, version: u64| format!("{form}&version={version}");
        let mistake = submit(&stage, infra(), path, &of(wrong, 1)).await;
        assert_shows(&mistake, 422, &[seen, "Central"]);
        led_to(&submit(&stage, infra(), path, &of(first, 1)).await);
        let stale = submit(&stage, infra(), path, &of(second, 1)).await;
        let parts = [
            "name=\"version\" value=\"2\"",
            "value=\"Central\"",
            "<dd>Base</dd>",
            "Somebody else has changed it",
        ];
        assert_shows(&stale, 412, &parts);
        led_to(&submit(&stage, infra(), path, &of(second, 2)).await);
        assert_shows(&stage.get(infra(), path).await, 200, &["value=\"Central\""]);
    }
}

#[tokio::test]
async fn a_review_is_opened_by_a_form_and_worked_through_by_small_ones() {
    let stage = Stage::new().await;
    let wrong = "name=&due_on=2025-01-01&lifecycle=proposed&q=";
    let wrong = submit(&stage, infra(), "/platforms/reviews", wrong).await;
    let parts = [
        "The review was not opened",
        "id=\"name-error\"",
        "id=\"due_on-error\"",
        "value=\"proposed\" selected",
    ];
    assert_shows(&wrong, 422, &parts);
    let none = submit(
        &stage,
        infra(),
        "/platforms/reviews",
        "name=A&due_on=2026-02-01",
    )
    .await;
    assert_shows(&none, 422, &["No platform matches"]);
    for name in ["Alpha <1>", "Beta", "Gamma"] {
        stage.create_named(name).await;
    }
    let form = "name=Stock-take&due_on=2026-02-01&lifecycle=proposed";
    let opened = led_to(&submit(&stage, infra(), "/platforms/reviews", form).await);
    let path = opened.strip_suffix("?done=opened").unwrap().to_owned();
    let page = stage.get(infra(), &opened).await;
    let parts = [
        "<strong>Opened.</strong> 3 platforms",
        "Alpha &#60;1&#62;",
        "lifecycle “proposed”",
        "Opened by Person 1",
    ];
    assert_shows(&page, 200, &parts);
    let reader = stage.get(accountant(), &path).await;
    assert_shows(&reader, 200, &["Beta", "report.csv"]);
    assert!(!reader.text.contains("<form"), "{}", reader.text);

    let found = "outcome=confirmed&comment=&part=not_audited&after=0";
    let found = submit(&stage, infra(), &format!("{path}/items/1"), found).await;
    let back = format!("{path}?outcome=not_audited&cursor=0&done=found");
    assert_eq!(led_to(&found), format!("{back}#item-2"));
    let page = stage.get(infra(), &back).await;
    assert!(!page.text.contains("Alpha"), "{}", page.text);
    assert_shows(&page, 200, &["id=\"item-2\"", "Beta"]);
    let long = format!(
        "outcome=missing&comment={}&part=all&after=0",
        "x".repeat(201)
    );
    let wrong = submit(&stage, infra(), &format!("{path}/items/2"), &long).await;
    assert_shows(
        &wrong,
        422,
        &["Nothing was written down", "at most 200 letters", "Alpha"],
    );
    let odd = "outcome=updated&part=%2F%2Fevil.example&after=x";
    let odd = submit(&stage, infra(), &format!("{path}/items/2"), odd).await;
    assert_eq!(led_to(&odd), format!("{back}#item-3"));
    let page = stage
        .get(infra(), &format!("{path}?outcome=all&cursor=1"))
        .await;
    assert_shows(&page, 200, &["data-status=\"updated\"", "← First"]);
}

#[tokio::test]
async fn what_was_typed_of_a_platform_in_a_review_is_kept_and_enter_finds_nothing() {
    let stage = Stage::new().await;
    for name in ["Alpha <1>", "Beta"] {
        stage.create_named(name).await;
    }
    let form = "name=Stock-take&due_on=2026-02-01";
    let opened = led_to(&submit(&stage, infra(), "/platforms/reviews", form).await);
    let path = opened.strip_suffix("?done=opened").unwrap();
    let items = format!("{path}/items");
    let long = format!("outcome=missing&comment={}&part=all", "x".repeat(201));
    let wrong = submit(&stage, infra(), &format!("{items}/2"), &long).await;
    assert_shows(&wrong, 422, &["at most 200 letters", "Alpha"]);
    let kept = format!("value=\"{}\"", "x".repeat(201));
    assert_eq!(wrong.text.matches(&kept).count(), 1, "{}", wrong.text);
    let form = wrong.text.split(&kept).next().unwrap();
    let (_, form) = form.rsplit_once("<form").unwrap();
    assert!(form.contains("/items/2\""), "{form}");
    // The first button of a form is the one that Enter presses.
    let first = form.split("<button").nth(1).unwrap();
    assert!(first.starts_with(" disabled hidden>"), "{form}");
    let unsaid = "comment=was+there&part=all&after=0";
    let unsaid = submit(&stage, infra(), &format!("{items}/2"), unsaid).await;
    assert_shows(&unsaid, 422, &["value=\"was there\""]);

    submit(&stage, infra(), &format!("{items}/1"), "outcome=updated").await;
    let log = "/platforms/changes?entity=review_item";
    let shown = [
        "Reviewed",
        "Alpha &#60;1&#62;",
        "value=\"review_item\" selected",
    ];
    assert_shows(&stage.get(infra(), log).await, 200, &shown);
}

#[tokio::test]
async fn a_review_that_is_closed_by_its_form_shows_no_forms_any_more() {
    let stage = Stage::new().await;
    for name in ["Alpha", "Gamma"] {
        stage.create_named(name).await;
    }
    let form = "name=Stock-take&due_on=2026-02-01";
    let opened = led_to(&submit(&stage, infra(), "/platforms/reviews", form).await);
    let path = opened.strip_suffix("?done=opened").unwrap().to_owned();
    let found = submit(
        &stage,
        infra(),
        &format!("{path}/items/1"),
        "outcome=updated",
    )
    .await;
    assert_eq!(found.status, 303, "{}", found.text);
    let closed = submit(&stage, infra(), &format!("{path}/close"), "").await;
    assert_eq!(led_to(&closed), format!("{path}?done=closed"));
    let page = stage.get(infra(), &format!("{path}?done=closed")).await;
    assert_shows(
        &page,
        200,
        &["<strong>Closed.</strong>", "Closed by Person 1", "Gamma"],
    );
    assert!(!page.text.contains("<form"), "{}", page.text);
    let late = submit(
        &stage,
        infra(),
        &format!("{path}/items/2"),
        "outcome=missing",
    )
    .await;
    assert_shows(&late, 409, &["This review is closed."]);
    let list = stage.get(support(), "/platforms/reviews").await;
    assert_shows(&list, 200, &["Stock-take", "1 of 2", "Closed"]);
}

#[tokio::test]
async fn a_21_pages_are_for_members_and_forms_for_those_who_edit() {
    let stage = Stage::new().await;
    for path in [
        "/platforms/teams",
        "/platforms/fields",
        "/platforms/reviews",
    ] {
        assert_eq!(stage.world.get(path, None).await.status, 401, "{path}");
        assert_eq!(stage.get(buyer(), path).await.status, 403, "{path}");
        assert_eq!(stage.get(accountant(), path).await.status, 200, "{path}");
        let refused = submit(&stage, accountant(), path, "name=A&key=a&due_on=2026-02-01").await;
        assert_eq!(refused.status, 403, "{path}");
    }
}
