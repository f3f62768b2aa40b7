//! The repository begins before the register can be asked.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::{Failure, Parts, pause};

use crate::office::{create, known, knows, member};
use crate::{BINARY, GATEWAY, PARTS, REGISTER, REPOSITORY, tell};

const LOOK_EVERY: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the log of the repository says this.
async fn says(parts: &Parts, text: &str) -> Result<(), Failure> {
    let begun = Instant::now();
    while !parts.log(REPOSITORY).contains(text) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{text:?} is not in\n{}", parts.log(REPOSITORY)).into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(())
}

///
/// 1. There are platforms, and the register goes down.
/// 2. The repository starts for the first time: it is ready, and knows nothing.
/// 3. The register comes back: the repository asks it, and each platform is there once.
/// 4. It goes down again: commands for what is known are written down and read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_03_a_register_that_is_away_at_the_start_stops_nobody() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    parts.say("[commands]\nfirst_sync = true\n")?;
    let _gateway = parts.start(GATEWAY).await?;
    let register = parts.start(REGISTER).await?;
    let member = member(&parts, "infrastructure").await?;
    for name in ["Kubernetes", "Nginx"] {
        create(&member, name).await?;
    }
    register.kill()?;

    let tells = [("TIDINGS_LOG", "info")];
    let mut repository = parts.spawn_with(REPOSITORY, &tells)?;
    repository.ready().await?;
    says(&parts, "left alone for a while").await?;
    assert_eq!(known(&member).await?, Vec::<String>::new());

    let register = parts.start(REGISTER).await?;
    let took = knows(&member, &["Kubernetes", "Nginx"]).await?;
    says(&parts, "the platforms of the register were taken over").await?;
    assert_eq!(known(&member).await?, ["Kubernetes", "Nginx"]);
    tell(&format!(
        "the repository knew all platforms {took:.1?} after the register was there"
    ));

    register.kill()?;
    let command = json!({ "howTo": "List pods", "commandLine": "kubectl get pods" });
    let stored = member
        .client
        .post("/api/c/platforms/1/commands", &command)
        .await?;
    assert_eq!(stored.status, 201, "{}", stored.text);
    let read = member.client.get("/api/c/platforms/1/commands").await?;
    assert_eq!(read.json()[0]["howTo"], Value::from("List pods"));
    parts.remove().await
}
