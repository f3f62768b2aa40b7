//! What a command said before stays, and can be said again.

use serde_json::{Value, json};
use tidings::{Storage, params};

use crate::stage::{
    Stage, engineer, infrastructure, on_both, path_of, refusal, restart, support, wrongs,
};

on_both!(
    a_28_every_version_stays_with_its_author_and_comment,
    a_28_reverting_makes_a_new_revision_equal_to_the_old_one,
    a_28_reverting_obeys_the_rules_of_today,
    a_28_reverting_to_what_breaks_a_newer_rule_is_refused,
    a_28_history_is_not_rewritten_even_by_hand,
    a_26_what_is_a_secret_in_any_revision_is_written_down_in_no_use,
    a_26_what_becomes_a_secret_is_forgotten_by_every_use,
);

/// What a command says, without who said so and when.
fn said(command: &Value) -> Value {
    let mut command = command.clone();
    let map = command.as_object_mut().unwrap();
    for name in [
        "version",
        "last_modified_by",
        "last_modified_by_name",
        "last_modified_at",
        "platform",
        "author_name",
        "uses",
        "last_used_at",
        "warnings",
    ] {
        map.remove(name);
    }
    command
}

async fn a_28_every_version_stays_with_its_author_and_comment(storage: Storage) {
    let stage = Stage::on(storage).await;
    let mut body = restart();
    body["comment"] = json!("From the runbook");
    let first = stage.create(support(), body).await;
    let path = path_of(&first);
    let edit = json!({ "howTo": "Restart a pod", "comment": "Shorter" });
    let second = stage.patch(infrastructure(), &path, edit).await.json;
    let revisions = stage.get(engineer(1), &format!("{path}/revisions")).await;
    let revisions = revisions.json.as_array().unwrap().clone();
    let heads: Vec<Value> = revisions
        .iter()
        .map(|one| {
            json!([
                one["revision"],
                one["by"],
                one["by_name"],
                one["comment"],
                one["at"]
            ])
        })
        .collect();
    let (s, i) = (support().id, infrastructure().id);
    let expected = [
        json!([2, i, "Person 2", "Shorter", second["last_modified_at"]]),
        json!([
            1,
            s,
            "Person 1",
            "From the runbook",
            first["last_modified_at"]
        ]),
    ];
    assert_eq!(heads, expected);
    assert_eq!(said(&revisions[0]["command"]), said(&second));
    assert_eq!(said(&revisions[1]["command"]), said(&first));
    let one = stage.get(support(), &format!("{path}/revisions/1")).await;
    assert_eq!(one.json, revisions[1]);
    let part = stage
        .get(support(), &format!("{path}/revisions?limit=1"))
        .await;
    assert_eq!(part.json, json!([revisions[0]]));
    let next = format!("<{path}/revisions?limit=1&cursor=2>; rel=\"next\"");
    assert_eq!(part.headers["link"], next);
    let part = stage
        .get(support(), &format!("{path}/revisions?limit=1&cursor=2"))
        .await;
    assert_eq!(part.json, json!([revisions[1]]));
    assert!(part.headers.get("link").is_none());
}

