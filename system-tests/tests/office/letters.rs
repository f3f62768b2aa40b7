//! B-28, with the real `notifications` and a mail server that is away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::{
    Account, Books, Failure, History, Letter, MailServer, Office, Site, checker, pause,
};

use crate::{BINARY, tell};

const WORKERS: usize = 4;
const TASKS: usize = 24;
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Nothing of it waits for a mail server; the machine is slow.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);
/// Tries are ten seconds apart at first, and then more.
const WRITTEN_WITHIN: Duration = Duration::from_secs(120);
const REST_LIMIT: Duration = Duration::from_secs(60);

const CLOSED: &str = "SELECT count(*) FROM billing_days WHERE status = 'closed'";
const TRIED: &str = "SELECT count(*) FROM messages WHERE state = 'queued' AND attempts > 0";
const SENT: &str = "SELECT count(*) FROM messages WHERE state = 'sent'";

/// 1. The mail server is away; people earn something, and the day is closed.
/// 2. Each letter has been tried in vain. The mail server comes.
/// 3. Everybody who was paid gets one letter, with the day and the amount.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_closed_while_the_mail_server_is_away_and_each_payout_is_written_of_once()
-> Result<(), Failure> {
    let mut mails = MailServer::away()?;
    let site = Site::on_sqlite(BINARY)?;
    let (books, history) = (site.books(), site.folder().join("history.jsonl"));
    let history = Arc::new(History::create(&history)?);
    let variables = [
        ("TIDINGS_SMTP", mails.url()),
        (
            "TIDINGS_MAIL_FROM",
            "Tidings <no-reply@office.example>".to_owned(),
        ),
    ];
    let (server, admin) = site.start_with_admin(&variables).await?;
    let office = Office::employ(site.address(), admin, WORKERS, &history).await?;
    office.is_known(&books).await?;
    for number in 0..TASKS {
        office
            .create_and_complete(&format!("Task {number}"))
            .await?;
    }
    checker::come_to_rest(&books, REST_LIMIT).await?;

    let day = books
        .read("accounting", "SELECT max(billing_day) FROM ledger")
        .await?;
    let day = day.first().ok_or("no day")?.text(0);
    let begun = Instant::now();
    let path = format!("/api/accounting/days/{day}/close");
    let asked = office.admin.client.post(&path, &json!({})).await?;
    assert_eq!(asked.status, 202, "{}", asked.text);
    until(&books, "accounting", CLOSED, 1, CLOSED_WITHIN).await?;
    let closed = begun.elapsed();
    let paid = paid(&books).await?;
    assert!(!paid.is_empty(), "nobody was paid");
    let count = i64::try_from(paid.len())?;
    until(&books, "notifications", TRIED, count, WRITTEN_WITHIN).await?;
    assert_eq!(mails.letters(), []);

    mails.come().await?;
    let come = Instant::now();
    until(&books, "notifications", SENT, count, WRITTEN_WITHIN).await?;
    let written = come.elapsed();
    checker::come_to_rest(&books, REST_LIMIT).await?;
    checker::check(&books, &history).await?;
    let letters = mails.letters();
    assert_eq!(letters.len(), paid.len(), "{letters:#?}");
    for (account, amount) in &paid {
        let person = office.workers.iter().find(|worker| worker.id == *account);
        says(&letters, person.ok_or("paid to a stranger")?, *amount);
    }
    let taken = "SELECT count(*) FROM payouts WHERE mail = 'taken'";
    assert_eq!(books.count("accounting", taken).await?, count);
    tell(&format!(
        "a day was closed in {closed:.1?} while the mail server was away; {count} payouts, {} \
         letters {written:.0?} after it came",
        letters.len()
    ));
    mails.go().await;
    drop(server);
    site.remove().await
}

async fn paid(books: &Books) -> Result<BTreeMap<String, i64>, Failure> {
    let sql = "SELECT account_id, amount_minor FROM payouts";
    let mut paid = BTreeMap::new();
    for line in books.read("accounting", sql).await? {
        paid.insert(line.text(0), line.number(1)?);
    }
    Ok(paid)
}

async fn until(
    books: &Books,
    service: &str,
    sql: &str,
    count: i64,
    limit: Duration,
) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let found = books.count(service, sql).await?;
        if found == count {
            return Ok(());
        }
        if begun.elapsed() > limit {
            return Err(format!("{sql} is {found} and not {count} after {limit:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
}

/// One letter to somebody, which says what they were paid.
fn says(letters: &[Letter], person: &Account, amount: i64) {
    let address = format!("<{}>", person.email);
    let theirs = |letter: &&Letter| letter.to.iter().any(|to| to.contains(&address));
    let theirs: Vec<&Letter> = letters.iter().filter(theirs).collect();
    assert_eq!(theirs.len(), 1, "{address}: {letters:#?}");
    let dollars = format!("${}.{:02}", amount / 100, amount % 100);
    let text = &theirs[0].text;
    assert!(text.contains(&format!("We pay you {dollars}")), "{text}");
    assert!(text.contains("Subject: Your pay for"), "{text}");
    assert!(
        text.contains("Completed: Task"),
        "the day's statement: {text}"
    );
}
