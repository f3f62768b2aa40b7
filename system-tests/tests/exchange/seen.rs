//! A shuffle is seen as one tree, and a million events keep nobody waiting (E-10, X-22).

use std::time::{Duration, Instant};

use contracts::calendar::Calendar;
use tasks::Records;
use tidings::find::{self, Search};
use tidings::trace::{self, Node};
use tidings::{EventId, Handle};
use tidings_test::World;

use crate::stage::{Exchange, Ground, on_both, services};

/// Tasks that are dealt anew: enough to be folded.
const TASKS: u64 = 12;

on_both!(
    the_tree_of_a_shuffle_is_complete,
    a_million_events_are_searched_at_once,
);

async fn exchange(ground: &Ground) -> Exchange {
    let calendar = Calendar::try_new("UTC").unwrap();
    let mut exchange =
        Exchange::open(ground.storage(), services(&calendar, Records::default())).await;
    exchange.staff().await;
    exchange
}

/// Each line: how many, what it is, its service and state, indented by its depth; siblings by
/// their text, because those of one moment have no order.
fn told(node: &Node) -> Vec<String> {
    let kind = serde_json::to_value(node.kind).unwrap();
    let words = [
        kind.as_str().unwrap(),
        node.service.as_deref().unwrap_or_default(),
        node.name.as_str(),
        node.state.as_deref().unwrap_or_default(),
    ];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let line = format!("{} x {}", node.count, words.join(" "));
    let mut below: Vec<Vec<String>> = node.children.iter().map(told).collect();
    below.sort();
    let below = below.into_iter().flatten().map(|line| format!("  {line}"));
    std::iter::once(line).chain(below).collect()
}

async fn the_tree_of_a_shuffle_is_complete(ground: Ground) {
    let mut exchange = exchange(&ground).await;
    for number in 0..TASKS {
        exchange.create(&format!("Task {number}"), None).await;
    }
    exchange.shuffle().await;
    let installation = exchange.world.installation();
    let search = Search {
        event_type: Some("tasks.shuffled".to_owned()),
        ..Search::default()
    };
    let found = find::newest(installation, &search, None, 1).await;
    let flow = &found.events[0].event.context.correlation_id;
    let trace = trace::find(installation, flow).await;
    let [flow] = trace.flows.as_slice() else {
        panic!("{trace:#?}");
    };
    let told = told(&flow.root);
    // Whoever asked, what came of it at once, and what the operation did.
    let expected = [
        "  1 x operation tasks shuffle_tasks succeeded",
        "    12 x event tasks task.assigned",
        "      12 x handler accounting assignments applied",
        "        12 x event accounting transaction.applied",
        "          12 x handler analytics figures applied",
        "    12 x event tasks task.updated",
        "      12 x handler accounting tasks applied",
        "      12 x handler analytics figures applied",
        "    1 x event tasks tasks.shuffled",
    ];
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !told.iter().any(|told| told == *line))
        .collect();
    assert!(missing.is_empty(), "{missing:#?} of {told:#?}");
    assert_eq!(told.len(), 1 + expected.len(), "{told:#?}");
    exchange.ends_well().await;
    drop(exchange);
    ground.remove().await;
}

const MILLION: u64 = 1_000_000;
/// What every page must come in, beside what it takes to draw it. On a machine that is busy with
/// other tests.
const AT_ONCE: Duration = Duration::from_millis(300);

/// Stores events as if they had been published: a hundred thousand entities, ten events a flow,
/// two thousand flows at a time, a tenth of a second apart.
async fn store_a_million(service: &Handle) {
    let mut tx = service.begin_own().await.unwrap();
    let columns = "'assignments', g % 64, 'k' || (g / 64 % 2000 * 64 + g % 64), 'task.assigned', 1,
        '{\"filled\":\"with about as much as an event of the exchange says of an assignment, which is this much\"}',
        1767268800000000 + g * 100000, 'service:tasks',
        '0195f2d1-7a3b-7c4d-8e5f-' || (100000000000 + g / 20000 * 2000 + g % 2000)";
    let sqlite = format!(
        "INSERT INTO tidings_outbox (stream, slot, key, type, version, data, time, actor,
            correlation_id, sequence)
         WITH RECURSIVE numbers(g) AS (SELECT 64 UNION ALL SELECT g + 1 FROM numbers
            WHERE g < {MILLION} + 63)
         SELECT {columns}, g / 64 FROM numbers"
    );
    let postgres = [
        format!(
            "INSERT INTO tidings_outbox (xid, stream, slot, key, type, version, data, time, actor,
                correlation_id)
             SELECT '1', {columns} FROM generate_series(64, {MILLION} + 63) g"
        ),
        "INSERT INTO tidings_numbers (stream, slot, sequence, outbox_id)
         SELECT stream, slot, row_number() OVER (PARTITION BY stream, slot ORDER BY id), id
         FROM tidings_outbox ORDER BY id"
            .to_owned(),
    ];
    match tx.dialect() {
        tidings::Dialect::Sqlite => tx.execute_batch(&sqlite).await.unwrap(),
        tidings::Dialect::Postgres => {
            for sql in postgres {
                tx.execute_batch(&sql).await.unwrap();
            }
        }
    }
    let heads = "INSERT INTO tidings_heads (stream, slot, sequence)
        SELECT stream, slot, count(*) FROM tidings_outbox GROUP BY stream, slot";
    tx.execute_batch(heads).await.unwrap();
    tx.commit().await.unwrap();
}

