//! Fifty thousand rows, while others edit.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::World;
use tower::ServiceExt;

use super::{CSV, counts, errors};
use crate::stage::{Person, Stage, infra, on_both, services};

on_both!(a_18_fifty_thousand_rows_overwrite_nothing_that_others_edit_meanwhile);

const ROWS: u64 = 50_000;
/// Platforms that are there, one in each slice of the file.
const EDITED: u64 = 200;

/// Both at once: 1. A file describes two hundred platforms that are there, and brings all the
/// others that it has. 2. The last of these is edited, and the import begins. 3. While it runs
/// somebody saves the forms of the others, from the last on, each behind one slice or more, as all
/// that a form says has to wait for whoever has the names. 4. The first is edited when the import
/// is over. What was edited before its row came is a mistake of that row, and all that people
/// wrote is there.
async fn a_18_fifty_thousand_rows_overwrite_nothing_that_others_edit_meanwhile(storage: Storage) {
    // Nobody listens, so that the time is that of the import.
    let mut without_ear = services();
    without_ear.pop();
    let mut stage = Stage {
        world: World::on(storage, without_ear).await,
    };
    for number in 1..=EDITED {
        stage.create_named(&format!("Edited {number}")).await;
    }
    let begun = Instant::now();
    let path = stage.ask_to_import("", CSV, file()).await;
    let accepted = begun.elapsed();
    let first = save(&stage, 1);
    let mut edits = (2..=EDITED).rev().map(|number| save(&stage, number));
    let last = edits.next().unwrap();
    assert_eq!(stage.world.call(last).await.status, 200);
    let edits: Vec<_> = edits.collect();
    let router = stage.world.installation().router();
    let edits = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        for request in edits {
            let begun = Instant::now();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    });
    stage.world.settle().await;
    let taken = begun.elapsed();
    let slowest = edits.await.unwrap();
    assert_eq!(stage.world.call(first).await.status, 200);
    let import = stage.get(infra(), &path).await.json;
    assert_kept(&stage, &import).await;
    println!(
        "{ROWS} rows: accepted in {accepted:?}, taken over in {taken:?}, the slowest edit beside \
         it {slowest:?}; {} of {EDITED} were edited before their row",
        import["failed"]
    );
}

/// One in each slice is there.
fn file() -> String {
    let mut file = "name,publisher,description,kind\n".to_owned();
    for row in 0..ROWS {
        file += &match row % (ROWS / EDITED) {
            0 => format!(
                "Edited {},Acme,of the file,other\n",
                row * EDITED / ROWS + 1
            ),
            _ => format!("Platform {row},Maker {},of the file,os\n", row % 97),
        };
    }
    file
}

/// What the form of a platform sends.
fn save(stage: &Stage, number: u64) -> Request<Body> {
    let by: Person = infra();
    let path = format!("/api/platforms/{number}");
    let edit = json!({"name": format!("Edited {number}"), "publisher": "Acme",
        "cost_centre": "CC"});
    stage.request(by, ("PATCH", &path), (header::ACCEPT, "*/*"), edit)
}

/// Each edit is there; so is each description, unless its row was told.
async fn assert_kept(stage: &Stage, import: &Value) {
    let [total, created, updated, unchanged, failed, _] = counts(import);
    assert_eq!((total, created, unchanged), (ROWS, ROWS - EDITED, 0));
    assert_eq!(updated + failed, EDITED);
    assert!(
        updated > 0 && failed > 0,
        "{updated} updated, {failed} failed"
    );
    let told = errors(import);
    let codes = told.iter().map(|one| &one[2]);
    assert!(
        codes.clone().all(|code| code == "changed_meanwhile"),
        "{told:?}"
    );
    let rows: Vec<_> = told.iter().map(|one| one[0].as_u64().unwrap()).collect();
    let list = "/api/platforms?q=edited&sort=number&limit=200";
    let list = stage.get(infra(), list).await.json;
    let list = list.as_array().unwrap();
    assert_eq!(list.len() as u64, EDITED);
    for (one, place) in list.iter().zip(0..) {
        assert_eq!(one["cost_centre"], "CC", "{one}");
        let is_told = rows.contains(&(2 + place * (ROWS / EDITED)));
        let expected = if is_told { "" } else { "of the file" };
        assert_eq!(one["description"], expected, "{one}");
    }
}
