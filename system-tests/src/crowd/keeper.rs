//! Adds platforms to the register, changes them and puts some into the archive; writes commands
//! down for them, and says that they were used.

use std::time::Duration;

use hyper::Method;
use rand::RngExt;
use serde_json::json;

use super::Person;
use crate::{Answer, Operation, Outcome, pause};

const BETWEEN: Duration = Duration::from_millis(300);

pub(super) async fn keep(mut person: Person) {
    let mut platforms: Vec<String> = Vec::new();
    let mut commands: Vec<String> = Vec::new();
    let mut count = 0;
    while person.may_go_on() {
        let mark = format!("{count} of {}", person.account.email);
        let platform = any(&mut person, &platforms);
        let command = any(&mut person, &commands);
        match (count % 8, platform, command) {
            (1 | 5, Some(platform), _) => change(&person, platform, mark).await,
            (2 | 4, Some(platform), _) => {
                if let Outcome::Ok(id) = write_down(&person, &platform, mark).await {
                    commands.push(id);
                }
            }
            (3 | 6, _, Some(command)) => use_it(&person, command, mark).await,
            (7, Some(platform), _) => archive(&person, platform).await,
            _ => {
                if let Outcome::Ok(id) = add(&person, mark).await {
                    platforms.push(id);
                }
            }
        }
        count += 1;
        pause(BETWEEN).await;
    }
}

fn any(person: &mut Person, ids: &[String]) -> Option<String> {
    let place = person.random.random_range(0..ids.len().max(1));
    ids.get(place).cloned()
}

/// The id of what was made, or changed.
fn made(answer: &Answer) -> Option<String> {
    matches!(answer.status, 200 | 201).then(|| answer.field("id"))
}

async fn add(person: &Person, name: String) -> Outcome {
    let body = json!({ "name": name, "publisher": "Example" });
    let operation = Operation::AddPlatform { name };
    person.post(operation, "/api/platforms", &body, made).await
}

async fn change(person: &Person, platform: String, mark: String) {
    let path = format!("/api/platforms/{platform}");
    let body = json!({ "version_label": mark });
    let operation = Operation::ChangePlatform { platform, mark };
    person
        .send(operation, Method::PATCH, &path, &body, made)
        .await;
}

async fn archive(person: &Person, platform: String) {
    let path = format!("/api/platforms/{platform}/archive");
    let operation = Operation::ArchivePlatform { platform };
    person.post(operation, &path, &json!({}), made).await;
}

async fn write_down(person: &Person, platform: &str, how_to: String) -> Outcome {
    let path = format!("/api/c/platforms/{platform}/commands");
    let body = json!({
        "howTo": how_to, "commandLine": format!("echo {how_to}"), "status": "published",
    });
    let operation = Operation::WriteCommand { how_to };
    person.post(operation, &path, &body, made).await
}

async fn use_it(person: &Person, command: String, note: String) {
    let path = format!("/api/c/commands/{command}/usages");
    let body = json!({ "revision": 1, "outcome": "ok", "note": note });
    let operation = Operation::UseCommand { command, note };
    person.post(operation, &path, &body, made).await;
}
