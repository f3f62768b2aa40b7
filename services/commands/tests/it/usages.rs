//! Uses of commands, and favourites.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Stage, accountant, engineer, on_both, path_of, refusal, restart, support, wrongs,
};

on_both!(
    a_use_is_written_down_counted_told_and_found_by_a_value,
    what_was_done_to_a_machine_is_found_whatever_the_command,
    only_who_used_it_says_what_came_of_it,
    a_use_names_a_revision_and_its_parameters,
    favourites_are_kept_for_each_by_themselves,
);

fn used(pod: &str) -> Value {
    json!({ "revision": 1, "params": { "pod": pod } })
}

async fn a_use_is_written_down_counted_told_and_found_by_a_value(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = format!("{}/usages", path_of(&command));
    for (by, pod) in [
        (support(), "web-1"),
        (engineer(1), "Web-1"),
        (support(), "db-1"),
    ] {
        let answer = stage.post(by, &path, used(pod)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        stage.world.advance(std::time::Duration::from_secs(1)).await;
    }
    let values = |answer: &Value| -> Vec<Value> {
        let uses = answer.as_array().unwrap().iter();
        uses.map(|one| one["params"]["pod"][0].clone()).collect()
    };
    let all = stage.get(support(), &path).await.json;
    assert_eq!(values(&all), ["db-1", "Web-1", "web-1"]);
    assert_eq!(all[1]["user_name"], "Person 11");
    let found = stage
        .get(support(), &format!("{path}?param_value=WEB-1"))
        .await
        .json;
    assert_eq!(values(&found), ["Web-1", "web-1"]);
    let own = stage
        .get(support(), &format!("{path}?param_value=web-1&user=me"))
        .await
        .json;
    assert_eq!(values(&own), ["web-1"]);
    let id = engineer(1).id;
    let theirs = stage
        .get(support(), &format!("{path}?user={id}"))
        .await
        .json;
    assert_eq!(values(&theirs), ["Web-1"]);
    // In parts, each once.
    let first = stage.get(support(), &format!("{path}?limit=2")).await;
    let next = first.headers["link"].to_str().unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap().to_owned();
    let second = stage.get(support(), &next).await;
    assert_eq!(values(&first.json), ["db-1", "Web-1"]);
    assert_eq!(values(&second.json), ["web-1"]);

    let shown = stage.get(support(), &path_of(&command)).await.json;
    assert_eq!(shown["uses"], 3);
    assert_eq!(shown["last_used_at"], all[0]["at"]);
    assert_eq!(shown["version"], 1, "using it changes nothing of it");
    let heard = stage.heard().await;
    let told: Vec<Value> = heard
        .iter()
        .filter(|one| one.name == "command.used")
        .map(crate::stage::Heard::data)
        .collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["outcome"], Value::Null);
    assert!(
        told.iter().all(|one| one.get("params").is_none()),
        "{told:?}"
    );
}

async fn only_who_used_it_says_what_came_of_it(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = format!("{}/usages", path_of(&command));
    let usage = stage.post(support(), &path, used("web")).await.json;
    let one = format!("{path}/{}", usage["id"].as_str().unwrap());
    let answer = stage
        .patch(engineer(1), &one, json!({ "outcome": "ok" }))
        .await;
    assert_eq!(answer.status, 403);
    for _ in 0..2 {
        let outcome = json!({ "outcome": "failed", "note": " It came back. " });
        let answer = stage.patch(support(), &one, outcome).await;
        assert_eq!(answer.json["outcome"], "failed", "{}", answer.text);
        assert_eq!(answer.json["note"], "It came back.");
    }
    let answer = stage.patch(support(), &one, json!({ "note": "" })).await;
    assert_eq!(
        (&answer.json["outcome"], &answer.json["note"]),
        (&json!("failed"), &json!(""))
    );
    let answer = stage
        .patch(support(), &one, json!({ "outcome": "great" }))
        .await;
    assert_eq!(refusal(&answer), (422, "bad_outcome"));
    let other = stage
        .create(support(), json!({ "howTo": "x", "commandLine": "x" }))
        .await;
    let elsewhere = one.replace(&path_of(&command), &path_of(&other));
    let answer = stage
        .patch(support(), &elsewhere, json!({ "outcome": "ok" }))
        .await;
    assert_eq!(answer.status, 404);
    let heard = stage.heard().await;
    let told = heard
        .iter()
        .filter(|one| one.name == "command.used")
        .count();
    assert_eq!(told, 2, "saying the same twice is told once");
    assert_eq!(
        stage.get(support(), &path_of(&command)).await.json["uses"],
        1
    );
}

