//! What becomes of a platform's commands when the platform changes.

use contracts::platforms::{Lifecycle, PlatformRecord};
use serde_json::{Value, json};
use tidings::{Storage, Timestamp};

use crate::stage::{
    COMMANDS, Stage, infrastructure, kubernetes, on_both, path_of, refusal, restart, support,
};

on_both!(
    a_15_commands_of_an_archived_platform_are_readable_and_not_changed,
    a_15_a_form_that_was_opened_before_the_archive_is_refused_after_it,
    a_16_a_rename_keeps_the_id_and_every_command,
    commands_of_a_platform_near_its_end_say_so,
);

async fn a_15_commands_of_an_archived_platform_are_readable_and_not_changed(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let path = path_of(&command);
    stage.archive().await;
    let platforms = stage.get(support(), "/api/c/platforms").await.json;
    assert_eq!(platforms[0]["archived"], true);
    let shown = stage.get(support(), &path).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.json["platform"]["archived"], true);
    let warning = "Kubernetes is in the archive: nobody uses it any more.";
    assert_eq!(shown.json["warnings"], json!([warning]));
    let list = stage.get(support(), COMMANDS).await.json;
    assert_eq!(list, json!([shown.json]));
    let revisions = stage.get(support(), &format!("{path}/revisions")).await;
    assert_eq!(revisions.json.as_array().unwrap().len(), 1);
    let other = json!({ "howTo": "List", "commandLine": "kubectl get pods" });
    let long = "/api/c/platforms/1/commands/1";
    for (method, path, body) in [
        ("POST", COMMANDS, other.clone()),
        ("PUT", &path, other.clone()),
        ("PATCH", long, json!({ "risk": "safe" })),
        ("DELETE", long, Value::Null),
    ] {
        let answer = stage.send(infrastructure(), method, path, body).await;
        assert_eq!(refusal(&answer), (409, "platform_archived"), "{method}");
    }
    assert_eq!(stage.names_heard().await, ["command.created"]);
    // It comes back, and they can be changed again.
    let back = PlatformRecord {
        version: 3,
        ..kubernetes()
    };
    stage.tell(back).await;
    let answer = stage
        .patch(support(), &path, json!({ "risk": "safe" }))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json["warnings"]),
        (200, &json!([]))
    );
}

/// 1. Somebody opens the form. 2. The platform is archived. 3. They submit it.
async fn a_15_a_form_that_was_opened_before_the_archive_is_refused_after_it(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    assert_eq!(stage.get(support(), COMMANDS).await.status, 200);
    stage.archive().await;
    let answer = stage.post(support(), COMMANDS, restart()).await;
    assert_eq!(refusal(&answer), (409, "platform_archived"));
    assert_eq!(stage.get(support(), COMMANDS).await.json, json!([]));
    assert_eq!(stage.heard().await, []);
}

/// it reaches the replica at all; A-16: under the id that it always had.
async fn a_16_a_rename_keeps_the_id_and_every_command(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let command = stage.create(support(), restart()).await;
    let renamed = PlatformRecord {
        name: "K8s".to_owned(),
        publisher: "CNCF".to_owned(),
        version: 2,
        ..kubernetes()
    };
    stage.tell(renamed.clone()).await;
    stage.tell(kubernetes()).await; // late, and once more
    let platforms = stage.get(support(), "/api/c/platforms").await.json;
    assert_eq!(platforms.as_array().unwrap().len(), 2);
    let expected = json!({
        "id": renamed.platform_id, "number": 1, "name": "K8s", "publisher": "CNCF",
        "lifecycle": "production", "archived": false, "version": 2,
    });
    assert_eq!(platforms[0], expected);
    let mut shown = command;
    shown["platform"] = expected;
    assert_eq!(stage.get(support(), COMMANDS).await.json, json!([shown]));
}

async fn commands_of_a_platform_near_its_end_say_so(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let path = path_of(&stage.create(support(), restart()).await);
    let mut warnings = Vec::new();
    for (version, lifecycle) in (2..).zip([Lifecycle::Deprecated, Lifecycle::Retired]) {
        let changed = PlatformRecord {
            lifecycle,
            version,
            updated_at: Timestamp::from_micros(3_000_000),
            ..kubernetes()
        };
        stage.tell(changed).await;
        let shown = stage.get(support(), &path).await.json;
        assert_eq!(shown["platform"]["lifecycle"], lifecycle.as_str());
        warnings.push(shown["warnings"].clone());
    }
    let expected = [
        json!(["Kubernetes shall not be used for long."]),
        json!(["Kubernetes is not used any more."]),
    ];
    assert_eq!(warnings, expected);
    // Whoever still has it may still write down how to help them.
    let other = json!({ "howTo": "List", "commandLine": "kubectl get pods" });
    assert_eq!(stage.post(support(), COMMANDS, other).await.status, 201);
}
