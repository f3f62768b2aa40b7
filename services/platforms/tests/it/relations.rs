//! What platforms are to each other.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Answer;
use tower::ServiceExt;

use crate::stage::{
    Person, Stage, accountant, buyer, engineer, infra, mistakes, on_both, path_of, refusal, support,
};

on_both!(
    relations_are_replaced_as_a_whole_and_seen_from_both_ends,
    no_platform_is_part_of_itself_or_replaced_by_itself_be_it_by_others,
    a_15_archiving_ends_the_relations_of_both_ends_with_their_change_records,
    a_12_what_is_deprecated_says_what_takes_its_place,
    a_12_what_takes_the_place_of_a_platform_is_written_down_or_refused,
    a_13_the_history_of_a_platform_tells_of_its_relations,
    of_two_relations_at_once_that_make_a_circle_one_is_refused,
);

fn path(id: &Value) -> String {
    format!("{}/relations", path_of(id))
}

async fn put_by(stage: &Stage, by: Person, id: &Value, list: &[(&str, &Value)]) -> Answer {
    stage.send(by, "PUT", &path(id), body(list)).await
}

async fn put(stage: &Stage, id: &Value, list: &[(&str, &Value)]) -> Answer {
    put_by(stage, infra(), id, list).await
}

fn body(list: &[(&str, &Value)]) -> Value {
    let text = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let list = list
        .iter()
        .map(|(kind, to)| json!({"type": kind, "to": text(to)}));
    json!({ "relations": list.collect::<Vec<_>>() })
}

/// The other ends as they are shown: type and name, own ones and those of others.
fn shown(answer: &Answer) -> [Vec<(String, String)>; 2] {
    assert_eq!(answer.status, 200, "{}", answer.text);
    ["relations", "incoming"].map(|list| {
        let list = answer.json[list].as_array().unwrap().iter();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        list.map(|one| (text(one, "type"), text(one, "name")))
            .collect()
    })
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

async fn three(stage: &Stage) -> [Value; 3] {
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(stage.create_named(name).await["id"].clone());
    }
    ids.try_into().unwrap()
}

async fn changes(stage: &Stage, id: &Value) -> Vec<Value> {
    let list = "/api/platforms/changes?entity=relations&limit=200";
    let all = stage.get(infra(), list).await.json;
    let all = all.as_array().unwrap().clone().into_iter().rev();
    all.filter(|one| one["entity_id"] == *id).collect()
}

async fn relations_are_replaced_as_a_whole_and_seen_from_both_ends(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let [a, b, c] = three(&stage).await;
    let told = stage.heard().await.len();
    let first = put(&stage, &a, &[("depends_on", &b), ("part_of", &c)]).await;
    let expected = pairs(&[("depends_on", "B"), ("part_of", "C")]);
    assert_eq!(shown(&first), [expected, Vec::new()]);
    assert_eq!(first.headers[header::ETAG], "\"2\"");
    let seen = stage.get(support(), &path(&b)).await;
    assert_eq!(shown(&seen), [Vec::new(), pairs(&[("depends_on", "A")])]);
    // In another order, twice, and by its number: the same list.
    let list = [
        ("part_of", &c),
        ("depends_on", &b),
        ("depends_on", &json!(2)),
    ];
    let same = put(&stage, &a, &list).await;
    assert_eq!(same.json, first.json);
    let stale = stage
        .send_with(
            infra(),
            ("PUT", &path(&a)),
            (header::IF_MATCH, "\"1\""),
            body(&[]),
        )
        .await;
    assert_eq!(refusal(&stale), (412, "stale_version"));
    let odd = stage
        .send_with(
            infra(),
            ("PUT", &path(&a)),
            (header::IF_MATCH, "pony"),
            body(&[]),
        )
        .await;
    assert_eq!(refusal(&odd), (412, "stale_version"));
    let second = stage
        .send_with(
            infra(),
            ("PUT", &path(&a)),
            (header::IF_MATCH, "\"2\""),
            body(&[("depends_on", &c)]),
        )
        .await;
    assert_eq!(shown(&second), [pairs(&[("depends_on", "C")]), Vec::new()]);
    let changes = changes(&stage, &a).await;
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(
        changes[1]["before"],
        json!({"depends_on": [b], "part_of": [c]})
    );
    assert_eq!(changes[1]["after"], json!({"depends_on": [c]}));
    assert_eq!(
        changes[1]["changed_fields"],
        json!(["depends_on", "part_of"])
    );
    // The record of the platform is as it was.
    assert_eq!(stage.platform(&a).await["version"], 1);
    assert_eq!(stage.heard().await.len(), told);
}

