//! The page on which commands are found, and what somebody comes back to.

use serde_json::json;
use tidings::Storage;

use super::{assert_hides, assert_shows, create};
use crate::stage::{Stage, engineer, on_both, restart, support};

on_both!(what_somebody_has_used_last_is_there_before_they_look,);

async fn what_somebody_has_used_last_is_there_before_they_look(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let page = stage.get(support(), "/commands").await;
    assert_hides(&page, &["You used last"]);
    create(&stage, support(), restart()).await;
    for number in 2..=7 {
        let body =
            json!({ "howTo": format!("Count {number}"), "commandLine": format!("seq {number}") });
        create(&stage, support(), body).await;
    }
    for number in [2, 3, 4, 5, 6, 2] {
        let uses = format!("/commands/{number}/uses");
        let used = stage
            .submit(support(), &uses, "revision=1&outcome=ok")
            .await;
        assert_eq!(used.status, 303, "{}", used.text);
        stage.world.advance(std::time::Duration::from_secs(1)).await;
    }
    let titles = async |by, query: &str| -> Vec<String> {
        let found = stage.get(by, &format!("/api/c/commands?{query}")).await;
        assert_eq!(found.status, 200, "{}", found.text);
        let found = found.json.as_array().unwrap().clone();
        let title = |one: &serde_json::Value| one["howTo"].as_str().unwrap().to_owned();
        found.iter().map(title).collect()
    };
    let last = ["Count 2", "Count 6", "Count 5", "Count 4", "Count 3"];
    assert_eq!(titles(support(), "used=me").await, last);
    assert_eq!(titles(support(), "used=me&limit=2").await, last[..2]);
    assert_eq!(titles(support(), "used=me&q=6").await, ["Count 6"]);
    assert_eq!(titles(support(), "used=me&favourite=true").await, [""; 0]);
    assert_eq!(titles(engineer(1), "used=me").await, [""; 0]);
    let wrong = stage.get(support(), "/api/c/commands?used=you").await;
    assert_eq!(wrong.status, 400);

    let page = stage.get(support(), "/commands").await;
    let (_, own) = page.text.split_once("You used last").unwrap();
    let (own, _) = own.split_once("Used most, and new").unwrap();
    let places: Vec<_> = last.map(|title| own.find(title).unwrap()).into();
    assert!(places.is_sorted(), "{own}");
    assert!(!own.contains("Restart a stuck pod"), "{own}");
    for path in ["/commands?q=count", "/commands/drafts"] {
        assert_hides(&stage.get(support(), path).await, &["You used last"]);
    }
    let page = stage.get(support(), "/commands?used=me").await;
    assert_shows(&page, &["Count 2", "5 commands"]);
}
