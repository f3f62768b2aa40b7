//! Filling commands in, through the API.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Stage, accountant, engineer, kubernetes, on_both, path_of, refusal, restart, support, wrongs,
};
use contracts::platforms::{Lifecycle, PlatformRecord};

on_both!(
    a_24_a_command_is_filled_in,
    a_24_everything_that_is_wrong_is_told,
    a_27_what_destroys_something_wants_to_be_meant,
    a_26_a_secret_is_in_the_answer_and_nowhere_else,
    a_26_a_use_keeps_no_secret,
    revisions_can_be_filled_in_and_what_is_out_of_use_warns,
    a_29_a_line_is_a_file_for_those_who_ask,
);

const SECRET: &str = "hunter2TOP";

async fn log_of_a_pod(stage: &Stage) -> Value {
    stage
        .create(
            support(),
            json!({
                "howTo": "Show the log of a pod",
                "commandLine": "kubectl logs {{pod}} --tail={{lines}} {{more...}}",
                "params": [
                    { "name": "pod" },
                    { "name": "lines", "type": "int", "default": "50" },
                    { "name": "more", "required": false },
                ],
            }),
        )
        .await
}

async fn sign_in(stage: &Stage) -> Value {
    stage
        .create(
            support(),
            json!({
                "howTo": "Sign in",
                "commandLine": "registry login --password {{password}} {{user}}",
                "params": [{ "name": "password", "type": "secret", "pattern": "[A-Za-z0-9]{4,}" }, { "name": "user" }],
            }),
        )
        .await
}

fn deletion() -> Value {
    json!({
        "howTo": "Delete a namespace",
        "commandLine": "kubectl delete namespace {{space}}",
        "params": [{ "name": "space", "pattern": "[a-z-]+" }],
        "risk": "destructive",
    })
}

async fn a_24_a_command_is_filled_in(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = log_of_a_pod(&stage).await;
    let path = format!("{}/render", path_of(&command));
    let values = json!({ "values": { "pod": "web 1; x", "lines": 7, "more": ["-f", "a b"] } });
    let answer = stage.post(engineer(1), &path, values).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = "kubectl logs 'web 1; x' --tail=7 '-f' 'a b'";
    assert_eq!(answer.json["rendered"], expected);
    assert_eq!(answer.json["revision"], 1);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let by_number = format!("/api/c/commands/{}/render", command["number"]);
    let answer = stage
        .post(
            support(),
            &by_number,
            json!({ "values": { "pod": "web-1" } }),
        )
        .await;
    assert_eq!(answer.json["rendered"], "kubectl logs web-1 --tail=50 ");
}

async fn a_24_everything_that_is_wrong_is_told(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = log_of_a_pod(&stage).await;
    let path = format!("{}/render", path_of(&command));
    let wrong = json!({ "values": { "lines": "x", "other": 1 } });
    let answer = stage.post(support(), &path, wrong).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("values.pod", "value_missing"),
        ("values.lines", "not_a_number"),
        ("values.other", "value_unknown"),
    ];
    assert_eq!(wrongs(&answer), expected);
    for bad in [
        json!({ "values": ["hunter2"] }),
        json!({ "values": "hunter2" }),
        json!({ "values": { "pod": { "a": "hunter2" } } }),
    ] {
        let answer = stage.post(support(), &path, bad).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    }
    let answer = stage.post(accountant(), &path, json!({})).await;
    assert_eq!(answer.status, 403);
    let answer = stage
        .post(support(), "/api/c/commands/999/render", json!({}))
        .await;
    assert_eq!(answer.status, 404);
    assert!(
        stage
            .world
            .send("POST", &path, None, json!({}))
            .await
            .status
            == 401
    );
}

async fn a_27_what_destroys_something_wants_to_be_meant(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage.create(support(), deletion()).await;
    let path = format!("{}/render", path_of(&command));
    let values = json!({ "values": { "space": "shop" } });
    let answer = stage.post(support(), &path, values).await;
    assert_eq!(refusal(&answer), (409, "confirmation_required"));
    // What is wrong with the values is told first: there is nothing to confirm yet.
    let wrong = json!({ "values": { "space": "Shop" } });
    let answer = stage.post(support(), &path, wrong).await;
    assert_eq!(refusal(&answer), (422, "value_not_like_pattern"));
    let meant = json!({ "values": { "space": "shop" }, "confirm": true });
    let answer = stage.post(support(), &path, meant).await;
    assert_eq!(answer.json["rendered"], "kubectl delete namespace shop");
}

