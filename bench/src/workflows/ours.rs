//! The toolkit's side.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tidings::{
    Error, Flow, Handle, Migration, Service, Setup, StepFailed, Storage, Tx, Workflow, params,
};

use super::{STEPS, WORKFLOWS};
use crate::Outcome;

const EFFECTS: Migration = Migration::new(
    "0001_effects",
    "CREATE TABLE effects (workflow BIGINT, step BIGINT, PRIMARY KEY (workflow, step))",
);

#[derive(Serialize, Deserialize)]
struct TenSteps {
    number: u64,
}

impl Workflow for TenSteps {
    const NAME: &'static str = "ten_steps";
}

async fn ten_steps(workflow: TenSteps, cx: &mut Flow) -> Result<(), StepFailed> {
    for step in 0..STEPS {
        let place = (workflow.number, step);
        cx.step(&format!("step_{step}"), place, effect).await?;
    }
    Ok(())
}

async fn effect((workflow, step): (u64, u64), tx: &mut Tx) -> Result<u64, Error> {
    let sql = "INSERT INTO effects (workflow, step) VALUES ($1, $2)";
    tx.execute(sql, params![workflow.cast_signed(), step.cast_signed()])
        .await?;
    Ok(step)
}

async fn until_done(service: &Handle) -> Outcome<()> {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    loop {
        ticks.tick().await;
        let sql = "SELECT count(*) FROM tidings_workflows WHERE state = 'running'";
        let (left,): (u64,) = service.read().await?.query_one(sql, &[]).await?;
        if left == 0 {
            return Ok(());
        }
    }
}

/// Workflows a second, from the first start until the last is done.
pub(super) async fn rate(storage: Storage) -> Outcome<f64> {
    let worker = Service::new("worker")
        .migrations(&[EFFECTS])
        .workflow(ten_steps);
    let mut installation = Setup::new(storage).service(worker).open().await?;
    let service = installation.handle("worker").ok_or("no such service")?;
    let running = installation.start();
    let begin = Instant::now();
    let numbers: Vec<u64> = (0..WORKFLOWS).collect();
    for batch in numbers.chunks(100) {
        let mut tx = service.begin_own().await?;
        for &number in batch {
            tx.start(&TenSteps { number }, number).await?;
        }
        tx.commit().await?;
    }
    until_done(&service).await?;
    let rate = WORKFLOWS as f64 / begin.elapsed().as_secs_f64();
    running.stop().await;
    let sql = "SELECT count(*) FROM effects";
    let (effects,): (u64,) = service.read().await?.query_one(sql, &[]).await?;
    match effects == WORKFLOWS * STEPS {
        true => Ok(rate),
        false => Err(format!("{effects} effects of {WORKFLOWS} workflows").into()),
    }
}
