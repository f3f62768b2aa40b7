//! Searching and paging.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::header;
use serde_json::{Value as Json, json};
use tidings_test::Answer;

use crate::stage::{Stage, cancelled, completed, created, order, parsifal, with};

/// The way to the next part of a list.
pub(crate) fn next_of(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().expect("text");
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(path.to_owned())
}

#[tokio::test]
async fn held_sold_withdrawn_and_past_tickets_are_never_on_the_market_c_21() {
    let mut stage = Stage::new().await;
    let mut list = Vec::new();
    for title in ["free", "held", "sold", "withdrawn", "past", "undated"] {
        let starts_at = match title {
            "past" => json!("2026-01-01T12:05:00Z"),
            "undated" => json!(null),
            _ => json!("2026-03-14T16:00:00Z"),
        };
        let body = with(
            parsifal(),
            json!({ "title": title, "starts_at": starts_at }),
        );
        list.push(stage.list(body).await);
    }
    let (one, two) = (order(1), order(2));
    stage
        .orders_say([
            created(one, list[1]),
            created(two, list[2]),
            completed(two, list[2]),
        ])
        .await;
    stage.withdraw(list[3]).await;
    // Its job has not run yet, but its time has come.
    stage.world.clock().advance(Duration::from_secs(300));
    let on_market: BTreeSet<String> = stage.titles("").await.into_iter().collect();
    assert_eq!(
        on_market,
        BTreeSet::from(["free".to_owned(), "undated".to_owned()])
    );
    assert_eq!(stage.titles("?q=held").await, [""; 0]);
    // It is back as soon as it is released.
    stage.orders_say([cancelled(one, list[1])]).await;
    assert_eq!(stage.titles("?q=held").await, ["held"]);
}

async fn varied() -> Stage {
    let stage = Stage::new().await;
    let tickets = [
        (
            "Parsifal",
            "Staatsoper",
            "Berlin",
            "theatre",
            12_000,
            json!("2026-03-14T16:00:00Z"),
        ),
        (
            "Arsenal v Chelsea",
            "Emirates Stadium",
            "London",
            "sports",
            24_550,
            json!("2026-03-15T15:30:00Z"),
        ),
        (
            "Лебединое озеро",
            "Большой театр",
            "Москва",
            "theatre",
            8_000,
            json!("2026-03-20T16:00:00Z"),
        ),
        (
            "100% Jazz_night",
            "Wigmore Hall",
            "London",
            "concert",
            4_200,
            json!(null),
        ),
    ];
    for (title, venue, city, category, price_minor, starts_at) in tickets {
        let body = json!({ "title": title, "venue": venue, "city": city, "category": category, "price_minor": price_minor, "starts_at": starts_at });
        stage.list(body).await;
        stage.world.clock().advance(Duration::from_secs(1));
    }
    stage
}

