//! Somebody of each team, and what they write down.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::{Account, Failure, Parts, pause};

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Somebody with a role of the register.
pub(crate) async fn member(parts: &Parts, role: &str) -> Result<Account, Failure> {
    let account = Account::sign_up(parts.gateway()).await?;
    parts.run(&["grant", role, &account.email])?;
    Ok(account)
}

/// Writes a platform down; gives its record.
pub(crate) async fn create(by: &Account, name: &str) -> Result<Value, Failure> {
    let platform = json!({ "name": name, "publisher": "Example", "cost": "Free" });
    let answer = by.client.post("/api/platforms", &platform).await?;
    match answer.status {
        201 => Ok(answer.json()),
        status => Err(format!("no platform: {status} {}", answer.text).into()),
    }
}

/// The names that the repository knows, in the order of the platforms' numbers.
pub(crate) async fn known(by: &Account) -> Result<Vec<String>, Failure> {
    let answer = by.client.get("/api/c/platforms").await?;
    if answer.status != 200 {
        return Err(format!("no replica: {} {}", answer.status, answer.text).into());
    }
    let names = answer.json();
    let names = names.as_array().into_iter().flatten();
    let name = |one: &Value| one["name"].as_str().unwrap_or_default().to_owned();
    Ok(names.map(name).collect())
}

/// Waits until the repository knows these and no others.
pub(crate) async fn knows(by: &Account, names: &[&str]) -> Result<Duration, Failure> {
    let begun = Instant::now();
    loop {
        let found = known(by).await;
        match &found {
            Ok(found) if found == names => return Ok(begun.elapsed()),
            _ if begun.elapsed() > PATIENCE => {
                return Err(format!("not {names:?} but {found:?}").into());
            }
            _ => pause(LOOK_EVERY).await,
        }
    }
}