async fn no_platform_is_part_of_itself_or_replaced_by_itself_be_it_by_others(storage: Storage) {
    let stage = Stage::on(storage).await;
    let [a, b, c] = three(&stage).await;
    for kind in ["part_of", "replaced_by"] {
        assert_eq!(put(&stage, &a, &[(kind, &b)]).await.status, 200);
        assert_eq!(put(&stage, &b, &[(kind, &c)]).await.status, 200);
        for to in [&a, &b] {
            let refused = put(&stage, &c, &[("depends_on", &a), (kind, to)]).await;
            assert_eq!(refusal(&refused), (422, "relation_circle"), "{kind}");
            let field = [("relations.1.to".to_owned(), "relation_circle".to_owned())];
            assert_eq!(mistakes(&refused), field);
        }
        assert_eq!(shown(&stage.get(infra(), &path(&c)).await)[0], []);
        assert_eq!(put(&stage, &b, &[]).await.status, 200);
        assert_eq!(put(&stage, &a, &[]).await.status, 200);
    }
    // What depends on each other is not rare.
    assert_eq!(put(&stage, &a, &[("depends_on", &b)]).await.status, 200);
    assert_eq!(put(&stage, &b, &[("depends_on", &a)]).await.status, 200);
}

async fn a_13_the_history_of_a_platform_tells_of_its_relations(storage: Storage) {
    let stage = Stage::on(storage).await;
    let [a, b, _] = three(&stage).await;
    put(&stage, &a, &[("depends_on", &b)]).await;
    put(&stage, &a, &[]).await;
    let told = |changes: Vec<Value>| {
        let names = ["entity", "action", "changed_fields"];
        let told = changes
            .iter()
            .map(|one| names.map(|name| one[name].clone()));
        told.take(2).collect::<Vec<_>>()
    };
    let change = [json!("relations"), json!("update"), json!(["depends_on"])];
    assert_eq!(told(stage.history(&a).await), [change.clone(), change]);
    let history = stage.history(&b).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["entity"], "platform");
}

async fn a_15_archiving_ends_the_relations_of_both_ends_with_their_change_records(
    storage: Storage,
) {
    let stage = Stage::on(storage).await;
    let [a, b, c] = three(&stage).await;
    put(&stage, &a, &[("depends_on", &b), ("depends_on", &c)]).await;
    put(&stage, &b, &[("part_of", &c)]).await;
    let archive = format!("{}/archive", path_of(&b));
    let gone = stage
        .post(infra(), &archive, json!({"comment": "Gone"}))
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    for (id, own) in [
        (&a, pairs(&[("depends_on", "C")])),
        (&b, Vec::new()),
        (&c, Vec::new()),
    ] {
        let [relations, _] = shown(&stage.get(infra(), &path(id)).await);
        assert_eq!(relations, own);
    }
    assert_eq!(
        shown(&stage.get(infra(), &path(&c)).await)[1],
        pairs(&[("depends_on", "A")])
    );
    let request = stage.history(&b).await[0]["request_id"].clone();
    for (id, before, after) in [
        (&a, json!(2), json!({"depends_on": [c]})),
        (&b, json!(1), Value::Null),
    ] {
        let last = changes(&stage, id).await.pop().unwrap();
        let told = ["action", "comment", "request_id", "after"].map(|name| last[name].clone());
        assert_eq!(
            told,
            [json!("update"), json!("Gone"), request.clone(), after]
        );
        let many: usize = last["before"]
            .as_object()
            .unwrap()
            .values()
            .map(|ids| ids.as_array().unwrap().len())
            .sum();
        assert_eq!(json!(many), before);
    }
    let again = stage.post(infra(), &archive, json!({})).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(changes(&stage, &a).await.len(), 2);
    // Nothing new is said of what is in the archive, from neither end.
    let refused = put(&stage, &b, &[("depends_on", &a)]).await;
    assert_eq!(refusal(&refused), (409, "platform_archived"));
    let refused = put(&stage, &a, &[("depends_on", &b)]).await;
    assert_eq!(refusal(&refused), (422, "relation_archived"));
}

