//! Platforms are edited, put away and brought back; each change leaves one record and is told.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, accountant, infra, mistakes, on_both, path_of, refusal};

on_both!(
    a_13_every_write_makes_one_change_record_and_a_write_of_nothing_none,
    a_04_a_rename_keeps_the_id_and_is_told_with_a_higher_version,
    a_12_life_goes_one_step_at_a_time,
    a_12_what_is_deprecated_retires_and_comes_back,
    a_11_what_is_relied_on_has_an_owner,
    what_is_in_the_archive_is_read_only_until_it_comes_back,
    a_stale_version_changes_nothing,
);

async fn a_13_every_write_makes_one_change_record_and_a_write_of_nothing_none(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let team = stage.team("Databases").await;
    let made = stage.create_named("PostgreSQL").await;
    let path = path_of(&made["id"]);
    let edit = json!({"owner": " dataBASES ", "cost": "$120.00 a year", "licence": {"seats": 5,
        "expires_on": "2028-02-29"}, "description": "It\r\nkeeps things.", "comment": "as ordered"});
    let edited = stage.patch(infra(), &path, edit.clone()).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(edited.headers[header::ETAG], "\"2\"");
    assert_eq!(edited.json["owner_team_id"], json!(team));
    assert_eq!(edited.json["description"], "It\nkeeps things.");
    let told = json!({"amount_minor": 12_000, "currency": "usd", "period": "annual"});
    assert_eq!(edited.json["charge"], told);

    // The same again, in any words for it, is no change.
    let again = stage.patch(infra(), &path, edit).await;
    assert_eq!(again.json, edited.json);
    let same = json!({"charge": told, "kind": " OTHER ", "tags": [], "eol_on": null});
    let same = stage.patch(infra(), &path, same).await;
    assert_eq!(same.json, edited.json);
    let nothing = stage.patch(infra(), &path, json!({})).await;
    assert_eq!(nothing.json, edited.json);

    let history = stage.history(&made["id"]).await;
    let actions: Vec<_> = history.iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, ["update", "create"]);
    let fields = json!([
        "cost_amount",
        "cost_period",
        "description",
        "licence_expires_on",
        "licence_seats",
        "owner"
    ]);
    assert_eq!(history[0]["changed_fields"], fields);
    assert_eq!(history[0]["comment"], "as ordered");
    assert_eq!(history[0]["actor_name"], "Person 1");
    assert_eq!(history[0]["before"], history[1]["after"]);
    let updated = stage.heard_of("platform.updated").await;
    assert_eq!(updated, [history[0]["after"].clone()]);
    let owner = stage.heard_of("platform.owner_changed").await;
    let expected = json!({"platform_id": made["id"], "from_team": null, "to_team": team});
    assert_eq!(owner, [expected]);

    // Null clears.
    let clear = json!({"owner_team_id": null, "cost": null, "licence": {"seats": null}});
    let cleared = stage.patch(infra(), &path, clear).await.json;
    let fields = ["owner", "cost"].map(|name| cleared[name].clone());
    assert_eq!(fields, [Value::Null, json!("Free")]);
    assert_eq!(cleared["licence"]["seats"], Value::Null);
}

///
async fn a_04_a_rename_keeps_the_id_and_is_told_with_a_higher_version(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("Dot Net").await;
    let rename = json!({"name": ".NET"});
    let renamed = stage
        .patch(infra(), &path_of(&made["number"]), rename)
        .await
        .json;
    for name in ["id", "number", "slug"] {
        assert_eq!(renamed[name], made[name], "{name}");
    }
    assert_eq!(
        stage.get(infra(), "/api/platforms").await.json,
        json!([renamed])
    );
    let heard = stage.heard().await.into_iter();
    let states: Vec<_> = heard
        .filter(|one| one.data()["version"].is_u64())
        .map(|one| {
            (
                one.name.clone(),
                one.data()["version"].clone(),
                one.data()["name"].clone(),
            )
        })
        .collect();
    let expected = [
        ("platform.created".to_owned(), json!(1), json!("Dot Net")),
        ("platform.updated".to_owned(), json!(2), json!(".NET")),
    ];
    assert_eq!(states, expected);
}

