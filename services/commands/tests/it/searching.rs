//! One box for the commands of all platforms.

use contracts::platforms::PlatformRecord;
use serde_json::{Value, json};
use tidings::{Dialect, Storage};
use tidings_test::Answer;

use crate::stage::{
    Person, Stage, accountant, engineer, kubernetes, on_both, path_of, platform, support,
};

on_both!(
    every_word_is_found_wherever_it_stands,
    a_16_a_renamed_platform_is_found_by_its_new_name,
    titles_come_before_the_rest_and_favourites_before_others,
    parts_hold_everything_once,
    a_search_is_narrowed_by_marks,
    hostile_words_find_nothing_and_break_nothing,
    what_is_changed_is_found_by_what_it_says_now,
    words_that_begin_alike_are_all_found,
    a_word_that_is_known_twice_hides_no_other,
    only_members_search,
);

async fn look(stage: &Stage, by: Person, query: &str) -> Answer {
    stage.get(by, &format!("/api/c/commands?{query}")).await
}

/// The titles that a search finds, in order.
async fn titles(stage: &Stage, query: &str) -> Vec<String> {
    let answer = look(stage, support(), query).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    titles_of(&answer.json)
}

fn titles_of(found: &Value) -> Vec<String> {
    let found = found.as_array().unwrap();
    let title = |one: &Value| one["howTo"].as_str().unwrap().to_owned();
    found.iter().map(title).collect()
}

fn line(how_to: &str, line: &str) -> Value {
    json!({ "howTo": how_to, "commandLine": line })
}

