//! A command comes to say something else, and moves on (A.3).

use serde_json::{Value, json};
use tidings::{Storage, params};

use crate::stage::{
    Stage, engineer, infrastructure, on_both, path_of, refusal, restart, support, wrongs,
};

on_both!(
    what_is_not_said_stays_and_null_clears,
    a_put_says_everything_anew,
    what_says_the_same_changes_nothing,
    whoever_has_seen_an_old_version_changes_nothing,
    a_command_moves_on_and_never_back_to_a_draft,
    both_addresses_change_the_same_command,
    what_breaks_a_newer_rule_can_be_put_out_of_use,
);

async fn what_is_not_said_stays_and_null_clears(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let mut body = restart();
    body["description"] = json!("Pods come back by themselves.");
    body["expected_output"] = json!("deleted");
    body["tags"] = json!(["pods"]);
    let before = stage.create(support(), body).await;
    let edit =
        json!({ "description": null, "expected_output": null, "tags": null, "comment": " Short " });
    let answer = stage.patch(infrastructure(), &path_of(&before), edit).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["etag"], "\"2\"");
    let mut expected = before.clone();
    expected["description"] = json!("");
    expected["expected_output"] = Value::Null;
    expected["tags"] = json!([]);
    expected["version"] = json!(2);
    expected["last_modified_by"] = json!(infrastructure().id);
    expected["last_modified_by_name"] = json!("Person 2");
    expected["last_modified_at"] = answer.json["last_modified_at"].clone();
    assert_eq!(answer.json, expected);
    assert_eq!(
        stage.names_heard().await,
        ["command.created", "command.updated"]
    );
    // A template alone that leaves its parameter behind is refused, and nothing has happened.
    let edit = json!({ "commandLine": "kubectl get pods" });
    let answer = stage.patch(support(), &path_of(&before), edit).await;
    assert_eq!(
        wrongs(&answer),
        [("params[0]", "param_without_placeholder")]
    );
    let edit = json!({ "commandLine": "kubectl get pods", "params": null });
    let answer = stage.patch(support(), &path_of(&before), edit).await;
    assert_eq!(answer.json["params"], json!([]));
    assert_eq!(answer.json["version"], 3);
}

