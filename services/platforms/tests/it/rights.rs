//! Who may do what with platforms.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Person, Stage, accountant, admin, buyer, engineer, infra, on_both, path_of, refusal, support,
};

on_both!(
    a_21_only_those_with_a_part_in_the_register_see_it,
    a_21_accountants_edit_costs_and_licences_and_nothing_else,
    a_21_support_and_engineering_propose_and_edit_their_proposals,
    a_21_archiving_and_restoring_is_for_infrastructure,
    a_21_who_may_not_do_it_is_told_that_and_not_what_else_is_wrong,
);

const FORBIDDEN: (u16, &str) = (403, "forbidden");

/// A-08 as well: nothing is open to nobody.
async fn a_21_only_those_with_a_part_in_the_register_see_it(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let before = stage.heard().await;
    let body = json!({"name": "B", "publisher": "C"});
    let asked = [
        ("GET", "/api/platforms".to_owned()),
        ("POST", "/api/platforms".to_owned()),
        ("GET", path.clone()),
        ("PATCH", path.clone()),
        ("POST", format!("{path}/archive")),
        ("POST", format!("{path}/restore")),
        ("GET", format!("{path}/history")),
        ("GET", "/api/platforms/changes".to_owned()),
        ("GET", "/api/platforms/changes.csv".to_owned()),
    ];
    for (method, path) in asked {
        let body = if method == "GET" {
            Value::Null
        } else {
            body.clone()
        };
        let nobody = stage.world.send(method, &path, None, body.clone()).await;
        assert_eq!(refusal(&nobody), (401, "not_signed_in"), "{method} {path}");
        let stranger = stage.send(buyer(), method, &path, body).await;
        assert_eq!(refusal(&stranger), FORBIDDEN, "{method} {path}");
        if method == "GET" {
            for one in [infra(), accountant(), support(), engineer(), admin()] {
                let answer = stage.get(one, &path).await;
                assert_eq!(answer.status, 200, "{path} {:?}", one.roles);
            }
        }
    }
    assert_eq!(stage.heard().await, before);
    assert_eq!(stage.platform(&made["id"]).await, made);
}

async fn a_21_accountants_edit_costs_and_licences_and_nothing_else(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let own = json!({"cost": "€10 a month", "cost_centre": "CC1", "budget_code": "B1",
        "purchase_order": "P1", "licence": {"type": "commercial", "seats": 7, "spdx": "MIT",
        "reference": "R1", "starts_on": "2026-01-01", "expires_on": "2026-12-31",
        "renewal": "manual"}});
    let edited = stage.patch(accountant(), &path, own).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(edited.json["cost"], "€10.00 a month");
    for (field, value) in [
        ("name", json!("B")),
        ("publisher", json!("B")),
        ("description", json!("B")),
        ("kind", json!("os")),
        ("version_label", json!("1")),
        ("technical_contact", json!("x")),
        ("support_contact", json!("x")),
        ("lifecycle", json!("experimental")),
        ("criticality", json!("high")),
        ("eol_on", json!("2026-03-14")),
        ("tags", json!(["x"])),
        (
            "links",
            json!([{"title": "x", "url": "https://example.com"}]),
        ),
    ] {
        let body = json!({"budget_code": "B2", field: value});
        let refused = stage.patch(accountant(), &path, body).await;
        assert_eq!(refusal(&refused), FORBIDDEN, "{field}");
        assert!(refused.text.contains(field), "{field}: {}", refused.text);
    }
    // What is so already is no change, whoever says it.
    let same = json!({"name": "A", "budget_code": "B1"});
    assert_eq!(
        stage.patch(accountant(), &path, same).await.json,
        edited.json
    );
    let wish = json!({"name": "C", "publisher": "C"});
    let made = stage.post(accountant(), "/api/platforms", wish).await;
    assert_eq!(refusal(&made), FORBIDDEN);
}