async fn write_down(stage: &Stage, platform: i32, body: Value) -> Value {
    let path = format!("/api/c/platforms/{platform}/commands");
    let answer = stage.post(support(), &path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json
}

async fn every_word_is_found_wherever_it_stands(storage: Storage) {
    let stage = Stage::on(storage).await;
    let body = json!({
        "howTo": "Restart a stuck pod",
        "description": "When CrashLoopBackOff does not end. Größe: 3.",
        "commandLine": "kubectl delete pod/web --namespace=kube-system",
        "tags": ["on call"],
    });
    let command = write_down(&stage, 1, body).await;
    write_down(&stage, 2, line("Show all tables", "sqlcmd -Q list")).await;
    let pod = ["Restart a stuck pod"];
    for query in [
        "q=restart",
        "q=RESTART+stuck",
        "q=crashloop",
        "q=gr%C3%B6%C3%9Fe",
        "q=kubectl",
        "q=kube-system",
        "q=namespace%3Dkube",
        "q=call",
        "q=kubernetes",
        "q=kuber+rest",
        "q=pod+web+3",
        &format!("q={}", command["number"]),
    ] {
        assert_eq!(titles(&stage, query).await, pod, "{query}");
    }
    assert_eq!(titles(&stage, "q=some").await.len(), 2, "by publisher");
    for query in ["q=restart+tables", "q=estart", "q=sql+restart"] {
        assert_eq!(titles(&stage, query).await, [""; 0], "{query}");
    }
    let all = ["Show all tables", "Restart a stuck pod"];
    assert_eq!(titles(&stage, "").await, all, "the newest first");
}

async fn a_16_a_renamed_platform_is_found_by_its_new_name(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    write_down(&stage, 1, line("Look", "ls")).await;
    let renamed = PlatformRecord {
        name: "Borg".to_owned(),
        publisher: "Seven of Nine".to_owned(),
        version: 2,
        ..kubernetes()
    };
    stage.tell(renamed).await;
    assert_eq!(titles(&stage, "q=borg+look").await, ["Look"]);
    assert_eq!(titles(&stage, "q=nine").await, ["Look"]);
    assert_eq!(titles(&stage, "q=kubernetes").await, [""; 0]);
}

async fn titles_come_before_the_rest_and_favourites_before_others(storage: Storage) {
    let stage = Stage::on(storage).await;
    let in_text = line("Show the queue", "redis-cli llen queue # restart");
    write_down(&stage, 2, in_text).await;
    write_down(&stage, 2, line("Restart it, first", "restart 1")).await;
    let liked = write_down(&stage, 2, line("Restart it, second", "restart 2")).await;
    let gone = write_down(&stage, 2, line("Restart it, third", "restart 3")).await;
    write_down(&stage, 2, line("Restart it, fourth", "restart 4")).await;
    let gone = stage
        .send(support(), "DELETE", &path_of(&gone), Value::Null)
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    let page = format!("/commands/{}/favourite", liked["number"]);
    assert_eq!(stage.submit(support(), &page, "keep=yes").await.status, 303);
    let expected = [
        "Restart it, second",
        "Restart it, fourth",
        "Restart it, first",
        "Restart it, third",
        "Show the queue",
    ];
    assert_eq!(titles(&stage, "q=restart").await, expected);
    assert_eq!(
        titles(&stage, "favourite=true").await,
        ["Restart it, second"]
    );
    assert_eq!(
        titles(&stage, "favourite=true&q=sec").await,
        ["Restart it, second"]
    );
    assert_eq!(titles(&stage, "favourite=true&q=first").await, [""; 0]);
    let others = look(&stage, engineer(1), "favourite=true").await;
    assert_eq!(others.json, json!([]), "everybody has their own");
    let newest = titles(&stage, "q=restart&sort=newest").await;
    assert_eq!(newest.first().unwrap(), "Restart it, fourth");
}

async fn parts_hold_everything_once(storage: Storage) {
    let stage = Stage::on(storage).await;
    for number in 1..=7 {
        let how_to = format!("Count to {number}");
        write_down(
            &stage,
            1 + number % 2,
            line(&how_to, &format!("seq {number}")),
        )
        .await;
    }
    for query in [
        "q=count",
        "q=count&sort=newest",
        "sort=newest",
        "sort=best",
        "q=seq",
    ] {
        let mut path = format!("/api/c/commands?{query}&limit=3");
        let mut all = Vec::new();
        loop {
            let answer = stage.get(support(), &path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            all.extend(titles_of(&answer.json));
            let Some(link) = answer.headers.get("link") else {
                break;
            };
            let link = link.to_str().unwrap();
            path = link[1..link.find('>').unwrap()].to_owned();
        }
        let expected: Vec<_> = (1..=7).rev().map(|one| format!("Count to {one}")).collect();
        assert_eq!(all, expected, "{query}");
    }
}

async fn a_search_is_narrowed_by_marks(storage: Storage) {
    let stage = Stage::on(storage).await;
    let one = json!({ "howTo": "One", "commandLine": "one", "risk": "safe", "tags": ["on call"], "os": ["linux"] });
    write_down(&stage, 1, one).await;
    let two =
        json!({ "howTo": "Two", "commandLine": "two", "risk": "destructive", "os": ["windows"] });
    write_down(&stage, 2, two).await;
    let draft = line("Three", "three");
    let draft = stage
        .post(engineer(1), "/api/c/platforms/1/commands", draft)
        .await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    for (query, expected) in [
        ("risk=safe", ["One"].as_slice()),
        ("risk=destructive&q=tw", &["Two"]),
        ("tag=on+call", &["One"]),
        ("tag=On+Call&q=one", &["One"]),
        ("tag=call", &[]),
        ("os=windows", &["Two"]),
        ("platform=1", &["One"]),
        ("platform=2&q=o", &[]),
        ("status=draft", &["Three"]),
        ("status=all&platform=1", &["Three", "One"]),
        ("status=published&q=o", &["One"]),
        ("author=me", &["Two", "One"]),
        (&format!("author={}&status=all", engineer(1).id), &["Three"]),
    ] {
        assert_eq!(titles(&stage, query).await, expected, "{query}");
    }
    for bad in ["risk=none", "status=x", "sort=x", "platform=99", "author=x"] {
        let answer = look(&stage, support(), bad).await;
        assert_eq!(crate::stage::refusal(&answer), (400, "bad_filter"), "{bad}");
    }
}

async fn hostile_words_find_nothing_and_break_nothing(storage: Storage) {
    let stage = Stage::on(storage).await;
    write_down(&stage, 1, line("Look", "ls")).await;
    let long = "x".repeat(4_000);
    let many = "zz+".repeat(1_000);
    for q in [
        "%22",
        "%27",
        "%22%27*",
        "NEAR(a+b)",
        "zz+OR+look",
        "look+NOT+zz",
        "%5Elook*zz",
        "%40spublished",
        "zz%00",
        "zz%25",
        "zz_",
        "%5C",
        "%F0%9F%92%A9+zz",
        "(((zz",
        ":*zz",
        "a%26%21zz",
        "-- zz",
        &long,
        &many,
    ] {
        let q = q.replace(' ', "+");
        assert_eq!(titles(&stage, &format!("q={q}")).await, [""; 0], "{q}");
        assert_eq!(titles(&stage, &format!("tag={q}")).await, [""; 0], "{q}");
        assert_eq!(
            titles(&stage, &format!("os={q}&sort=best")).await,
            [""; 0],
            "{q}"
        );
    }
}

async fn what_is_changed_is_found_by_what_it_says_now(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.tell(platform(3, "Redis")).await;
    let command = write_down(&stage, 3, line("Empty the cache", "flush")).await;
    let edit = json!({ "howTo": "Clear the cache", "risk": "destructive" });
    let edited = stage.patch(support(), &path_of(&command), edit).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(titles(&stage, "q=clear").await, ["Clear the cache"]);
    assert_eq!(titles(&stage, "q=empty").await, [""; 0]);
    assert_eq!(
        titles(&stage, "risk=destructive").await,
        ["Clear the cache"]
    );
    assert_eq!(titles(&stage, "risk=caution").await, [""; 0]);
}

/// Words are looked up before they are looked for: one that came later, and more than a few that
/// begin alike.
async fn words_that_begin_alike_are_all_found(storage: Storage) {
    let stage = Stage::on(storage).await;
    let words = ["pod", "pods", "podman", "podium", "podcast"];
    for count in 1..=words.len() {
        let word = words[count - 1];
        write_down(&stage, 1, line(&format!("Look at {word}"), word)).await;
        assert_eq!(titles(&stage, "q=pod").await.len(), count, "{word}");
        assert_eq!(titles(&stage, "q=pod+look").await.len(), count, "{word}");
    }
    assert_eq!(titles(&stage, "q=pods").await, ["Look at pods"]);
}

/// Two who bring a new word at once each write it down: PostgreSQL's lexicon has it twice.
async fn a_word_that_is_known_twice_hides_no_other(storage: Storage) {
    let stage = Stage::on(storage).await;
    for word in ["pod", "pods"] {
        write_down(&stage, 1, line(&format!("Look at {word}"), word)).await;
    }
    let mut tx = stage.world.service("commands").begin_own().await.unwrap();
    if tx.dialect() == Dialect::Postgres {
        let twice = "INSERT INTO command_lexicon (word) VALUES ('pod'), ('pod'), ('pod')";
        tx.execute(twice, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(titles(&stage, "q=pod").await.len(), 2);
}

async fn only_members_search(storage: Storage) {
    let stage = Stage::on(storage).await;
    assert_eq!(look(&stage, engineer(1), "").await.status, 200);
    assert_eq!(look(&stage, accountant(), "").await.status, 403);
    assert_eq!(stage.world.get("/api/c/commands", None).await.status, 401);
    assert_eq!(stage.get(accountant(), "/commands").await.status, 403);
}