async fn a_12_life_goes_one_step_at_a_time(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.team("Databases").await;
    let made = stage
        .create(json!({"name": "A", "publisher": "B", "owner": "Databases"}))
        .await;
    let path = path_of(&made["id"]);
    let to = async |body: Value| {
        let answer = stage.patch(infra(), &path, body).await;
        let (status, code) = refusal(&answer);
        (status, code.to_owned())
    };
    let ok = (200, String::new());
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let none = json!({"lifecycle": "deprecated", "replaced_by": "none"});
    // Skipping is refused, and says where it can go.
    assert_eq!(
        to(json!({"lifecycle": "production"})).await,
        refused(409, "lifecycle_move")
    );
    assert_eq!(to(none.clone()).await, refused(409, "lifecycle_move"));
    let skipped = stage
        .patch(infra(), &path, json!({"lifecycle": "retired"}))
        .await;
    assert!(
        skipped.text.contains("on to experimental"),
        "{}",
        skipped.text
    );
    assert_eq!(to(json!({"lifecycle": "experimental"})).await, ok);
    // Back with a comment alone.
    let back = json!({"lifecycle": "proposed"});
    assert_eq!(to(back).await, refused(422, "comment_missing"));
    assert_eq!(
        to(json!({"lifecycle": "proposed", "comment": "too early"})).await,
        ok
    );
    assert_eq!(to(json!({"lifecycle": "experimental"})).await, ok);
    assert_eq!(to(json!({"lifecycle": "production"})).await, ok);
    assert_eq!(
        steps(&mut stage).await,
        ["experimental", "proposed", "experimental", "production"]
    );
    let moves = stage.heard_of("platform.lifecycle_changed").await;
    assert_eq!(moves[0]["changed_by"], json!(infra().id));
    assert_eq!(moves[0]["from"], "proposed");
}

async fn steps(stage: &mut Stage) -> Vec<Value> {
    let moves = stage.heard_of("platform.lifecycle_changed").await;
    moves.iter().map(|one| one["to"].clone()).collect()
}

async fn a_12_what_is_deprecated_retires_and_comes_back(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.team("Databases").await;
    let made = json!({"name": "A", "publisher": "B", "owner": "Databases",
        "lifecycle": "production"});
    let made = stage.create(made).await;
    let other = stage.create_named("Successor").await;
    let path = path_of(&made["id"]);
    let to = async |body: Value| {
        let answer = stage.patch(infra(), &path, body).await;
        let (status, code) = refusal(&answer);
        (status, code.to_owned())
    };
    let ok = (200, String::new());
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let none = json!({"lifecycle": "deprecated", "replaced_by": "none"});
    // Deprecating says what takes its place.
    let silent = json!({"lifecycle": "deprecated"});
    assert_eq!(to(silent).await, refused(422, "replaced_by_missing"));
    let unknown = json!({"lifecycle": "deprecated", "replaced_by": "77"});
    assert_eq!(to(unknown).await, refused(422, "relation_unknown"));
    let itself = json!({"lifecycle": "deprecated", "replaced_by": made["id"]});
    assert_eq!(to(itself).await, refused(422, "relation_self"));
    let replaced = json!({"lifecycle": "deprecated", "replaced_by": other["number"]});
    assert_eq!(to(replaced.clone()).await, ok);
    assert_eq!(to(replaced).await, ok);
    let relations = stage.get(infra(), &format!("{path}/relations")).await;
    assert!(
        relations.text.contains(other["id"].as_str().unwrap()),
        "{}",
        relations.text
    );
    assert_eq!(to(json!({"lifecycle": "retired"})).await, ok);
    // Retired is read-only, and comes back with a comment.
    assert_eq!(
        to(json!({"description": "x"})).await,
        refused(409, "platform_retired")
    );
    assert_eq!(to(none).await, refused(409, "platform_retired"));
    let restore = format!("{path}/restore");
    let silent = stage.post(infra(), &restore, Value::Null).await;
    assert_eq!(refusal(&silent), (422, "comment_missing"));
    let why = json!({"comment": "still needed"});
    let restored = stage.post(infra(), &restore, why.clone()).await;
    assert_eq!(restored.json["lifecycle"], "deprecated");
    let again = stage.post(infra(), &restore, why).await;
    assert_eq!(refusal(&again), (409, "nothing_to_restore"));

    let steps = steps(&mut stage).await;
    assert_eq!(steps, ["deprecated", "retired", "deprecated"]);
}

