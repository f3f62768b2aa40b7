//! A register of a hundred thousand platforms answers every look at once.
//!
//! A program of its own, because what is timed shall not share the machine with other tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

#[expect(dead_code, reason = "the other program needs more of it")]
#[path = "it/stage.rs"]
mod stage;

use std::time::{Duration, Instant};

use tidings::{Dialect, Storage};
use tidings_test::Pace;
use tokio::sync::Mutex;

use stage::{Stage, infra, on_both};

on_both!(every_look_at_a_hundred_thousand_platforms_is_answered_at_once);

const PLATFORMS: i64 = 100_000;
/// What a look may take, answer and all, where nothing else runs; one of some looks must.
const LOOK: Duration = Duration::from_millis(50);
const TRIES: u32 = 40;
/// One database after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Filled in the database, because one by one would take minutes. Each platform has some words
/// of its own and some that many have; no platform is both even and odd.
const FILL: [&str; 4] = [
    "INSERT INTO teams (id, name, folded, kind, email, version, created_at, created_by,
            updated_at, updated_by)
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
        SELECT '00000000-0000-7000-9000-' || substr(CAST(1000000000000 + i AS TEXT), 2),
            'Team ' || i, 'team ' || i, 'infra', '', 1, 0,
            '00000000-0000-0000-0000-000000001001', 0, '00000000-0000-0000-0000-000000001001'
        FROM n",
    "INSERT INTO platforms (id, number, slug, natural_key, name, publisher, description, kind,
            version_label, owner_team_id, technical_contact, support_contact, cost_amount_minor,
            cost_currency, cost_period, cost_centre, budget_code, purchase_order, licence_type,
            licence_expires_on, eol_on, licence_renewal, lifecycle, criticality, tags, links,
            custom_fields, version, created_at, created_by, updated_at, updated_by, archived_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        SELECT '00000000-0000-7000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2), i,
            's-' || i, CASE WHEN i % 20 = 0 THEN NULL ELSE 'k' || i END,
            'W' || (i * 7919 % 1000) || ' X' || (i % 7) || ' n' || i, 'Publisher p' || (i % 500),
            'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor',
            CASE WHEN i % 3 = 0 THEN 'database' ELSE 'os' END, '1.' || (i % 9),
            CASE WHEN i % 5 = 0 THEN NULL ELSE '00000000-0000-7000-9000-'
                || substr(CAST(1000000000000 + i % 40 AS TEXT), 2) END,
            '', '', i * 31 % 100000, 'usd', 'annual', 'cc' || (i % 30), '', '', 'commercial',
            CASE WHEN i % 4 = 0 THEN '2026-' || substr(CAST(101 + i % 12 AS TEXT), 2) || '-15' END,
            CASE WHEN i % 49 = 0 THEN '2027-' || substr(CAST(101 + i % 12 AS TEXT), 2) || '-15' END,
            'manual', CASE i % 5 WHEN 1 THEN 'proposed' WHEN 2 THEN 'experimental'
                WHEN 3 THEN 'production' WHEN 4 THEN 'deprecated' ELSE 'retired' END,
            CASE WHEN i % 100 = 0 THEN 'critical' ELSE 'low' END, '[\"t' || (i % 50) || '\"]', '[]',
            '{}', 1, i, '00000000-0000-0000-0000-000000001001', i * 13,
            '00000000-0000-0000-0000-000000001001', CASE WHEN i % 20 = 0 THEN 5 END
        FROM n",
    "INSERT INTO shelf (number, platform_id, archived, lifecycle, criticality, kind,
            owner_team_id, name_key, publisher_key, cost_minor, expires_on, eol_on, updated_at,
            words)
        SELECT number, id, archived_at IS NOT NULL, (number + 4) % 5,
            CASE WHEN criticality = 'low' THEN 0 ELSE 3 END, kind, owner_team_id, lower(name),
            lower(publisher), cost_amount_minor, coalesce(licence_expires_on, 'never'),
            coalesce(eol_on, 'never'), updated_at,
            ' ' || lower(name) || ' ' || lower(publisher) || ' ' || description
                || CASE WHEN number % 2 = 0 THEN ' even' ELSE ' odd' END
                || ' #t' || (number % 50) || ' '
        FROM platforms",
    // Almost all are of platforms, and next to none is of a cost.
    "INSERT INTO changes (id, request_id, actor, action, entity, entity_id, before, after,
            changed_fields, comment, at)
        SELECT '00000000-0000-7000-a000-' || substr(CAST(1000000000000 + number AS TEXT), 2),
            '00000000-0000-7000-b000-000000000001', created_by, 'update',
            CASE WHEN number % 5000 = 0 THEN 'team' ELSE 'platform' END,
            '00000000-0000-7000-8000-'
                || substr(CAST(1000000000000 + number % 5000 AS TEXT), 2),
            '{\"description\": \"' || description || '\"}', '{\"description\": \"\"}',
            CASE WHEN number % 9000 = 0 THEN '[\"budget_code\",\"name\"]'
                ELSE '[\"description\"]' END, '', number
        FROM platforms",
];