async fn a_28_reverting_makes_a_new_revision_equal_to_the_old_one(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let first = stage.create(support(), restart()).await;
    let path = path_of(&first);
    let edit = json!({
        "howTo": "All pods", "commandLine": "kubectl delete pods --all", "params": [],
        "risk": "destructive", "tags": ["x"], "os": ["linux"], "shell": "none",
        "description": "d", "expected_output": "e",
    });
    assert_eq!(stage.patch(support(), &path, edit).await.status, 200);
    let answer = stage
        .post(infrastructure(), &format!("{path}/revert/1"), Value::Null)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["etag"], "\"3\"");
    assert_eq!(said(&answer.json), said(&first));
    assert_eq!(answer.json["version"], 3);
    assert_eq!(answer.json["last_modified_by"], json!(infrastructure().id));
    let revisions = stage.get(support(), &format!("{path}/revisions")).await;
    let revisions = revisions.json.as_array().unwrap().clone();
    assert_eq!(
        said(&revisions[0]["command"]),
        said(&revisions[2]["command"])
    );
    assert_eq!(revisions[0]["comment"], "As at revision 1");
    assert_ne!(said(&revisions[1]["command"]), said(&first));
    // To where it stands already: nothing happens.
    for revision in [1, 3] {
        let path = format!("{path}/revert/{revision}");
        let answer = stage.post(support(), &path, Value::Null).await;
        assert_eq!(answer.json["version"], 3);
    }
    let expected = ["command.created", "command.updated", "command.updated"];
    assert_eq!(stage.names_heard().await, expected);
    // How far it has come stays.
    stage.send(support(), "DELETE", &path, Value::Null).await;
    let path = format!("{path}/revert/2");
    let answer = stage.post(support(), &path, Value::Null).await;
    assert_eq!(answer.json["status"], "deprecated");
    assert_eq!(answer.json["howTo"], "All pods");
}

async fn a_28_reverting_obeys_the_rules_of_today(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let mut raw = restart();
    raw["params"][0]["type"] = json!("raw");
    let path = path_of(&stage.create(infrastructure(), raw).await);
    let edit = json!({ "params": [{ "name": "pod" }] });
    let answer = stage.patch(infrastructure(), &path, edit).await;
    assert_eq!(answer.status, 200);
    // Raw again: not for support.
    let back = format!("{path}/revert/1");
    let answer = stage.post(support(), &back, Value::Null).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    let answer = stage.post(engineer(1), &back, Value::Null).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    // The line has come up again since.
    let edit = json!({ "commandLine": "kubectl delete pod -n x {{pod}}" });
    stage.patch(support(), &path, edit).await;
    stage.create(support(), restart()).await;
    let path = format!("{path}/revert/2");
    let answer = stage.post(support(), &path, Value::Null).await;
    assert_eq!(refusal(&answer), (409, "command_exists"));
    stage.archive().await;
    let answer = stage.post(support(), &path, Value::Null).await;
    assert_eq!(refusal(&answer), (409, "platform_archived"));
}

/// What was accepted once and would not be today is refused today.
async fn a_28_reverting_to_what_breaks_a_newer_rule_is_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.create(support(), restart()).await;
    let mut tx = stage.world.service("commands").begin_own().await.unwrap();
    let sql = "INSERT INTO revisions (command_id, version, record, by, comment, at)
        SELECT id, 99, $1, author, '', 0 FROM commands WHERE number = 1";
    let command = stage.get(support(), "/api/c/commands/1").await.json;
    let mut record = json!({
        "command_id": command["id"], "how_to": "", "command_line": "rm {{x}}",
        "last_modified_by": command["author"], "created_at": command["created_at"],
        "last_modified_at": command["created_at"], "platform_id": command["platformId"],
    });
    for name in [
        "number",
        "description",
        "shell",
        "os",
        "params",
        "tags",
        "risk",
        "status",
        "expected_output",
        "undo_command_id",
        "author",
        "version",
    ] {
        record[name] = command[name].clone();
    }
    tx.execute(sql, params![record.to_string()]).await.unwrap();
    tx.commit().await.unwrap();
    let answer = stage
        .post(support(), "/api/c/commands/1/revert/99", Value::Null)
        .await;
    let expected = [
        ("how_to", "how_to_missing"),
        ("command_line", "placeholder_without_param"),
        ("params[0]", "param_without_placeholder"),
    ];
    assert_eq!(
        (answer.status.as_u16(), wrongs(&answer)),
        (422, expected.to_vec())
    );
}

