//! The listings to look at.

use serde_json::json;

use crate::stage::{SELLER, Stage};

#[tokio::test]
async fn the_dozen_is_listed_once_however_often_it_is_asked_for() {
    let mut stage = Stage::new().await;
    let service = stage.world.service("tickets");
    for _ in 0..3 {
        tickets::list_demo(&service, SELLER.into())
            .await
            .expect("listed");
        stage.world.settle().await;
    }
    let mut titles = stage.titles("?limit=200").await;
    let mut expected = tickets::demo_listings().map(|one| one.title.to_owned());
    titles.sort();
    expected.sort();
    assert_eq!(titles, expected);
    let answer = stage
        .world
        .get("/api/me/listings", Some(&stage.seller))
        .await;
    let first = answer.json[0].clone();
    assert_eq!(
        (&first["version"], &first["status"]),
        (&json!(1), &json!("available"))
    );
    stage.ends_well().await;
}
