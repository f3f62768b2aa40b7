//! What is filled in for a secret is in the answer, and on no disk.

use std::path::Path;

use serde_json::{Value, json};
use system_tests::{Account, Failure, Site};

use crate::office::{create, knows};
use crate::{BINARY, tell};

const SECRET: &str = "correct-horse-battery-staple";
/// What is no secret is found by the same look, or it would show nothing.
const PLAIN: &str = "an-ordinary-user-name";

async fn write_down(by: &Account) -> Result<String, Failure> {
    let param = |name, kind| json!({ "name": name, "type": kind, "required": true });
    let command = json!({
        "howTo": "Sign in", "commandLine": "login {{user}} {{password}}", "status": "published",
        "params": [param("user", "string"), param("password", "secret")],
    });
    let path = "/api/c/platforms/1/commands";
    let answer = by.client.post(path, &command).await?;
    match answer.status {
        201 => Ok(answer.field("id")),
        status => Err(format!("no command: {status} {}", answer.text).into()),
    }
}

/// Fills the secret in, in every way and in wrong ones; gives how often it was in an answer.
async fn fill_in(by: &Account, command: &str) -> Result<usize, Failure> {
    let command = format!("/api/c/commands/{command}");
    let values = json!({ "user": PLAIN, "password": SECRET });
    let kept = by.client.clone().with_key("the-same-again");
    let mut told = 0;
    for (client, path, body, status) in [
        (&by.client, "render", json!({ "values": values }), 200),
        (&kept, "render", json!({ "values": values }), 200),
        (&kept, "render", json!({ "values": values }), 200),
        // Without the other, with one that is not there, and not as a text.
        (
            &by.client,
            "render",
            json!({ "values": { "password": SECRET } }),
            422,
        ),
        (
            &by.client,
            "render",
            json!({ "values": { "pasword": SECRET } }),
            422,
        ),
        (
            &by.client,
            "render",
            json!({ "values": { "password": [SECRET] } }),
            422,
        ),
        (
            &by.client,
            "usages",
            json!({ "revision": 1, "outcome": "ok", "params": values }),
            201,
        ),
        (
            &kept,
            "usages",
            json!({ "revision": 1, "outcome": "failed", "params": values }),
            201,
        ),
    ] {
        let answer = client.post(&format!("{command}/{path}"), &body).await?;
        if answer.status != status {
            return Err(format!("{path} {body}: {} {}", answer.status, answer.text).into());
        }
        told += usize::from(answer.text.contains(SECRET));
    }
    let form = format!("value.user={PLAIN}&value.password={SECRET}");
    let kind = Some("application/x-www-form-urlencoded");
    let page = by
        .client
        .send_bytes(hyper::Method::POST, "/commands/1", kind, form.into());
    told += usize::from(page.await?.text.contains(SECRET));
    Ok(told)
}

/// How many files below a folder hold a text.
fn holding(text: &str, folder: &Path) -> Result<usize, Failure> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count += holding(text, &path)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let holds = bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes());
        count += usize::from(holds);
    }
    Ok(count)
}

/// neither a database nor the log holds it, whatever was done with it and however much is
/// logged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_26_a_secret_is_in_no_file() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let everything = [("TIDINGS_LOG", "trace".to_owned())];
    let (server, admin) = site.start_with_admin(&everything).await?;
    create(&admin, "Vault").await?;
    knows(&admin, &["Vault"]).await?;
    let command = write_down(&admin).await?;
    let told = fill_in(&admin, &command).await?;
    assert!(told >= 4, "it was in {told} answers only");
    let uses = admin
        .client
        .get(&format!("/api/c/commands/{command}/usages"))
        .await?;
    assert_eq!(
        uses.json().as_array().map(Vec::len),
        Some(2),
        "{}",
        uses.text
    );
    assert_eq!(uses.json()[0]["params"]["password"], Value::Null);
    drop(server);
    let plain = holding(PLAIN, site.folder())?;
    assert!(plain > 0, "nothing was written down");
    assert_eq!(holding(SECRET, site.folder())?, 0, "files hold the secret");
    tell(&format!(
        "a secret in {told} answers is in no file; a value that is none is in {plain}"
    ));
    site.remove().await
}
