//! What is in force, from where, and what is refused with its place.

use std::fs;
use std::path::Path;

use crate::program::{Ended, run_with};

const SECRET: &str = "a secret of thirty-two bytes, or more";

pub(crate) fn config(
    folder: &Path,
    text: &str,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> Ended {
    let file = folder.join("its.toml");
    fs::write(&file, text).expect("the file is written");
    let file = file.to_str().expect("its name is text");
    let mut arguments = vec!["config", "--config", file];
    arguments.extend_from_slice(flags);
    run_with(&arguments, variables)
}

/// The lines of `tidings config`, with single spaces.
pub(crate) fn lines(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    ended.out.lines().map(words).collect()
}

pub(crate) fn line<'a>(lines: &'a [String], name: &str) -> &'a str {
    let found = lines
        .iter()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    found.unwrap_or_else(|| panic!("{name} in {lines:?}"))
}

#[test]
fn where_nothing_is_said_the_defaults_are_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let lines = lines(&config(folder.path(), "", &[], &[]));
    assert_eq!(
        lines,
        [
            "listen 127.0.0.1:8080 default",
            "only everything default",
            "data data default",
            "database none default",
            "bus none default",
            "gateway none default",
            "secret none default",
            "demo true default",
            "mail.smtp none default",
            "mail.from none default",
            "public_url http://127.0.0.1:8080 default",
            "billing_zone UTC default",
            "commands.first_sync false default",
            "log_format text default",
            "otlp none default",
            "tasks.same_assignee charge default",
            "tasks.records 2 default",
            "tasks.open Open default",
            "tasks.completed Completed default",
            "alerts.mail none default",
            "alerts.webhook none default",
            "alerts.remind 1d default",
            "alerts.keep 90d default",
        ]
    );
}

#[test]
fn how_a_process_is_watched_is_a_setting_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let text = "log_format = \"json\"\notlp = \"http://collector:4318\"\n";
    let lines = |variables: &[(&str, &str)], flags: &[&str]| {
        lines(&config(folder.path(), text, flags, variables))
    };
    let said = lines(&[], &[]);
    assert!(line(&said, "log_format").starts_with("json "), "{said:?}");
    let traces = line(&said, "otlp");
    assert!(
        traces.starts_with("http://collector:4318/v1/traces "),
        "{traces}"
    );
    let said = lines(&[("TIDINGS_LOG_FORMAT", "json")], &["--log-format", "text"]);
    assert_eq!(line(&said, "log_format"), "text --log-format");
    let off = lines(&[("OTEL_SDK_DISABLED", "true")], &[]);
    assert_eq!(line(&off, "otlp"), "none default");
    let wrong = config(folder.path(), "log_format = \"xml\"", &[], &[]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("say text or json"), "{wrong:?}");
}

#[test]
fn flags_count_more_than_the_environment_that_more_than_the_file_that_more_than_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let text = "listen = \"127.0.0.1:1\"\ndata = \"one\"\ndemo = false\n\nbus = \"nats://a:1\"\n\
        gateway = \"http://a:1\"\n[services.orders]\nurl = \"http://a:2\"\n";
    let variables = [("TIDINGS_LISTEN", "127.0.0.1:2"), ("TIDINGS_DATA", "two")];
    let flags = ["--listen", "127.0.0.1:3", "--remote", "orders=http://b:2"];
    let lines = lines(&config(folder.path(), text, &flags, &variables));
    let file = folder.path().join("its.toml");
    let file = file.display();
    assert_eq!(line(&lines, "listen"), "127.0.0.1:3 --listen");
    assert_eq!(line(&lines, "data"), "two TIDINGS_DATA");
    assert_eq!(line(&lines, "demo"), format!("false {file}, line 3"));
    assert_eq!(line(&lines, "bus"), format!("nats://a:1 {file}, line 5"));
    assert_eq!(line(&lines, "services.orders.url"), "http://b:2 --remote");
    assert_eq!(line(&lines, "mail.smtp"), "none default");
}

#[test]
fn how_tasks_are_dealt_and_called_is_said_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[tasks]\nsame_assignee = \"exclude\"\nrecords = 1\n\n\
        open = \" Bird in a cage \"\ncompleted = \"Millet in a bowl\"\n";
    let lines = lines(&config(folder.path(), text, &[], &[]));
    let file = folder.path().join("its.toml");
    for (name, value, at) in [
        ("same_assignee", "exclude", 2),
        ("records", "1", 3),
        ("open", "Bird in a cage", 5),
        ("completed", "Millet in a bowl", 6),
    ] {
        let expected = format!("{value} {}, line {at}", file.display());
        assert_eq!(line(&lines, &format!("tasks.{name}")), expected);
    }
}

