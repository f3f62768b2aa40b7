//! Files of commands: taken over, and written.

mod again;
mod kept;

use std::time::Duration;

use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::{Misbehaviour, World};

use crate::files::counts;
use crate::stage::{
    Stage, accountant, engineer, infrastructure, on_both, path_of, refusal, restart, services,
    support,
};

on_both!(
    what_was_exported_changes_nothing_when_it_is_taken_over,
    a_rehearsal_counts_as_the_real_thing_and_writes_nothing,
    a_21_who_publishes_nothing_imports_drafts,
    a_bad_command_never_stops_the_good_ones,
    a_file_of_many_megabytes_is_taken_over,
    a_form_says_what_cannot_be_sent,
    a_file_is_sent_by_a_form_and_its_import_is_a_page,
);

const SHEET: &str = "% pods\n# Show the pods\nkubectl get pods -n <space>\n# Show one\nkubectl describe pod <pod>\n";

/// With commands that have everything that a command may have.
async fn furnished(storage: Storage) -> Stage {
    let stage = Stage::on(storage).await;
    let undo = stage.create(support(), restart()).await;
    let full = json!({
        "howTo": "Scale, \"up\"; or down, é 日本", "comment": "For the fair",
        "commandLine": "kubectl scale --replicas={{count}} {{names...}} --format '\\{\\{.x}}' {{part}}",
        "description": "Line one\n- line two",
        "shell": "posix", "os": ["linux", "macos"], "tags": ["scale", "pods"],
        "risk": "destructive", "expected_output": "scaled", "undo_command_id": undo["id"],
        "params": [
            { "name": "count", "type": "int", "default": "3", "help": "How many", "label": "Count" },
            { "name": "names", "delimiter": ",", "pattern": "[a-z,]+" },
            { "name": "part", "type": "raw", "required": false, "allowed_values": ["a|b", "c\nd"] },
        ],
    });
    stage.create(infrastructure(), full).await;
    stage
        .create(engineer(1), json!({ "howTo": "Draft", "commandLine": "x" }))
        .await;
    let old = json!({ "howTo": "Old", "commandLine": "SELECT {{a}}", "shell": "sql", "params": [{ "name": "a" }] });
    let old = stage.create(support(), old).await;
    stage
        .send(support(), "DELETE", &path_of(&old), Value::Null)
        .await;
    stage
}

async fn what_was_exported_changes_nothing_when_it_is_taken_over(storage: Storage) {
    let mut stage = furnished(storage).await;
    let file = stage.file("format=json").await;
    for query in ["format=json", "format=json&status=published"] {
        let import = stage.import(infrastructure(), query, &file).await;
        assert_eq!(import["status"], "completed");
        assert_eq!(counts(&import), [4, 0, 0, 4, 0], "{import}");
    }
    assert_eq!(stage.file("format=json").await, file);
    // On another platform everything is new, and says the same.
    let import = stage
        .import(infrastructure(), "platform=2&status=published", &file)
        .await;
    assert_eq!(counts(&import), [4, 4, 0, 0, 0], "{import}");
    let copied = stage.file("format=json&platform=2").await;
    let said = |file: &str| -> Vec<Value> {
        let file: Value = serde_json::from_str(file).unwrap();
        let commands = file["commands"].as_array().unwrap().iter();
        let commands = commands.map(|command| {
            let mut command = command.clone();
            for own in ["id", "number", "version", "platform", "platform_name"] {
                command.as_object_mut().unwrap().remove(own).unwrap();
            }
            command
        });
        commands.collect()
    };
    assert_eq!(said(&copied), said(&file));
    // What was changed since is put back.
    let changed = file.replace("Line one", "Line 1");
    let import = stage.import(infrastructure(), "", &changed).await;
    assert_eq!(counts(&import), [4, 0, 1, 3, 0], "{import}");
}

async fn a_rehearsal_counts_as_the_real_thing_and_writes_nothing(storage: Storage) {
    let mut stage = furnished(storage).await;
    let sheet = format!(
        "{SHEET}# Again\nkubectl get pods -n <space>\n# Bad\nls `<x>`\n# There already\nkubectl delete pod <pod>\n"
    );
    let before = stage.file("format=json").await;
    let rehearsed = stage
        .import(support(), "format=navi&platform=1&dry_run=true", &sheet)
        .await;
    assert_eq!(counts(&rehearsed), [5, 2, 0, 1, 2], "{rehearsed}");
    assert_eq!(stage.file("format=json").await, before);
    let real = stage
        .import(support(), "format=navi&platform=1", &sheet)
        .await;
    assert_eq!(counts(&real), counts(&rehearsed));
    assert_eq!(real["errors"], rehearsed["errors"]);
    let again = stage
        .import(support(), "format=navi&platform=1", &sheet)
        .await;
    assert_eq!(counts(&again), [5, 0, 0, 3, 2]);
}

