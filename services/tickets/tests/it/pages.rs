//! The pages, as a browser without scripts sees them.

use axum::body::Body;
use axum::http::{Request, header};
use contracts::TicketId;
use serde_json::json;
use tidings_test::Answer;

use crate::stage::{Stage, cancelled, completed, created, order, parsifal, with};

/// Submits a form that is encoded already.
async fn submit(stage: &Stage, path: &str, token: Option<&str>, form: &str) -> Answer {
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Body::from(form.to_owned()))
        .expect("a request");
    stage.world.call(request).await
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().expect("a path")
}

async fn page(stage: &Stage, path: &str, token: Option<&String>) -> String {
    let answer = stage.world.get(path, token.map(String::as_str)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

const FORM: &str = "title=Parsifal&category=theatre&venue=Staatsoper&city=Berlin&seat=&currency=eur\
    &starts_at=2026-03-14T16%3A00&notes=Row+4%0D%0Aseat+12";

#[tokio::test]
async fn somebody_sells_a_ticket_with_the_form_and_it_is_on_the_market() {
    let stage = Stage::new().await;
    let blank = page(&stage, "/sell", Some(&stage.seller)).await;
    assert!(blank.contains("action=\"/sell\""), "{blank}");
    let form = format!("{FORM}&price=120%2C50");
    let answer = submit(&stage, "/sell", Some(&stage.seller), &form).await;
    let shown = page(&stage, location(&answer), Some(&stage.seller)).await;
    for text in [
        "It is on sale.",
        "€120.50",
        "Staatsoper, Berlin",
        "Sat 14 March 2026, 16:00 UTC",
        "Row 4\nseat 12",
        "This is your ticket.",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let market = page(&stage, "/", None).await;
    assert!(
        market.contains("1 ticket<") && market.contains(">Parsifal</a>"),
        "{market}"
    );
}

#[tokio::test]
async fn whoever_has_not_signed_in_sells_nothing() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let edit = format!("/tickets/{id}/edit");
    for path in ["/sell", "/my/listings", &edit] {
        let answer = stage.world.get(path, None).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    for path in ["/sell", &edit] {
        let answer = submit(&stage, path, None, "title=x&price=1").await;
        assert_eq!(answer.status, 401, "{path}");
    }
    let answer = submit(&stage, &format!("/tickets/{id}/withdraw"), None, "").await;
    assert_eq!(answer.status, 401);
    assert_eq!(stage.standing(id).await, "available 1");
}

/// What is typed, the field that is marked, and what it says.
const MISTAKES: [(&str, &str, &str); 12] = [
    (
        "price=1%2C234",
        "price",
        "Enter a price such as 25 or 25.50. Cents have two digits.",
    ),
    ("price=", "price", "Enter a price."),
    ("price=free", "price", "Enter a price such as 25 or 25.50."),
    ("price=0", "price", "Enter a price above zero."),
    (
        "price=1000000.01",
        "price",
        "Enter a price of at most 1000000.",
    ),
    (
        "price=5&title=+",
        "title",
        "Enter a title with at least one letter or digit.",
    ),
    (
        "price=5&title=%FF",
        "title",
        "Enter a title with at least one letter or digit.",
    ),
    (
        "price=5&title=a%00",
        "title",
        "Remove the characters that cannot be shown.",
    ),
    (
        "price=5&starts_at=soon",
        "starts_at",
        "Enter a day and a time",
    ),
    (
        "price=5&starts_at=2020-01-01T10%3A00",
        "starts_at",
        "Enter a time in the future",
    ),
    (
        "price=5&category=opera",
        "category",
        "Choose one of concert",
    ),
    ("price=5&currency=gbp", "currency", "Choose usd or eur."),
];

#[tokio::test]
async fn a_form_with_mistakes_comes_back_with_what_was_typed_and_what_is_wrong_c_12() {
    let stage = Stage::new().await;
    for (fields, field, sentence) in MISTAKES {
        let (name, _) = fields
            .rsplit('&')
            .next()
            .expect("a field")
            .split_once('=')
            .expect("a pair");
        let kept: Vec<_> = FORM
            .split('&')
            .filter(|pair| !pair.starts_with(name))
            .collect();
        let form = format!("{}&{fields}", kept.join("&"));
        let answer = submit(&stage, "/sell", Some(&stage.seller), &form).await;
        assert_eq!(answer.status, 400, "{fields}");
        assert!(answer.text.contains(sentence), "{fields}: {}", answer.text);
        let marked = format!("id=\"{field}\" name=\"{field}\" aria-invalid=\"true\"");
        assert!(answer.text.contains(&marked), "{fields}: {}", answer.text);
        assert!(
            answer.text.contains("value=\"Staatsoper\""),
            "{fields}: {}",
            answer.text
        );
    }
    assert_eq!(stage.titles("").await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_page_says_where_the_ticket_stands_to_everybody_in_their_words() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let path = format!("/tickets/{id}");
    let says = async |stage: &Stage, words: [&str; 3]| {
        for (words, token) in words
            .into_iter()
            .zip([None, Some(&stage.buyer), Some(&stage.seller)])
        {
            let shown = page(stage, &path, token).await;
            assert!(shown.contains(words), "{words}: {shown}");
            assert_eq!(
                shown.contains("action=\"/orders\""),
                words.contains("expected_price"),
                "{words}"
            );
        }
    };
    let buy = "name=\"expected_price_minor\" value=\"12000\"";
    says(&stage, ["Sign in to buy", buy, "This is your ticket."]).await;
    stage.orders_say([created(order(1), id)]).await;
    says(
        &stage,
        [
            "Somebody is paying for it.",
            "/my/orders",
            "A buyer holds your ticket.",
        ],
    )
    .await;
    stage.orders_say([cancelled(order(1), id)]).await;
    says(&stage, ["Sign in to buy", buy, "This is your ticket."]).await;
    stage
        .orders_say([created(order(2), id), completed(order(2), id)])
        .await;
    says(&stage, ["Sold.", "Sold.", "Your ticket is sold."]).await;
    let id = stage.list(parsifal()).await;
    stage.withdraw(id).await;
    let shown = page(&stage, &format!("/tickets/{id}"), None).await;
    assert!(shown.contains("Off the market."), "{shown}");
}

#[tokio::test]
async fn a_seller_edits_and_withdraws_with_forms() {
    let stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    let path = format!("/tickets/{id}/edit");
    let filled = page(&stage, &path, Some(&stage.seller)).await;
    for value in [
        "value=\"Parsifal, stalls left\"",
        "value=\"120.00\"",
        "value=\"2026-03-14T16:00\"",
        "name=\"version\" value=\"1\"",
    ] {
        assert!(filled.contains(value), "{value}: {filled}");
    }
    let form = format!("{FORM}&price=99&version=1");
    let answer = submit(&stage, &path, Some(&stage.seller), &form).await;
    assert_eq!(location(&answer), format!("/tickets/{id}?done=saved"));
    assert_eq!(stage.read(id).await["price_minor"], 9_900);
    // The form in another tab was filled before that (C-34).
    let late = submit(
        &stage,
        &path,
        Some(&stage.seller),
        &form.replace("=99", "=98"),
    )
    .await;
    assert_eq!(late.status, 412);
    assert!(late.text.contains("value=\"98\""), "{}", late.text);
    let withdrawn = submit(
        &stage,
        &format!("/tickets/{id}/withdraw"),
        Some(&stage.seller),
        "",
    )
    .await;
    assert_eq!(
        location(&withdrawn),
        format!("/tickets/{id}?done=withdrawn")
    );
    assert_eq!(stage.standing(id).await, "withdrawn 3");
}

#[tokio::test]
async fn what_is_held_is_refused_on_pages_too_c_23_c_15() {
    let mut stage = Stage::new().await;
    let id = stage.list(parsifal()).await;
    stage.orders_say([created(order(1), id)]).await;
    let (edit, withdraw) = (
        format!("/tickets/{id}/edit"),
        format!("/tickets/{id}/withdraw"),
    );
    let form = format!("{FORM}&price=99");
    let answers = [
        (409, submit(&stage, &edit, Some(&stage.seller), &form).await),
        (
            409,
            submit(&stage, &withdraw, Some(&stage.seller), "").await,
        ),
        (409, stage.world.get(&edit, Some(&stage.seller)).await),
        (403, submit(&stage, &edit, Some(&stage.buyer), &form).await),
        (403, submit(&stage, &withdraw, Some(&stage.buyer), "").await),
        (403, stage.world.get(&edit, Some(&stage.buyer)).await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(stage.standing(id).await, "reserved 2");
}

fn cards(html: &str) -> Vec<TicketId> {
    let ids = html.split("<a id=\"ticket-").skip(1);
    ids.map(|rest| rest[..36].parse().expect("a UUID"))
        .collect()
}

#[tokio::test]
async fn the_pages_of_the_market_together_are_the_market() {
    let stage = Stage::new().await;
    for number in 0..50 {
        stage
            .list(with(
                parsifal(),
                json!({ "title": format!("T{number}"), "price_minor": 100 + number % 3 }),
            ))
            .await;
    }
    for question in ["", "q=t&city=Berlin&sort=price&price_min=1%2C00&"] {
        let mut all = Vec::new();
        let mut path = format!("/?{question}");
        for number in 1..=3 {
            let html = page(&stage, &path, None).await;
            assert!(
                html.contains(&format!("Page {number} of 3")),
                "{path}: {html}"
            );
            all.extend(cards(&html));
            path = format!("/?{question}page={}", number + 1);
            let link = path.replace('&', "&#38;");
            assert_eq!(
                html.contains(&format!("rel=\"next\" href=\"{link}\"")),
                number < 3,
                "{html}"
            );
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!((count, all.len()), (50, 50), "{question}");
    }
    for far in ["999999", "0", "-3", "x", "99999999999999999999"] {
        let html = page(&stage, &format!("/?page={far}"), None).await;
        assert!(!cards(&html).is_empty(), "{far}");
    }
}

#[tokio::test]
async fn a_search_without_an_answer_and_one_that_cannot_be_understood_say_what_to_do() {
    let stage = Stage::new().await;
    let empty = page(&stage, "/", None).await;
    assert!(empty.contains("Nothing is on sale"), "{empty}");
    stage.list(parsifal()).await;
    let none = page(&stage, "/?q=tosca", None).await;
    assert!(
        none.contains("No ticket matches") && none.contains("value=\"tosca\""),
        "{none}"
    );
    let answer = stage.world.get("/?price_max=cheap&from=x", None).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text.contains("href=\"#price_max\"") && answer.text.contains("value=\"cheap\""),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn my_listings_show_each_with_its_state() {
    let mut stage = Stage::new().await;
    let (id, held) = (stage.list(parsifal()).await, stage.list(parsifal()).await);
    stage.orders_say([created(order(1), held)]).await;
    let html = page(&stage, "/my/listings", Some(&stage.seller)).await;
    for text in [
        "data-status=\"available\"",
        "data-status=\"reserved\"",
        &format!("/tickets/{id}/edit"),
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains(&format!("/tickets/{held}/edit")), "{html}");
    let none = page(&stage, "/my/listings", Some(&stage.buyer)).await;
    assert!(none.contains("No listings yet"), "{none}");
}