#[tokio::test]
async fn every_filter_finds_what_it_says() {
    let stage = varied().await;
    let (parsifal, arsenal, swan, jazz) = (
        "Parsifal",
        "Arsenal v Chelsea",
        "Лебединое озеро",
        "100% Jazz_night",
    );
    let cases: [(&str, &[&str]); 24] = [
        ("", &[jazz, swan, arsenal, parsifal]),
        ("?sort=price", &[jazz, swan, parsifal, arsenal]),
        ("?sort=date", &[parsifal, arsenal, swan, jazz]),
        ("?q=parsifal", &[parsifal]),
        ("?q=STAATSOPER", &[parsifal]),
        ("?q=stadium+ARSENAL", &[arsenal]),
        ("?q=arsenal+berlin", &[]),
        (
            "?q=%D0%9B%D0%95%D0%91%D0%95%D0%94%D0%98%D0%9D%D0%9E%D0%95",
            &[swan],
        ),
        ("?q=100%25", &[jazz]),
        ("?q=%25", &[jazz]),
        ("?q=_", &[jazz]),
        ("?q=%5C", &[]),
        ("?q=%27%3B+DROP+TABLE+listings%3B--", &[]),
        ("?category=theatre", &[swan, parsifal]),
        ("?city=london", &[jazz, arsenal]),
        ("?city=Lond", &[]),
        ("?city=%D0%BC%D0%BE%D1%81%D0%BA%D0%B2%D0%B0", &[swan]),
        ("?from=2026-03-15", &[swan, arsenal]),
        ("?to=2026-03-15", &[arsenal, parsifal]),
        ("?from=2026-03-15&to=2026-03-15", &[arsenal]),
        (
            "?from=2026-03-14T16:00:00Z&to=2026-03-14T16:00:00Z",
            &[parsifal],
        ),
        ("?price_min=8000&price_max=12000", &[swan, parsifal]),
        ("?price_min=30000", &[]),
        (
            "?q=&category=&city=&from=&to=&price_min=&price_max=&sort=&cursor=",
            &[jazz, swan, arsenal, parsifal],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(stage.titles(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_400_and_says_which_field() {
    let stage = varied().await;
    let long = format!("?q={}", "x".repeat(201));
    let many = format!("?q={}", "x+".repeat(17));
    let cases = [
        ("?category=opera", "category"),
        ("?sort=cheap", "sort"),
        ("?from=yesterday", "from"),
        ("?to=2026-13-01", "to"),
        ("?price_min=-1", "price_min"),
        ("?price_max=12.50", "price_max"),
        ("?price_max=999999999999999999999", "price_max"),
        ("?q=%00", "q"),
        ("?q=%FF%FE", "q"),
        (&long, "q"),
        (&many, "q"),
        ("?city=%E2%80%AE", "city"),
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?cursor=made_up", "cursor"),
        ("?cursor=new_1_1", "cursor"),
        ("?cursor=%00", "cursor"),
        (
            "?cursor=price_1_00000000-0000-0000-0000-000000000000",
            "cursor",
        ),
        (
            "?sort=price&cursor=price_01_00000000-0000-0000-0000-000000000000",
            "cursor",
        ),
    ];
    for (query, field) in cases {
        let answer = stage.world.get(&format!("/api/tickets{query}"), None).await;
        let named = answer.json["errors"][0]["field"].clone();
        assert_eq!(
            (answer.status.as_u16(), named),
            (400, json!(field)),
            "{query}"
        );
    }
    for query in ["?limit=many", "?limit=-1", "?limit="] {
        let answer = stage.world.get(&format!("/api/tickets{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

/// Whatever the order and the size of the parts: together they are the whole, in order, and
/// nothing comes twice; also where many prices and dates are the same.
#[tokio::test]
async fn parts_together_equal_the_whole() {
    let stage = Stage::new().await;
    let mut dice: u64 = 42;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 33) % sides
    };
    for number in 0..45 {
        let day = 10 + roll(4);
        let starts_at = if roll(3) == 0 {
            Json::Null
        } else {
            json!(format!("2026-03-{day}T16:00:00Z"))
        };
        let title = if roll(2) == 0 { "even" } else { "odd" };
        stage.list(json!({ "title": format!("{title} {number}"), "price_minor": 100 + roll(4), "starts_at": starts_at })).await;
        if roll(3) == 0 {
            stage.world.clock().advance(Duration::from_micros(1));
        }
    }
    for question in ["", "q=even&", "price_max=102&", "from=2026-03-11&"] {
        for sort in ["new", "price", "date"] {
            let whole = ids(
                &stage,
                &format!("/api/tickets?{question}sort={sort}&limit=200"),
            )
            .await;
            assert!(!whole.is_empty());
            for limit in [1, 2, 7, 44, 45] {
                let parts = ids(
                    &stage,
                    &format!("/api/tickets?{question}sort={sort}&limit={limit}"),
                )
                .await;
                assert_eq!(parts, whole, "{question} {sort} {limit}");
            }
            let once: BTreeSet<&String> = whole.iter().collect();
            assert_eq!(once.len(), whole.len(), "{question} {sort}");
        }
    }
}

/// All items from an address on.
async fn ids(stage: &Stage, from: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut next = Some(from.to_owned());
    while let Some(path) = next {
        let answer = stage.world.get(&path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let items = answer.json.as_array().expect("an array");
        all.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().expect("an id").to_owned()),
        );
        next = next_of(&answer);
    }
    all
}

#[tokio::test]
async fn what_is_sold_meanwhile_moves_nothing_that_is_still_to_come() {
    let mut stage = Stage::new().await;
    let mut list = Vec::new();
    for number in 0..6 {
        list.push(
            stage
                .list(with(parsifal(), json!({ "title": format!("T{number}") })))
                .await,
        );
        stage.world.clock().advance(Duration::from_secs(1));
    }
    let first = stage.world.get("/api/tickets?limit=3", None).await;
    // The last one that was shown, which the cursor names, is gone now.
    stage.orders_say([created(order(1), list[3])]).await;
    let rest = stage
        .world
        .get(&next_of(&first).expect("a next part"), None)
        .await;
    let titles: Vec<&str> = rest
        .json
        .as_array()
        .expect("an array")
        .iter()
        .map(|item| item["title"].as_str().expect("a title"))
        .collect();
    assert_eq!(titles, ["T2", "T1", "T0"]);
}
