//! Lists: what narrows them, in which order they come, and in parts.

use std::cmp::Ordering;

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, infra, on_both, path_of};

on_both!(
    every_filter_finds_what_it_says_and_nothing_else,
    every_order_comes_in_parts_none_twice_and_none_left_out,
    a_search_finds_words_by_their_beginnings_wherever_they_stand,
    signs_that_mean_something_to_an_index_are_signs_like_others,
);

const LIVES: [&str; 5] = [
    "proposed",
    "experimental",
    "production",
    "deprecated",
    "retired",
];
const KINDS: [&str; 3] = ["os", "database", "saas"];

/// Sixty platforms that differ in everything.
async fn filled(stage: &Stage) -> Vec<Value> {
    let teams = [stage.team("Data").await, stage.team("Nets").await];
    let mut all = Vec::new();
    for i in 0..60_usize {
        let life = LIVES[i * 7 % 5];
        let owner = match (life, i % 3) {
            ("production", _) | (_, 0) => json!(teams[i % 2]),
            _ => Value::Null,
        };
        let body = json!({"name": format!("Name {}", i * 37 % 60), "publisher": format!("Pub {}", i % 7),
            "kind": KINDS[i * 5 % 3], "lifecycle": life, "owner_team_id": owner,
            "criticality": if i % 4 == 0 { "high" } else { "low" },
            "tags": [format!("tag{}", i % 5), "all"],
            "cost": {"amount_minor": i * 11 % 30 * 100, "currency": "eur", "period": "monthly"},
            "licence": {"expires_on": (i % 2 == 0).then(|| format!("2026-{:02}-01", 1 + i % 12))}});
        let made = stage.create(body).await;
        all.push(match i % 9 {
            8 => {
                let path = format!("{}/archive", path_of(&made["id"]));
                stage.post(infra(), &path, Value::Null).await.json
            }
            _ => made,
        });
    }
    all
}