async fn a_11_what_is_relied_on_has_an_owner(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Databases").await;
    let wish = |lifecycle: &str, owner: &str| json!({"name": lifecycle, "publisher": "B", "lifecycle": lifecycle, "owner": owner});
    let orphan = stage
        .post(infra(), "/api/platforms", wish("production", ""))
        .await;
    assert_eq!(
        mistakes(&orphan),
        [("owner".to_owned(), "owner_missing".to_owned())]
    );
    let owned = stage.create(wish("production", "databases")).await;
    let path = path_of(&owned["id"]);
    let orphaned = stage.patch(infra(), &path, json!({"owner": null})).await;
    assert_eq!(
        mistakes(&orphaned),
        [("owner".to_owned(), "owner_missing".to_owned())]
    );
    let tried = stage.create(wish("experimental", "")).await;
    let path = path_of(&tried["id"]);
    let relied = stage
        .patch(infra(), &path, json!({"lifecycle": "production"}))
        .await;
    assert_eq!(
        mistakes(&relied),
        [("owner".to_owned(), "owner_missing".to_owned())]
    );
    // The register always can list those that nobody owns.
    let unowned = stage.get(accountant(), "/api/platforms?unowned=true").await;
    assert_eq!(unowned.json, json!([tried]));
}

async fn what_is_in_the_archive_is_read_only_until_it_comes_back(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("Old").await;
    let path = path_of(&made["id"]);
    let archive = format!("{path}/archive");
    let archived = stage
        .post(infra(), &archive, json!({"comment": "gone"}))
        .await;
    assert_eq!(archived.status, 200, "{}", archived.text);
    assert!(archived.json["archived_at"].is_string());
    let again = stage.post(infra(), &archive, Value::Null).await;
    assert_eq!(again.json, archived.json);
    assert_eq!(stage.get(infra(), "/api/platforms").await.json, json!([]));
    for path in [
        "/api/platforms?archived=true",
        "/api/platforms?archived=all&q=old",
    ] {
        assert_eq!(
            stage.get(infra(), path).await.json,
            json!([archived.json]),
            "{path}"
        );
    }
    assert_eq!(stage.platform(&made["number"]).await, archived.json);
    let edit = stage.patch(infra(), &path, json!({"name": "New"})).await;
    assert_eq!(refusal(&edit), (409, "platform_archived"));
    let back = stage
        .post(infra(), &format!("{path}/restore"), Value::Null)
        .await;
    assert_eq!(back.json["archived_at"], Value::Null);
    assert_eq!(back.json["version"], 3);
    assert_eq!(
        stage.get(infra(), "/api/platforms").await.json,
        json!([back.json])
    );
    let heard = stage.heard().await.into_iter();
    let states = heard
        .filter(|one| one.data()["version"].is_u64())
        .map(|one| one.name);
    let states: Vec<_> = states.collect();
    assert_eq!(
        states,
        ["platform.created", "platform.archived", "platform.updated"]
    );
    let history = stage.history(&made["id"]).await;
    let actions: Vec<_> = history.iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, ["restore", "archive", "create"]);
}

async fn a_stale_version_changes_nothing(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let put = async |seen: &str, text: &str| {
        let body = json!({ "description": text });
        let what = ("PATCH", path.as_str());
        let answer = stage
            .send_with(infra(), what, (header::IF_MATCH, seen), body)
            .await;
        (
            answer.status.as_u16(),
            answer.json["code"].as_str().map(ToOwned::to_owned),
        )
    };
    let stale = (412, Some("stale_version".to_owned()));
    assert_eq!(put("\"1\"", "first").await, (200, None));
    assert_eq!(put("\"1\"", "second").await, stale);
    for odd in [
        "W/\"2\"",
        "2",
        "\"2",
        "\"\"",
        "\"99999999999999999999\"",
        "x",
        "",
    ] {
        assert_eq!(put(odd, "odd").await, stale, "{odd:?}");
    }
    assert_eq!(
        put("\"1\", \"2\"", "both").await,
        (400, Some("bad_if_match".to_owned()))
    );
    assert_eq!(put("*", "any").await, (200, None));
    assert_eq!(put("\"3\"", "third").await, (200, None));
    for action in ["archive", "restore"] {
        let path = format!("{path}/{action}");
        let what = ("POST", path.as_str());
        let body = json!({"comment": "x"});
        let answer = stage
            .send_with(infra(), what, (header::IF_MATCH, "\"3\""), body)
            .await;
        assert_eq!(refusal(&answer), (412, "stale_version"), "{action}");
    }
    let now = stage.platform(&made["id"]).await;
    assert_eq!(now["description"], "third");
    assert_eq!(now["version"], 4);
}