async fn timed<T>(
    what: &str,
    slowest: &mut Vec<(Duration, String)>,
    work: impl Future<Output = T>,
) -> T {
    let begun = Instant::now();
    let done = work.await;
    slowest.push((begun.elapsed(), what.to_owned()));
    done
}

/// Every question that a page asks, each over the whole million.
async fn a_million_events_are_searched_at_once(ground: Ground) {
    let calendar = Calendar::try_new("UTC").unwrap();
    let world = World::on(ground.storage(), services(&calendar, Records::default())).await;
    store_a_million(&world.service("tasks")).await;
    let installation = world.installation();
    let mut took = Vec::new();
    let search = |name: &str, value: &str| {
        let value = Some(value.to_owned());
        let mut search = Search::default();
        match name {
            "key" => search.key = value,
            "type" => search.event_type = value,
            "flow" => search.correlation_id = value,
            "actor" => search.actor = value,
            "until" => search.until = value.map(|text| text.parse().unwrap()),
            _ => search.stream = value,
        }
        search
    };
    let flow = "0195f2d1-7a3b-7c4d-8e5f-100000000505";
    for (name, value, count) in [
        ("everything", "", 50),
        ("stream", "assignments", 50),
        ("stream", "shuffles", 0),
        ("key", "k77", 8),
        ("key", "nobody", 0),
        ("type", "task.assigned", 50),
        // Nothing of the kind, so that all that may be looked through is.
        ("actor", "user:nobody", 0),
        ("flow", flow, 10),
        ("flow", "no-such-flow", 0),
        ("until", "2026-01-01T13:00:00Z", 50),
    ] {
        let search = match name {
            "everything" => Search::default(),
            _ => search(name, value),
        };
        let what = format!("{name} {value}");
        let found = find::newest(installation, &search, None, 50);
        let found = timed(&what, &mut took, found).await;
        assert!(found.silent.is_empty(), "{what}");
        assert!(
            found.events.len() >= count.min(7),
            "{what}: {}",
            found.events.len()
        );
        if count == 0 {
            assert!(found.events.is_empty(), "{what}");
        }
        if name == "actor" {
            assert!(found.looked_back_to.is_some() && found.next.is_some());
        }
        let next = found.next;
        if let Some(next) = next {
            let older = find::newest(installation, &search, Some(&next), 50);
            timed(&format!("{what}, older"), &mut took, older).await;
        }
    }
    let event: EventId = "assignments.7.7000".parse().unwrap();
    let tasks = world.service("tasks");
    let one = timed("an event", &mut took, find::event(&tasks, &event)).await;
    assert!(one.unwrap().is_some());
    let told = find::receptions(installation, &event);
    let told = timed("its receptions", &mut took, told).await;
    assert!(told.len() >= 2);
    let tree = timed("a tree", &mut took, trace::find(installation, flow)).await;
    assert!(tree.flows[0].root.size() > 10);
    let tree = timed(
        "an entity's flows",
        &mut took,
        trace::find(installation, "k77"),
    )
    .await;
    assert!(!tree.flows.is_empty());
    let ends = timed(
        "the ends",
        &mut took,
        find::ends(installation, &Search::default()),
    )
    .await;
    let after = ends.next.unwrap();
    let everything = Search::default();
    let followed = find::following(installation, &everything, &after, 50);
    timed("what follows", &mut took, followed).await;
    took.sort();
    let slow: Vec<_> = took.iter().filter(|(took, _)| *took > AT_ONCE).collect();
    assert!(slow.is_empty(), "{took:#?}");
    println!("{took:#?}");
    drop(world);
    ground.remove().await;
}
