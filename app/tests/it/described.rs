//! What programs are told of the API and of the events, as published validators see it.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::program::{Server, run};

fn from_xtask(name: &str) -> std::ffi::OsString {
    let found = env::var_os(name);
    found.expect("run `cargo xtask test`, which brings Python, Node.js and their packages")
}

/// What a validator says; nothing when it is content.
fn complaints(mut validator: Command, document: &Value) -> String {
    validator.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = validator.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(document.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

fn program(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validators");
    folder.join(name)
}

/// The official parser of AsyncAPI documents.
fn asyncapi(document: &Value) -> String {
    let mut node = Command::new(from_xtask("TIDINGS_TEST_NODE"));
    node.env("NODE_PATH", from_xtask("TIDINGS_TEST_NODE_PACKAGES"));
    node.arg(program("asyncapi.js"));
    complaints(node, document)
}

fn openapi(document: &Value) -> String {
    let mut python = Command::new(from_xtask("TIDINGS_TEST_PYTHON"));
    python.env("PYTHONPATH", from_xtask("TIDINGS_TEST_PYTHON_PACKAGES"));
    python.arg(program("openapi.py"));
    complaints(python, document)
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// E-04
#[test]
fn the_official_parser_takes_the_description_of_the_events() {
    let bus = "nats://user:hunter2@10.0.0.9:4222";
    let told = run(&["map", "--format", "asyncapi", "--bus", bus]);
    assert!(!told.out.contains("hunter2"));
    let mut document: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(document["servers"]["nats"]["host"], "10.0.0.9:4222");
    assert_eq!(
        document["channels"]["orders.nats"]["address"],
        "tidings.orders.{slot}"
    );
    let sends = &document["operations"]["orders.publishes.orders"];
    assert_eq!(sends["action"], "send");
    assert_eq!(
        document["operations"]["tickets.reads.orders.orders"]["action"],
        "receive"
    );
    assert_eq!(asyncapi(&document), "");
    // It would see what is wrong.
    document["operations"]["orders.publishes.orders"]["action"] = json!("shout");
    assert!(asyncapi(&document).contains("action"));
}

/// E-04
#[test]
fn a_published_validator_takes_the_description_of_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    let mut document = body(&server.ask("GET /api/openapi.json", "", ""));
    assert_eq!(openapi(&document), "");
    // It would see what is wrong.
    document["paths"]["/api/orders"]["get"]["responses"]["200"] = json!({});
    assert!(openapi(&document).contains("description"));
    let events = body(&server.ask("GET /events/docs.json", "", ""));
    assert_eq!(asyncapi(&events), "");
    assert_eq!(
        events["servers"]["feeds"]["host"],
        server.address.as_str(),
        "{events}"
    );
}
