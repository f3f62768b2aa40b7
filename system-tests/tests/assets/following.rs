//! The repository follows the register, whatever dies in between.

use std::time::{Duration, Instant};

use hyper::Method;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use system_tests::{Account, Failure, Line, Parts, Server, pause};

use crate::office::{create, member};
use crate::{BINARY, GATEWAY, PARTS, REGISTER, REPOSITORY, tell};

const ROWS: usize = 1_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A debug build on a busy machine, with a thousand events to follow.
const PATIENCE: Duration = Duration::from_secs(120);
const KILLS: u32 = 12;

async fn patch(by: &Account, path: &str, body: &Value) -> Result<(), Failure> {
    let answer = by.client.send(Method::PATCH, path, Some(body)).await?;
    match answer.status {
        200 => Ok(()),
        status => Err(format!("{path} answered {status} {}", answer.text).into()),
    }
}

/// Number, name, state of life and version of every platform, read from the databases.
async fn known_to(parts: &Parts, service: &str) -> Result<Vec<Line>, Failure> {
    let archived = match service {
        "platforms" => "archived_at IS NOT NULL",
        _ => "archived",
    };
    let sql = format!(
        "SELECT id, number, name, lifecycle, version, ({archived}) FROM platforms ORDER BY number"
    );
    parts.books().read(service, &sql).await
}

/// Waits until the replica is the register.
async fn are_equal(parts: &Parts) -> Result<(usize, Duration), Failure> {
    let begun = Instant::now();
    loop {
        let register = known_to(parts, "platforms").await?;
        let replica = known_to(parts, "commands").await?;
        if register == replica {
            return Ok((register.len(), begun.elapsed()));
        }
        if begun.elapsed() > PATIENCE {
            let (own, theirs) = (register.len(), replica.len());
            return Err(format!("{own} platforms are {theirs} in the replica").into());
        }
        pause(LOOK_EVERY).await;
    }
}

/// Follows an import to its end.
async fn ended(by: &Account, id: &str) -> Result<Value, Failure> {
    let begun = Instant::now();
    loop {
        let answer = by
            .client
            .get(&format!("/api/platforms/import/{id}"))
            .await?;
        let import = answer.json();
        let is_over = matches!(
            import["status"].as_str(),
            Some("completed" | "failed" | "cancelled")
        );
        if is_over {
            return Ok(import);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("the import does not end: {}", answer.text).into());
        }
        pause(LOOK_EVERY).await;
    }
}

/// 1. A thousand platforms are imported while the repository is down.
/// 2. One of them is renamed, one archived.
/// 3. The repository comes back, and knows what the register knows.
/// 4. A command of the renamed one is filled in with a value that means harm.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_02_what_happens_while_the_repository_is_down_is_there_when_it_is_back()
-> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let _servers = [parts.start(GATEWAY).await?, parts.start(REGISTER).await?];
    let member = member(&parts, "infrastructure").await?;
    let rows = (1..=ROWS).map(|number| format!("Platform {number},Example,saas\n"));
    let file = format!("name,publisher,kind\n{}", rows.collect::<String>());
    let path = "/api/platforms/import?mode=create_only";
    let import = member
        .client
        .send_bytes(Method::POST, path, Some("text/csv"), file.into());
    let import = import.await?;
    assert_eq!(import.status, 202, "{}", import.text);
    let import = ended(&member, &import.field("job_id")).await?;
    assert_eq!(
        (&import["created"], &import["failed"]),
        (&json!(ROWS), &json!(0)),
        "{import}"
    );
    patch(&member, "/api/platforms/7", &json!({ "name": "Renamed" })).await?;
    let archived = member
        .client
        .post("/api/platforms/8/archive", &json!({}))
        .await?;
    assert_eq!(archived.status, 200, "{}", archived.text);

    let _repository = parts.start(REPOSITORY).await?;
    let (count, took) = are_equal(&parts).await?;
    assert_eq!(count, ROWS);
    // it kept its id, and is there once.
    let list = member.client.get("/api/c/platforms/7/commands").await?;
    assert_eq!(list.status, 200, "{}", list.text);
    let command = json!({
        "howTo": "Say hello", "commandLine": "echo {{word}}", "shell": "posix",
        "status": "published", "risk": "safe",
        "params": [{ "name": "word", "type": "string", "required": true }],
    });
    let command = member
        .client
        .post("/api/c/platforms/7/commands", &command)
        .await?;
    assert_eq!(command.status, 201, "{}", command.text);
    let hostile = json!({ "values": { "word": "x'; rm -rf /; echo $(id)\n" } });
    let path = format!("/api/c/commands/{}/render", command.field("id"));
    let rendered = member.client.post(&path, &hostile).await?;
    assert_eq!(rendered.status, 200, "{}", rendered.text);
    let line = rendered.field("rendered");
    // A real shell sees one word.
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .output()?;
    assert_eq!(output.stdout, b"x'; rm -rf /; echo $(id)\n\n", "{line}");
    //
    let late = json!({ "howTo": "List", "commandLine": "ls" });
    let refused = member
        .client
        .post("/api/c/platforms/8/commands", &late)
        .await?;
    assert_eq!(refused.status, 409, "{}", refused.text);
    tell(&format!(
        "{count} platforms imported while the repository was down were there {took:.1?} after its start"
    ));
    parts.remove().await
}