async fn a_21_support_and_engineering_propose_and_edit_their_proposals(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Desk").await;
    for (one, other) in [(support(), engineer()), (engineer(), support())] {
        let name = one.roles[0];
        let wish = |lifecycle: &str| json!({"name": name, "publisher": "P", "lifecycle": lifecycle, "owner": "Desk"});
        for lifecycle in ["experimental", "production", "deprecated", "retired"] {
            let refused = stage.post(one, "/api/platforms", wish(lifecycle)).await;
            assert_eq!(refusal(&refused), FORBIDDEN, "{lifecycle}");
        }
        let made = stage.post(one, "/api/platforms", wish("proposed")).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = path_of(&made.json["id"]);
        let edit = async |by: Person, body: Value| {
            let answer = stage.patch(by, &path, body).await;
            answer.status.as_u16()
        };
        assert_eq!(
            edit(one, json!({"description": "for us", "cost": "$5 once"})).await,
            200
        );
        assert_eq!(edit(other, json!({"description": "for them"})).await, 403);
        assert_eq!(edit(one, json!({"lifecycle": "experimental"})).await, 403);
        assert_eq!(
            edit(infra(), json!({"lifecycle": "experimental"})).await,
            200
        );
        // It is a proposal no more.
        assert_eq!(edit(one, json!({"description": "still for us"})).await, 403);
    }
    let both = crate::stage::person(9, &["support", "accountant"]);
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    assert_eq!(
        stage
            .patch(both, &path, json!({"cost_centre": "7"}))
            .await
            .status,
        200
    );
    assert_eq!(
        stage.patch(both, &path, json!({"name": "B"})).await.status,
        403
    );
}

async fn a_21_who_may_not_do_it_is_told_that_and_not_what_else_is_wrong(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    for wrong in [
        json!({"name": ""}),
        json!({"name": "B", "publisher": "C", "kind": "mainframe"}),
        json!({"name": "B", "publisher": "C", "colour": "red"}),
        json!({"name": "B", "publisher": "C", "owner": "Nobody"}),
    ] {
        let one = stage.post(accountant(), "/api/platforms", wrong.clone());
        assert_eq!(refusal(&one.await), FORBIDDEN, "{wrong}");
        for one in [accountant(), support(), engineer()] {
            let answer = stage.patch(one, &path, wrong.clone()).await;
            assert_eq!(refusal(&answer), FORBIDDEN, "{wrong} {:?}", one.roles);
        }
        let answer = stage.patch(infra(), &path, wrong.clone()).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    // What is theirs can be wrong, and is told.
    for wrong in [
        json!({"licence": {"seats": -1}}),
        json!({"cost": "much"}),
        json!({"cost": {"period": "weekly"}}),
        json!({"budget_code": "x".repeat(201)}),
    ] {
        let answer = stage.patch(accountant(), &path, wrong.clone()).await;
        assert_eq!(answer.status, 422, "{wrong}");
        let answer = stage.patch(support(), &path, wrong.clone()).await;
        assert_eq!(refusal(&answer), FORBIDDEN, "{wrong}");
    }
    let relations = json!({"relations": [], "comment": "x".repeat(201)});
    for one in [accountant(), support()] {
        let path = format!("{path}/relations");
        let answer = stage.send(one, "PUT", &path, relations.clone()).await;
        assert_eq!(refusal(&answer), FORBIDDEN, "{:?}", one.roles);
    }
}

async fn a_21_archiving_and_restoring_is_for_infrastructure(storage: Storage) {
    let stage = Stage::on(storage).await;
    let wish = json!({"name": "A", "publisher": "P"});
    let made = stage.post(support(), "/api/platforms", wish).await.json;
    let path = path_of(&made["id"]);
    for action in ["archive", "restore"] {
        for one in [accountant(), support(), engineer(), buyer()] {
            let answer = stage
                .post(one, &format!("{path}/{action}"), Value::Null)
                .await;
            assert_eq!(refusal(&answer), FORBIDDEN, "{action} {:?}", one.roles);
        }
        let answer = stage
            .post(admin(), &format!("{path}/{action}"), Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{action}");
    }
}
