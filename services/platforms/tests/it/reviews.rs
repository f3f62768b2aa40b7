//! Reviews: going through the register to see whether it is so.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Answer;
use tower::ServiceExt;

use crate::stage::{
    Stage, accountant, admin, buyer, engineer, infra, mistakes, on_both, path_of, refusal, support,
};

const REVIEWS: &str = "/api/platforms/reviews";

on_both!(
    a_review_counts_what_was_found_and_the_last_word_counts,
    a_closed_review_takes_nothing_more_and_says_what_it_said,
    a_review_of_many_is_put_together_by_a_job_and_misses_none,
    what_two_find_at_once_is_what_one_of_them_has_found,
    a_12_what_is_retired_is_not_reviewed,
);

async fn open(stage: &Stage, name: &str, scope: Value) -> Value {
    let body = json!({"name": name, "due_on": "2026-02-01", "scope": scope});
    let answer = stage.post(infra(), REVIEWS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json
}

fn path(review: &Value) -> String {
    format!("{REVIEWS}/{}", review["id"].as_str().unwrap())
}

fn item(review: &Value, platform: &Value) -> String {
    let id = platform.as_str().unwrap();
    format!("{}/items/{id}", path(review))
}

async fn find(stage: &Stage, review: &Value, platform: &Value, outcome: &str) -> Answer {
    let body = json!({ "outcome": outcome });
    stage.post(infra(), &item(review, platform), body).await
}

/// Total, confirmed, updated, missing, not audited.
fn counts(review: &Value) -> [u64; 5] {
    let names = ["total", "confirmed", "updated", "missing", "not_audited"];
    names.map(|name| review[name].as_u64().unwrap())
}

async fn changes(stage: &Stage, entity: &str) -> Vec<Value> {
    let path = format!("/api/platforms/changes?entity={entity}&limit=200");
    let answer = stage.get(infra(), &path).await;
    answer.json.as_array().unwrap().clone()
}

async fn a_review_counts_what_was_found_and_the_last_word_counts(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let mut ids = Vec::new();
    for (name, kind) in [("A", "os"), ("B", "os"), ("C", "os"), ("D", "database")] {
        let wish = json!({"name": name, "publisher": "Acme", "kind": kind});
        ids.push(stage.create(wish).await["id"].clone());
    }
    let review = open(&stage, "Stock-take", json!({"kind": "os", "q": ""})).await;
    assert_eq!(
        (&review["status"], counts(&review)),
        (&json!("open"), [3, 0, 0, 0, 3])
    );
    assert_eq!(review["scope"], json!({"kind": "os"}));
    // What comes later is not of it.
    stage
        .create(json!({"name": "E", "publisher": "Acme", "kind": "os"}))
        .await;
    stage
        .world
        .advance(std::time::Duration::from_secs(60))
        .await;

    let found = find(&stage, &review, &ids[0], "confirmed").await;
    assert_eq!(
        (found.status.as_u16(), &found.json["outcome"]),
        (200, &json!("confirmed"))
    );
    let platform = stage.platform(&ids[0]).await;
    assert_eq!(platform["last_reviewed_by"], json!(infra().id));
    assert_eq!(platform["last_reviewed_at"], found.json["at"]);
    assert_eq!(platform["version"], 2);
    // the same again is no change.
    let again = find(&stage, &review, &ids[0], "confirmed").await;
    assert_eq!(again.json, found.json);
    assert_eq!(stage.platform(&ids[0]).await["version"], 2);
    find(&stage, &review, &ids[1], "confirmed").await;
    let body = json!({"outcome": "missing", "comment": "Nobody knows of it"});
    let missing = stage.post(admin(), &item(&review, &ids[1]), body).await;
    assert_eq!(missing.json["by"], json!(admin().id));
    find(&stage, &review, &ids[2], "updated").await;
    let outside = find(&stage, &review, &ids[3], "confirmed").await;
    assert_eq!(refusal(&outside), (404, "not_in_review"));

    let now = stage.get(support(), &path(&review)).await.json;
    assert_eq!(counts(&now), [3, 1, 1, 1, 0]);
    let items = format!("{}/items?outcome=missing", path(&review));
    let items = stage.get(support(), &items).await.json;
    let told = ["name", "outcome", "comment"].map(|name| items[0][name].clone());
    assert_eq!(
        told,
        [json!("B"), json!("missing"), json!("Nobody knows of it")]
    );
    let of_items = changes(&stage, "review_item").await;
    assert_eq!(of_items.len(), 4);
    assert_eq!(of_items[1]["before"]["outcome"], "confirmed");
    assert_eq!(of_items[1]["after"]["outcome"], "missing");
    // The platform's own record of it is of the same request.
    let of_platform = stage.history(&ids[2]).await;
    assert_eq!(of_platform[0]["request_id"], of_items[0]["request_id"]);
    let heard = stage.heard_of("platform.updated").await;
    assert_eq!(heard.len(), 3);
}

async fn a_closed_review_takes_nothing_more_and_says_what_it_said(storage: Storage) {
    let stage = Stage::on(storage).await;
    let a = stage.create_named("A").await["id"].clone();
    let b = stage.create_named("B").await["id"].clone();
    let review = open(&stage, "Stock-take", json!({})).await;
    let archive = format!("{}/archive", path_of(&b));
    assert_eq!(stage.post(infra(), &archive, json!({})).await.status, 200);
    let refused = find(&stage, &review, &b, "confirmed").await;
    assert_eq!(refusal(&refused), (409, "platform_archived"));
    assert_eq!(find(&stage, &review, &b, "missing").await.status, 200);
    let close = format!("{}/close", path(&review));
    let closed = stage.post(infra(), &close, Value::Null).await;
    assert_eq!(
        (closed.status.as_u16(), &closed.json["status"]),
        (200, &json!("closed"))
    );
    let again = stage.post(admin(), &close, Value::Null).await;
    assert_eq!(again.json, closed.json);
    let refused = find(&stage, &review, &a, "confirmed").await;
    assert_eq!(refusal(&refused), (409, "review_closed"));
    assert_eq!(counts(&closed.json), [2, 0, 0, 1, 1]);
    let told: Vec<_> = changes(&stage, "review").await;
    let told: Vec<_> = told.iter().map(|one| one["action"].clone()).collect();
    assert_eq!(told, [json!("update"), json!("create")]);
    let list = stage.get(engineer(), REVIEWS).await;
    assert_eq!(list.json, json!([closed.json]));
}

#[tokio::test]
async fn the_report_names_every_platform_and_what_was_found_of_it() {
    let stage = Stage::new().await;
    let team = stage.team("Core").await;
    let wish = json!({"name": "=A, \"1\"", "publisher": "Acme", "owner_team_id": team});
    let a = stage.create(wish).await["id"].clone();
    stage.create_named("B").await;
    let review = open(&stage, "Stock-take", json!({})).await;
    let body = json!({"outcome": "missing", "comment": "Gone; long ago"});
    stage.post(infra(), &item(&review, &a), body).await;
    let report = format!("{}/report.csv", path(&review));
    let report = stage.get(accountant(), &report).await;
    let saved = "attachment; filename=\"review.csv\"";
    assert_eq!(report.headers[header::CONTENT_DISPOSITION], saved);
    let lines: Vec<_> = report.text.lines().collect();
    assert_eq!(
        lines,
        [
            "\u{feff}number,name,publisher,owner,outcome,comment,by,at,archived",
            "1,\"'=A, \"\"1\"\"\",Acme,Core,missing,\"Gone; long ago\",Person 1,2026-01-01T12:00:00Z,false",
            "2,B,Acme,,not_audited,,,,false",
        ]
    );
}

/// More than two transactions can take at once.
async fn a_review_of_many_is_put_together_by_a_job_and_misses_none(storage: Storage) {
    const MANY: usize = 1_203;
    let mut stage = Stage::on(storage).await;
    let first = stage.create_named("First").await["id"].clone();
    let last = add_copies(&stage, MANY).await;
    let review = open(&stage, "Everything", json!({})).await;
    assert_eq!(review["status"], "opening");
    let refused = find(&stage, &review, &last, "confirmed").await;
    assert_eq!(refusal(&refused), (409, "review_opening"));
    let close = format!("{}/close", path(&review));
    let refused = stage.post(infra(), &close, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "review_opening"));
    // Whoever is on the list already need not wait.
    assert_eq!(find(&stage, &review, &first, "confirmed").await.status, 200);
    stage.world.settle().await;
    let now = stage.get(infra(), &path(&review)).await.json;
    let all = MANY as u64 + 1;
    assert_eq!(
        (&now["status"], counts(&now)),
        (&json!("open"), [all, 1, 0, 0, all - 1])
    );
    let mut seen = Vec::new();
    let mut next = Some(format!("{}/items?limit=200", path(&review)));
    while let Some(path) = next {
        let part = stage.get(infra(), &path).await;
        let items = part.json.as_array().unwrap();
        seen.extend(items.iter().map(|item| item["number"].as_u64().unwrap()));
        let link = part.headers.get(header::LINK);
        let link = link.map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
    }
    assert_eq!(seen, (1..=all).collect::<Vec<_>>());
}