async fn a_21_who_publishes_nothing_imports_drafts(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let answer = stage
        .upload(
            engineer(1),
            "format=navi&platform=1&status=published",
            SHEET,
        )
        .await;
    assert_eq!(answer.status, 403);
    let answer = stage
        .upload(accountant(), "format=navi&platform=1", SHEET)
        .await;
    assert_eq!(answer.status, 403);
    stage
        .import(engineer(1), "format=navi&platform=1", SHEET)
        .await;
    let page = "# Kubernetes\n\n> Pods.\n\n- Top:\n\n`kubectl top {{pod}}`\n";
    stage
        .import(support(), "format=tldr&platform=1&status=published", page)
        .await;
    let file: Value = serde_json::from_str(&stage.file("").await).unwrap();
    let stand: Vec<&Value> = file["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(stand, ["draft", "draft", "published"]);
    assert_eq!(file["commands"][0]["risk"], "caution");
    // Somebody else's draft is not an engineer's to change, and a raw parameter is for infrastructure.
    let text = stage
        .file("")
        .await
        .replace("Show one", "Show two")
        .replace("\"string\"", "\"raw\"");
    let import = stage.import(engineer(2), "", &text).await;
    assert_eq!(counts(&import), [3, 0, 0, 0, 3], "{import}");
    let codes: Vec<&Value> = import["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["forbidden", "forbidden", "forbidden"]);
}

async fn a_bad_command_never_stops_the_good_ones(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let file = json!([
        { "platform": 1, "howTo": "Good", "commandLine": "x" },
        { "platform": 9, "howTo": "Nowhere", "commandLine": "x" },
        { "howTo": "No platform", "commandLine": "y" },
        { "platform": "1", "howTo": "", "commandLine": "z {{a}}" },
        { "platform": 1, "howTo": "Undone by what is not here", "commandLine": "w", "undo_command_id": "0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11" },
    ]);
    let import = stage
        .import(support(), "status=published", &file.to_string())
        .await;
    assert_eq!(counts(&import), [5, 2, 0, 0, 3], "{import}");
    let errors: Vec<_> = import["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["row"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "not_found"),
        (3, "not_found"),
        (4, "how_to_missing"),
        (4, "placeholder_without_param"),
    ];
    assert_eq!(errors, expected);
    assert_eq!(import["notes"][0]["row"], 5);
    for (query, file, expected) in [
        ("format=navi", SHEET, (422, "platform_missing")),
        ("format=navi&platform=9", SHEET, (404, "not_found")),
        ("format=csv", SHEET, (400, "bad_format")),
        ("status=deprecated", SHEET, (400, "bad_status")),
        ("", "{", (422, "bad_file")),
        ("", "\"\0\"", (422, "bad_file")),
        ("", "[]", (422, "no_commands")),
    ] {
        let answer = stage.upload(support(), query, file).await;
        assert_eq!(refusal(&answer), expected, "{query}");
    }
    let answer = stage
        .get(
            support(),
            "/api/c/import/0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11",
        )
        .await;
    assert_eq!(answer.status, 404);
    let list = stage.get(support(), "/api/c/import").await.json;
    assert_eq!(list.as_array().unwrap().len(), 1);
    for (query, code) in [
        ("format=x", "bad_format"),
        ("status=x", "bad_status"),
        ("platform=9", "not_found"),
    ] {
        let answer = stage
            .get(support(), &format!("/api/c/export?{query}"))
            .await;
        assert_eq!(refusal(&answer).1, code);
    }
}

async fn a_file_of_many_megabytes_is_taken_over(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let long = "x".repeat(7_900);
    let sheet: String = (0..500)
        .map(|number| format!("# Number {number}\nshow {number} {long}\n"))
        .collect();
    assert!(sheet.len() > 3_900_000);
    let import = stage
        .import(support(), "format=navi&platform=1", &sheet)
        .await;
    assert_eq!(counts(&import), [500, 500, 0, 0, 0], "{import}");
    let answer = stage
        .upload(support(), "format=navi&platform=1", &sheet.repeat(2))
        .await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    assert_eq!(
        stage
            .number("SELECT count(*) FROM imports WHERE body <> ''")
            .await,
        0
    );
}

/// What a browser sends of the form: two good commands, and one that cannot be filled in.
fn typed(platform: &str, what: &str, publish: bool) -> String {
    let sheet = format!("{SHEET}# <b>Bad</b>\nls `<x>`\n");
    let mut fields = vec![
        ("format", "navi"),
        ("platform", platform),
        ("what", what),
        ("file", sheet.as_str()),
    ];
    fields.extend(publish.then_some(("publish", "on")));
    let parts = fields.iter().map(|(name, text)| {
        format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    });
    format!("{}--edge--\r\n", parts.collect::<String>())
}

async fn a_form_says_what_cannot_be_sent(storage: Storage) {
    let stage = Stage::on(storage).await;
    let form = stage.get(engineer(1), "/commands/import").await;
    assert!(
        form.text.contains(r#"enctype="multipart/form-data""#)
            && form.text.contains("No imports yet"),
        "{}",
        form.text
    );
    assert!(!form.text.contains("Publish them at once"));
    assert_eq!(
        stage.get(accountant(), "/commands/import").await.status,
        403
    );
    let refused = stage
        .form(support(), typed("9 Nowhere", "rehearse", false))
        .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused
            .text
            .contains(r##"<a href="#platform">Choose a platform of the register: by its name or its number, or from the list."##),
        "{}",
        refused.text
    );
    assert_eq!(
        stage
            .form(engineer(1), typed("1", "import", true))
            .await
            .status,
        403
    );
}

async fn a_file_is_sent_by_a_form_and_its_import_is_a_page(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let sent = stage
        .form(engineer(1), typed("kubernetes", "rehearse", false))
        .await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let page = sent.headers["location"].to_str().unwrap().to_owned();
    let waits = stage.get(engineer(1), &page).await;
    assert!(
        waits.text.contains("0 of 3 commands are read"),
        "{}",
        waits.text
    );
    stage.world.settle().await;
    let done = stage.get(support(), &page).await;
    assert!(done.text.contains("Nothing was changed"), "{}", done.text);
    assert!(
        done.text.contains("&#60;b&#62;Bad") && !done.text.contains("<b>"),
        "{}",
        done.text
    );
    assert_eq!(stage.number("SELECT count(*) FROM commands").await, 0);
    let sent = stage.form(support(), typed("1", "import", true)).await;
    stage.world.settle().await;
    let page = sent.headers["location"].to_str().unwrap().to_owned();
    let done = stage.get(support(), &page).await;
    assert!(
        done.text.contains("The file is taken over"),
        "{}",
        done.text
    );
    let published = "SELECT count(*) FROM commands WHERE status = 'published'";
    assert_eq!(stage.number(published).await, 2);
    assert!(
        stage
            .get(support(), "/commands/import")
            .await
            .text
            .contains(&page)
    );
    let nothing = "/commands/import/0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11";
    assert_eq!(stage.get(support(), nothing).await.status, 404);
}

/// Wherever the process ends, each command of the file is there once.
#[tokio::test]
async fn an_import_that_was_cut_off_goes_on_where_it_was() {
    let mut crashes = 0;
    for seed in 0..4 {
        let rules = Misbehaviour {
            crash: 4,
            ..Misbehaviour::default()
        };
        let world = World::misbehaving(seed, rules, services).await;
        let mut stage = Stage { world };
        stage.begin().await;
        for _ in 0..10 {
            stage.world.advance(Duration::from_secs(30)).await;
        }
        let sheet: String = (0..160)
            .map(|number| format!("# Number {number}\nshow {number} <a>\n"))
            .collect();
        let answer = stage
            .upload(support(), "format=navi&platform=1", &sheet)
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let path = format!("/api/c/import/{}", answer.json["job_id"].as_str().unwrap());
        let mut import = Value::Null;
        for _ in 0..60 {
            stage.world.advance(Duration::from_secs(30)).await;
            import = stage.get(support(), &path).await.json;
            if import["status"] == "completed" {
                break;
            }
        }
        assert_eq!(counts(&import), [160, 160, 0, 0, 0], "{seed}: {import}");
        let there = stage.number("SELECT count(*) FROM commands").await;
        assert_eq!(there, 160, "{seed}");
        crashes += stage.world.faults().values().sum::<u32>();
    }
    assert!(crashes > 4, "{crashes} crashes show nothing");
}
