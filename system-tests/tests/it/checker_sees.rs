//! a checker that finds nothing is worth what it finds when something is wrong.

mod exchange;
mod market;
mod register;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use system_tests::{Account, Books, Crowd, Failure, History, Office, Site, Size, checker, pause};

use crate::{BINARY, seed, tell};
use exchange::EXCHANGE;
use market::MARKET;
use register::REGISTER;

/// A service, what is done to its book, and the rule that this breaks.
type Damage = (&'static str, &'static str, &'static str);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_damage_is_found() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let (server, admin) = site.start_with_admin(&[]).await?;
    let size = Size {
        sellers: 2,
        buyers: 4,
    };
    let mut crowd = Crowd::gather(site.address(), &history, size, seed()).await?;
    crowd.keep(site.address(), &admin, &history, seed()).await?;
    let office = Office::employ(site.address(), admin, 3, &history).await?;
    office.is_known(&site.books()).await?;
    pause(Duration::from_secs(5)).await;
    somebody_has_used_a_command(&site.books()).await?;
    crowd.send_home().await?;
    checker::come_to_rest(&site.books(), Duration::from_secs(60)).await?;
    work(&office, &site.books()).await?;
    close_the_day(&site, &office.admin).await?;
    checker::come_to_rest(&site.books(), Duration::from_secs(60)).await?;
    server.stop(Duration::from_secs(30)).await?;
    let snapshot = checker::check(&site.books(), &history).await?;
    let complete = snapshot
        .orders
        .values()
        .filter(|order| order.status == "complete");
    assert!(complete.count() > 1, "there must be sales to damage");
    let exchange = &snapshot.exchange;
    assert!(
        exchange.shuffles.len() > 1,
        "there must be shuffles to damage"
    );
    assert!(
        !exchange.payouts.is_empty(),
        "there must be payouts to damage"
    );

    let damage = [&MARKET[..], &EXCHANGE[..], &REGISTER[..]].concat();
    for (number, (service, sql, rule)) in damage.iter().enumerate() {
        let copy = site.folder().join(format!("damaged-{number}"));
        copy_folder(&site.folder().join("data"), &copy)?;
        let book = Connection::open(copy.join(format!("{service}.db")))?;
        book.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))?;
        let found = match checker::check(&Books::Sqlite(copy), &history).await {
            Ok(_) => "nothing".to_owned(),
            Err(findings) => findings.to_string(),
        };
        assert!(
            found.contains(rule),
            "{sql} breaks {rule}, and was found: {found}"
        );
    }
    tell(&format!(
        "{} kinds of damage done to a market, an office ({exchange}) and a register ({}), all found",
        damage.len(),
        snapshot.register,
    ));
    site.remove().await
}

/// Waits for what the keeper of the register does last, on a machine that is busy.
async fn somebody_has_used_a_command(books: &Books) -> Result<(), Failure> {
    let begun = Instant::now();
    while books
        .count("commands", "SELECT count(*) FROM usages")
        .await?
        == 0
    {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err("nobody has used a command".into());
        }
        pause(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Tasks are dealt anew, and others are done by whoever gets them.
async fn work(office: &Office, books: &Books) -> Result<(), Failure> {
    for number in 0..6 {
        office.create(&format!("Task {number}")).await;
    }
    for _ in 0..2 {
        office.shuffle().await;
        checker::come_to_rest(books, Duration::from_secs(60)).await?;
    }
    for number in 0..24 {
        office
            .create_and_complete(&format!("Other task {number}"))
            .await?;
    }
    checker::come_to_rest(books, Duration::from_secs(60)).await?;
    Ok(())
}

/// Whoever has earned something is paid.
async fn close_the_day(site: &Site, admin: &Account) -> Result<(), Failure> {
    let books = site.books();
    let days = books
        .read("accounting", "SELECT max(billing_day) FROM ledger")
        .await?;
    let day = days.first().ok_or("no day")?.text(0);
    let path = format!("/api/accounting/days/{day}/close");
    let asked = admin.client.post(&path, &json!({})).await?;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let sql =
        format!("SELECT count(*) FROM billing_days WHERE date = '{day}' AND status = 'closed'");
    while books.count("accounting", &sql).await? == 0 {
        pause(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
