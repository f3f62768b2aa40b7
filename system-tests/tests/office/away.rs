//! What the exchange needs is away for a while: `auth`, the broker, `tasks` itself in mid-run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::{
    Client, Database, Failure, History, Nats, Office, Outcome, Parts, Server, checker, pause,
};

use crate::{BINARY, tell};

const WORKERS: usize = 4;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(60);
const REST_LIMIT: Duration = Duration::from_secs(120);

/// Processes with an office in them.
struct Stage {
    parts: Parts,
    servers: Vec<Server>,
    office: Office,
}

impl Stage {
    async fn open(kinds: &[&str], bus: Option<&str>) -> Result<Self, Failure> {
        let parts = Parts::on(BINARY, kinds, Database::create().await?, bus)?;
        let history = Arc::new(History::create(&parts.folder().join("history.jsonl"))?);
        history.parts_may_be_away();
        let servers = parts.start_all().await?;
        let admin = system_tests::Account::sign_up(parts.gateway()).await?;
        parts.run(&["grant", "admin", &admin.email])?;
        let office = Office::employ(parts.gateway(), admin, WORKERS, &history).await?;
        office.is_known(&parts.books()).await?;
        Ok(Self {
            parts,
            servers,
            office,
        })
    }

    /// Writes so many tasks down; gives their ids.
    async fn create(&self, count: usize, title: &str) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for number in 0..count {
            match self.office.create(&format!("{title} {number}")).await {
                Outcome::Ok(id) => ids.push(id),
                other => return Err(format!("a task was not created: {other:?}").into()),
            }
        }
        Ok(ids)
    }

    /// Waits until a count in the books of `tasks` is one of these.
    async fn until(&self, sql: &str, is_so: impl Fn(i64) -> bool) -> Result<(), Failure> {
        let (books, begun) = (self.parts.books(), Instant::now());
        loop {
            let found = books.count("tasks", sql).await?;
            if is_so(found) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{sql} stays {found}").into());
            }
            pause(LOOK_EVERY).await;
        }
    }

    /// Waits for rest, and checks everything.
    async fn close(self) -> Result<(), Failure> {
        let books = self.parts.books();
        checker::come_to_rest(&books, REST_LIMIT).await?;
        checker::check(&books, &self.office.history).await?;
        drop(self.servers);
        self.parts.remove().await
    }
}

/// whoever has signed in goes on working; nobody else can come in, until `auth` is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_auth_is_away_whoever_has_signed_in_goes_on_dealing_and_completing()
-> Result<(), Failure> {
    let kinds = [
        "auth",
        "tickets,orders,expiration,payments,notifications,tasks,accounting,platforms,commands",
        "gateway",
    ];
    let mut stage = Stage::open(&kinds, None).await?;
    let worker = stage.office.workers[0].clone();
    // Whoever has been here since they signed in.
    for person in [&worker, &stage.office.manager] {
        let before = person.client.get("/api/tasks?mine").await?;
        assert_eq!(before.status, 200, "{}", before.text);
    }
    stage.servers.remove(0).kill()?;
    let ids = stage.create(8, "Task").await?;
    assert!(matches!(stage.office.shuffle().await, Outcome::Ok(_)));
    stage
        .until(
            "SELECT count(*) FROM shuffles WHERE status = 'completed'",
            |runs| runs == 1,
        )
        .await?;
    let mine = worker.client.get("/api/tasks?mine&status=open").await?;
    assert_eq!(mine.status, 200, "{}", mine.text);
    for task in mine.json().as_array().into_iter().flatten() {
        let id = task["id"].as_str().unwrap_or_default();
        assert!(matches!(
            stage.office.complete(&worker, id).await,
            Outcome::Ok(_)
        ));
    }
    let account = worker.client.get("/api/accounts/me").await?;
    assert_eq!(account.status, 200, "{}", account.text);
    let person = json!({ "email": worker.email, "password": "whatever it may be" });
    let stranger = Client::new(stage.parts.gateway());
    let refused = stranger.post("/api/users/signin", &person).await?;
    assert_eq!(refused.status, 503, "{}", refused.text);

    stage.servers.push(stage.parts.start(0).await?);
    let begun = Instant::now();
    while system_tests::Account::sign_up(stage.parts.gateway())
        .await
        .is_err()
    {
        assert!(begun.elapsed() < PATIENCE, "auth is not back");
        pause(LOOK_EVERY).await;
    }
    tell(&format!(
        "auth was away: {} tasks were created, dealt and partly completed by whoever had signed \
         in",
        ids.len()
    ));
    stage.close().await
}

