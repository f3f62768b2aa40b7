//! The contract of the original (A.1), and one name for a thing everywhere.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    COMMANDS, Stage, accountant, admin, engineer, infrastructure, kubernetes, on_both, refusal,
    support,
};

on_both!(
    the_original_reads_and_writes_as_it_did,
    a_05_a_number_names_what_the_id_names,
    what_is_not_there_is_404,
    long_lists_come_in_parts,
);

async fn the_original_reads_and_writes_as_it_did(storage: Storage) {
    let stage = Stage::on(storage).await;
    let answer = stage.get(support(), "/api/c/platforms").await;
    assert_eq!(answer.status, 200);
    let id = kubernetes().platform_id;
    let expected = json!({
        "id": id, "number": 1, "name": "Kubernetes", "publisher": "Somebody",
        "lifecycle": "production", "archived": false, "version": 1,
    });
    assert_eq!(answer.json[0], expected);
    assert_eq!(answer.json.as_array().unwrap().len(), 2);

    let answer = stage
        .post(
            support(),
            "/api/c/platforms",
            json!({ "id": 7, "name": "x" }),
        )
        .await;
    assert_eq!(answer.status, 200);
    let answer = stage.get(support(), "/api/c/platforms").await;
    assert_eq!(answer.json.as_array().unwrap().len(), 2);

    let path = format!("/api/c/platforms/{id}/commands");
    assert_eq!(stage.get(support(), &path).await.json, json!([]));
    let body = json!({ "howTo": "List the nodes", "commandLine": "kubectl get nodes" });
    let answer = stage.post(support(), &path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let command = answer.json;
    let location = format!("{path}/{}", command["id"].as_str().unwrap());
    assert_eq!(answer.headers["location"], location);
    assert_eq!(answer.headers["etag"], "\"1\"");
    let words = ["howTo", "commandLine", "platformId"].map(|name| command[name].clone());
    let expected = [
        json!("List the nodes"),
        json!("kubectl get nodes"),
        json!(id),
    ];
    assert_eq!(words, expected);
    let read = stage.get(support(), &location).await;
    assert_eq!((read.status.as_u16(), &read.json), (200, &command));
    assert_eq!(stage.get(support(), &path).await.json, json!([command]));
}

async fn a_05_a_number_names_what_the_id_names(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage
        .create(
            support(),
            json!({ "how_to": "List", "command_line": "kubectl get nodes" }),
        )
        .await;
    assert_eq!(command["number"], 1);
    let (platform, id) = (kubernetes().platform_id, command["id"].as_str().unwrap());
    let paths = [
        format!("/api/c/platforms/1/commands/{id}"),
        format!("/api/c/platforms/{platform}/commands/1"),
        "/api/c/platforms/1/commands/1".to_owned(),
        format!("/api/c/commands/{id}"),
        "/api/c/commands/1".to_owned(),
    ];
    for path in paths {
        let answer = stage.get(engineer(1), &path).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json),
            (200, &command),
            "{path}"
        );
    }
    // The numbers of commands go on over all platforms, and those of refused ones are not lost.
    let refused = stage.post(support(), COMMANDS, json!({})).await;
    assert_eq!(refused.status, 422);
    let body = json!({ "howTo": "Ask", "commandLine": "SELECT 1", "shell": "sql" });
    let second = stage
        .post(support(), "/api/c/platforms/2/commands", body)
        .await;
    assert_eq!(second.json["number"], 2);
}

