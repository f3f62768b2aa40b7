//! Long files, while others edit.

use std::time::Instant;

use axum::http::header;
use serde_json::json;
use tidings::Storage;
use tidings_test::World;
use tower::ServiceExt;

use super::{CSV, counts};
use crate::stage::{Stage, infra, on_both, services};

on_both!(a_long_file_is_taken_over_while_others_edit);

/// `TIDINGS_IMPORT_ROWS=50000` shows the size that the register is made for.
fn rows() -> u64 {
    let told = std::env::var("TIDINGS_IMPORT_ROWS").ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

async fn a_long_file_is_taken_over_while_others_edit(storage: Storage) {
    let rows = rows();
    // Nobody listens, so that the time is that of the import.
    let mut without_ear = services();
    without_ear.pop();
    let mut stage = Stage {
        world: World::on(storage, without_ear).await,
    };
    let mut requests = Vec::new();
    for number in 1..=40 {
        let made = stage.create_named(&format!("Edited {number}")).await;
        let path = format!("/api/platforms/{}", made["number"]);
        let edit = json!({"cost_centre": "CC"});
        requests.push(stage.request(infra(), ("PATCH", &path), (header::ACCEPT, "*/*"), edit));
    }
    let mut file = "name,publisher,description,kind,cost_amount,cost_period,tags\n".to_owned();
    for row in 0..rows {
        file += &format!(
            "Platform {row},Maker {},\"What it is for, {row}\",os,12.50,monthly,\"a, b\"\n",
            row % 97
        );
    }
    let begun = Instant::now();
    let path = stage.ask_to_import("", CSV, file.clone()).await;
    let accepted = begun.elapsed();
    let router = stage.world.installation().router();
    let edits = tokio::spawn(async move {
        let mut slowest = std::time::Duration::ZERO;
        for request in requests {
            let begun = Instant::now();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            slowest = slowest.max(begun.elapsed());
            tokio::task::yield_now().await;
        }
        slowest
    });
    stage.world.settle().await;
    let taken = begun.elapsed();
    let slowest = edits.await.unwrap();
    let import = stage.get(infra(), &path).await.json;
    assert_eq!(counts(&import), [rows, rows, 0, 0, 0, 0]);

    let begun = Instant::now();
    let table = stage.export("export.csv").await;
    let exported = begun.elapsed();
    assert_eq!(table.lines().count() as u64, 1 + rows + 40);
    let begun = Instant::now();
    let again = stage.import("", CSV, table).await;
    assert_eq!(counts(&again), [rows + 40, 0, 0, rows + 40, 0, 0]);
    println!(
        "{rows} rows: accepted in {accepted:?}, taken over in {taken:?}, the slowest edit beside \
         it {slowest:?}; exported in {exported:?}; imported again in {:?}",
        begun.elapsed()
    );
}