/// what is created is on record whether the broker hears of it or not, and it hears of it
/// when it is back; who reads asks the producer meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_created_while_the_broker_is_away_and_handed_over_when_it_is_back()
-> Result<(), Failure> {
    let mut nats = Nats::start().await?;
    let kinds = [
        "auth,tickets,orders,expiration,payments,notifications,platforms,commands,gateway",
        "tasks",
        "accounting",
    ];
    let stage = Stage::open(&kinds, Some(&nats.url())).await?;
    let waiting = "SELECT count(*) FROM tidings_numbers n
        WHERE n.stream IN ('tasks', 'assignments', 'shuffles') AND position > coalesce((
            SELECT position FROM tidings_published p WHERE p.stream = n.stream), 0)";
    stage.create(4, "Task before").await?;
    stage.until(waiting, |events| events == 0).await?;

    nats.kill()?;
    stage.create(12, "Task without a broker").await?;
    assert!(matches!(stage.office.shuffle().await, Outcome::Ok(_)));
    stage
        .until(
            "SELECT count(*) FROM shuffles WHERE status = 'completed'",
            |runs| runs == 1,
        )
        .await?;
    let backlog = stage.parts.books().count("tasks", waiting).await?;
    assert!(backlog >= 12 * 3, "only {backlog} events wait");
    let books = stage.parts.books();
    let fees = "SELECT count(*) FROM ledger WHERE kind = 'assign_fee'";
    let begun = Instant::now();
    while books.count("accounting", fees).await? < 32 {
        assert!(begun.elapsed() < PATIENCE, "nobody is charged");
        pause(LOOK_EVERY).await;
    }
    let charged = begun.elapsed();

    nats.run().await?;
    let back = Instant::now();
    stage.until(waiting, |events| events == 0).await?;
    tell(&format!(
        "the broker was away: 12 tasks created and 16 dealt, {backlog} events waited, all charged \
         within {charged:.1?} all the same; handed over {:.1?} after it was back",
        back.elapsed()
    ));
    stage.close().await
}

const TASKS: usize = 400;
const REACHED: &str = "SELECT coalesce(max(reassigned + skipped), 0) FROM shuffles
    WHERE status = 'running'";

/// X-20, B-15: the run goes on behind its last slice in the next process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shuffle_whose_process_is_killed_in_mid_run_goes_on_and_deals_each_task_once()
-> Result<(), Failure> {
    let kinds = [
        "auth,tickets,orders,expiration,payments,notifications,accounting,platforms,commands,gateway",
        "tasks",
    ];
    let mut stage = Stage::open(&kinds, None).await?;
    stage.create(TASKS, "Task").await?;
    assert!(matches!(stage.office.shuffle().await, Outcome::Ok(_)));
    stage.until(REACHED, |tasks| tasks > 0).await?;
    stage.servers.remove(1).kill()?;
    let books = stage.parts.books();
    let reached = books.count("tasks", REACHED).await?;
    let total = i64::try_from(TASKS)?;
    assert!(
        (1..total).contains(&reached),
        "killed when {reached} of {total} were reached"
    );

    let begun = Instant::now();
    stage.servers.push(stage.parts.start(1).await?);
    let done = format!(
        "SELECT count(*) FROM shuffles WHERE status = 'completed' AND reassigned = {total}"
    );
    stage.until(&done, |runs| runs == 1).await?;
    let once = format!(
        "SELECT count(DISTINCT task_id) FROM assignments a WHERE shuffle_id IS NOT NULL
        AND (SELECT count(*) FROM assignments WHERE shuffle_id IS NOT NULL) = {total}"
    );
    assert_eq!(books.count("tasks", &once).await?, total);
    tell(&format!(
        "tasks was killed when a shuffle had reached {reached} of {total}; the run was at its \
         end {:.0?} later, each task dealt once",
        begun.elapsed()
    ));
    stage.close().await
}