async fn a_12_what_is_deprecated_says_what_takes_its_place(storage: Storage) {
    let stage = Stage::on(storage).await;
    let [a, b, c] = three(&stage).await;
    let team = stage.team("Core").await;
    let move_to = async |id: &Value, to: &str, more: Value| {
        let mut body = json!({"lifecycle": to, "owner_team_id": team});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        stage.patch(infra(), &path_of(id), body).await
    };
    for id in [&a, &b] {
        for step in ["experimental", "production"] {
            assert_eq!(move_to(id, step, json!({})).await.status, 200);
        }
    }
    put(&stage, &a, &[("replaced_by", &c), ("depends_on", &c)]).await;
    let refused = move_to(&a, "deprecated", json!({})).await;
    assert_eq!(refusal(&refused), (422, "replaced_by_missing"));
    for (by, code) in [
        ("99", "relation_unknown"),
        (a.as_str().unwrap(), "relation_self"),
    ] {
        let refused = move_to(&a, "deprecated", json!({"replaced_by": by})).await;
        assert_eq!(refusal(&refused), (422, code));
    }
    let moved = move_to(&a, "deprecated", json!({"replaced_by": b})).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    let expected = pairs(&[("depends_on", "C"), ("replaced_by", "B")]);
    assert_eq!(shown(&stage.get(infra(), &path(&a)).await)[0], expected);
    let circle = move_to(&b, "deprecated", json!({"replaced_by": a})).await;
    assert_eq!(refusal(&circle), (422, "relation_circle"));
    assert_eq!(stage.platform(&b).await["lifecycle"], "production");
    let none = move_to(&b, "deprecated", json!({"replaced_by": "none"})).await;
    assert_eq!(none.status, 200, "{}", none.text);
    // what is retired stays as it is.
    assert_eq!(move_to(&b, "retired", json!({})).await.status, 200);
    let refused = put(&stage, &b, &[("depends_on", &c)]).await;
    assert_eq!(refusal(&refused), (409, "platform_retired"));
}

async fn a_12_what_takes_the_place_of_a_platform_is_written_down_or_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    let [a, b, _] = three(&stage).await;
    for lifecycle in ["deprecated", "retired"] {
        let wish = json!({"name": lifecycle, "publisher": "Acme", "lifecycle": lifecycle,
            "replaced_by": a});
        let made = stage.create(wish).await["id"].clone();
        let expected = pairs(&[("replaced_by", "A")]);
        assert_eq!(shown(&stage.get(infra(), &path(&made)).await)[0], expected);
        let again = json!({ "replaced_by": a });
        let again = stage.patch(infra(), &path_of(&made), again).await;
        assert_eq!(
            (again.status.as_u16(), &again.json["version"]),
            (200, &json!(1))
        );
        for other in [&b, &json!("none")] {
            let other = json!({ "replaced_by": other });
            let refused = stage.patch(infra(), &path_of(&made), other.clone()).await;
            assert_eq!(refusal(&refused), (422, "not_deprecated"));
            let field = [("replaced_by".to_owned(), "not_deprecated".to_owned())];
            assert_eq!(mistakes(&refused), field);
            let refused = stage.patch(accountant(), &path_of(&made), other).await;
            assert_eq!(refusal(&refused), (403, "forbidden"));
        }
        assert_eq!(shown(&stage.get(infra(), &path(&made)).await)[0], expected);
    }
    let wish = json!({"name": "D", "publisher": "Acme", "replaced_by": a});
    let refused = stage.post(infra(), "/api/platforms", wish).await;
    assert_eq!(refusal(&refused), (422, "not_deprecated"));
    let wish = json!({"name": "D", "publisher": "Acme", "lifecycle": "deprecated",
        "replaced_by": "99"});
    let refused = stage.post(infra(), "/api/platforms", wish).await;
    assert_eq!(refusal(&refused), (422, "relation_unknown"));
    let step = json!({"lifecycle": "experimental", "replaced_by": b});
    let refused = stage.patch(infra(), &path_of(&a), step).await;
    assert_eq!(refusal(&refused), (422, "not_deprecated"));
    assert_eq!(stage.platform(&a).await["lifecycle"], "proposed");
}