/// Adds platforms like the first one by SQL; says which is the last.
async fn add_copies(stage: &Stage, many: usize) -> Value {
    let service = stage.world.service("platforms");
    let mut tx = service.begin_own().await.unwrap();
    let mut last = String::new();
    for copy in 2..many + 2 {
        let id = tidings::uuid_at(tx.now()).to_string();
        let columns = "publisher, description, kind, version_label, owner_team_id,
            technical_contact, support_contact, cost_amount_minor, cost_currency, cost_period,
            cost_centre, budget_code, purchase_order, licence_type, licence_spdx, licence_seats,
            licence_reference, licence_starts_on, licence_expires_on, licence_renewal, lifecycle,
            criticality, eol_on, tags, links, custom_fields, last_reviewed_at, last_reviewed_by,
            version, created_at, created_by, updated_at, updated_by, archived_at";
        let sql = format!(
            "INSERT INTO platforms (id, number, slug, natural_key, name, {columns})
            SELECT '{id}', {copy}, 'copy-{copy}', 'copy {copy}', 'Copy {copy}', {columns}
            FROM platforms WHERE number = 1"
        );
        tx.execute(&sql, &[]).await.unwrap();
        let columns = "archived, lifecycle, criticality, kind, owner_team_id, name_key,
            publisher_key, cost_minor, expires_on, updated_at, words";
        let sql = format!(
            "INSERT INTO shelf (number, platform_id, {columns})
            SELECT {copy}, '{id}', {columns} FROM shelf WHERE number = 1"
        );
        tx.execute(&sql, &[]).await.unwrap();
        last = id;
    }
    tx.commit().await.unwrap();
    json!(last)
}