async fn a_26_a_secret_is_in_the_answer_and_nowhere_else(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = sign_in(&stage).await;
    let path = path_of(&command);
    let secret = SECRET;
    let values = json!({ "password": secret, "user": "anna" });
    let body = json!({ "values": values });
    let token = stage.world.token(support().id.uuid(), support().roles);
    for _ in 0..2 {
        let request = axum::http::Request::builder()
            .method("POST")
            .uri(format!("{path}/render"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "once")
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let answer = stage.world.call(request).await;
        assert!(answer.text.contains(secret), "{}", answer.text);
        assert!(answer.headers.get("idempotency-replayed").is_none());
    }
    let wrong = json!({ "values": { "password": format!("{secret}!"), "user": "a" } });
    let answer = stage
        .post(support(), &format!("{path}/render"), wrong)
        .await;
    assert_eq!(refusal(&answer), (422, "value_not_like_pattern"));
    assert!(!answer.text.contains(secret), "{}", answer.text);

    // The request is known by a fingerprint, and its answer is not kept.
    let sql = "SELECT count(*) FROM tidings_requests WHERE body IS NOT NULL";
    assert_eq!(stage.number(sql).await, 0);
}

async fn a_26_a_use_keeps_no_secret(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = sign_in(&stage).await;
    let path = path_of(&command);
    let secret = SECRET;
    let values = json!({ "password": secret, "user": "anna" });
    let used = json!({ "revision": 1, "params": values, "outcome": "ok" });
    let answer = stage.post(support(), &format!("{path}/usages"), used).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(
        answer.json["params"],
        json!({ "password": null, "user": ["anna"] })
    );
    let answer = stage
        .get(support(), &format!("{path}/usages?param_value={secret}"))
        .await;
    assert_eq!(answer.json, json!([]));
    let heard = format!("{:?}", stage.heard().await);
    assert!(
        heard.contains("command.used") && !heard.contains(secret),
        "{heard}"
    );
    let kept = [
        "SELECT params FROM usages",
        "SELECT value FROM usage_values",
        "SELECT record FROM revisions",
        "SELECT params FROM commands",
    ];
    for sql in kept {
        let texts = stage.texts(sql).await;
        assert!(
            !texts.is_empty() && !texts.contains(secret),
            "{sql}: {texts}"
        );
    }
}

async fn revisions_can_be_filled_in_and_what_is_out_of_use_warns(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = path_of(&command);
    let line = json!({ "commandLine": "kubectl rollout restart {{pod}}" });
    let answer = stage.patch(support(), &path, line).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let render =
        |revision: Option<u64>| json!({ "values": { "pod": "web" }, "revision": revision });
    let path = format!("{path}/render");
    let newest = stage.post(support(), &path, render(None)).await.json;
    let expected =
        json!({ "rendered": "kubectl rollout restart web", "warnings": [], "revision": 2 });
    assert_eq!(newest, expected);
    let old = stage.post(support(), &path, render(Some(1))).await.json;
    assert_eq!(old["rendered"], "kubectl delete pod web");
    assert_eq!(old["revision"], 1);
    assert_eq!(old["warnings"].as_array().unwrap().len(), 1);
    let answer = stage.post(support(), &path, render(Some(3))).await;
    assert_eq!(answer.status, 404);

    let deprecated = PlatformRecord {
        lifecycle: Lifecycle::Deprecated,
        version: 2,
        ..kubernetes()
    };
    stage.tell(deprecated).await;
    stage
        .send(support(), "DELETE", &path_of(&command), Value::Null)
        .await;
    let warned = stage.post(support(), &path, render(None)).await.json;
    assert_eq!(warned["rendered"], "kubectl rollout restart web");
    assert_eq!(warned["warnings"].as_array().unwrap().len(), 2, "{warned}");
}

async fn a_29_a_line_is_a_file_for_those_who_ask(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = sign_in(&stage).await;
    let path = format!("{}/render", path_of(&command));
    let ask = |password: &str| {
        let values = json!({ "password": password, "user": "amy b" });
        json!({ "values": values, "script": true })
    };
    let answer = stage.post(engineer(1), &path, ask(SECRET)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected =
        format!("#!/bin/sh\n# Command 1, revision 1\nregistry login --password {SECRET} 'amy b'\n");
    assert_eq!(answer.text, expected);
    let headers = ["cache-control", "content-disposition", "content-type"];
    let headers = headers.map(|name| answer.headers[name].to_str().unwrap());
    let attached = "attachment; filename=\"command-1.sh\"";
    assert_eq!(headers, ["no-store", attached, "text/plain; charset=utf-8"]);
    // What cannot be filled in is told as ever, and no value with it.
    let answer = stage.post(support(), &path, ask("hunter2!")).await;
    assert_eq!(refusal(&answer), (422, "value_not_like_pattern"));
    assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    assert_eq!(
        stage.post(accountant(), &path, ask(SECRET)).await.status,
        403
    );

    let command = stage.create(support(), deletion()).await;
    let path = format!("{}/render", path_of(&command));
    let values = json!({ "values": { "space": "shop" }, "script": true });
    let answer = stage.post(support(), &path, values).await;
    assert_eq!(refusal(&answer), (409, "confirmation_required"));
}
