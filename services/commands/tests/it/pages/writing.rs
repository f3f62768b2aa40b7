//! The pages on which commands are written down, approved and set right.

use serde_json::json;
use tidings::Storage;

use super::{assert_hides, assert_shows, create, location};
use crate::stage::{Stage, admin, engineer, infrastructure, on_both, platform, restart, support};

on_both!(
    a_command_is_written_down_and_changed_in_a_form,
    a_platform_is_named_by_its_number_or_by_its_name_if_it_is_the_only_one,
    engineering_drafts_and_support_publishes,
    a_28_history_shows_what_changed_and_leads_back,
    what_people_write_is_never_taken_for_html,
    a_15_commands_of_the_archive_are_read_and_not_changed,
);

const TYPED: &str = "platform=1+Kubernetes&how_to=Scale+it&command_line=scale+%7B%7Bto%7D%7D+%7B%7Bwhat...%7D%7D&shell=posix&risk=safe&tags=b,+a";
const PARAMS: &str = "param.0.name=to&param.0.type=enum&param.0.allowed=1%0D%0A2&param.0.enforced=yes&param.0.required=yes&param.1.name=what&param.1.delimiter=,&param.2.name=";

async fn a_command_is_written_down_and_changed_in_a_form(storage: Storage) {
    let stage = Stage::on(storage).await;
    let page = stage
        .get(support(), "/commands/new?platform=1&how_to=Scale+it")
        .await;
    assert_shows(
        &page,
        &["1 Kubernetes", r#"value="Scale it""#, "Save and publish"],
    );
    a_form_keeps_what_was_typed(&stage).await;
    let whole = format!("{TYPED}&{PARAMS}&do=save");
    let saved = stage.submit(support(), "/commands/new", &whole).await;
    assert_eq!(location(&saved), "/commands/1?done=created");
    let command = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(command["params"][0]["allowed_values"], json!(["1", "2"]));
    assert_eq!(command["params"][0]["enforced"], true);
    assert_eq!(command["params"][1]["multivalued"], true);
    assert_eq!(command["params"][1]["required"], false);
    assert_eq!(command["tags"], json!(["a", "b"]));

    // The same line again: the form leads to the one that is there.
    let again = stage.submit(support(), "/commands/new", &whole).await;
    assert_eq!(again.status, 409);
    assert_shows(
        &again,
        &["has this command line already", r#"href="/commands/1""#],
    );

    let edit = stage.get(infrastructure(), "/commands/1/edit").await;
    assert_shows(&edit, &[r#"name="version" value="1""#, "1\n2</textarea>"]);
    let edited = format!("version=1&{TYPED}&{PARAMS}&risk=caution&comment=Careful&do=save");
    let saved = stage
        .submit(infrastructure(), "/commands/1/edit", &edited)
        .await;
    assert_eq!(location(&saved), "/commands/1?done=saved");
    let stale = stage
        .submit(infrastructure(), "/commands/1/edit", &edited)
        .await;
    assert_eq!(stale.status, 412);
    assert_shows(&stale, &["Somebody else has changed this command"]);
}

async fn a_form_keeps_what_was_typed(stage: &Stage) {
    let page = stage
        .submit(support(), "/commands/new", &format!("{TYPED}&do=places"))
        .await;
    assert_eq!(page.status, 200);
    assert_shows(
        &page,
        &[
            r#"name="param.0.name" value="to""#,
            r#"name="param.1.name" value="what""#,
            r#"value="Scale it""#,
        ],
    );
    // Saved without them, the form says so, keeps all that was typed, and has them.
    let page = stage
        .submit(support(), "/commands/new", &format!("{TYPED}&do=save"))
        .await;
    assert_eq!(page.status, 422);
    assert_shows(
        &page,
        &[
            "{{to}} has no parameter.",
            r#"name="param.0.name" value="to""#,
            r#"value="b, a""#,
        ],
    );
    let wrong = format!("{TYPED}&{PARAMS}&param.0.default=3&do=save");
    let page = stage.submit(support(), "/commands/new", &wrong).await;
    assert_eq!(page.status, 422);
    assert_shows(
        &page,
        &[
            "Choose one of: 1, 2.",
            r#"id="params-0--default-error""#,
            r##"href="#params-0--default""##,
        ],
    );
    let page = stage
        .submit(
            support(),
            "/commands/new",
            &format!("{TYPED}&{PARAMS}&do=remove.0"),
        )
        .await;
    assert_shows(&page, &[r#"name="param.0.name" value="what""#]);
}

async fn a_platform_is_named_by_its_number_or_by_its_name_if_it_is_the_only_one(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let write = async |stage: &Stage, name: &str, line: &str| {
        let typed = format!("platform={name}&how_to=Look&command_line={line}&shell=posix&do=save");
        stage.submit(support(), "/commands/new", &typed).await
    };
    for (line, name) in ["1", "%231+of+them", "Kubernetes", "+kubernetes+"]
        .iter()
        .enumerate()
    {
        let saved = write(&stage, name, &format!("look+{line}")).await;
        assert_eq!(saved.status, 303, "{name}");
    }
    let found = stage.get(support(), "/commands?platform=kubernetes").await;
    assert_shows(&found, &["look 0", "look 3"]);
    for name in ["", "Kube", "Kubernetes+2", "77"] {
        let refused = write(&stage, name, "look+9").await;
        assert_eq!(refused.status, 422, "{name}");
        assert_shows(&refused, &["Choose a platform of the register"]);
    }
    stage.tell(platform(9, "Kubernetes")).await;
    assert_eq!(write(&stage, "Kubernetes", "look+9").await.status, 422);
    assert_eq!(write(&stage, "9", "look+9").await.status, 303);
}

async fn engineering_drafts_and_support_publishes(storage: Storage) {
    let stage = Stage::on(storage).await;
    let page = stage.get(engineer(1), "/commands/new").await;
    assert_shows(&page, &["It is a draft until"]);
    assert_hides(&page, &["Only a draft for now", "Raw: without quotes"]);
    assert_shows(
        &stage.get(admin(), "/commands/new").await,
        &["Raw: without quotes"],
    );
    let form = "platform=1&how_to=Look&command_line=ls&do=save";
    let saved = stage.submit(engineer(1), "/commands/new", form).await;
    assert_eq!(location(&saved), "/commands/1?done=created");
    assert_shows(
        &stage.get(engineer(1), "/commands/1").await,
        &[
            "Draft",
            "nobody has approved it",
            r#"href="/commands/1/edit""#,
        ],
    );
    assert_hides(
        &stage.get(engineer(2), "/commands/1").await,
        &["/commands/1/edit", "/commands/1/publish"],
    );
    assert_eq!(stage.get(engineer(2), "/commands/1/edit").await.status, 403);
    assert_hides(
        &stage.get(support(), "/commands?q=look").await,
        &["ls</code>"],
    );
    let drafts = stage.get(engineer(1), "/commands?status=draft").await;
    assert_shows(&drafts, &["Look"]);
    assert_hides(&drafts, &["/commands/1/publish"]);
    let theirs = stage
        .submit(engineer(1), "/commands/1/publish", "version=1")
        .await;
    assert_eq!(theirs.status, 403);
    support_publishes_and_gives_a_star(&stage).await;
}

async fn support_publishes_and_gives_a_star(stage: &Stage) {
    let drafts = stage.get(support(), "/commands/drafts").await;
    assert_shows(
        &drafts,
        &["/commands/1/publish", r#"name="version" value="1""#],
    );
    let published = stage
        .submit(support(), "/commands/1/publish", "version=1&from=drafts")
        .await;
    assert_eq!(location(&published), "/commands/drafts?done=published");
    assert_shows(
        &stage.get(support(), "/commands/drafts").await,
        &["No drafts"],
    );
    let gone = stage
        .submit(support(), "/commands/1/deprecate", "version=2")
        .await;
    assert_eq!(location(&gone), "/commands/1?done=deprecated");
    assert_shows(
        &stage.get(support(), "/commands/1").await,
        &["shall not be used any more", "Use it again"],
    );
    let star = stage
        .submit(support(), "/commands/1/favourite", "keep=yes")
        .await;
    assert_eq!(location(&star), "/commands/1");
    assert_shows(
        &stage.get(support(), "/commands/favourites").await,
        &["Look", "★"],
    );
    stage
        .submit(support(), "/commands/1/favourite", "keep=no")
        .await;
    assert_shows(
        &stage.get(support(), "/commands/favourites").await,
        &["No favourites yet"],
    );
}

async fn a_28_history_shows_what_changed_and_leads_back(storage: Storage) {
    let stage = Stage::on(storage).await;
    let url = create(&stage, support(), restart()).await;
    let edit = json!({ "howTo": "Restart any pod", "comment": "Clearer" });
    let edited = stage.patch(support(), "/api/c/commands/1", edit).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    let page = stage.get(support(), &format!("{url}/revisions")).await;
    assert_shows(
        &page,
        &[
            "Revision 2",
            "Revision 1",
            "Clearer",
            "Restart a stuck pod</code></del>",
            "Restart any pod</code></ins>",
            "Go back to this",
        ],
    );
    assert_hides(
        &stage.get(engineer(1), &format!("{url}/revisions")).await,
        &["Go back to this"],
    );
    let revert = format!("{url}/revert");
    let reverted = stage
        .submit(support(), &revert, "revision=1&version=2")
        .await;
    assert_eq!(location(&reverted), format!("{url}?done=reverted"));
    assert_shows(
        &stage.get(support(), &url).await,
        &["<h1>Restart a stuck pod</h1>", "3 revisions"],
    );
    let stale = stage
        .submit(support(), &revert, "revision=1&version=2")
        .await;
    assert_eq!(stale.status, 412);
}

async fn what_people_write_is_never_taken_for_html(storage: Storage) {
    let stage = Stage::on(storage).await;
    const BAD: &str = "<script>alert(1)</script>\"'";
    let body = json!({
        "howTo": BAD, "description": BAD, "commandLine": "echo <script> {{x}}", "tags": [BAD],
        "expected_output": BAD, "shell": "none",
        "params": [{ "name": "x", "label": BAD, "help": BAD, "default": BAD, "allowed_values": [BAD] }],
    });
    let url = create(&stage, support(), body).await;
    create(
        &stage,
        support(),
        json!({ "howTo": "Other script", "commandLine": "<script>" }),
    )
    .await;
    let filled = stage
        .submit(
            support(),
            &url,
            "value.x=%3Cscript%3E%3C/textarea%3E&confirm=%3Cscript%3E",
        )
        .await;
    assert_eq!(filled.status, 200, "{}", filled.text);
    let mut pages = vec![filled];
    let wrong = "platform=%3Cscript%3E&how_to=%3Cscript%3E&command_line=%3Cscript%3E%7B%7Bx&param.0.name=%3Cscript%3E&do=save";
    pages.push(stage.submit(support(), "/commands/new", wrong).await);
    for path in ["", "/edit", "/revisions"] {
        pages.push(stage.get(support(), &format!("{url}{path}")).await);
    }
    for query in [
        "q=script",
        "q=%3Cscript%3E+zz",
        "platform=%3Cscript%3E",
        "risk=%3Cscript%3E",
        "author=%3Cscript%3E",
        "done=%3Cscript%3E",
    ] {
        pages.push(stage.get(support(), &format!("/commands?{query}")).await);
    }
    for page in pages {
        assert_hides(&page, &["<script", "alert(1)</"]);
    }
}

async fn a_15_commands_of_the_archive_are_read_and_not_changed(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let url = create(&stage, support(), restart()).await;
    stage.archive().await;
    let page = stage.get(support(), &url).await;
    assert_eq!(page.status, 200);
    assert_shows(&page, &["is in the archive"]);
    assert_hides(&page, &["/edit\"", "/deprecate"]);
    assert_eq!(
        stage.get(support(), &format!("{url}/edit")).await.status,
        409
    );
    let form = "platform=1&how_to=Look&command_line=ls&do=save";
    let late = stage.submit(support(), "/commands/new", form).await;
    assert_eq!(late.status, 409);
    assert_shows(
        &late,
        &["The platform is in the archive", r#"value="Look""#],
    );
}