/// Few, many and no matches; one filter, several, and none; every order both ways.
const LOOKS: [&str; 37] = [
    "",
    "sort=-name",
    "sort=publisher",
    "sort=-publisher",
    "sort=number",
    "sort=-updated",
    "sort=cost",
    "sort=-cost",
    "sort=expires",
    "sort=-expires",
    "sort=eol",
    "sort=-eol",
    "eol_before=2027-06-01&owner=team+7&sort=eol",
    "sort=lifecycle",
    "sort=-criticality",
    "q=n4711",
    "q=w17",
    "q=w1",
    "q=w1&sort=-name",
    "q=x",
    "q=x&sort=-updated",
    "q=x3+even&sort=expires",
    "q=x+x5+odd&lifecycle=retired",
    "q=p123&sort=-expires",
    "tag=t7&sort=-updated",
    "tag=t7&q=w17",
    "publisher=publisher+P77",
    "publisher=publisher+p77&kind=database&sort=-cost",
    "owner=team+7&sort=-updated&lifecycle=production",
    "unowned=true&sort=-cost",
    "archived=true&kind=database&sort=-criticality",
    "licence_expires_before=2026-03-01&cost_min=50000&sort=expires",
    // Next to nothing matches, and no index knows it: all platforms are looked at.
    "q=even+odd",
    "q=even+odd+x&sort=-cost",
    "q=x+lorem&cost_min=99990",
    "unowned=true&lifecycle=production,proposed",
    "cost_min=99999999&archived=all",
];

/// Whatever of the log is asked for, and what else is looked at as often as lists.
const OTHERS: [&str; 11] = [
    "/api/platforms/changes?limit=50",
    "/api/platforms/changes?entity=platform",
    "/api/platforms/changes?entity=team",
    "/api/platforms/changes?entity=review",
    "/api/platforms/changes?entity_id=00000000-0000-7000-8000-000000000077",
    "/api/platforms/changes?actor=00000000-0000-0000-0000-000000001001&entity=platform",
    "/api/platforms/changes?about=costs",
    "/api/platforms/changes?about=costs&entity=platform",
    "/api/platforms/77/history",
    "/api/platforms/reports/eol?from=2027-01-01&to=2027-12-31",
    "/api/platforms/teams",
];

async fn every_look_at_a_hundred_thousand_platforms_is_answered_at_once(storage: Storage) {
    let _alone = ALONE.lock().await;
    let stage = Stage::on(storage).await;
    let begun = Instant::now();
    let service = stage.world.service("platforms");
    let mut tx = service.begin_own().await.unwrap();
    for part in FILL {
        tx.execute_batch(part).await.unwrap();
    }
    // What the server does by itself within a minute, and an import when it has ended.
    if tx.dialect() == Dialect::Postgres {
        let analyze = "ANALYZE shelf; ANALYZE platforms; ANALYZE changes";
        tx.execute_batch(analyze).await.unwrap();
    }
    let many: (i64,) = tx
        .query_one("SELECT count(*) FROM shelf", &[])
        .await
        .unwrap();
    assert_eq!(many, (PLATFORMS,));
    tx.commit().await.unwrap();
    println!("filled in {:?}", begun.elapsed());
    let mut pace = Pace::learn(&service).await.unwrap();
    let mut slow = Vec::new();
    let lists = LOOKS.map(|look| format!("/api/platforms?limit=50&{look}"));
    let others = OTHERS.map(ToOwned::to_owned);
    for look in lists.into_iter().chain(others) {
        let mut path = look.clone();
        // The first part, and the two behind it.
        for part in 1..=3 {
            let (took, next) = best_of(&stage, &mut pace, &path).await;
            println!(
                "{:>6.1} ms  {look} part {part}",
                took.as_secs_f64() * 1000.0
            );
            if took > LOOK {
                slow.push(format!("{look} part {part}: {took:?}"));
            }
            let Some(next) = next else { break };
            path = next;
        }
    }
    assert_eq!(slow, Vec::<String>::new());
}

/// How long the quickest of some tries takes, as on a machine where nothing else runs, and where
/// the next part is. One that is quick enough is the last.
async fn best_of(stage: &Stage, pace: &mut Pace, path: &str) -> (Duration, Option<String>) {
    let service = stage.world.service("platforms");
    let mut best = Duration::MAX;
    let mut next = None;
    for _ in 0..TRIES {
        let look = stage.get(infra(), path);
        let (took, answer) = pace.time(&service, look).await.unwrap();
        best = best.min(took);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        next = answer.headers.get("link").map(|link| {
            let link = link.to_str().unwrap();
            let end = link.find('>').unwrap();
            link[1..end].to_owned()
        });
        if best < LOOK {
            break;
        }
    }
    (best, next)
}
