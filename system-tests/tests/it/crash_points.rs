//! The process kills itself between two named steps (F-01 to F-03, F-09 to F-11, F-16, F-17).

use std::sync::Arc;
use std::time::Duration;

use system_tests::{Crowd, Failure, History, Site, Size, checker, is_killed};
use tokio::task::JoinSet;

use crate::{BINARY, seed, tell};

/// Each point with the passes at which the process is to end: an early one, in the first
/// steps of a fresh installation, and later ones in the thick of it.
const POINTS: [(&str, [u32; 3]); 14] = [
    ("P1", [1, 25, 90]),
    ("P2", [2, 30, 100]),
    ("P3", [9, 60, 250]),
    ("P4", [3, 50, 150]),
    ("C0", [2, 20, 70]),
    ("C1", [1, 22, 80]),
    ("C2", [3, 24, 75]),
    ("C4", [2, 28, 85]),
    ("J0", [1, 4, 12]),
    ("J3", [1, 5, 14]),
    ("S0", [1, 8, 25]),
    ("S1", [2, 12, 40]),
    ("S2", [3, 14, 45]),
    ("S4", [1, 2, 5]),
];
/// Sites that run side by side: most of the time they wait for leases to end.
const SIDE_BY_SIDE: usize = 5;
const CRASH_LIMIT: Duration = Duration::from_secs(90);
const REST_LIMIT: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_named_crash_point_recovers() -> Result<(), Failure> {
    let seed = seed();
    let mut running = JoinSet::new();
    let mut evidence = Vec::new();
    for (point, passes) in POINTS {
        if running.len() == SIDE_BY_SIDE {
            evidence.extend(running.join_next().await.transpose()?.transpose()?);
        }
        running.spawn(crash_and_recover(point, passes, seed));
    }
    while let Some(ended) = running.join_next().await {
        evidence.push(ended??);
    }
    assert_eq!(evidence.len(), POINTS.len());
    let kills = POINTS.len() * POINTS[0].1.len();
    evidence.sort();
    tell(&format!(
        "{kills} kills at named points: {}",
        evidence.join("; ")
    ));
    Ok(())
}

/// One installation that dies at one point again and again, and is whole afterwards.
async fn crash_and_recover(
    point: &'static str,
    passes: [u32; 3],
    seed: u64,
) -> Result<String, Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let told = recover(&site, point, passes, seed).await;
    let told = told.map_err(|error| format!("{point}: {error}"))?;
    site.remove().await?;
    Ok(told)
}

async fn recover(site: &Site, point: &str, passes: [u32; 3], seed: u64) -> Result<String, Failure> {
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let server = site.start().await?;
    let size = Size {
        sellers: 2,
        buyers: 3,
    };
    let crowd = Crowd::gather(site.address(), &history, size, seed).await?;
    server.kill()?;
    for pass in passes {
        let mut server = site.start_to_crash(point, pass)?;
        let status = server.ended(CRASH_LIMIT).await?;
        let status = status.ok_or_else(|| format!("did not end at its {pass}. pass"))?;
        if !is_killed(status) {
            return Err(format!("ended with {status} instead of at its {pass}. pass").into());
        }
    }
    let server = site.start().await?;
    crowd.send_home().await?;
    checker::come_to_rest(&site.books(), REST_LIMIT).await?;
    checker::check(&site.books(), &history).await?;
    drop(server);
    Ok(format!("{point} at {passes:?}, {}", history.tally()))
}
