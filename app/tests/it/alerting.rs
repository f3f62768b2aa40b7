//! What `tidings.toml` says of alerts: what is in force, what is masked, what is refused.

use std::fs;

use crate::configuring::{config, line, lines};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[test]
fn rules_and_ways_are_said_in_the_file_and_secrets_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let text = format!(
        "[mail]\nsmtp = \"smtp://localhost\"\nfrom = \"no-reply@example.com\"\n\
         [alerts]\nmail = [\"ann@example.com\", \"ben@example.com\"]\n\
         webhook = \"http://10.0.0.7:9000/T0/path-t0ken?key=t0ken\"\n\
         webhook_secret_file = \"{}\"\nremind = \"4h\"\nkeep = \"30d\"\n\
         [alerts.kinds]\nbehind = {{ after = \"2m\" }}\nbreaker = {{ off = true }}\n\
         [alerts.subscriptions]\n\"expiration/orders\" = {{ after = \"90s\" }}\n\
         [alerts.detectors]\n\"orders/order past its hold\" = {{ off = true }}\n",
        secret.display()
    );
    let ended = config(folder.path(), &text, &[], &[]);
    assert!(
        !ended.out.contains("t0ken") && !ended.out.contains("whsec"),
        "{}",
        ended.out
    );
    let lines = lines(&ended);
    let said = |name: &str, value: &str| {
        let found = line(&lines, name);
        assert!(found.starts_with(value), "{name}: {found}");
    };
    said("alerts.mail", "ann@example.com, ben@example.com ");
    said("alerts.webhook", "http://10.0.0.7:9000/… ");
    said("alerts.webhook_secret", "38 bytes ");
    said("alerts.remind", "4h ");
    said("alerts.keep", "30d ");
    said("alerts.kinds.behind", "after 2m ");
    said("alerts.kinds.breaker", "off ");
    said("alerts.subscriptions.expiration/orders", "after 90s ");
    said("alerts.detectors.orders/order past its hold", "off ");
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_line_and_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    for (text, reason) in [
        ("[alerts]\nmial = []", "unknown field `mial`"),
        (
            "[alerts]\nremind = \"often\"",
            "\"often\" is not a span as 30s, 5m, 2h or 90d",
        ),
        (
            "[alerts.kinds]\nbehnd = { off = true }",
            "there is no kind of alert \"behnd\"; there are behind",
        ),
        (
            "[alerts.kinds]\ngap = { after = \"1m\" }",
            "gap is told of at once",
        ),
        (
            "[alerts.kinds]\nbehind = { after = \"1m\", off = true }",
            "not both",
        ),
        ("[alerts.kinds]\nbehind = {}", "say after"),
        (
            "[alerts.subscriptions]\n\"orders/nothing\" = { off = true }",
            "there is no subscription \"orders/nothing\"",
        ),
        (
            "[alerts.detectors]\n\"orders/nothing\" = { off = true }",
            "accounting/payout without e-mail",
        ),
        (
            "[alerts]\nwebhook = \"http://10.0.0.7/\"",
            "webhook_secret_file",
        ),
    ] {
        let ended = config(folder.path(), text, &[], &[]);
        assert_eq!(ended.code, Some(1), "{text}: {ended:?}");
        assert!(ended.err.contains(reason), "{text}: {}", ended.err);
        assert!(ended.err.contains("line 2"), "{text}: {}", ended.err);
    }
}

#[test]
fn letters_without_a_mail_server_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("its.toml");
    fs::write(&file, "[alerts]\nmail = [\"ann@example.com\"]\n").unwrap();
    let data = folder.path().join("data");
    let arguments = [
        "serve",
        "--config",
        file.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
        "--port",
        "0",
    ];
    let ended = crate::program::run_with(&arguments, &[]);
    assert_ne!(ended.code, Some(0));
    assert!(ended.err.contains("need a mail server"), "{}", ended.err);
}
