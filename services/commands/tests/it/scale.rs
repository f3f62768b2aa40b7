//! A search among 500,000 commands.

use std::time::{Duration, Instant};

use serde_json::Value;
use tidings::{Dialect, Storage};

use crate::stage::{Stage, on_both, support};

on_both!(the_best_of_500_000_commands_are_found_at_once);

/// What a search may take, the fastest of some looks. It is far more than one takes by itself,
/// because a test is not optimised and others run beside it; a walk through all commands or
/// all matches takes longer still.
const LONGEST: Duration = Duration::from_millis(1_500);
const LOOKS: u32 = 5;

/// Titles as people write them: few verbs, few nouns, numbers of machines.
const TITLE: &str = "(CASE n % 6 WHEN 0 THEN 'Restart' WHEN 1 THEN 'Delete' WHEN 2 THEN 'Show'
        WHEN 3 THEN 'List' WHEN 4 THEN 'Rotate' ELSE 'Inspect' END)
    || ' the ' ||
    (CASE n / 6 % 7 WHEN 0 THEN 'pod' WHEN 1 THEN 'service' WHEN 2 THEN 'index'
        WHEN 3 THEN 'certificate' WHEN 4 THEN 'queue' WHEN 5 THEN 'user' ELSE 'volume' END)
    || ' of host ' || (n % 5000)";

/// The same in words and marks, in the way of the service.
const WORDS: &str = "'@p' || substr('00000000000000000000000000002001', 1, 32)
    || ' @s' || (CASE WHEN n % 50 = 0 THEN 'draft' ELSE 'published' END)
    || ' @r' || (CASE n % 3 WHEN 0 THEN 'safe' WHEN 1 THEN 'caution' ELSE 'destructive' END)
    || ' ^' || replace(lower(title), ' ', ' ^') || ' ' || lower(title)
    || ' kubectl namespace production ' || n || CASE WHEN n % 2 = 0 THEN ' even' ELSE ' odd' END";

async fn fill(stage: &Stage) {
    let service = stage.world.service("commands");
    let mut tx = service.begin_own().await.unwrap();
    let numbers = tx.dialect().pick(
        "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 500000)",
        "WITH s (n) AS (SELECT generate_series(1, 500000))",
    );
    let is_postgres = tx.dialect() == Dialect::Postgres;
    if is_postgres {
        // An index is made sooner than it grows, and not as soon as statements must be done.
        tx.execute("SET LOCAL statement_timeout = 0", &[])
            .await
            .unwrap();
        tx.execute("DROP INDEX command_search", &[]).await.unwrap();
    }
    let line = "'kubectl --namespace production exec ' || n";
    let id = tx.dialect().pick(
        "printf('00000000-0000-0000-0000-%012d', n)",
        "'00000000-0000-0000-0000-' || lpad(n::text, 12, '0')",
    );
    let commands = format!(
        "{numbers} INSERT INTO commands (id, number, platform_id, how_to, description,
            command_line, likeness, shell, os, params, tags, risk, status, author, created_at,
            last_modified_by, last_modified_at, version)
         SELECT {id}, n, '00000000-0000-0000-0000-000000002001', {TITLE}, '', {line}, n,
            'posix', '[]', '[]', '[]', 'safe',
            CASE WHEN n % 50 = 0 THEN 'draft' ELSE 'published' END,
            '00000000-0000-0000-0000-000000001001', 0,
            '00000000-0000-0000-0000-000000001001', 0, 1 FROM s"
    );
    tx.execute(&commands, &[]).await.unwrap();
    let words = format!(
        "{numbers} INSERT INTO command_words (number, words)
         SELECT n, {WORDS} FROM (SELECT n, {TITLE} AS title FROM s) titles"
    );
    tx.execute(&words, &[]).await.unwrap();
    let uses = "INSERT INTO uses (command_id, uses, last_used_at)
        SELECT id, number % 97, 0 FROM commands WHERE number % 1000 = 7";
    tx.execute(uses, &[]).await.unwrap();
    if is_postgres {
        let index = "CREATE INDEX command_search ON command_words USING gin (search)";
        tx.execute(index, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    if is_postgres {
        // What the server does by itself within minutes.
        let conn = service.read().await.unwrap();
        let client = conn.as_postgres().unwrap();
        client
            .batch_execute("ANALYZE command_words; ANALYZE commands")
            .await
            .unwrap();
    }
}

async fn the_best_of_500_000_commands_are_found_at_once(storage: Storage) {
    let stage = Stage::on(storage).await;
    fill(&stage).await;
    let mut slow = Vec::new();
    for (query, first) in [
        // In every command, in the middle of titles, and rare ones.
        ("q=kubectl", Some("kubectl")),
        ("q=kube", Some("kubectl")),
        ("q=r", Some("R")),
        ("q=restart", Some("Restart the")),
        ("q=restart+pod", Some("Restart the pod")),
        ("q=cert+rot+production", Some("Rotate the certificate")),
        ("q=host+4999", Some("of host 4999")),
        (
            "q=kubernetes+restart+queue+3012",
            Some("Restart the queue of host 3012"),
        ),
        ("q=499937", Some("499937")),
        // Each is in half of all, both are in none; the one is everywhere, the other nowhere.
        ("q=even+odd", None),
        ("q=kubectl+zebra", None),
        ("q=restart+delete", None),
        // Narrowed, and without words.
        ("q=restart&risk=safe&status=draft", Some("Restart the")),
        ("status=draft", Some("")),
        ("platform=1&sort=best", Some("")),
        ("", Some("")),
    ] {
        let mut fastest = Duration::MAX;
        for _ in 0..LOOKS {
            let begun = Instant::now();
            let path = format!("/api/c/commands?limit=20&{query}");
            let answer = stage.get(support(), &path).await;
            fastest = fastest.min(begun.elapsed());
            assert_eq!(answer.status, 200, "{}", answer.text);
            let found = answer.json.as_array().unwrap();
            assert_eq!(found.is_empty(), first.is_none(), "{query}");
            let says = |one: &Value| {
                let part = first.unwrap_or_default();
                one["howTo"].as_str().unwrap().contains(part)
                    || one["commandLine"].as_str().unwrap().contains(part)
            };
            assert!(found.iter().take(1).all(says), "{query}: {found:?}");
        }
        println!("{:>6.1} ms  {query}", fastest.as_secs_f64() * 1000.0);
        if fastest > LONGEST {
            slow.push(format!("{query} took {fastest:?}"));
        }
    }
    assert_eq!(slow, [""; 0]);
}