#[test]
fn secrets_and_passwords_are_masked() {
    let folder = tempfile::tempdir().unwrap();
    let text = "database = \"postgres://me:s3cret@host/db\"\nbus = \"nats://me:s3cret@host:4222\"\n\
        [mail]\nsmtp = \"smtps://me:s3cret@host\"\nfrom = \"a@b.example\"\n\
        [services.orders]\ndatabase = \"postgres://me:s3cret@host/orders\"\n";
    let ended = config(folder.path(), text, &[], &[("TIDINGS_SECRET", SECRET)]);
    let lines = lines(&ended);
    assert_eq!(line(&lines, "secret"), "37 bytes TIDINGS_SECRET");
    assert!(
        !ended.out.contains("s3cret") && !ended.out.contains("thirty-two"),
        "{ended:?}"
    );
    assert!(line(&lines, "database").starts_with("postgres://me:…@host/db"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of what can be wrong")]
fn what_is_wrong_is_refused_with_its_place_and_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place, allowed) in [
        ("demo = true\nlisten_on = \"x\"\n", "line 2", "`listen`"),
        ("[services.orders]\n\nport = 1\n", "line 3", "`url`"),
        (
            "\n\n[services.oders]\nurl = \"http://a:1\"\n",
            "line 3",
            "orders",
        ),
        ("demo = \"yes\"\n", "line 1", "boolean"),
        ("demo = true\ndemo = false\n", "line 2", "duplicate"),
        ("listen = \"8080\"\n", "line 1", "ADDRESS:PORT"),
        ("only = [\"orders\", \"oders\"]\n", "line 1", "gateway"),
        ("only = []\n", "line 1", "at least one"),
        (
            "database = \"mysql://s3cret@host\"\n",
            "line 1",
            "postgres://",
        ),
        ("bus = \"amqp://host\"\n", "line 1", "nats://"),
        (
            "gateway = \"http://host/path\"\n",
            "line 1",
            "without a path",
        ),
        (
            "secret_file = \"/nowhere/at/all\"\n",
            "line 1",
            "cannot be read",
        ),
        ("listen = \n", "line 1", "value"),
        (
            "[tasks]\nsame_assignee = \"keep\"\n",
            "line 2",
            "charge, skip, exclude",
        ),
        ("[tasks]\nrecords = 3\n", "line 2", "1 and 2"),
        ("[tasks]\nrecords = \"2\"\n", "line 2", "invalid type"),
        ("[tasks]\n\nopen = \" \"\n", "line 3", "1 to 30 letters"),
        ("[tasks]\nlabel = \"x\"\n", "line 2", "`completed`"),
    ] {
        let ended = config(folder.path(), text, &[], &[]);
        assert_eq!(ended.code, Some(1), "{text}: {ended:?}");
        assert_eq!(ended.err.trim_end().lines().count(), 1, "{ended:?}");
        for part in ["its.toml", place, allowed] {
            assert!(ended.err.contains(part), "{part} for {text}: {}", ended.err);
        }
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    }
    for (flags, variables, said) in [
        (
            ["--only", "oders"],
            [("TIDINGS_DATA", "x")],
            "--only: there is no \"oders\"",
        ),
        (
            ["--remote", "orders"],
            [("TIDINGS_DATA", "x")],
            "SERVICE=URL",
        ),
        (
            ["--data", "x"],
            [("TIDINGS_SECRET", "short")],
            "TIDINGS_SECRET: the secret has 5 bytes",
        ),
        (
            ["--data", "x"],
            [("TIDINGS_LISTEN", "8080")],
            "TIDINGS_LISTEN",
        ),
        (
            ["--data", "x"],
            [("TIDINGS_SMTP", "smtp://h")],
            "--mail-from",
        ),
    ] {
        let ended = config(folder.path(), "", &flags, &variables);
        // Mail is put together only where it is sent.
        let ended = match said {
            "--mail-from" => run_with(&["--port", "0", "--data", "/nowhere"], &variables),
            _ => ended,
        };
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains(said), "{said}: {}", ended.err);
    }
}

#[test]
fn a_named_file_that_is_not_there_is_refused() {
    let ended = run_with(&["config", "--config", "/nowhere/its.toml"], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("/nowhere/its.toml"), "{ended:?}");
}

#[test]
fn a_part_without_a_secret_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments = ["serve", "--only", "orders", "--port", "0", "--data"];
    let arguments = [&arguments[..], &[data.to_str().unwrap()]].concat();
    let ended = run_with(&arguments, &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("--secret-file"), "{ended:?}");
    assert!(!data.join("orders.db").exists());
}
