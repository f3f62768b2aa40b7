//! The week of an office that a new installation shows.

use serde_json::json;
use tasks::Settings;
use tidings::Storage;
use tidings_test::on_both;

use crate::races::check_life;
use crate::stage::{Stage, manager, worker};

on_both!(the_demonstration_is_a_week_of_work_and_is_made_once);

async fn the_demonstration_is_a_week_of_work_and_is_made_once(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 10).await;
    let workers: Vec<_> = (1..=10).map(|number| worker(number).id).collect();
    let service = stage.world.service("tasks");
    for _ in 0..2 {
        tasks::work_demo(&service, manager().id, &workers)
            .await
            .unwrap();
    }
    let all = stage.get(manager(), "/api/tasks?all&limit=200").await.json;
    let all = all.as_array().unwrap();
    let open = all.iter().filter(|task| task["status"] == "open").count();
    assert_eq!(all.len(), 32);
    assert!((8..=20).contains(&open), "{open} are open");
    let holders: std::collections::BTreeSet<_> = all
        .iter()
        .map(|task| task["assignee"]["id"].to_string())
        .collect();
    assert!(holders.len() > 7, "everybody has something to show");
    let heard = stage.heard().await;
    for task in all {
        check_life(&heard, task["id"].as_str().unwrap());
    }
    let shuffles = stage.get(manager(), "/api/tasks/shuffles").await.json;
    let dealt = heard.iter().filter(|one| one.name == "task.assigned");
    let dealt = dealt
        .filter(|one| one.data()["reason"] == "shuffle")
        .count();
    assert_eq!(shuffles.as_array().unwrap().len(), 1);
    assert_eq!(shuffles[0]["reassigned"], json!(dealt));
    assert!(dealt > 5, "{dealt}");
}
