//! A command is written down (A-23, A-08).

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    COMMANDS, Stage, engineer, infrastructure, kubernetes, on_both, refusal, restart, support,
    wrongs,
};

on_both!(
    a_command_keeps_all_that_is_said_and_is_told_of,
    a_23_every_place_has_a_parameter_and_every_parameter_a_place,
    a_08_every_field_that_cannot_be_accepted_is_told_at_once,
    the_same_line_is_there_once,
    a_request_that_is_repeated_writes_one_command,
);

/// A command that says all that one can say.
fn scale_down(undo: &Value) -> Value {
    json!({
        "howTo": " Scale down ",
        "commandLine": "kubectl scale --replicas={{count}} {{what...}} -n {{space}}\r\n",
        "description": "Take care.\r\nIt stops pods.",
        "shell": "powershell",
        "os": ["Windows", " linux", "linux"],
        "params": [
            { "name": "count", "type": "int", "label": "How many", "default": "1" },
            { "name": "what", "help": "Deployments", "pattern": "deploy/.+", "delimiter": ", " },
            { "name": "space", "type": "enum", "allowed_values": ["test", "prod"], "required": false },
        ],
        "tags": ["scale", "Pods"],
        "risk": "destructive",
        "status": "draft",
        "expected_output": "scaled",
        "undo_command_id": undo,
        "comment": "As in the runbook",
    })
}

/// Its parameters, with what nobody has said.
fn params_of_scale_down() -> [Value; 3] {
    let param = |name: &str, kind: &str| {
        json!({
            "name": name, "label": "", "type": kind, "required": true, "default": null,
            "allowed_values": [], "enforced": false, "pattern": null, "multivalued": false,
            "delimiter": " ", "help": "",
        })
    };
    let mut params = [
        param("count", "int"),
        param("what", "string"),
        param("space", "enum"),
    ];
    params[0]["label"] = json!("How many");
    params[0]["default"] = json!("1");
    params[0]["required"] = json!(false);
    params[1]["help"] = json!("Deployments");
    params[1]["pattern"] = json!("deploy/.+");
    params[1]["delimiter"] = json!(", ");
    params[1]["multivalued"] = json!(true);
    params[2]["allowed_values"] = json!(["test", "prod"]);
    params[2]["enforced"] = json!(true);
    params[2]["required"] = json!(false);
    params
}

async fn a_command_keeps_all_that_is_said_and_is_told_of(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let undo = stage
        .create(
            support(),
            json!({ "howTo": "Scale up", "commandLine": "kubectl scale --replicas=3 deploy/web" }),
        )
        .await;
    let shown = stage
        .create(infrastructure(), scale_down(&undo["id"]))
        .await;
    let at = shown["created_at"].clone();
    let mut record = json!({
        "command_id": shown["id"], "number": 2, "platform_id": kubernetes().platform_id,
        "how_to": "Scale down", "description": "Take care.\nIt stops pods.",
        "command_line": "kubectl scale --replicas={{count}} {{what...}} -n {{space}}",
        "shell": "powershell", "os": ["linux", "windows"], "params": params_of_scale_down(),
        "tags": ["pods", "scale"], "risk": "destructive", "status": "draft",
        "expected_output": "scaled", "undo_command_id": undo["id"],
        "author": infrastructure().id, "created_at": at,
        "last_modified_by": infrastructure().id, "last_modified_at": at, "version": 1,
    });
    let heard = stage.heard().await;
    assert_eq!(heard.len(), 2);
    let told = heard.iter().find(|one| shown["id"] == one.key).unwrap();
    assert_eq!(
        (told.name.as_str(), told.data()),
        ("command.created", record.clone())
    );

    let names = [
        ("command_id", "id"),
        ("how_to", "howTo"),
        ("command_line", "commandLine"),
        ("platform_id", "platformId"),
    ];
    for (of_event, of_answer) in names {
        let value = record.as_object_mut().unwrap().remove(of_event).unwrap();
        record[of_answer] = value;
    }
    record["platform"] = json!({
        "id": kubernetes().platform_id, "number": 1, "name": "Kubernetes",
        "publisher": "Somebody", "lifecycle": "production", "archived": false, "version": 1,
    });
    record["author_name"] = json!("Person 2");
    record["last_modified_by_name"] = json!("Person 2");
    record["uses"] = json!(0);
    record["last_used_at"] = Value::Null;
    record["warnings"] = json!(["This is a draft: nobody has approved it."]);
    assert_eq!(shown, record);
}

