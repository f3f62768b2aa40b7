//! Teams, whose platforms are.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tower::ServiceExt;

use crate::stage::{
    Stage, accountant, admin, buyer, engineer, infra, mistakes, on_both, refusal, support,
};

const TEAMS: &str = "/api/platforms/teams";

on_both!(
    a_team_is_added_changed_and_removed_and_each_leaves_one_change_record,
    a_name_is_there_once_in_whichever_letters,
    a_team_to_which_something_belongs_stays,
    a_team_of_which_only_the_archive_has_something_can_go,
    a_stale_version_of_a_team_changes_nothing,
    of_two_who_add_one_name_at_once_one_is_refused,
);

/// The changes of a team, oldest first: what was done, and which fields.
async fn changes(stage: &Stage, id: &Value) -> Vec<(Value, Value)> {
    let path = "/api/platforms/changes?entity=team&limit=200";
    let answer = stage.get(infra(), path).await;
    let all = answer.json.as_array().unwrap().clone();
    let own = all.into_iter().rev().filter(|one| one["entity_id"] == *id);
    own.map(|one| (one["action"].clone(), one["changed_fields"].clone()))
        .collect()
}

///
async fn a_team_is_added_changed_and_removed_and_each_leaves_one_change_record(storage: Storage) {
    let stage = Stage::on(storage).await;
    let wish = json!({"name": " Core ", "kind": "infra", "email": "core@example.com"});
    let made = stage.post(infra(), TEAMS, wish).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].clone();
    let path = format!("{TEAMS}/{}", id.as_str().unwrap());
    assert_eq!(made.headers[header::LOCATION], path);
    let told = ["name", "kind", "email", "platforms", "version"].map(|name| &made.json[name]);
    let expected = [
        json!("Core"),
        json!("infra"),
        json!("core@example.com"),
        json!(0),
        json!(1),
    ];
    assert_eq!(told, expected.each_ref());
    let edited = stage.patch(admin(), &path, json!({"email": ""})).await;
    assert_eq!(
        (
            edited.status.as_u16(),
            &edited.json["email"],
            &edited.json["version"]
        ),
        (200, &json!(""), &json!(2))
    );
    let same = stage
        .patch(admin(), &path, json!({"email": "", "name": "Core"}))
        .await;
    assert_eq!(
        (same.status.as_u16(), &same.json["version"]),
        (200, &json!(2))
    );
    let gone = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    let again = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(refusal(&again), (404, "not_found"));
    let all = json!(["email", "kind", "name"]);
    let expected = [
        (json!("create"), all),
        (json!("update"), json!(["email"])),
        (json!("delete"), json!(["kind", "name"])),
    ];
    assert_eq!(changes(&stage, &id).await, expected);
}

async fn a_name_is_there_once_in_whichever_letters(storage: Storage) {
    let stage = Stage::on(storage).await;
    let add = async |name: &str| stage.post(infra(), TEAMS, json!({ "name": name })).await;
    assert_eq!(add("Core").await.status, 201);
    let other = add("Édition").await;
    assert_eq!(other.status, 201);
    assert_eq!(refusal(&add(" cORE").await), (409, "team_exists"));
    assert_eq!(refusal(&add("édition").await), (409, "team_exists"));
    let path = format!("{TEAMS}/{}", other.json["id"].as_str().unwrap());
    let taken = stage.patch(infra(), &path, json!({"name": "CORE"})).await;
    assert_eq!(refusal(&taken), (409, "team_exists"));
    let own = stage
        .patch(infra(), &path, json!({"name": "ÉDITION"}))
        .await;
    assert_eq!(own.status, 200, "{}", own.text);
    let list = stage.get(support(), TEAMS).await;
    let names: Vec<_> = list.json.as_array().unwrap().iter().collect();
    let names: Vec<_> = names.iter().map(|team| team["name"].clone()).collect();
    assert_eq!(names, [json!("Core"), json!("ÉDITION")]);
}