/// At once: 1. Two find other things of one platform at once. 2. The second waits for the first. 3. The
/// row, the counts and the history agree.
async fn what_two_find_at_once_is_what_one_of_them_has_found(storage: Storage) {
    let stage = Stage::on(storage).await;
    let a = stage.create_named("A").await["id"].clone();
    let review = open(&stage, "Stock-take", json!({})).await;
    let router = stage.world.installation().router();
    let at_once = ["confirmed", "updated", "missing", "confirmed"].map(|outcome| {
        let none = (header::ACCEPT, "application/json");
        let body = json!({ "outcome": outcome });
        let request = stage.request(infra(), ("POST", &item(&review, &a)), none, body);
        tokio::spawn(router.clone().oneshot(request))
    });
    for one in at_once {
        assert_eq!(one.await.unwrap().unwrap().status(), 200);
    }
    let now = stage.get(infra(), &path(&review)).await.json;
    let last = changes(&stage, "review_item").await[0].clone();
    let outcome = last["after"]["outcome"].as_str().unwrap();
    assert_eq!((&now[outcome], &now["not_audited"]), (&json!(1), &json!(0)));
    let of_items = changes(&stage, "review_item").await;
    let said = of_items
        .iter()
        .filter(|one| one["after"]["outcome"] != "missing");
    let version = stage.platform(&a).await["version"].clone();
    assert_eq!(version, json!(1 + said.count()));
}