async fn a_use_names_a_revision_and_its_parameters(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = format!("{}/usages", path_of(&command));
    let wrong = json!({
        "revision": 1,
        "params": { "pod": "x".repeat(4_001), "password": "hunter2" },
        "note": "\u{202e}",
    });
    let answer = stage.post(support(), &path, wrong).await;
    let expected = [
        ("params.password", "value_unknown"),
        ("params.pod", "value_too_long"),
        ("note", "bad_text"),
    ];
    assert_eq!(wrongs(&answer), expected);
    assert!(!answer.text.contains("hunter2"));
    let answer = stage.post(support(), &path, json!({ "revision": 2 })).await;
    assert_eq!(answer.status, 404);
    let answer = stage
        .post(support(), &path, json!({ "revision": u64::MAX }))
        .await;
    assert_eq!(answer.status, 404);
    let answer = stage.post(accountant(), &path, used("web")).await;
    assert_eq!(answer.status, 403);
    let bare = stage.post(support(), &path, json!({ "revision": 1 })).await;
    assert_eq!(
        bare.status, 201,
        "nobody must tell the values: {}",
        bare.text
    );
    for (query, code) in [
        ("user=x", "bad_user"),
        ("cursor=x", "bad_cursor"),
        ("limit=0", "bad_limit"),
    ] {
        let answer = stage.get(support(), &format!("{path}?{query}")).await;
        assert_eq!(refusal(&answer), (400, code));
    }
}

async fn favourites_are_kept_for_each_by_themselves(storage: Storage) {
    let stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = format!("{}/favourite", path_of(&command));
    for _ in 0..2 {
        let answer = stage.send(support(), "PUT", &path, Value::Null).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    stage.send(engineer(1), "PUT", &path, Value::Null).await;
    assert_eq!(stage.number("SELECT count(*) FROM favourites").await, 2);
    for _ in 0..2 {
        let answer = stage.send(support(), "DELETE", &path, Value::Null).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    assert_eq!(stage.number("SELECT count(*) FROM favourites").await, 1);
    let nowhere = "/api/c/commands/0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11/favourite";
    for method in ["PUT", "DELETE"] {
        let answer = stage.send(support(), method, nowhere, Value::Null).await;
        assert_eq!(answer.status, 404);
        let answer = stage.send(accountant(), method, &path, Value::Null).await;
        assert_eq!(answer.status, 403);
    }
}

/// Three commands, each used once.
async fn use_three(stage: &mut Stage) {
    let login = json!({
        "howTo": "Sign in", "commandLine": "ssh {{pod}} {{password}}",
        "params": [{ "name": "pod" }, { "name": "password", "type": "secret" }],
    });
    for (body, by, params) in [
        (restart(), support(), json!({ "pod": "web-1" })),
        (
            login,
            engineer(1),
            json!({ "pod": "WEB-1", "password": "hunter2" }),
        ),
        (
            json!({ "howTo": "Look", "commandLine": "look {{pod}}", "params": [{ "name": "pod" }] }),
            support(),
            json!({ "pod": "web-10" }),
        ),
    ] {
        let path = path_of(&stage.create(support(), body).await);
        let used = json!({ "revision": 1, "params": params });
        let answer = stage.post(by, &format!("{path}/usages"), used).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        stage.world.advance(std::time::Duration::from_secs(1)).await;
    }
}

async fn what_was_done_to_a_machine_is_found_whatever_the_command(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    use_three(&mut stage).await;
    let titles = async |query: &str| -> Vec<Value> {
        let found = stage
            .get(support(), &format!("/api/c/usages?{query}"))
            .await;
        assert_eq!(found.status, 200, "{}", found.text);
        let found = found.json.as_array().unwrap().clone();
        found.iter().map(|one| one["howTo"].clone()).collect()
    };
    let all = ["Look", "Sign in", "Restart a stuck pod"];
    assert_eq!(titles("").await, all);
    assert_eq!(titles("param_value=Web-1").await, all[1..]);
    assert_eq!(titles("param_value=web-1&user=me").await, all[2..]);
    assert_eq!(titles("param_value=hunter2").await, [Value::Null; 0]);
    let found = stage.get(support(), "/api/c/usages?limit=2").await;
    let one = &found.json[1];
    let expected = json!([2, "Kubernetes", "Person 11", { "pod": ["WEB-1"], "password": null }]);
    let told = json!([
        one["number"],
        one["platform_name"],
        one["user_name"],
        one["params"]
    ]);
    assert_eq!(told, expected);
    let next = found.headers["link"].to_str().unwrap();
    assert!(next.contains("/api/c/usages?limit=2&cursor="), "{next}");
    assert_eq!(stage.get(accountant(), "/api/c/usages").await.status, 403);
    let wrong = stage.get(support(), "/api/c/usages?user=x").await;
    assert_eq!(refusal(&wrong), (400, "bad_user"));

    let page = stage
        .get(support(), "/commands/uses?param_value=web-1")
        .await;
    for part in ["Sign in", r#"href="/commands/1""#, "password: kept nowhere"] {
        assert!(page.text.contains(part), "{part:?} is not in {}", page.text);
    }
    assert!(!page.text.contains("web-10") && !page.text.contains("hunter2"));
    let nothing = stage
        .get(support(), "/commands/uses?param_value=%3Cb%3E")
        .await;
    assert!(nothing.text.contains("No such use"), "{}", nothing.text);
    assert!(!nothing.text.contains("<b>"), "{}", nothing.text);
}