/// Somebody changes the register until told to stop; what was not answered may have happened.
async fn edit_on(by: Account, mut stop: tokio::sync::watch::Receiver<bool>, seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut done = 0;
    while !*stop.borrow_and_update() {
        let number = random.random_range(1..=20);
        let path = format!("/api/platforms/{number}");
        let answer = match random.random_range(0..6) {
            0 => {
                let name = json!({ "name": format!("New {seed} {done}"), "publisher": "Example" });
                by.client.post("/api/platforms", &name).await
            }
            1 => by.client.post(&format!("{path}/archive"), &json!({})).await,
            2 => by.client.post(&format!("{path}/restore"), &json!({})).await,
            _ => {
                let name = json!({ "name": format!("Platform {seed} {done}") });
                by.client.send(Method::PATCH, &path, Some(&name)).await
            }
        };
        done += u32::from(answer.is_ok_and(|answer| answer.status < 300));
        pause(Duration::from_millis(20)).await;
    }
    done
}

/// both are killed again and again while two people change the register; in the end
/// the replica is the register, and each version of a platform is one record of the changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_22_the_replica_is_the_register_after_every_kill() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let _gateway = parts.start(GATEWAY).await?;
    let mut servers: Vec<Option<Server>> = vec![None, None, None];
    for part in [REGISTER, REPOSITORY] {
        servers[part] = Some(parts.start(part).await?);
    }
    let member = member(&parts, "infrastructure").await?;
    for number in 1..=20 {
        create(&member, &format!("Platform {number}")).await?;
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let editors = [1, 2].map(|seed| tokio::spawn(edit_on(member.clone(), stopped.clone(), seed)));
    let mut random = StdRng::seed_from_u64(crate::seed());
    for _ in 0..KILLS {
        pause(Duration::from_millis(random.random_range(200..900))).await;
        let part = [REGISTER, REPOSITORY][random.random_range(0..2)];
        if let Some(server) = servers[part].take() {
            server.kill()?;
        }
        servers[part] = Some(parts.start(part).await?);
    }
    stop.send_replace(true);
    let mut edits = 0;
    for editor in editors {
        edits += editor.await?;
    }
    let (count, took) = are_equal(&parts).await?;
    //
    let sql = "SELECT sum(version) FROM platforms";
    let versions = parts.books().count("platforms", sql).await?;
    let sql = "SELECT count(*) FROM changes WHERE entity = 'platform'";
    let changes = parts.books().count("platforms", sql).await?;
    assert_eq!(versions, changes);
    tell(&format!(
        "{edits} changes of {count} platforms, {KILLS} kills: the replica equals the register {took:.1?} after the last"
    ));
    assert!(edits > KILLS, "{edits}");
    drop(servers);
    parts.remove().await
}
