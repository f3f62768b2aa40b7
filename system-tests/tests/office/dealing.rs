//! Everything is dealt again and again while the books die again and again, and some of it is
//! done meanwhile: the ledger is what an oracle makes of the stream of assignments (B-10, B-15
//! to B-21, B-25, B-26; the oracle is the checker's).

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use system_tests::checker::Exchange;
use system_tests::{Account, Answer, Client, Failure, History, Office, Outcome, checker, pause};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ground::{Ground, KILLS_MIN, Killed};
use crate::{seed, tell};

/// How much there is to do.
#[derive(Clone, Copy)]
struct Size {
    tasks: usize,
    workers: usize,
    shuffles: i64,
    /// People who come when all is dealt, and tasks of which they get some: whoever has been
    /// charged twenty times for everything earns nothing in a day.
    newcomers: usize,
    more_tasks: usize,
    /// Between two completions of one person.
    thinks: Duration,
}

const AUTHORS: usize = 6;
const COMPLETERS: usize = 2;
const LOOK_EVERY: Duration = Duration::from_millis(100);
const DEALT_WITHIN: Duration = Duration::from_secs(240);
const REST_LIMIT: Duration = Duration::from_secs(240);
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

const RUNS: &str = "SELECT count(*) FROM shuffles";
const DONE: &str = "SELECT count(*) FROM tasks WHERE status = 'completed'";
const ENDED: &str = "SELECT count(*) FROM shuffles WHERE status = 'completed'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_shuffles_of_a_thousand_tasks_while_accounting_is_killed_are_charged_to_the_cent()
-> Result<(), Failure> {
    let size = Size {
        tasks: 1_000,
        workers: 100,
        shuffles: 20,
        newcomers: 10,
        more_tasks: 100,
        thinks: Duration::from_millis(150),
    };
    deal(
        "PostgreSQL, accounting alone",
        Ground::many().await?,
        size,
        200..1500,
    )
    .await
}

/// One process has everything, so dealing itself dies in mid-run as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shuffles_in_one_process_that_is_killed_are_charged_to_the_cent() -> Result<(), Failure> {
    let size = Size {
        tasks: 150,
        workers: 20,
        shuffles: 6,
        newcomers: 5,
        more_tasks: 40,
        thinks: Duration::from_millis(250),
    };
    deal(
        "SQLite, everything together",
        Ground::one()?,
        size,
        300..2500,
    )
    .await
}

/// 1. Tasks are written down and dealt anew, some are completed, and the books are killed.
/// 2. All is quiet: the checker's oracle and the books agree.
/// 3. People come who earn something; the day is closed twice at once, and once more.
/// 4. All is quiet again, and everybody is at nothing or below.
async fn deal(name: &str, ground: Ground, size: Size, pauses: Range<u64>) -> Result<(), Failure> {
    let (seed, begun) = (seed(), Instant::now());
    let history = Arc::new(History::create(&ground.folder().join("history.jsonl"))?);
    history.parts_may_be_away();
    let ground = Arc::new(ground);
    let (mut servers, admin) = ground.start().await?;
    let mut office = Office::employ(ground.address(), admin, size.workers, &history).await?;
    office.is_known(&ground.books()).await?;
    let employed = begun.elapsed();

    let killer = ground.kill_books(servers.remove(0), pauses, seed);
    let ids = create(&office, size.tasks, "Task").await?;
    let created = begun.elapsed() - employed;
    let done = done_meanwhile(&office, &ids, size.thinks, seed);
    shuffle(&ground, &office, size.shuffles).await?;
    let dealt = begun.elapsed() - employed - created;
    done.send_home(&ground, size.tasks / 20).await?;
    let (books, killed) = killer.stop().await?;
    servers.push(books);
    let rest = checker::come_to_rest(&ground.books(), REST_LIMIT).await?;
    let before = checker::check(&ground.books(), &history).await?.exchange;
    is_meaningful(&before, size, killed);

    let first = office.workers.len();
    office
        .hire_workers(ground.address(), size.newcomers)
        .await?;
    office.is_known(&ground.books()).await?;
    create(&office, size.more_tasks, "Another task").await?;
    earn(&office, &office.workers[first..]).await?;
    checker::come_to_rest(&ground.books(), REST_LIMIT).await?;
    close(&ground, &office).await?;
    checker::come_to_rest(&ground.books(), REST_LIMIT).await?;
    let snapshot = checker::check(&ground.books(), &history).await?;
    let after = &snapshot.exchange;
    tell(&format!(
        "{name}: {} tasks among {} workers in {} shuffles, {} events, {} kills, {} events \
         delivered again; {} fees and {} rewards, each once; {} entries, all balances together \
         {}, management earned {} cents; {} paid once for a day closed three times; operations \
         {}; employed in {employed:.0?}, created in {created:.0?}, dealt in {dealt:.0?}, at rest \
         after {rest:.1?}, {:.0?} in all",
        after.tasks.len(),
        office.workers.len(),
        after.shuffles.len(),
        snapshot.events.len(),
        killed.kills,
        killed.again,
        after.entries("assign_fee"),
        after.entries("task_reward"),
        after.ledger.len(),
        after.balances.values().sum::<i64>(),
        after.earned(None),
        after.payouts.len(),
        history.tally(),
        begun.elapsed(),
    ));
    drop(servers);
    let ground = Arc::into_inner(ground).ok_or("somebody still holds the ground")?;
    ground.remove().await
}

