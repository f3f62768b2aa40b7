//! The pages, without a script.

mod finding;
mod forms;
mod writing;

use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Answer;

use crate::stage::{Person, Stage, accountant, on_both, restart, support};

on_both!(
    support_finds_fills_in_and_copies,
    a_26_a_secret_is_on_no_page_but_in_the_line,
    a_27_what_destroys_is_filled_in_for_those_who_mean_it,
    a_29_a_line_is_taken_away_as_a_file,
);

fn assert_shows(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(
            answer.text.contains(part),
            "{part:?} is not in {}",
            answer.text
        );
    }
}

fn assert_hides(answer: &Answer, parts: &[&str]) {
    for part in parts {
        assert!(
            !answer.text.contains(part),
            "{part:?} is in {}",
            answer.text
        );
    }
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers["location"].to_str().unwrap()
}

async fn create(stage: &Stage, by: Person, body: Value) -> String {
    let command = stage.create(by, body).await;
    format!("/commands/{}", command["number"])
}

async fn support_finds_fills_in_and_copies(storage: Storage) {
    let stage = Stage::on(storage).await;
    let page = stage.get(support(), "/commands").await;
    assert_shows(
        &page,
        &[
            "No commands yet",
            r#"type="search""#,
            "autofocus",
            r#"href="/commands/new""#,
        ],
    );
    let url = create(&stage, support(), restart()).await;
    create(
        &stage,
        support(),
        json!({ "howTo": "Look at pods", "commandLine": "kubectl get pods" }),
    )
    .await;

    // Two are found: the first has the focus, and Enter opens it.
    let page = stage.get(support(), "/commands?q=pod").await;
    assert_shows(
        &page,
        &[
            "2 commands",
            "Restart a stuck pod",
            "kubectl delete pod {{pod}}",
            "Kubernetes",
            "Caution",
        ],
    );
    assert_eq!(page.text.matches("autofocus").count(), 1);
    // One is found: it is opened.
    let found = stage.get(support(), "/commands?q=restart").await;
    assert_eq!(location(&found), url);

    it_is_filled_in_and_copied(&stage, &url).await;

    // What has nothing to fill in is there at once.
    let page = stage.get(support(), "/commands/2").await;
    assert_shows(&page, &["kubectl get pods</textarea>", "data-copy"]);
    assert_eq!(stage.get(support(), "/commands/99").await.status, 404);
    assert_eq!(stage.get(accountant(), &url).await.status, 403);
    for path in [&url, "/commands", "/commands/new", "/commands/drafts"] {
        assert_eq!(stage.world.get(path, None).await.status, 401, "{path}");
    }
}

async fn it_is_filled_in_and_copied(stage: &Stage, url: &str) {
    let page = stage.get(support(), url).await;
    assert_eq!(page.status, 200);
    assert_shows(
        &page,
        &[
            r#"href="/platforms/1""#,
            r#"<label for="values-pod">pod"#,
            r#"name="value.pod""#,
            "autofocus",
            "Fill in",
        ],
    );
    assert_hides(&page, &["data-copy"]);
    let empty = stage.submit(support(), url, "value.pod=").await;
    assert_eq!(empty.status, 422);
    assert_shows(
        &empty,
        &[
            "Fill in pod.",
            r##"href="#values-pod""##,
            r#"aria-invalid="true""#,
        ],
    );

    let filled = stage
        .submit(support(), url, "value.pod=web+1%3B+reboot")
        .await;
    assert_eq!(filled.status, 200, "{}", filled.text);
    assert_eq!(filled.headers["cache-control"], "no-store");
    assert_shows(
        &filled,
        &[
            "kubectl delete pod &#39;web 1; reboot&#39;</textarea>",
            "data-copy",
            r#"value="web 1; reboot""#,
            "It worked",
            r#"name="note""#,
            // What Enter presses in the note says nothing of what came of it.
            r#"<button class="visually-hidden" name="outcome" value="unknown""#,
        ],
    );
    let uses = format!("{url}/uses");
    let used = "revision=1&outcome=unknown&note=Ask+Amy+first";
    let used = stage.submit(support(), &uses, used).await;
    assert_eq!(location(&used), format!("{url}?done=used"));
    let page = stage.get(support(), &format!("{url}?done=used")).await;
    assert_shows(&page, &["on record that you have used it", "Ask Amy first"]);
    let worked = stage
        .submit(support(), &uses, "revision=1&outcome=ok&value.pod=web+1")
        .await;
    assert_eq!(location(&worked), format!("{url}?done=worked"));
    let page = stage.get(support(), &format!("{url}?done=worked")).await;
    assert_shows(
        &page,
        &["on record that it worked", "Twice", "pod: web 1", "Worked"],
    );
}