fn ids<'a>(all: impl IntoIterator<Item = &'a Value>) -> Vec<i64> {
    let mut ids: Vec<_> = all
        .into_iter()
        .map(|one| one["number"].as_i64().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

async fn every_filter_finds_what_it_says_and_nothing_else(storage: Storage) {
    let stage = Stage::on(storage).await;
    let all = filled(&stage).await;
    type Says = fn(&Value) -> bool;
    let filters: [(&str, Says); 14] = [
        ("", |_| true),
        ("lifecycle=production", |one| {
            one["lifecycle"] == "production"
        }),
        ("lifecycle=production,%20retired", |one| {
            one["lifecycle"] == "production" || one["lifecycle"] == "retired"
        }),
        ("publisher=%20PUB+3", |one| one["publisher"] == "Pub 3"),
        ("kind=database", |one| one["kind"] == "database"),
        ("tag=TAG2", |one| {
            one["tags"].as_array().unwrap().contains(&json!("tag2"))
        }),
        ("tag=tag", |_| false),
        ("owner=data", |one| one["owner"] == "Data"),
        ("unowned=true", |one| one["owner"].is_null()),
        ("cost_min=1500", |one| {
            one["charge"]["amount_minor"].as_i64().unwrap() >= 1_500
        }),
        ("licence_expires_before=2026-04-01", |one| {
            let day = one["licence"]["expires_on"].as_str();
            day.is_some_and(|day| day < "2026-04-01")
        }),
        ("q=name+7", |one| {
            let name = one["name"].as_str().unwrap();
            let number = one["number"].to_string();
            name == "Name 7" || number.starts_with('7')
        }),
        ("q=pub+nam", |_| true),
        ("q=pub+nam+zzz", |_| false),
    ];
    let in_use = |one: &&Value| one["archived_at"].is_null();
    for (first, says_first) in filters {
        for (second, says_second) in filters {
            if first.split('=').next() == second.split('=').next() && first != second {
                continue;
            }
            let query = if first == second { "" } else { second };
            let path = format!("/api/platforms?limit=200&{first}&{query}");
            let found = stage.get(infra(), &path).await;
            let both = all.iter().filter(in_use);
            let both = both.filter(|one| says_first(one) && says_second(one));
            assert_eq!(ids(found.json.as_array().unwrap()), ids(both), "{path}");
        }
    }
    let archived = stage
        .get(infra(), "/api/platforms?archived=true&limit=200")
        .await;
    let expected = all.iter().filter(|one| !in_use(one));
    assert_eq!(ids(archived.json.as_array().unwrap()), ids(expected));
    let everything = stage
        .get(infra(), "/api/platforms?archived=all&limit=200")
        .await;
    assert_eq!(ids(everything.json.as_array().unwrap()), ids(&all));
}

/// What a list is sorted by, as the API writes it.
fn key(one: &Value, sort: &str) -> Value {
    let folded = |name: &str| json!(one[name].as_str().unwrap().to_lowercase());
    match sort {
        "name" | "publisher" => folded(sort),
        "number" => one["number"].clone(),
        "updated" => one["updated_at"].clone(),
        "cost" => one["charge"]["amount_minor"].clone(),
        "expires" => json!(one["licence"]["expires_on"].as_str().unwrap_or("never")),
        "lifecycle" => json!(LIVES.iter().position(|life| one["lifecycle"] == *life)),
        _ => json!(
            ["low", "medium", "high"]
                .iter()
                .position(|word| one[sort] == *word)
        ),
    }
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_str().cmp(&other.as_str()),
    }
}

async fn every_order_comes_in_parts_none_twice_and_none_left_out(storage: Storage) {
    let stage = Stage::on(storage).await;
    let all = filled(&stage).await;
    for sort in [
        "name",
        "publisher",
        "number",
        "updated",
        "cost",
        "expires",
        "lifecycle",
        "criticality",
    ] {
        for sign in ["", "-"] {
            let mut expected: Vec<_> = all
                .iter()
                .filter(|one| one["archived_at"].is_null())
                .collect();
            expected.sort_by(|one, other| {
                let order = compare(&key(one, sort), &key(other, sort));
                let order = order.then(compare(&one["number"], &other["number"]));
                if sign.is_empty() {
                    order
                } else {
                    order.reverse()
                }
            });
            let mut found = Vec::new();
            let mut path = format!("/api/platforms?limit=7&sort={sign}{sort}");
            loop {
                let answer = stage.get(infra(), &path).await;
                found.extend(answer.json.as_array().unwrap().clone());
                let Some(link) = answer.headers.get("link") else {
                    break;
                };
                let link = link.to_str().unwrap();
                path = link[1..link.find('>').unwrap()].to_owned();
            }
            let numbers = |all: Vec<&Value>| -> Vec<_> {
                all.iter().map(|one| one["number"].clone()).collect()
            };
            assert_eq!(
                numbers(found.iter().collect()),
                numbers(expected),
                "{sign}{sort}"
            );
        }
    }
}

async fn a_search_finds_words_by_their_beginnings_wherever_they_stand(storage: Storage) {
    let stage = Stage::on(storage).await;
    let made = stage.create(json!({"name": "SQL-Server Express", "publisher": "Microsoft",
        "description": "Für die Buchhaltung, Gebäude 7.", "tags": ["c++"], "version_label": "2022.1",
        "technical_contact": "ada@example.com", "purchase_order": "PO/4711"})).await;
    stage.create_named("Something else").await;
    let finds = async |q: &str| {
        let answer = stage.get(infra(), &format!("/api/platforms?q={q}")).await;
        assert_eq!(answer.status, 200, "{q}: {}", answer.text);
        ids(answer.json.as_array().unwrap())
    };
    for q in [
        "sql",
        "SERV",
        "expr+micro",
        "sql-server",
        "%20%20sql%20",
        "buchh",
        "GEB%C3%84UDE",
        "f%C3%BCr",
        "ada@example",
        "4711",
        "2022",
        "c%2B%2B",
        "sql+7",
    ] {
        assert_eq!(finds(q).await, [1], "{q}");
    }
    for q in [
        "erver",
        "sql+else",
        "sql+AND+express+NOT",
        "buchhaltungen",
        "%2B%2B",
        "---",
        "tag",
    ] {
        assert_eq!(finds(q).await, [0; 0], "{q}");
    }
    // What is said no more is found no more.
    let edit = json!({"name": "Postgres", "tags": []});
    assert_eq!(
        stage
            .patch(infra(), &path_of(&made["id"]), edit)
            .await
            .status,
        200
    );
    assert_eq!(finds("express").await, [0; 0]);
    assert_eq!(finds("postg").await, [1]);
    let tagged = stage.get(infra(), "/api/platforms?tag=c%2B%2B").await;
    assert_eq!(tagged.json, json!([]));
}

async fn signs_that_mean_something_to_an_index_are_signs_like_others(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage
        .create(json!({"name": "SQL-Server Express", "publisher": "Microsoft", "tags": ["c++"]}))
        .await;
    let finds = async |what: &str| {
        let path = format!("/api/platforms?{what}");
        let answer = stage.get(infra(), &path).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        ids(answer.json.as_array().unwrap())
    };
    for q in ["%22sql%22*", "sql:*", "'sql'%7C(micro)", "server:sql%5C"] {
        assert_eq!(finds(&format!("q={q}")).await, [1], "{q}");
    }
    for tag in ["C%2B%2B", "c%2B%2B%20"] {
        assert_eq!(finds(&format!("tag={tag}")).await, [1], "{tag}");
    }
    for tag in [
        "c",
        "c%2B",
        "a%20c%2B%2B",
        "%22",
        "%22c%2B%2B%22",
        "'%5C",
        "c*",
        "c%2B%2B%20OR%20c",
    ] {
        assert_eq!(finds(&format!("tag={tag}")).await, [0; 0], "{tag}");
    }
}
