//! C-20, I-32: one ticket, a hundred people who want it now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::{Account, Answer, Failure, History, Operation, Outcome, Site, checker, pause};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::{BINARY, tell};

const BUYERS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_buyers_of_one_ticket_make_one_order() -> Result<(), Failure> {
    hundred_buyers(Site::on_sqlite(BINARY)?, "SQLite").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_buyers_of_one_ticket_make_one_order_on_postgresql() -> Result<(), Failure> {
    hundred_buyers(Site::on_postgres(BINARY).await?, "PostgreSQL").await
}

async fn hundred_buyers(site: Site, name: &str) -> Result<(), Failure> {
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let server = site.start().await?;
    let seller = Account::sign_up(site.address()).await?;
    let ticket = list(&seller, &history).await?;
    let buyers = sign_up_all(&site).await?;

    let begun = Instant::now();
    let answers = order_at_once(buyers, &ticket, &history).await?;
    let took = begun.elapsed();

    let mut counts: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for answer in &answers {
        let code = answer.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        *counts.entry((answer.status, code)).or_default() += 1;
    }
    let expected = BTreeMap::from([
        ((201, String::new()), 1),
        ((409, "ticket_reserved".to_owned()), BUYERS - 1),
    ]);
    assert_eq!(counts, expected);

    checker::come_to_rest(&site.books(), Duration::from_secs(30)).await?;
    let snapshot = checker::check(&site.books(), &history).await?;
    assert_eq!(snapshot.orders.len(), 1, "losers leave no order behind");
    assert_eq!(snapshot.listings[&ticket].status, "reserved");
    tell(&format!(
        "{name}: {BUYERS} buyers at once, 1 order, {} conflicts in {took:.1?}",
        BUYERS - 1
    ));
    drop(server);
    site.remove().await
}

async fn list(seller: &Account, history: &History) -> Result<String, Failure> {
    let title = "The one ticket".to_owned();
    let body = json!({"title": title, "price_minor": 5000});
    let number = history.invoke(Operation::List { title });
    let answer = seller.client.post("/api/tickets", &body).await;
    match history.end(number, &answer, |answer| Some(answer.field("id"))) {
        Outcome::Ok(id) if !id.is_empty() => Ok(id),
        other => Err(format!("listing gave {other:?}").into()),
    }
}

async fn sign_up_all(site: &Site) -> Result<Vec<Account>, Failure> {
    let mut buyers = Vec::new();
    // More at once would only wait for the two threads that hash passwords.
    for _ in 0..BUYERS / 10 {
        let mut signing_up = JoinSet::new();
        for _ in 0..10 {
            signing_up.spawn(Account::sign_up(site.address()));
        }
        for account in signing_up.join_all().await {
            buyers.push(account?);
        }
    }
    Ok(buyers)
}

async fn order_at_once(
    buyers: Vec<Account>,
    ticket: &str,
    history: &Arc<History>,
) -> Result<Vec<Answer>, Failure> {
    wait_until_known(&buyers[0], ticket).await?;
    let start = Arc::new(Barrier::new(buyers.len()));
    let mut ordering = JoinSet::new();
    for buyer in buyers {
        let (start, history, ticket) = (Arc::clone(&start), Arc::clone(history), ticket.to_owned());
        ordering.spawn(async move {
            start.wait().await;
            let body = json!({"ticket_id": ticket});
            let number = history.invoke(Operation::Order {
                buyer: buyer.id.clone(),
                ticket,
            });
            let answer = buyer.client.post("/api/orders", &body).await;
            history.end(number, &answer, |answer| {
                (answer.status == 201).then(|| answer.field("id"))
            });
            answer
        });
    }
    let answers = ordering
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    Ok(answers)
}

/// Orders hears of a listing a moment later; asking with an absurd price changes nothing.
async fn wait_until_known(buyer: &Account, ticket: &str) -> Result<(), Failure> {
    let body = json!({"ticket_id": ticket, "expected_price_minor": 1});
    for _ in 0..100 {
        let answer = buyer.client.post("/api/orders", &body).await?;
        if answer.status == 409 {
            return Ok(());
        }
        pause(Duration::from_millis(50)).await;
    }
    Err("orders has not heard of the ticket in five seconds".into())
}