async fn what_is_not_there_is_404(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage
        .create(support(), json!({ "howTo": "List", "commandLine": "ls" }))
        .await;
    let id = command["id"].as_str().unwrap();
    let paths = [
        "/api/c/platforms/3/commands".to_owned(),
        "/api/c/platforms/kubernetes/commands".to_owned(),
        "/api/c/platforms/99999999999999999999/commands".to_owned(),
        format!("/api/c/platforms/2/commands/{id}"),
        "/api/c/platforms/1/commands/2".to_owned(),
        "/api/c/platforms/1/commands/-1".to_owned(),
        "/api/c/commands/ls".to_owned(),
        format!("/api/c/commands/{}", kubernetes().platform_id),
        "/api/c/commands/2/revisions".to_owned(),
        "/api/c/commands/1/revisions/2".to_owned(),
        "/api/c/commands/1/revisions/18446744073709551615".to_owned(),
    ];
    for path in paths {
        let answer = stage.get(support(), &path).await;
        assert_eq!(refusal(&answer), (404, "not_found"), "{path}");
    }
    let body = json!({ "howTo": "List", "commandLine": "ls" });
    let answer = stage
        .post(support(), "/api/c/platforms/3/commands", body.clone())
        .await;
    assert_eq!(answer.status, 404);
    for method in ["PUT", "PATCH", "DELETE"] {
        let path = format!("/api/c/platforms/2/commands/{id}");
        let answer = stage.send(support(), method, &path, body.clone()).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let answer = stage
        .post(support(), "/api/c/commands/1/revert/9", Value::Null)
        .await;
    assert_eq!(answer.status, 404);
}

async fn long_lists_come_in_parts(storage: Storage) {
    let stage = Stage::on(storage).await;
    for number in 1..=5 {
        let line = format!("echo {number}");
        stage
            .create(support(), json!({ "howTo": "Say", "commandLine": line }))
            .await;
    }
    let mut path = format!("{COMMANDS}?limit=2");
    let mut numbers = Vec::new();
    let mut parts = 0;
    loop {
        let answer = stage.get(support(), &path).await;
        let items = answer.json.as_array().unwrap().clone();
        numbers.extend(items.iter().map(|one| one["number"].as_i64().unwrap()));
        parts += 1;
        let Some(link) = answer.headers.get("link") else {
            break;
        };
        let link = link.to_str().unwrap();
        path = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!((numbers, parts), (vec![1, 2, 3, 4, 5], 3));
    let first = stage.get(support(), "/api/c/platforms?limit=1").await;
    assert_eq!(first.json.as_array().unwrap().len(), 1);
    let bad = stage.get(support(), "/api/c/platforms?cursor=x").await;
    assert_eq!(refusal(&bad), (400, "bad_cursor"));
}

/// whoever has no part in the repository sees nothing of it.
#[tokio::test]
async fn a_08_nobody_without_a_role_gets_in() {
    let stage = Stage::on(Storage::Memory).await;
    stage
        .create(support(), json!({ "howTo": "List", "commandLine": "ls" }))
        .await;
    let body = json!({ "howTo": "Other", "commandLine": "ls -l" });
    let requests = [
        ("GET", "/api/c/platforms"),
        ("POST", "/api/c/platforms"),
        ("GET", COMMANDS),
        ("POST", COMMANDS),
        ("GET", "/api/c/platforms/1/commands/1"),
        ("PUT", "/api/c/platforms/1/commands/1"),
        ("PATCH", "/api/c/platforms/1/commands/1"),
        ("DELETE", "/api/c/platforms/1/commands/1"),
        ("GET", "/api/c/commands/1"),
        ("PUT", "/api/c/commands/1"),
        ("PATCH", "/api/c/commands/1"),
        ("DELETE", "/api/c/commands/1"),
        ("GET", "/api/c/commands/1/revisions"),
        ("GET", "/api/c/commands/1/revisions/1"),
        ("POST", "/api/c/commands/1/revert/1"),
    ];
    for (method, path) in requests {
        let answer = stage.send(accountant(), method, path, body.clone()).await;
        assert_eq!(refusal(&answer), (403, "forbidden"), "{method} {path}");
        let answer = stage.world.send(method, path, None, body.clone()).await;
        assert_eq!(refusal(&answer), (401, "not_signed_in"), "{method} {path}");
        for who in [support(), infrastructure(), engineer(1), admin()] {
            let answer = stage.send(who, method, path, json!({})).await;
            assert_ne!(answer.status, 401, "{method} {path}");
        }
    }
}
