//! Who may do what.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    COMMANDS, Person, Stage, admin, engineer, infrastructure, path_of, person, refusal, restart,
    support,
};

fn line(text: &str) -> Value {
    json!({ "howTo": "Say", "commandLine": format!("echo {text}") })
}

fn with_status(text: &str, status: &str) -> Value {
    let mut body = line(text);
    body["status"] = json!(status);
    body
}

#[tokio::test]
async fn a_21_support_and_infrastructure_publish_and_engineering_drafts() {
    let stage = Stage::on(Storage::Memory).await;
    for (number, by) in [support(), infrastructure(), admin()]
        .into_iter()
        .enumerate()
    {
        let text = format!("editor {number}");
        let command = stage.create(by, line(&text)).await;
        assert_eq!(command["status"], "published");
        let draft = stage
            .create(by, with_status(&format!("draft {number}"), "draft"))
            .await;
        assert_eq!(draft["status"], "draft");
    }
    let draft = stage.create(engineer(1), line("engineer")).await;
    assert_eq!(draft["status"], "draft");
    let answer = stage
        .post(engineer(1), COMMANDS, with_status("more", "published"))
        .await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    // What is deprecated is found by everybody, too.
    let answer = stage
        .post(engineer(1), COMMANDS, with_status("over", "deprecated"))
        .await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    let both = person(50, &["engineering", "support"]);
    let command = stage.create(both, line("both")).await;
    assert_eq!(command["status"], "published");
}

#[tokio::test]
async fn a_21_engineering_edits_its_own_drafts_and_nothing_else() {
    let stage = Stage::on(Storage::Memory).await;
    let own = path_of(&stage.create(engineer(1), line("own")).await);
    let others = path_of(&stage.create(engineer(2), line("others")).await);
    let published = path_of(&stage.create(support(), line("published")).await);
    let edit = json!({ "description": "Better" });
    let answer = stage.patch(engineer(1), &own, edit.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let publish = json!({ "status": "published" });
    let answer = stage.patch(engineer(1), &own, publish.clone()).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    for path in [&others, &published] {
        let answer = stage.patch(engineer(1), path, edit.clone()).await;
        assert_eq!(refusal(&answer), (403, "forbidden"));
        let answer = stage.send(engineer(1), "DELETE", path, Value::Null).await;
        assert_eq!(refusal(&answer), (403, "forbidden"));
    }
    // Once support has published it, it is not theirs any more.
    assert_eq!(stage.patch(support(), &own, publish).await.status, 200);
    let answer = stage.patch(engineer(1), &own, edit).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    let path = format!("{own}/revert/1");
    let answer = stage.post(engineer(1), &path, Value::Null).await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
    // A draft that its author gives up is deprecated, and support's from then on.
    let answer = stage
        .send(engineer(2), "DELETE", &others, Value::Null)
        .await;
    assert_eq!(answer.json["status"], "deprecated");
    let answer = stage
        .patch(engineer(2), &others, json!({ "risk": "safe" }))
        .await;
    assert_eq!(refusal(&answer), (403, "forbidden"));
}

fn raw() -> Value {
    let mut body = restart();
    body["params"][0]["type"] = json!("raw");
    body
}

async fn refused(stage: &Stage, by: Person, path: &str, edit: Value) {
    let answer = stage.patch(by, path, edit).await;
    assert_eq!(refusal(&answer), (403, "forbidden"), "{}", answer.text);
}

#[tokio::test]
async fn a_25_only_infrastructure_saves_what_takes_values_as_they_stand() {
    let stage = Stage::on(Storage::Memory).await;
    for by in [support(), engineer(1)] {
        let answer = stage.post(by, COMMANDS, raw()).await;
        assert_eq!(refusal(&answer), (403, "forbidden"));
    }
    let path = path_of(&stage.create(infrastructure(), raw()).await);
    for edit in [
        json!({ "commandLine": "sh -c {{pod}}" }),
        json!({ "shell": "powershell" }),
        json!({ "params": [{ "name": "pod" }] }),
        json!({ "params": [{ "name": "pod", "type": "raw", "pattern": ".*" }] }),
    ] {
        refused(&stage, support(), &path, edit).await;
    }
    // What does not change the line is for support as ever.
    let edit = json!({ "howTo": "Restart", "status": "deprecated", "risk": "destructive" });
    assert_eq!(stage.patch(support(), &path, edit).await.status, 200);
    let edit = json!({ "commandLine": "kubectl delete pods {{pod}}" });
    assert_eq!(stage.patch(admin(), &path, edit).await.status, 200);
    // One that is not raw does not become so by somebody else.
    let plain = path_of(&stage.create(support(), restart()).await);
    let edit = json!({ "params": [{ "name": "pod", "type": "raw" }] });
    refused(&stage, support(), &plain, edit).await;
}
