//! What a process stands on goes away and comes back (F-21, F-25, X-18): it waits, the log stays
//! calm, and work goes on as soon as the ground is there again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use system_tests::{Account, Client, Database, Failure, Parts, Postgres, pause};

use crate::market::{buy, list, state};
use crate::{BINARY, GATEWAY, MARKET, PARTS, SALES, tell};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Shorter than the pause between two reminders, and long enough for every backoff to have
/// reached its most.
const AWAY: Duration = Duration::from_secs(9);
/// As long as that a caller who had left it alone for ten seconds would have asked in vain once
/// more, and left it alone again.
const DOWN: Duration = Duration::from_secs(12);
/// Looks are taken every second; the rest is the machine's.
const SOON: Duration = Duration::from_secs(4);
/// The market's own work is in it, on a machine that has other work too.
const SOLD_WITHIN: Duration = Duration::from_secs(12);
/// Whoever waits for a database has nothing to finish.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Asks a process until it answers with this status.
async fn answers(client: &Client, path: &str, status: u16) -> Result<String, Failure> {
    let begun = Instant::now();
    loop {
        match client.get(path).await {
            Ok(answer) if answer.status == status => return Ok(answer.text),
            other if begun.elapsed() > PATIENCE => {
                return Err(format!("{path} is not {status} but {other:?}").into());
            }
            _ => pause(LOOK_EVERY).await,
        }
    }
}

/// The gateway asks for what it needs of a service every second or two.
async fn sign_up(parts: &Parts) -> Result<Account, Failure> {
    let begun = Instant::now();
    loop {
        match Account::sign_up(parts.gateway()).await {
            Err(error) if error.to_string().contains("503") && begun.elapsed() < SOON => {
                pause(LOOK_EVERY).await;
            }
            ended => return ended,
        }
    }
}

/// How often the log says what of what: (`away`, the thing) → times.
fn told(log: &str) -> BTreeMap<(String, String), usize> {
    let mut told = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("tidings::outages")) {
        let Some((_, line)) = line.split_once(" WARN ") else {
            continue;
        };
        let (news, rest) = line.split_once(" what=").unwrap_or((line, ""));
        let what = rest.trim_start_matches('"');
        let what = what.split(['"', ' ']).next().unwrap_or_default();
        let news = news.split(';').next().unwrap_or_default();
        *told.entry((news.to_owned(), what.to_owned())).or_default() += 1;
    }
    told
}

/// Waits until what went is back; nothing was said twice, and nobody else complains of the same.
async fn is_calm(parts: &Parts, kind: usize, before: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let log = parts.log(kind);
        let told = told(&log[before..]);
        let count = |news: &str| told.keys().filter(|(of, _)| of == news).count();
        if count("away") == count("back") || begun.elapsed() > SOON {
            assert_calm(&log[before..]);
            return Ok(());
        }
        pause(LOOK_EVERY).await;
    }
}

