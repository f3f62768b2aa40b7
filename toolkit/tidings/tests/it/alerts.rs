//! Alerts that a service opens by itself: behind, dead, late; their rules, and who is told.

mod business;
mod history;
mod lost;
mod told;
mod work;

use std::time::Duration;

use tidings::{Handle, alert};

use crate::bed::Stage;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Kind, subject and text of the open alerts.
async fn open(service: &Handle) -> Vec<(String, String, String)> {
    let open = alert::open(service).await.unwrap();
    open.into_iter()
        .map(|one| (one.kind, one.subject, one.text))
        .collect()
}

/// Kind and subject of the open alerts.
async fn names(service: &Handle) -> Vec<String> {
    let open = open(service).await.into_iter();
    open.map(|(kind, subject, _)| format!("{kind}: {subject}"))
        .collect()
}

/// Moves time, and lets everybody take some steps; those that fail are tried again.
async fn live(stage: &mut Stage, span: Duration) {
    stage.clock.advance(span);
    for _ in 0..30 {
        for worker in &mut stage.workers {
            let _ = worker.step().await;
        }
    }
}
