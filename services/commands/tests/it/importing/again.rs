//! Files that say something about commands that are here already.

use serde_json::{Value, json};
use tidings::Storage;

use super::furnished;
use crate::files::counts;
use crate::stage::{Stage, infrastructure, on_both, restart, support};

on_both!(
    what_others_have_changed_since_the_export_is_told_and_left_alone,
    a_line_that_is_here_and_says_something_else_is_told,
    what_is_deprecated_is_written_down_once,
);

/// 1. Somebody exports. 2. Somebody else changes a command. 3. The file is changed and imported.
async fn what_others_have_changed_since_the_export_is_told_and_left_alone(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.create(support(), restart()).await;
    let other = json!({ "howTo": "Restart all", "commandLine": "kubectl delete pods --all" });
    stage.create(support(), other).await;
    let file = stage.file("").await;
    let theirs = json!({ "description": "Theirs" });
    let edited = stage.patch(support(), "/api/c/commands/1", theirs).await;
    assert_eq!(edited.status, 200, "{}", edited.text);

    let mine = file.replace("Restart", "Start");
    let import = stage.import(support(), "", &mine).await;
    assert_eq!(counts(&import), [2, 0, 1, 0, 1], "{import}");
    let told = (&import["errors"][0]["row"], &import["errors"][0]["code"]);
    assert_eq!(told, (&json!(1), &json!("stale_version")));
    let kept = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(
        (&kept["howTo"], &kept["description"]),
        (&json!("Restart a stuck pod"), &json!("Theirs"))
    );
    // Sent again, it changes nothing: what says so already is not stale.
    let again = stage.import(support(), "", &mine).await;
    assert_eq!(counts(&again), [2, 0, 0, 1, 1], "{again}");
    // A file that names no versions says what shall be.
    let mut bare: Value = serde_json::from_str(&mine).unwrap();
    for command in bare["commands"].as_array_mut().unwrap() {
        command.as_object_mut().unwrap().remove("version").unwrap();
    }
    let import = stage.import(support(), "", &bare.to_string()).await;
    assert_eq!(counts(&import), [2, 0, 1, 1, 0], "{import}");
    bare["commands"][0]["version"] = json!("one");
    let import = stage.import(support(), "", &bare.to_string()).await;
    assert_eq!(import["errors"][0]["code"], "bad_command", "{import}");
}

async fn a_line_that_is_here_and_says_something_else_is_told(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.create(support(), restart()).await;
    let file = json!([
        { "platform": 1, "howTo": "Kill it", "risk": "destructive",
            "commandLine": "kubectl delete pod {{pod}}", "params": [{ "name": "pod" }] },
        { "platform": 1, "howTo": "Look", "commandLine": "kubectl get pods" },
    ]);
    let import = stage.import(support(), "", &file.to_string()).await;
    assert_eq!(counts(&import), [2, 1, 0, 1, 0], "{import}");
    let expected = json!([{
        "row": 1, "title": "Kill it",
        "message": "It is number 1 already, and says something else there.",
    }]);
    assert_eq!(import["notes"], expected);
    let kept = stage.get(support(), "/api/c/commands/1").await.json;
    assert_eq!(kept["howTo"], "Restart a stuck pod");
    // What is as the file says is no difference, however far it has come.
    let mut same = restart();
    same["platform"] = json!(1);
    same["status"] = json!("draft");
    let import = stage
        .import(support(), "status=published", &json!([same]).to_string())
        .await;
    assert_eq!(counts(&import), [1, 0, 0, 1, 0], "{import}");
    assert_eq!(import["notes"], json!([]));
}

async fn what_is_deprecated_is_written_down_once(storage: Storage) {
    let mut stage = furnished(storage).await;
    let file = stage.file("format=json").await;
    let query = "platform=2&status=published";
    let first = stage.import(infrastructure(), query, &file).await;
    assert_eq!(counts(&first), [4, 4, 0, 0, 0], "{first}");
    let again = stage.import(infrastructure(), query, &file).await;
    assert_eq!(counts(&again), [4, 0, 0, 4, 0], "{again}");
    assert_eq!(again["notes"], json!([]));
}