fn assert_calm(log: &str) {
    let told = told(log);
    assert!(told.values().all(|times| *times == 1), "{told:?}\n{log}");
    let of = |news: &str| {
        let of = told.keys().filter(|(of, _)| of == news);
        of.map(|(_, what)| what.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("away"), of("back"), "{log}");
    assert!(!of("away").is_empty(), "{log}");
    let others = log.lines().filter(|line| line.contains(" WARN "));
    let others = others.filter(|line| !line.contains("tidings::outages"));
    let others: Vec<&str> = others.collect();
    assert!(others.len() <= told.len(), "{others:#?}");
}

/// 1. The database is down before anything starts: processes live, wait and say so once.
/// 2. It comes: all are ready, and a ticket is sold.
/// 3. It goes for a while and comes back: soon after, another ticket is sold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_waited_for_calmly_and_work_goes_on_soon_after()
-> Result<(), Failure> {
    let mut postgres = Postgres::start().await?;
    let database = Database::create_on(&postgres.url()).await?;
    let parts = Parts::on(BINARY, &PARTS, database, None)?;
    postgres.stop_immediately()?;
    let mut servers = Vec::new();
    for kind in [MARKET, SALES, GATEWAY] {
        servers.push(parts.spawn(kind)?);
    }
    for kind in [MARKET, SALES] {
        let client = Client::new(parts.address(kind));
        answers(&client, "/healthz", 200).await?;
        let ready: serde_json::Value =
            serde_json::from_str(&answers(&client, "/readyz", 503).await?)?;
        let service = PARTS[kind].split(',').next().unwrap_or_default();
        assert_eq!(state(&ready, service), "down");
        let turned_away = client.get("/api/tickets").await?;
        assert_eq!(turned_away.status, 503, "{}", turned_away.text);
        assert_eq!(turned_away.header("retry-after"), "2");
    }
    pause(AWAY).await;

    postgres.run().await?;
    let back = Instant::now();
    for server in &mut servers {
        server.ready().await?;
    }
    let ready = back.elapsed();
    let seller = sign_up(&parts).await?;
    let buyer = sign_up(&parts).await?;
    buy(&seller, &buyer).await?;
    for kind in [MARKET, SALES] {
        is_calm(&parts, kind, 0).await?;
    }

    let before = [MARKET, SALES].map(|kind| parts.log(kind).len());
    postgres.stop_immediately()?;
    pause(AWAY).await;
    postgres.run().await?;
    let back = Instant::now();
    while list(&seller).await.is_err() {
        pause(LOOK_EVERY).await;
    }
    buy(&seller, &buyer).await?;
    let sold = back.elapsed();
    for (kind, before) in [MARKET, SALES].into_iter().zip(before) {
        is_calm(&parts, kind, before).await?;
    }
    tell(&format!(
        "PostgreSQL was away at the start and once more, {AWAY:?} each: all were ready {ready:.1?} \
         after it was there, and a ticket was sold {sold:.1?} after it was back"
    ));
    assert!(sold < SOLD_WITHIN, "{sold:?}");
    drop(servers);
    parts.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_database_ends_at_once_when_told_to() -> Result<(), Failure> {
    let mut postgres = Postgres::start().await?;
    let database = Database::create_on(&postgres.url()).await?;
    let parts = Parts::on(BINARY, &PARTS, database, None)?;
    postgres.stop_immediately()?;
    let waiting = parts.spawn(SALES)?;
    answers(&Client::new(parts.address(SALES)), "/healthz", 200).await?;
    // By now it pauses for as long as it ever does.
    pause(AWAY).await;
    let (status, took) = waiting.stop(AT_ONCE).await?;
    assert!(status.success(), "{status}");
    let log = parts.log(SALES);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(took < AT_ONCE, "{took:?}");
    postgres.run().await?;
    parts.remove().await
}

/// A mistake in the settings is not waited out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_let_us_in_ends_the_start_with_the_reason() -> Result<(), Failure>
{
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let url = parts.database();
    let (server, name) = url.rsplit_once('/').ok_or("no database")?;
    let host = server.split('@').next_back().ok_or("no host")?;
    let strangers = format!("postgres://nobody_of_this_name@{host}/{name}");
    let nowhere = format!("{server}/no_database_of_this_name");
    for (url, reason) in [
        (strangers, "nobody_of_this_name"),
        (nowhere, "no_database_of_this_name"),
    ] {
        let mut server = parts.spawn_with(SALES, &[("TIDINGS_DATABASE", &url)])?;
        let ended = server.ended(PATIENCE).await?;
        let log = parts.log(SALES);
        assert_eq!(ended.and_then(|ended| ended.code()), Some(1), "{log}");
        let last = log.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("tidings: failed to open the databases"),
            "{log}"
        );
        assert!(last.contains(reason), "{log}");
    }
    parts.remove().await
}

/// F-66: callers have asked in vain for long; the process is started again, and is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_down_is_not_kept_away_by_those_who_missed_it() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let mut servers = parts.start_all().await?;
    let buyer = Account::sign_up(parts.gateway()).await?;
    servers.remove(SALES).kill()?;
    let killed = Instant::now();
    while killed.elapsed() < DOWN {
        let answer = buyer.client.get("/api/orders").await?;
        assert_eq!(answer.status, 503, "{}", answer.text);
        pause(5 * LOOK_EVERY).await;
    }
    let _sales = parts.start(SALES).await?;
    let ready = Instant::now();
    answers(&buyer.client, "/api/orders", 200).await?;
    let took = ready.elapsed();
    tell(&format!(
        "asked again {took:.1?} after it was there, having been away for {DOWN:?}"
    ));
    assert!(took < SOON, "{took:?}");
    let log = parts.log(GATEWAY);
    let told = log
        .lines()
        .filter(|line| line.contains("left alone for a while"));
    let told = told.filter(|line| line.contains("from=gateway to=orders"));
    assert_eq!(told.count(), 1, "{log}");
    drop(servers);
    parts.remove().await
}
