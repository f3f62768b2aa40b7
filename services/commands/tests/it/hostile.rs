//! Input that nobody should send: it is refused, and nothing breaks.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{COMMANDS, Stage, infrastructure, on_both, restart, support, wrongs};

on_both!(
    what_is_too_much_is_refused_field_by_field,
    the_largest_command_is_kept_and_told_of,
    texts_that_hide_something_are_refused,
    json_that_is_no_command_is_refused,
);

fn line(command_line: &str) -> Value {
    json!({ "howTo": "Say", "commandLine": command_line })
}

async fn what_is_too_much_is_refused_field_by_field(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let params = |many: usize| -> Value {
        let param = |number: usize| json!({ "name": format!("p{number}") });
        (0..many).map(param).collect()
    };
    let places = |many: usize| -> String {
        let places = (0..many).map(|number| format!("{{{{p{number}}}}}"));
        places.collect::<Vec<_>>().join(" ")
    };
    let mut thousand = line(&format!("echo {}", places(1_000)));
    thousand["params"] = params(1_000);
    let answer = stage.post(support(), COMMANDS, thousand).await;
    assert_eq!(answer.status, 422);
    assert!(wrongs(&answer).contains(&("params", "too_many_params")));
    let mut most = line(&format!("echo {}", places(50)));
    most["params"] = params(50);
    assert_eq!(stage.post(support(), COMMANDS, most).await.status, 201);

    let mut long = restart();
    long["params"][0]["allowed_values"] = (0..100)
        .map(|one| format!("{one}{}", "x".repeat(700)))
        .collect();
    for (body, expected) in [
        (
            line(&"x".repeat(100_000)),
            ("command_line", "text_too_long"),
        ),
        (line(&"{{".repeat(4_000)), ("command_line", "bad_template")),
        (line(&"é".repeat(8_001)), ("command_line", "text_too_long")),
        (long, ("params", "params_too_large")),
        (
            json!({ "howTo": "x".repeat(201), "commandLine": "ls" }),
            ("how_to", "text_too_long"),
        ),
        (
            json!({ "howTo": "x", "commandLine": "ls", "tags": (0..21).map(|n| n.to_string()).collect::<Vec<_>>() }),
            ("tags", "too_many_words"),
        ),
        (
            json!({ "howTo": "x", "commandLine": "ls", "os": ["x".repeat(51)] }),
            ("os", "text_too_long"),
        ),
    ] {
        let answer = stage.post(support(), COMMANDS, body).await;
        assert_eq!(
            (answer.status.as_u16(), wrongs(&answer)),
            (422, vec![expected])
        );
    }
    let answer = stage
        .post(support(), COMMANDS, line(&"x".repeat(3_000_000)))
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(stage.names_heard().await, ["command.created"]);
}

/// Every field as long as it may be, in letters of four bytes: it still fits into an event.
async fn the_largest_command_is_kept_and_told_of(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let wide = |letters: usize| "😀".repeat(letters);
    let body = json!({
        "howTo": wide(200), "commandLine": format!("echo {{{{a}}}} {}", wide(7_989)),
        "description": wide(8_000), "expected_output": wide(4_000), "shell": "none",
        "os": (0..20).map(|one| format!("{one:02}{}", wide(48))).collect::<Vec<_>>(),
        "tags": (0..20).map(|one| format!("{one:02}{}", wide(48))).collect::<Vec<_>>(),
        "params": [{
            "name": "a", "label": wide(100), "help": wide(300),
            "allowed_values": (0..100).map(|one| format!("{one:02}{}", "\"\n".repeat(310))).collect::<Vec<_>>(),
        }],
    });
    let answer = stage.post(infrastructure(), COMMANDS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let path = "/api/c/commands/1";
    let edit = json!({ "risk": "safe" });
    let answer = stage.patch(support(), path, edit).await;
    assert_eq!(answer.status, 200);
    let heard = stage.heard().await;
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[1].data()["description"], answer.json["description"]);
}

async fn texts_that_hide_something_are_refused(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    for hidden in [
        "\0",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{200b}",
        "\u{7f}",
        "\r",
        "\u{feff}",
        "\u{e0041}",
    ] {
        let text = format!("ls {hidden} -l");
        let mut body = line(&text);
        body["howTo"] = json!(text);
        body["description"] = json!(text);
        body["expected_output"] = json!(text);
        body["tags"] = json!([text]);
        let answer = stage.post(support(), COMMANDS, body).await;
        let expected = [
            "how_to",
            "description",
            "expected_output",
            "tags",
            "command_line",
        ];
        assert_eq!(
            wrongs(&answer),
            expected.map(|field| (field, "bad_text")),
            "{text:?}"
        );
    }
    assert_eq!(
        stage
            .post(support(), COMMANDS, line("ls |\n\tsort"))
            .await
            .status,
        201
    );
    assert_eq!(stage.names_heard().await, ["command.created"]);
}

async fn json_that_is_no_command_is_refused(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let nested = (0..200).fold(json!("x"), |inner, _| json!([inner]));
    for body in [
        json!("ls"),
        json!(7),
        Value::String("x".repeat(1_000)),
        json!({ "howTo": 7 }),
        json!({ "howTo": "x", "commandLine": ["ls"] }),
        json!({ "howTo": "x", "commandLine": "ls", "params": {} }),
        json!({ "howTo": "x", "commandLine": "ls", "params": [[]] , "tags": "x" }),
        json!({ "howTo": "x", "commandLine": "ls", "params": [{ "name": null }] }),
        json!({ "howTo": "x", "commandLine": "ls", "undo_command_id": "1" }),
        json!({ "howTo": "x", "commandLine": "ls", "number": 7 }),
        json!({ "howTo": "x", "how_to": "y", "commandLine": "ls" }),
        json!({ "howTo": nested, "commandLine": "ls" }),
    ] {
        let answer = stage.post(support(), COMMANDS, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    assert_eq!(stage.heard().await, []);
}

/// Whatever is typed is written down as it was typed, or refused with the field.
#[test]
fn whatever_is_typed_is_kept_or_refused() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let stage = runtime.block_on(Stage::on(Storage::Memory));
    let letters = r#"[ab\{\}\\. "'$`\n\u{0}\u{e9}\u{202e}😀]{0,12}"#;
    let line = r#"(\{\{a\}\}|\{\{a\.\.\.\}\}|\\\{\\\{|[ab\{\}. "'$`\n😀]){0,4}"#;
    let name = prop_oneof![Just(String::new()), Just("a".to_owned()), letters];
    let how_to = prop_oneof!["[ab\"'$`😀]{1,4}", letters];
    let texts = (how_to, line, name, letters);
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let kept = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&texts, |(how_to, command_line, name, value)| {
        let body = json!({
            "howTo": how_to, "commandLine": command_line, "shell": "none", "status": "deprecated",
            "params": if name.is_empty() { json!([]) } else { json!([{ "name": name, "default": value }]) },
        });
        let answer = runtime.block_on(Box::pin(stage.post(support(), COMMANDS, body)));
        match answer.status.as_u16() {
            201 => {
                let said = ["howTo", "commandLine"].map(|name| answer.json[name].clone());
                prop_assert_eq!(said, [json!(how_to.trim()), json!(command_line.trim())]);
                kept.set(kept.get() + 1);
            }
            status => {
                prop_assert_eq!(status, 422, "{}", answer.text);
                let errors = answer.json["errors"].as_array().unwrap();
                prop_assert!(errors.iter().all(|one| one["field"].is_string()));
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(kept.get() > 30, "{} of them are no test", kept.get());
}