/// Two at once: 1. A becomes part of B while B becomes part of A. 2. Neither sees the other one's relation
/// but by waiting its turn. 3. One is refused.
async fn of_two_relations_at_once_that_make_a_circle_one_is_refused(storage: Storage) {
    let stage = Stage::on(storage).await;
    let [a, b, _] = three(&stage).await;
    let router = stage.world.installation().router();
    for _ in 0..5 {
        let both = [(&a, &b), (&b, &a)].map(|(from, to)| {
            let none = (header::ACCEPT, "application/json");
            let body = body(&[("part_of", to)]);
            let request = stage.request(infra(), ("PUT", &path(from)), none, body);
            tokio::spawn(router.clone().oneshot(request))
        });
        let mut statuses = Vec::new();
        for one in both {
            statuses.push(one.await.unwrap().unwrap().status().as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
        for id in [&a, &b] {
            assert_eq!(put(&stage, id, &[]).await.status, 200);
        }
    }
}

#[tokio::test]
async fn what_is_no_relation_is_refused_place_by_place() {
    let stage = Stage::new().await;
    let [a, b, _] = three(&stage).await;
    let nobody = json!("0199c2d4-77f0-7c1e-9b1d-3f6f3c1f9a11");
    let list = [
        ("likes", &b),
        ("depends_on", &a),
        ("depends_on", &nobody),
        ("depends_on", &json!("\0")),
        ("part_of", &json!(-1)),
    ];
    let refused = put(&stage, &a, &list).await;
    assert_eq!(refused.status, 422);
    let expected = pairs(&[
        ("relations.0.type", "bad_relation_type"),
        ("relations.1.to", "relation_self"),
        ("relations.2.to", "relation_unknown"),
        ("relations.3.to", "relation_unknown"),
        ("relations.4.to", "relation_unknown"),
    ]);
    assert_eq!(mistakes(&refused), expected);
    let many = vec![("depends_on", &b); 201];
    let refused = put(&stage, &a, &many).await;
    assert_eq!(refusal(&refused), (422, "too_many_relations"));
    let unknown = put(&stage, &json!("99"), &[]).await;
    assert_eq!(refusal(&unknown), (404, "not_found"));
    assert_eq!(
        shown(&stage.get(infra(), &path(&a)).await),
        [Vec::new(), Vec::new()]
    );
    assert_eq!(changes(&stage, &a).await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_21_relations_are_for_editors_and_those_of_a_proposal_for_whoever_made_it() {
    let stage = Stage::new().await;
    let [a, b, _] = three(&stage).await;
    for reader in [accountant(), support(), engineer()] {
        assert_eq!(stage.get(reader, &path(&a)).await.status, 200);
        let refused = put_by(&stage, reader, &a, &[("depends_on", &b)]).await;
        assert_eq!(refusal(&refused), (403, "forbidden"));
    }
    assert_eq!(
        refusal(&stage.get(buyer(), &path(&a)).await),
        (403, "forbidden")
    );
    assert_eq!(stage.world.get(&path(&a), None).await.status, 401);
    let wish = json!({"name": "Wish", "publisher": "Acme"});
    let own = stage.post(engineer(), "/api/platforms", wish).await.json["id"].clone();
    let said = put_by(&stage, engineer(), &own, &[("depends_on", &b)]).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let refused = put_by(&stage, support(), &own, &[]).await;
    assert_eq!(refusal(&refused), (403, "forbidden"));
}