async fn a_put_says_everything_anew(storage: Storage) {
    let stage = Stage::on(storage).await;
    let mut body = restart();
    body["description"] = json!("Pods come back by themselves.");
    body["risk"] = json!("safe");
    body["shell"] = json!("none");
    body["status"] = json!("draft");
    let before = stage.create(support(), body).await;
    let body = json!({ "howTo": "List", "commandLine": "kubectl get pods" });
    let answer = stage.send(support(), "PUT", &path_of(&before), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let words = [
        "howTo",
        "commandLine",
        "description",
        "risk",
        "shell",
        "params",
        "status",
    ];
    let said = words.map(|name| answer.json[name].clone());
    let expected = [
        json!("List"),
        json!("kubectl get pods"),
        json!(""),
        json!("caution"),
        json!("posix"),
        json!([]),
        json!("draft"),
    ];
    assert_eq!(said, expected);
    let answer = stage
        .send(support(), "PUT", &path_of(&before), json!({}))
        .await;
    let expected = [
        ("how_to", "how_to_missing"),
        ("command_line", "command_line_missing"),
    ];
    assert_eq!(
        (answer.status.as_u16(), wrongs(&answer)),
        (422, expected.to_vec())
    );
}

async fn what_says_the_same_changes_nothing(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let before = stage.create(support(), restart()).await;
    let path = path_of(&before);
    for (method, body) in [
        ("PATCH", json!({})),
        (
            "PATCH",
            json!({ "howTo": " Restart a stuck pod ", "comment": "Nothing" }),
        ),
        ("PUT", restart()),
    ] {
        let answer = stage.send(infrastructure(), method, &path, body).await;
        assert_eq!((answer.status.as_u16(), &answer.json), (200, &before));
    }
    let answer = stage.patch(engineer(1), &path, json!({})).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    for _ in 0..2 {
        let answer = stage.send(support(), "DELETE", &path, Value::Null).await;
        assert_eq!(answer.json["version"], 2);
    }
    assert_eq!(
        stage.names_heard().await,
        ["command.created", "command.deprecated"]
    );
    let revisions = stage.get(support(), &format!("{path}/revisions")).await;
    assert_eq!(revisions.json.as_array().unwrap().len(), 2);
}

async fn whoever_has_seen_an_old_version_changes_nothing(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = path_of(&command);
    let edit = |text: &str| json!({ "description": text });
    let first = stage
        .send_if_match("PATCH", &path, "\"1\"", edit("one"))
        .await;
    assert_eq!(first.status, 200);
    let mut put = restart();
    put["description"] = json!("three");
    for (method, path, body) in [
        ("PATCH", path.clone(), edit("two")),
        ("PUT", path.clone(), put),
        ("DELETE", path.clone(), json!({})),
        ("POST", format!("{path}/revert/1"), json!({})),
    ] {
        for tag in ["\"1\"", "1", "x", "\"1\", \"3\"", "W/\"2\""] {
            let late = stage.send_if_match(method, &path, tag, body.clone()).await;
            assert_eq!(refusal(&late), (412, "stale_version"), "{method} {tag}");
        }
    }
    let late = stage
        .send_if_match("PATCH", &path, "\"1\", \"2\"", edit("two"))
        .await;
    assert_eq!(late.status, 200);
    let late = stage
        .send_if_match("PATCH", &path, "*", edit("three"))
        .await;
    assert_eq!(late.json["version"], 4);
    assert_eq!(stage.heard().await.len(), 4);
}

async fn a_command_moves_on_and_never_back_to_a_draft(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let mut body = restart();
    body["status"] = json!("draft");
    let path = path_of(&stage.create(support(), body).await);
    let to = async |stage: &Stage, status: &str| {
        stage
            .patch(support(), &path, json!({ "status": status }))
            .await
    };
    for status in ["published", "deprecated", "published"] {
        let answer = to(&stage, status).await;
        assert_eq!(answer.json["status"], status);
        let refused = to(&stage, "draft").await;
        assert_eq!(refusal(&refused), (409, "not_a_draft_again"));
    }
    let warnings = to(&stage, "deprecated").await.json["warnings"].clone();
    assert_eq!(warnings, json!(["This shall not be used any more."]));
    let expected = [
        "command.created",
        "command.updated",
        "command.deprecated",
        "command.updated",
        "command.deprecated",
    ];
    assert_eq!(stage.names_heard().await, expected);
}

async fn both_addresses_change_the_same_command(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let long = "/api/c/platforms/1/commands/1";
    let answer = stage
        .patch(support(), long, json!({ "risk": "safe" }))
        .await;
    assert_eq!(answer.json["risk"], "safe");
    let mut put = restart();
    put["risk"] = json!("destructive");
    let answer = stage.send(support(), "PUT", long, put).await;
    assert_eq!(answer.json["risk"], "destructive");
    let path = format!("{long}?comment=Better%20ways");
    let answer = stage.send(support(), "DELETE", &path, Value::Null).await;
    assert_eq!(answer.json["status"], "deprecated");
    let path = format!("{}/revisions/4", path_of(&command));
    let revision = stage.get(support(), &path).await.json;
    assert_eq!(revision["comment"], "Better ways");
    let path = format!("{}?comment={}", path_of(&command), "x".repeat(201));
    let answer = stage.send(support(), "DELETE", &path, Value::Null).await;
    assert_eq!(refusal(&answer), (422, "text_too_long"));
}

/// What was accepted once and would not be today: nothing but putting it out of use is possible.
async fn what_breaks_a_newer_rule_can_be_put_out_of_use(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = path_of(&command);
    let mut tx = stage.world.service("commands").begin_own().await.unwrap();
    let sql = "UPDATE commands SET command_line = $1";
    tx.execute(sql, params!["echo `{{pod}}`"]).await.unwrap();
    tx.commit().await.unwrap();
    let other = json!({ "status": "deprecated", "how_to": "Say it" });
    let answer = stage.patch(support(), &path, other).await;
    assert_eq!(refusal(&answer), (422, "unsafe_template"));
    let answer = stage.send(support(), "DELETE", &path, Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["status"], "deprecated");
    let again = json!({ "status": "published" });
    let answer = stage.patch(support(), &path, again).await;
    assert_eq!(refusal(&answer), (422, "unsafe_template"));
}