/// what was to be survived has happened.
fn is_meaningful(exchange: &Exchange, size: Size, killed: Killed) {
    assert!(killed.kills >= KILLS_MIN && killed.again > 50, "{killed:?}");
    assert!(exchange.tasks.len() >= size.tasks);
    let completed = exchange.entries("task_reward");
    assert!(completed >= size.tasks / 50, "{completed} were completed");
    let fees = exchange.entries("assign_fee");
    let shuffled = usize::try_from(size.shuffles).unwrap_or_default() * size.tasks;
    assert!(fees > shuffled * 6 / 10, "only {fees} fees");
}

/// Writes so many tasks down, whatever is away meanwhile; gives those of which it is known.
async fn create(office: &Office, count: usize, title: &str) -> Result<Vec<String>, Failure> {
    let mut authors = JoinSet::new();
    for author in 0..AUTHORS {
        let (office, title) = (office.clone(), title.to_owned());
        let mine = count / AUTHORS + usize::from(author < count % AUTHORS);
        authors.spawn(async move {
            let (mut ids, mut tries) = (Vec::new(), 0);
            while ids.len() < mine {
                tries += 1;
                match office
                    .create(&format!("{title} {tries} of author {author}"))
                    .await
                {
                    Outcome::Ok(id) => ids.push(id),
                    _ if tries > 20 * mine + 100 => break,
                    _ => pause(LOOK_EVERY).await,
                }
            }
            ids
        });
    }
    let mut ids = Vec::new();
    while let Some(mine) = authors.join_next().await {
        ids.extend(mine?);
    }
    match ids.len() == count {
        true => Ok(ids),
        false => Err(format!("only {} of {count} tasks were created", ids.len()).into()),
    }
}

/// People who complete tasks while they are dealt (B-18).
struct Completers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Completers {
    /// Sends them home once so much is done: where dealing is quick, few have had the time to
    /// complete anything meanwhile.
    async fn send_home(mut self, ground: &Ground, enough: usize) -> Result<(), Failure> {
        let (books, enough) = (ground.books(), i64::try_from(enough)?);
        while books.count("tasks", DONE).await? < enough {
            pause(LOOK_EVERY).await;
        }
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(())
    }
}

fn done_meanwhile(office: &Office, ids: &[String], thinks: Duration, seed: u64) -> Completers {
    let stop = watch::Sender::new(false);
    let mut tasks = JoinSet::new();
    for number in 0..COMPLETERS {
        let (office, ids, stopped) = (office.clone(), ids.to_vec(), stop.subscribe());
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        tasks.spawn(async move {
            while !*stopped.borrow() {
                let id = &ids[random.random_range(0..ids.len())];
                if let Some(holder) = holder(&office, id).await {
                    // By now it may have fallen to somebody else, or be done.
                    office.complete(holder, id).await;
                }
                pause(thinks).await;
            }
        });
    }
    Completers { stop, tasks }
}

/// Who has a task just now, as the manager sees it.
async fn holder<'a>(office: &'a Office, id: &str) -> Option<&'a Account> {
    let path = format!("/api/tasks/{id}");
    let task = office.manager.client.get(&path).await.ok()?.json();
    let holder = task["assignee"]["id"].as_str()?.to_owned();
    office.workers.iter().find(|worker| worker.id == holder)
}

