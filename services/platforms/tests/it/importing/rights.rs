//! Who imports, and who exports.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{CSV, counts, errors};
use crate::stage::{Stage, accountant, admin, buyer, engineer, infra, refusal, support};

const FILE: &str = "name,publisher\nA,B\n";

#[tokio::test]
async fn a_21_infrastructure_administrators_and_accountants_import_and_nobody_else_does() {
    let mut stage = Stage::new().await;
    for by in [infra(), admin(), accountant()] {
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
    assert_eq!(ids.len(), 3);
    for by in [support(), engineer(), buyer()] {
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

/// What they may say of one platform they may say of many.
#[tokio::test]
async fn a_21_what_accountants_import_changes_costs_and_licences_and_nothing_else() {
    let mut stage = Stage::new().await;
    for name in ["One", "Two", "Three", "Four"] {
        let body = json!({"name": name, "publisher": "Acme", "description": "As it is"});
        stage.create(body).await;
    }
    let file = "name,publisher,description,cost_amount,cost_period,cost_centre,licence_seats\n\
        One,Acme,As it is,5.00,monthly,CC,7\n\
        two,acme,As they would,5.00,monthly,CC,7\n\
        Three,Acme,As it is,-1,monthly,CC,7\n\
        Four,Acme,As it is,0.00,free,,\n\
        New,Acme,,5.00,monthly,CC,7\n";
    let before = stage.platform(&json!(2)).await;
    for query in ["?dry_run=true", ""] {
        let answer = stage.upload(accountant(), query, CSV, file).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        stage.world.settle().await;
        let path = format!(
            "/api/platforms/import/{}",
            answer.json["job_id"].as_str().unwrap()
        );
        let import = stage.get(accountant(), &path).await.json;
        let expected = [
            json!([3, "name", "forbidden"]),
            json!([3, "publisher", "forbidden"]),
            json!([3, "description", "forbidden"]),
            json!([4, "cost_amount", "bad_amount"]),
            json!([6, null, "forbidden"]),
        ];
        assert_eq!(errors(&import), expected);
        assert_eq!(counts(&import), [5, 0, 1, 1, 3, 0]);
    }
    let one = stage.platform(&json!(1)).await;
    assert_eq!(
        (&one["cost"], &one["cost_centre"]),
        (&json!("$5.00 a month"), &json!("CC"))
    );
    assert_eq!(stage.platform(&json!(2)).await, before);
    let last = &stage.history(&one["id"]).await[0];
    assert_eq!(
        (&last["action"], &last["actor"]),
        (&json!("import"), &json!(accountant().id))
    );
    let refused = stage
        .upload(accountant(), "?mode=create_only", CSV, file)
        .await;
    assert_eq!(refusal(&refused), (403, "forbidden"));
    let page = stage.get(accountant(), "/platforms/import").await;
    assert!(page.text.contains("Costs, cost centre"), "{}", page.text);
    assert!(!page.text.contains("create_only"), "{}", page.text);
    assert!(
        stage
            .get(accountant(), "/platforms")
            .await
            .text
            .contains("\"/platforms/import\"")
    );
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
    assert_eq!(page.status, 401);
}
