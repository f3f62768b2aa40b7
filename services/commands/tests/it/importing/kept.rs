//! What is kept of imports, and for how long.

use std::time::Duration;

use serde_json::Value;
use tidings::Storage;

use super::SHEET;
use crate::stage::{Stage, on_both, support};

on_both!(
    imports_are_listed_in_parts_and_without_their_remarks,
    what_nobody_will_ask_for_any_more_is_let_go,
);

const QUERY: &str = "format=navi&platform=1";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn imports_are_listed_in_parts_and_without_their_remarks(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let sheet = format!("{SHEET}# Bad\nls `<x>`\n");
    let mut newest_first = Vec::new();
    for _ in 0..3 {
        let import = stage.import(support(), QUERY, &sheet).await;
        assert_eq!(import["errors"].as_array().unwrap().len(), 1);
        newest_first.insert(0, import["id"].clone());
        stage.world.advance(Duration::from_secs(1)).await;
    }
    let ids = |list: &Value| -> Vec<Value> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["id"].clone()).collect()
    };
    let first = stage.get(support(), "/api/c/import?limit=2").await;
    assert_eq!(ids(&first.json), newest_first[..2]);
    let remarks = ["errors", "notes"].map(|name| first.json[0].get(name));
    assert_eq!((remarks, &first.json[0]["failed"]), ([None; 2], &1.into()));
    let next = first.headers["link"].to_str().unwrap();
    let next = next.split(['<', '>']).nth(1).unwrap().to_owned();
    let second = stage.get(support(), &next).await;
    assert_eq!(ids(&second.json), newest_first[2..]);
    let page = stage.get(support(), "/commands/import?limit=2").await;
    let (_, older) = page.text.split_once(r#"rel="next" href=""#).unwrap();
    let (older, _) = older.split_once('"').unwrap();
    let page = stage.get(support(), &older.replace("&#38;", "&")).await;
    let oldest = newest_first[2].as_str().unwrap();
    assert!(page.text.contains(oldest), "{}", page.text);
    assert!(!page.text.contains("rel=\"next\""), "{}", page.text);
}

/// Step by step: an import is called off before it begins, a week goes by, somebody imports again,
/// a year goes by, and somebody imports once more.
async fn what_nobody_will_ask_for_any_more_is_let_go(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let accepted = stage.upload(support(), QUERY, SHEET).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let id = accepted.json["job_id"].as_str().unwrap();
    let cancel = format!("/api/operations/commands/{id}/cancel");
    let cancelled = stage.post(support(), &cancel, Value::Null).await;
    assert!(cancelled.status.is_success(), "{}", cancelled.text);
    stage.world.settle().await;
    let files = "SELECT count(*) FROM imports WHERE body <> ''";
    assert_eq!(stage.number(files).await, 1);
    stage.world.advance(DAY * 8).await;
    stage.import(support(), QUERY, SHEET).await;
    assert_eq!(stage.number(files).await, 0);
    let all = "SELECT count(*) FROM imports";
    assert_eq!(stage.number(all).await, 2);
    stage.world.advance(DAY * 366).await;
    stage.import(support(), QUERY, SHEET).await;
    assert_eq!(stage.number(all).await, 1);
}