/// Presses the button so often, and waits until all runs have ended.
async fn shuffle(ground: &Ground, office: &Office, count: i64) -> Result<(), Failure> {
    let (books, begun) = (ground.books(), Instant::now());
    // A press without an answer may have been heard.
    while books.count("tasks", RUNS).await? < count {
        if !matches!(office.shuffle().await, Outcome::Ok(_)) {
            pause(LOOK_EVERY).await;
        }
    }
    while books.count("tasks", ENDED).await? < count {
        if begun.elapsed() > DEALT_WITHIN {
            let ended = books.count("tasks", ENDED).await?;
            return Err(format!("{ended} of {count} shuffles after {DEALT_WITHIN:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(())
}

/// Completes everything that has fallen to some people.
async fn earn(office: &Office, people: &[Account]) -> Result<(), Failure> {
    for person in people {
        let path = "/api/tasks?mine&status=open&limit=100";
        let mine = person.client.get(path).await?.json();
        for task in mine.as_array().into_iter().flatten() {
            let id = task["id"].as_str().unwrap_or_default();
            let done = office.complete(person, id).await;
            assert!(matches!(done, Outcome::Ok(_)), "{done:?}");
        }
    }
    Ok(())
}

/// Closes the day twice at once, where possible in two processes, and once more.
async fn close(ground: &Ground, office: &Office) -> Result<(), Failure> {
    let books = ground.books();
    let days = books
        .read("accounting", "SELECT max(billing_day) FROM ledger")
        .await?;
    let day = days.first().ok_or("no day")?.text(0);
    let sql = "SELECT count(*) FROM accounts WHERE balance_minor > 0";
    let owed = books.count("accounting", sql).await?;
    assert!(owed > 0, "nobody has earned anything");
    let (other, addresses) = ground.start_other_books().await?;
    let token = office
        .admin
        .client
        .post("/api/users/token", &json!({}))
        .await?;
    let path = format!("/api/accounting/days/{day}/close");
    let ask = async |at| {
        let client = Client::new(at).with_bearer(&token.field("token"));
        client.post(&path, &json!({})).await
    };
    let (one, another) = tokio::join!(ask(addresses[0]), ask(addresses[1]));
    for answer in [one?, another?] {
        assert!([200, 202].contains(&answer.status), "{}", answer.text);
    }
    let closed =
        format!("SELECT count(*) FROM billing_days WHERE date = '{day}' AND status = 'closed'");
    let begun = Instant::now();
    while books.count("accounting", &closed).await? == 0 {
        if begun.elapsed() > CLOSED_WITHIN {
            return Err(format!("{day} is not closed after {CLOSED_WITHIN:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
    let paid = format!("SELECT count(*) FROM payouts WHERE billing_day = '{day}'");
    assert_eq!(books.count("accounting", &paid).await?, owed);
    let once_more = office.admin.client.post(&path, &json!({})).await?;
    assert_eq!(once_more.status, 200, "{}", once_more.text);
    assert_eq!(books.count("accounting", &paid).await?, owed);
    assert_eq!(
        books.count("accounting", sql).await?,
        0,
        "somebody is left with something"
    );
    agrees(&office.admin, &day, &books).await?;
    drop(other);
    Ok(())
}

/// What the books say of themselves is what was read behind their back.
async fn agrees(admin: &Account, day: &str, books: &system_tests::Books) -> Result<(), Failure> {
    let get = async |path: String| -> Result<Answer, Failure> {
        let answer = admin.client.get(&path).await?;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        Ok(answer)
    };
    let check = get("/api/accounting/check".to_owned()).await?.json();
    assert_eq!(check["is_right"], true, "{check}");
    let told = get(format!("/api/accounting/days/{day}")).await?.json();
    let sql = format!(
        "SELECT sum(CASE kind WHEN 'assign_fee' THEN amount_minor
            WHEN 'task_reward' THEN -amount_minor ELSE 0 END)
        FROM ledger WHERE billing_day = '{day}'"
    );
    let earned = books.count("accounting", &sql).await?;
    assert_eq!(told["management_earned_minor"], earned, "{told}");
    Ok(())
}