async fn a_26_a_secret_is_on_no_page_but_in_the_line(storage: Storage) {
    let stage = Stage::on(storage).await;
    let body = json!({
        "howTo": "Sign in",
        "commandLine": "login --user {{user}} --password {{password}}",
        "params": [{ "name": "user" }, { "name": "password", "type": "secret" }],
    });
    let url = create(&stage, support(), body).await;
    let page = stage.get(support(), &url).await;
    assert_shows(
        &page,
        &[
            r#"type="password""#,
            r#"autocomplete="off""#,
            "It is kept nowhere.",
        ],
    );
    let wrong = stage
        .submit(support(), &url, "value.user=&value.password=hunter2")
        .await;
    assert_eq!(wrong.status, 422);
    assert_hides(&wrong, &["hunter2"]);
    let filled = stage
        .submit(support(), &url, "value.user=amy&value.password=hunter2")
        .await;
    assert_eq!(filled.status, 200, "{}", filled.text);
    assert_eq!(
        filled.text.matches("hunter2").count(),
        1,
        "in the line only"
    );
    let uses = format!("{url}/uses");
    let form = "revision=1&outcome=ok&value.user=amy&value.password=hunter2";
    assert_eq!(stage.submit(support(), &uses, form).await.status, 303);
    let page = stage.get(support(), &url).await;
    assert_shows(&page, &["user: amy", "password: kept nowhere"]);
    assert_hides(&page, &["hunter2"]);
}

async fn a_27_what_destroys_is_filled_in_for_those_who_mean_it(storage: Storage) {
    let stage = Stage::on(storage).await;
    let body = json!({ "howTo": "Drop all", "commandLine": "drop", "risk": "destructive" });
    let url = create(&stage, support(), body).await;
    let page = stage.get(support(), &url).await;
    assert_shows(&page, &["I mean it", "It destroys something."]);
    assert_hides(&page, &["data-copy"]);
    let unsure = stage.submit(support(), &url, "").await;
    assert_eq!(unsure.status, 409);
    assert_shows(&unsure, &["Say that you mean it."]);
    assert_hides(&unsure, &["data-copy"]);
    let sure = stage.submit(support(), &url, "confirm=yes").await;
    assert_eq!(sure.status, 200);
    assert_shows(&sure, &["data-copy", "drop</textarea>"]);
}

async fn a_29_a_line_is_taken_away_as_a_file(storage: Storage) {
    let stage = Stage::on(storage).await;
    let url = create(&stage, support(), restart()).await;
    let page = stage.get(support(), &url).await;
    assert_shows(&page, &["Fill in as a file"]);
    let file = stage
        .submit(support(), &url, "value.pod=web+1&as=script")
        .await;
    assert_eq!(file.status, 200, "{}", file.text);
    let expected = "#!/bin/sh\n# Command 1, revision 1\nkubectl delete pod 'web 1'\n";
    assert_eq!(file.text, expected);
    assert_eq!(file.headers["cache-control"], "no-store");
    // What is wrong is said on the page.
    let empty = stage.submit(support(), &url, "value.pod=&as=script").await;
    assert_eq!(empty.status, 422);
    assert_shows(&empty, &["Fill in pod."]);

    let body = json!({ "howTo": "Look at pods", "commandLine": "kubectl get pods" });
    let url = create(&stage, support(), body).await;
    assert_shows(&stage.get(support(), &url).await, &["As a file"]);
    let file = stage.submit(support(), &url, "as=script").await;
    assert!(file.text.ends_with("kubectl get pods\n"), "{}", file.text);
}