async fn a_28_history_is_not_rewritten_even_by_hand(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.create(support(), restart()).await;
    let service = stage.world.service("commands");
    for sql in [
        "UPDATE revisions SET comment = 'mine'",
        "DELETE FROM revisions",
    ] {
        let mut tx = service.begin_own().await.unwrap();
        let refused = tx.execute(sql, &[]).await.unwrap_err();
        let text = tidings::chain(&refused);
        assert!(text.contains("revisions are append-only"), "{text}");
    }
    let revision = stage.get(support(), "/api/c/commands/1/revisions/1").await;
    assert_eq!(revision.json["comment"], "");
}

/// A token is a text first, and then support says that it is a secret. Somebody tells that they
/// have used the command as it was before, and somebody else after it was taken back.
async fn a_26_what_is_a_secret_in_any_revision_is_written_down_in_no_use(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = json!({
        "howTo": "Sign in", "commandLine": "login {{token}}", "params": [{ "name": "token" }],
    });
    let path = path_of(&stage.create(support(), command).await);
    let secret = json!({ "params": [{ "name": "token", "type": "secret" }] });
    assert_eq!(stage.patch(support(), &path, secret).await.status, 200);
    let usages = format!("{path}/usages");
    let usage = |revision: u64| json!({ "revision": revision, "params": { "token": "hunter2" } });
    assert_eq!(stage.post(engineer(1), &usages, usage(1)).await.status, 201);
    let back = format!("{path}/revert/1");
    assert_eq!(stage.post(support(), &back, Value::Null).await.status, 200);
    assert_eq!(stage.post(engineer(1), &usages, usage(2)).await.status, 201);
    let listed = stage.get(support(), &usages).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    let kept: Vec<_> = listed
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["params"].clone())
        .collect();
    assert_eq!(kept, [json!({ "token": null }), json!({ "token": null })]);
    let found = stage
        .get(support(), &format!("{usages}?param_value=hunter2"))
        .await;
    assert_eq!(found.json, json!([]));
}

/// 1. A value is told. 2. Its parameter becomes a secret. 3. Nobody reads or finds it any more.
///
/// What else was told of the same use stays.
async fn a_26_what_becomes_a_secret_is_forgotten_by_every_use(storage: Storage) {
    let stage = Stage::on(storage).await;
    let params = |kind: &str| json!([{ "name": "token", "type": kind }, { "name": "host" }]);
    let command = json!({
        "howTo": "Sign in", "commandLine": "login {{token}} {{host}}", "params": params("string"),
    });
    let path = path_of(&stage.create(support(), command).await);
    let usages = format!("{path}/usages");
    let used = json!({ "revision": 1, "params": { "token": "Hunter2", "host": "web-1" } });
    let usage = stage.post(support(), &usages, used).await;
    assert_eq!(usage.status, 201, "{}", usage.text);
    let secret = json!({ "params": params("secret") });
    assert_eq!(stage.patch(support(), &path, secret).await.status, 200);
    let kept = async |query: &str| {
        let listed = stage.get(support(), &format!("{usages}?{query}")).await;
        let listed = listed.json.as_array().unwrap().clone();
        let params = listed.iter().map(|one| one["params"].clone());
        params.collect::<Vec<_>>()
    };
    let expected = [json!({ "token": null, "host": ["web-1"] })];
    assert_eq!(kept("").await, expected);
    assert_eq!(kept("param_value=web-1").await, expected);
    assert_eq!(kept("param_value=hunter2").await, [Value::Null; 0]);
    let lying = "SELECT params FROM usages UNION ALL SELECT value FROM usage_values";
    assert!(!stage.texts(lying).await.to_lowercase().contains("hunter2"));
    // It was one at revision 2: it stays one, though neither revision 1 nor the newest says so.
    for version in ["1", "2", "1"] {
        let back = format!("{path}/revert/{version}");
        assert_eq!(stage.post(support(), &back, Value::Null).await.status, 200);
    }
    let used = json!({ "revision": 1, "params": { "token": "Hunter2", "host": "web-2" } });
    assert_eq!(stage.post(support(), &usages, used).await.status, 201);
    assert!(!stage.texts(lying).await.to_lowercase().contains("hunter2"));
}
