//! Who imports, and who exports.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::CSV;
use crate::stage::{Stage, accountant, admin, buyer, engineer, infra, refusal, support};

const FILE: &str = "name,publisher\nA,B\n";

#[tokio::test]
async fn a_21_infrastructure_and_administrators_import_and_nobody_else_does() {
    let mut stage = Stage::new().await;
    for by in [infra(), admin()] {
        let answer = stage.upload(by, "?dry_run=true", CSV, FILE).await;
        assert_eq!(answer.status, 202);
    }
    stage.world.settle().await;
    let imports = stage.get(admin(), "/api/platforms/import").await.json;
    let ids: Vec<&str> = imports
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    for by in [accountant(), support(), engineer(), buyer()] {
        let answer = stage.upload(by, "", CSV, FILE).await;
        assert_eq!(refusal(&answer), (403, "forbidden"));
        for path in [
            "",
            &format!("/{}", ids[0]),
            &format!("/{}/errors.csv", ids[0]),
        ] {
            let answer = stage.get(by, &format!("/api/platforms/import{path}")).await;
            assert_eq!(answer.status, 403, "{path}");
        }
        for page in [
            "/platforms/import",
            &format!("/platforms/import/{}", ids[0]),
        ] {
            assert_eq!(stage.get(by, page).await.status, 403, "{page}");
        }
        let run = format!("/platforms/import/{}/run", ids[0]);
        assert_eq!(stage.post(by, &run, Value::Null).await.status, 403);
        assert_eq!(
            stage
                .post(by, "/platforms/import", Value::Null)
                .await
                .status,
            403
        );
    }
    stage.world.settle().await;
    assert_eq!(stage.get(infra(), "/api/platforms").await.json, json!([]));
}

#[tokio::test]
async fn a_21_whoever_has_a_part_in_the_register_exports_it() {
    let stage = Stage::new().await;
    for path in ["export.csv", "export.json", "import/template.csv"] {
        let path = format!("/api/platforms/{path}");
        for by in [infra(), admin(), accountant(), support(), engineer()] {
            assert_eq!(stage.get(by, &path).await.status, 200, "{path}");
        }
        assert_eq!(stage.get(buyer(), &path).await.status, 403, "{path}");
        assert_eq!(stage.world.get(&path, None).await.status, 401, "{path}");
    }
    let request = Request::post("/api/platforms/import")
        .body(Body::from(FILE))
        .unwrap();
    assert_eq!(stage.world.call(request).await.status, 401);
    let page = stage.world.get("/platforms/import", None).await;
    assert_eq!(page.headers["location"], "/signin?next=/platforms/import");
}