async fn a_team_to_which_something_belongs_stays(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let core = stage.team("Core").await;
    let path = format!("{TEAMS}/{core}");
    let wish = json!({"name": "Linux", "publisher": "Acme", "owner_team_id": core});
    let platform = stage.create(wish).await;
    let list = stage.get(infra(), TEAMS).await;
    assert_eq!(list.json[0]["platforms"], 1);
    let refused = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "team_owns"));
    assert!(refused.text.contains("Linux"), "{}", refused.text);
    let review = json!({"name": "Stock-take", "due_on": "2026-02-01",
        "scope": {"owner": core.to_string()}});
    let review = stage.post(infra(), "/api/platforms/reviews", review).await;
    assert_eq!(review.status, 201, "{}", review.text);
    stage.world.settle().await;
    let of_platform = crate::stage::path_of(&platform["id"]);
    let freed = stage
        .patch(infra(), &of_platform, json!({"owner_team_id": null}))
        .await;
    assert_eq!(freed.status, 200, "{}", freed.text);
    let refused = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "team_owns"));
    assert!(refused.text.contains("Stock-take"), "{}", refused.text);
    let id = review.json["id"].as_str().unwrap();
    let close = format!("/api/platforms/reviews/{id}/close");
    assert_eq!(stage.post(infra(), &close, Value::Null).await.status, 200);
    let gone = stage.send(infra(), "DELETE", &path, Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
}

