//! A program in another language that knows nothing of us but the standards.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::server::NatsServer;
use crate::story::{KEYS, producer, publish, quick};
use crate::words::SLOTS;
use tidings_test::{Database, on_both};

const PROGRAM: &str = "tests/python/follow.py";

on_both![a_program_in_python_follows_a_stream_with_published_packages];

fn from_xtask(name: &str) -> std::ffi::OsString {
    let found = std::env::var_os(name);
    found.expect("run `cargo xtask test`, which brings Python and its packages")
}

/// It checks what is promised of each event by itself, and here is what it has read.
async fn a_program_in_python_follows_a_stream_with_published_packages(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..10).await;
    let all = 20 * KEYS;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM);
    crate::story::handed_over(&server, &producer.handle).await;
    let following = Command::new(from_xtask("TIDINGS_TEST_PYTHON"))
        .env("PYTHONPATH", from_xtask("TIDINGS_TEST_PYTHON_PACKAGES"))
        .arg(program)
        .args([server.url(), "counts".to_owned()])
        .args([SLOTS.to_string(), all.to_string()])
        .kill_on_drop(true)
        .output();
    // The second half comes while it follows.
    let (output, ()) = tokio::join!(following, publish(&producer.handle, 10..20));
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), all);
    for key in (0..KEYS).map(|key| format!("key-{key}")) {
        let of_key = lines.iter().filter(|line| line[1] == json!(key));
        let read: Vec<_> = of_key
            .map(|line| (line[2].clone(), line[3].clone()))
            .collect();
        let sent: Vec<_> = (0..20)
            .map(|number| {
                let data = json!({"key": key, "number": number, "note": "as published"});
                (json!("count.added"), data)
            })
            .collect();
        assert_eq!(read, sent);
    }
}