async fn a_23_every_place_has_a_parameter_and_every_parameter_a_place(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let body = json!({
        "howTo": "Copy", "commandLine": "cp {{from...}} {{to}} {{also}}",
        "params": [{ "name": "from", "multivalued": false }, { "name": "to", "multivalued": true }, { "name": "mode" }],
    });
    let answer = stage.post(support(), COMMANDS, body).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("command_line", "placeholder_without_param"),
        ("params[0]", "param_not_multivalued"),
        ("params[1]", "placeholder_not_multivalued"),
        ("params[2]", "param_without_placeholder"),
    ];
    assert_eq!(wrongs(&answer), expected);
    let body = json!({ "howTo": "Copy", "commandLine": "a {{x} {{y z}} {{" });
    let answer = stage.post(support(), COMMANDS, body).await;
    assert_eq!(wrongs(&answer), [("command_line", "bad_template"); 2]);
    let body = json!({ "howTo": "Names", "commandLine": r"docker ps --format '\{\{.Names}}'" });
    assert_eq!(stage.post(support(), COMMANDS, body).await.status, 201);
    assert_eq!(stage.names_heard().await, ["command.created"]);
}

async fn a_08_every_field_that_cannot_be_accepted_is_told_at_once(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let body = json!({
        "howTo": "a\nb", "commandLine": "ls {{dir}}", "description": "x".repeat(8_001),
        "os": ["a,b"], "tags": vec!["x"; 3], "expected_output": "\u{202e}",
        "params": [
            { "name": "dir", "type": "secret", "default": "hunter2" },
            { "name": "dir", "type": "enum" },
        ],
        "undo_command_id": kubernetes().platform_id,
    });
    let answer = stage.post(support(), COMMANDS, body).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("how_to", "bad_text"),
        ("description", "text_too_long"),
        ("expected_output", "bad_text"),
        ("os", "bad_text"),
        ("params[0].default", "secret_has_value"),
        ("params[1].allowed_values", "allowed_values_missing"),
        ("params[1].name", "param_twice"),
        ("undo_command_id", "undo_unknown"),
    ];
    assert_eq!(wrongs(&answer), expected);
    assert!(!answer.text.contains("hunter2"));
    let body = json!({ "shell": "fish", "risk": "none", "status": "new", "comment": "x".repeat(201), "params": [{ "type": "date" }] });
    let answer = stage.post(support(), COMMANDS, body).await;
    let expected = [
        ("shell", "bad_word"),
        ("risk", "bad_word"),
        ("status", "bad_word"),
        ("params[0].type", "bad_word"),
        ("comment", "text_too_long"),
    ];
    assert_eq!(
        (answer.status.as_u16(), wrongs(&answer)),
        (422, expected.to_vec())
    );
    let answer = stage.post(support(), COMMANDS, json!({})).await;
    let expected = [
        ("how_to", "how_to_missing"),
        ("command_line", "command_line_missing"),
    ];
    assert_eq!(
        (answer.status.as_u16(), wrongs(&answer)),
        (422, expected.to_vec())
    );
    let answer = stage
        .post(support(), COMMANDS, json!({ "howto": "typo" }))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(stage.heard().await, []);
}

/// The answer names the one that is there; one that is deprecated is in nobody's way.
async fn the_same_line_is_there_once(storage: Storage) {
    let stage = Stage::on(storage).await;
    let first = stage.create(support(), restart()).await;
    let mut again = restart();
    again["howTo"] = json!("Another title");
    let answer = stage.post(engineer(1), COMMANDS, again.clone()).await;
    assert_eq!(refusal(&answer), (409, "command_exists"));
    let id = first["id"].as_str().unwrap();
    assert!(answer.text.contains(id), "{}", answer.text);
    // For another shell or on another platform it is another command.
    again["shell"] = json!("powershell");
    stage.create(support(), again.clone()).await;
    let elsewhere = stage
        .post(support(), "/api/c/platforms/2/commands", restart())
        .await;
    assert_eq!(elsewhere.status, 201);

    let path = format!("/api/c/commands/{id}");
    let gone = stage.send(support(), "DELETE", &path, Value::Null).await;
    assert_eq!(gone.json["status"], "deprecated");
    stage.create(support(), restart()).await;
    let back = stage
        .patch(support(), &path, json!({ "status": "published" }))
        .await;
    assert_eq!(refusal(&back), (409, "command_exists"));
    let back = stage
        .patch(support(), "/api/c/commands/2", json!({ "shell": "posix" }))
        .await;
    assert_eq!(refusal(&back), (409, "command_exists"));
}

async fn a_request_that_is_repeated_writes_one_command(storage: Storage) {
    use axum::body::Body;
    use axum::http::{Request, header};

    let mut stage = Stage::on(storage).await;
    let token = stage.world.token(support().id.uuid(), support().roles);
    let request = || {
        Request::post(COMMANDS)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "0197-once")
            .body(Body::from(restart().to_string()))
            .unwrap()
    };
    let first = stage.world.call(request()).await;
    let second = stage.world.call(request()).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.json, second.json);
    assert_eq!(first.headers["location"], second.headers["location"]);
    assert_eq!(stage.names_heard().await, ["command.created"]);
}