/// what is in the archive stays as it was put there, but for whose it was.
async fn a_team_of_which_only_the_archive_has_something_can_go(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let (core, desk) = (stage.team("Core").await, stage.team("Desk").await);
    let mut paths = Vec::new();
    for name in ["Linux", "Unix"] {
        let wish = json!({"name": name, "publisher": "Acme", "owner": "Core",
            "lifecycle": "production"});
        let path = crate::stage::path_of(&stage.create(wish).await["id"]);
        let gone = stage
            .post(infra(), &format!("{path}/archive"), Value::Null)
            .await;
        assert_eq!(gone.status, 200, "{}", gone.text);
        paths.push(path);
    }
    let team = format!("{TEAMS}/{core}");
    let refused = stage.send(infra(), "DELETE", &team, Value::Null).await;
    assert_eq!(refusal(&refused), (409, "team_owns"));
    for (wish, expected) in [
        (
            json!({"owner": "Desk", "name": "Other"}),
            (409, "platform_archived"),
        ),
        (json!({"description": "Other"}), (409, "platform_archived")),
        (json!({"owner": null}), (422, "owner_missing")),
        (
            json!({"owner": "Desk", "replaced_by": 2}),
            (422, "not_deprecated"),
        ),
    ] {
        let refused = stage.patch(infra(), &paths[0], wish).await;
        assert_eq!(refusal(&refused), expected);
    }
    let refused = stage
        .patch(accountant(), &paths[0], json!({"owner": "Desk"}))
        .await;
    assert_eq!(refusal(&refused), (403, "forbidden"));
    let given = stage
        .patch(infra(), &paths[0], json!({"owner": "Desk"}))
        .await;
    assert_eq!(given.json["owner_team_id"], json!(desk), "{}", given.text);
    assert!(given.json["archived_at"].is_string());
    let file = "id,owner\n2,Desk\n";
    let import = stage.import("", "text/csv", file).await;
    assert_eq!(import["updated"], 1, "{import}");
    let gone = stage.send(infra(), "DELETE", &team, Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    for path in paths {
        let back = stage
            .post(infra(), &format!("{path}/restore"), Value::Null)
            .await;
        assert_eq!(
            (back.status.as_u16(), &back.json["owner"]),
            (200, &json!("Desk"))
        );
    }
}

async fn a_stale_version_of_a_team_changes_nothing(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.post(infra(), TEAMS, json!({"name": "Core"})).await;
    assert_eq!(made.headers[header::ETAG], "\"1\"");
    let path = format!("{TEAMS}/{}", made.json["id"].as_str().unwrap());
    let put = async |seen: &str, name: &str| {
        let what = ("PATCH", path.as_str());
        let body = json!({ "name": name });
        stage
            .send_with(infra(), what, (header::IF_MATCH, seen), body)
            .await
    };
    let first = put("\"1\"", "First").await;
    assert_eq!(
        (first.status.as_u16(), &first.headers[header::ETAG]),
        (200, &"\"2\"".parse().unwrap())
    );
    assert_eq!(
        refusal(&put("\"1\"", "Second").await),
        (412, "stale_version")
    );
    assert_eq!(refusal(&put("x", "Second").await), (412, "stale_version"));
    assert_eq!(
        refusal(&put("\"1\", \"2\"", "Second").await),
        (400, "bad_if_match")
    );
    assert_eq!(stage.get(infra(), TEAMS).await.json[0]["name"], "First");
    assert_eq!(put("\"2\"", "Third").await.json["version"], 3);
}

/// 1. Eight requests look for the name. 2. Eight would take it. 3. One has.
async fn of_two_who_add_one_name_at_once_one_is_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    let router = stage.world.installation().router();
    let adding = (0..8).map(|_| {
        let body = json!({"name": "Core"});
        let none = (header::ACCEPT, "application/json");
        let request = stage.request(infra(), ("POST", TEAMS), none, body);
        tokio::spawn(router.clone().oneshot(request))
    });
    let mut statuses = Vec::new();
    for answer in adding.collect::<Vec<_>>() {
        statuses.push(answer.await.unwrap().unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_field_by_field() {
    let stage = Stage::new().await;
    let wish = json!({"name": "x".repeat(101), "kind": "boss", "email": "core"});
    let refused = stage.post(infra(), TEAMS, wish).await;
    assert_eq!(refused.status, 422);
    let expected = [
        ("name", "field_too_long"),
        ("email", "bad_email"),
        ("kind", "bad_kind"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(mistakes(&refused), expected);
    for bad in [json!({}), json!({"name": "\0"}), json!({"name": "  "})] {
        let refused = stage.post(infra(), TEAMS, bad.clone()).await;
        assert_eq!(refused.status, 422, "{bad}");
    }
    let unknown = stage
        .post(infra(), TEAMS, json!({"name": "A", "boss": 1}))
        .await;
    assert!(unknown.status.is_client_error(), "{}", unknown.text);
    let long = json!({"name": "A", "comment": "é".repeat(201)});
    let refused = stage.post(infra(), TEAMS, long).await;
    assert_eq!(refusal(&refused), (422, "field_too_long"));
    let odd = stage.patch(infra(), &format!("{TEAMS}/7"), json!({})).await;
    assert!(odd.status.is_client_error());
    assert_eq!(stage.get(infra(), TEAMS).await.json, json!([]));
}

#[tokio::test]
async fn a_21_teams_are_for_those_who_edit_the_register() {
    let stage = Stage::new().await;
    let core = stage.team("Core").await;
    let path = format!("{TEAMS}/{core}");
    for reader in [accountant(), support(), engineer()] {
        assert_eq!(stage.get(reader, TEAMS).await.status, 200);
        let body = json!({"name": "Other"});
        let refused = [
            stage.post(reader, TEAMS, body.clone()).await,
            stage.patch(reader, &path, body).await,
            stage.send(reader, "DELETE", &path, Value::Null).await,
        ];
        for answer in refused {
            assert_eq!(refusal(&answer), (403, "forbidden"));
        }
    }
    assert_eq!(
        refusal(&stage.get(buyer(), TEAMS).await),
        (403, "forbidden")
    );
    let nobody = stage.world.get(TEAMS, None).await;
    assert_eq!(refusal(&nobody), (401, "not_signed_in"));
}