#[tokio::test]
async fn what_cannot_be_reviewed_is_refused() {
    let stage = Stage::new().await;
    stage.create_named("A").await;
    let post = async |body: Value| stage.post(infra(), REVIEWS, body).await;
    let refused = post(json!({"name": " ", "due_on": "2025-12-31"})).await;
    let expected = [("name", "field_missing"), ("due_on", "due_on_past")];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(
        (refused.status.as_u16(), mistakes(&refused)),
        (422, expected.to_vec())
    );
    for (scope, code) in [
        (
            json!({"owner": "0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11"}),
            "unknown_team",
        ),
        (json!({"owner": "Core"}), "unknown_team"),
        (json!({"lifecycle": "dead"}), "bad_word"),
        (json!({"kind": "car"}), "bad_kind"),
        (json!({"q": "nothing"}), "nothing_to_review"),
    ] {
        let refused = post(json!({"name": "A", "due_on": "2026-02-01", "scope": scope})).await;
        assert_eq!(refusal(&refused), (422, code));
    }
    let odd = post(json!({"name": "A", "due_on": "soon"})).await;
    assert_eq!(refusal(&odd), (422, "bad_day"));
    assert_eq!(stage.get(infra(), REVIEWS).await.json, json!([]));
    let review = open(&stage, "A", json!({})).await;
    let long = json!({"outcome": "lost", "comment": "é".repeat(201)});
    let refused = stage
        .post(infra(), &format!("{}/items/1", path(&review)), long)
        .await;
    assert_eq!(refused.status, 422);
    let nobody = format!("{REVIEWS}/0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11");
    assert_eq!(
        refusal(&stage.get(infra(), &nobody).await),
        (404, "not_found")
    );
    let items = format!("{}/items?outcome=lost", path(&review));
    assert_eq!(
        refusal(&stage.get(infra(), &items).await),
        (400, "bad_outcome")
    );
    let items = format!("{}/items?cursor=-1", path(&review));
    assert_eq!(
        refusal(&stage.get(infra(), &items).await),
        (400, "bad_cursor")
    );
}

/// What is retired stays as it is, also what is retired while it stands on a list.
async fn a_12_what_is_retired_is_not_reviewed(storage: Storage) {
    let stage = Stage::on(storage).await;
    let mut ids = Vec::new();
    for (name, lifecycle) in [("A", "proposed"), ("B", "deprecated"), ("C", "retired")] {
        let wish = json!({"name": name, "publisher": "Acme", "lifecycle": lifecycle});
        ids.push(stage.create(wish).await["id"].clone());
    }
    let review = open(&stage, "All", json!({})).await;
    assert_eq!(counts(&review), [2, 0, 0, 0, 2]);
    let outside = find(&stage, &review, &ids[2], "confirmed").await;
    assert_eq!(refusal(&outside), (404, "not_in_review"));
    let retire = json!({"lifecycle": "retired"});
    let retired = stage.patch(infra(), &path_of(&ids[1]), retire).await;
    assert_eq!(retired.status, 200, "{}", retired.text);
    for outcome in ["confirmed", "updated"] {
        let refused = find(&stage, &review, &ids[1], outcome).await;
        assert_eq!(refusal(&refused), (409, "platform_retired"));
    }
    assert_eq!(stage.platform(&ids[1]).await, retired.json);
    assert_eq!(find(&stage, &review, &ids[1], "missing").await.status, 200);
    assert_eq!(stage.platform(&ids[1]).await, retired.json);
    let wish = json!({"name": "Retired", "due_on": "2026-02-01",
        "scope": {"lifecycle": "retired"}});
    let refused = stage.post(infra(), REVIEWS, wish).await;
    assert_eq!(refusal(&refused), (422, "nothing_to_review"));
    let field = [("lifecycle".to_owned(), "nothing_to_review".to_owned())];
    assert_eq!(mistakes(&refused), field);
}

#[tokio::test]
async fn a_21_reviews_are_for_those_who_edit_the_register() {
    let stage = Stage::new().await;
    let a = stage.create_named("A").await["id"].clone();
    let review = open(&stage, "A", json!({})).await;
    let close = format!("{}/close", path(&review));
    for reader in [accountant(), support(), engineer()] {
        assert_eq!(stage.get(reader, &path(&review)).await.status, 200);
        let wish = json!({"name": "B", "due_on": "2026-02-01"});
        let refused = [
            stage.post(reader, REVIEWS, wish).await,
            stage
                .post(reader, &item(&review, &a), json!({"outcome": "confirmed"}))
                .await,
            stage.post(reader, &close, Value::Null).await,
        ];
        for answer in refused {
            assert_eq!(refusal(&answer), (403, "forbidden"));
        }
    }
    assert_eq!(
        refusal(&stage.get(buyer(), REVIEWS).await),
        (403, "forbidden")
    );
    assert_eq!(stage.world.get(REVIEWS, None).await.status, 401);
}
