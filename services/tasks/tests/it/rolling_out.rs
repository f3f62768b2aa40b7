//! The number of the old tracker gets a field of its own, while everything runs (B.5).

use std::collections::BTreeMap;

use contracts::tasks::{TaskEvent, TaskRecord};
use contracts::users::UserEvent;
use serde_json::{Value, json};
use tasks::{Records, Settings};
use tidings::{Error, Event, Migration, Service, Storage, Tx, dead, params};
use tidings_test::{World, on_both};

use crate::stage::{Stage, holder_of, manager, worker};

on_both!(
    b_01_a_history_of_both_versions_makes_the_replica_that_one_of_the_second_makes,
    b_02_nothing_is_set_aside_while_the_writer_changes_its_version,
);

/// A replica as any other service keeps one: it knows version 2 only.
fn replica() -> Service {
    const RECORDS: Migration = Migration::new(
        "0001_records",
        "CREATE TABLE records (id TEXT PRIMARY KEY, record TEXT NOT NULL, events BIGINT NOT NULL)",
    );
    async fn keep(event: Event<TaskEvent>, tx: &mut Tx) -> Result<(), Error> {
        let (TaskEvent::Created(record) | TaskEvent::Updated(record)) = event.data;
        let sql = "INSERT INTO records (id, record, events) VALUES ($1, $2, 1)
            ON CONFLICT (id) DO UPDATE SET record = excluded.record, events = records.events + 1";
        let text = serde_json::to_string(&record).unwrap();
        tx.execute(sql, params![record.task_id, text]).await?;
        Ok(())
    }
    Service::new("replica")
        .migrations(&[RECORDS])
        .subscribes("tasks", keep)
}

async fn open(storage: &Storage, records: Records) -> Stage {
    let settings = Settings {
        records,
        seed: Some(1),
        ..Settings::default()
    };
    let services = [
        tasks::service(settings),
        Service::new("auth").publishes::<UserEvent>(),
        replica(),
    ];
    let world = World::on(storage.clone(), services).await;
    Stage { world }
}

/// The replica, without what differs between two installations: ids and times.
async fn kept(stage: &Stage) -> BTreeMap<String, Value> {
    let sql = "SELECT record FROM records";
    let mut conn = stage.world.service("replica").read().await.unwrap();
    let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    let mut kept = BTreeMap::new();
    for (text,) in rows {
        let record: TaskRecord = serde_json::from_str(&text).unwrap();
        let row = json!({
            "jira_id": record.jira_id, "description": record.description,
            "status": record.status, "assignee_id": record.assignee_id,
        });
        kept.insert(record.title, row);
    }
    kept
}

async fn create(stage: &Stage, title: &str, jira_id: Option<&str>) -> Value {
    let body = json!({ "title": title, "description": "At length", "jira_id": jira_id });
    let answer = stage.post(manager(), "/api/tasks", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json
}

/// What is done on each side of the change; draws are the same with the same seed.
async fn first_half(stage: &Stage, bracketed: bool) {
    for (number, title) in [
        (Some("POP-1"), "Mend the gate"),
        (None, "Paint the fence"),
        (Some("OPS-7"), "Sweep"),
    ] {
        match (number, bracketed) {
            (Some(number), true) => {
                create(stage, &format!("[{number}] {title}"), None).await;
            }
            (number, _) => {
                create(stage, title, number).await;
            }
        }
    }
}

async fn b_01_a_history_of_both_versions_makes_the_replica_that_one_of_the_second_makes(
    storage: Storage,
) {
    let mut stage = open(&storage, Records::First).await;
    stage.everybody(1).await;
    first_half(&stage, true).await;
    let old = create(&stage, "[POP-9] Done before", None).await;
    stage.complete(worker(1), crate::stage::id_of(&old)).await;
    stage.world.settle().await;
    assert_eq!(old["title"], "[POP-9] Done before");
    drop(stage);
    let mut mixed = open(&storage, Records::Second).await;
    mixed.world.settle().await;
    create(&mixed, "Written later", Some("POP-2")).await;
    mixed.world.settle().await;

    let mut pure = open(&Storage::Memory, Records::Second).await;
    pure.everybody(1).await;
    first_half(&pure, false).await;
    let done = create(&pure, "Done before", Some("POP-9")).await;
    pure.complete(worker(1), crate::stage::id_of(&done)).await;
    create(&pure, "Written later", Some("POP-2")).await;
    pure.world.settle().await;
    let expected = kept(&pure).await;
    assert_eq!(expected.len(), 5);
    assert_eq!(kept(&mixed).await, expected);

    // A reader that begins today reads the mixed history from its beginning, and sees the same.
    let today = World::on(
        storage,
        [tasks::service(Settings::default()), replica_again()],
    )
    .await;
    let mut today = Stage { world: today };
    today.world.settle().await;
    assert_eq!(kept_again(&today).await, expected.len() as i64);
}

/// The same reader under another name, so that it has read nothing yet.
fn replica_again() -> Service {
    const SEEN: Migration = Migration::new(
        "0001_seen",
        "CREATE TABLE seen (id TEXT PRIMARY KEY, title TEXT NOT NULL)",
    );
    async fn see(event: Event<TaskEvent>, tx: &mut Tx) -> Result<(), Error> {
        let (TaskEvent::Created(record) | TaskEvent::Updated(record)) = event.data;
        assert!(!record.title.contains('['), "{}", record.title);
        let sql = "INSERT INTO seen (id, title) VALUES ($1, $2)
            ON CONFLICT (id) DO UPDATE SET title = excluded.title";
        tx.execute(sql, params![record.task_id, record.title])
            .await?;
        Ok(())
    }
    Service::new("again")
        .migrations(&[SEEN])
        .subscribes("tasks", see)
}

async fn kept_again(stage: &Stage) -> i64 {
    let mut conn = stage.world.service("again").read().await.unwrap();
    let (count,): (i64,) = conn
        .query_one("SELECT count(*) FROM seen", &[])
        .await
        .unwrap();
    count
}

async fn b_02_nothing_is_set_aside_while_the_writer_changes_its_version(storage: Storage) {
    let mut stage = open(&storage, Records::First).await;
    stage.everybody(2).await;
    let old = create(&stage, "[POP-1] Mend the gate", None).await;
    create(&stage, "[urgent] Ring the bell", None).await;
    stage.world.settle().await;
    drop(stage);
    let mut stage = open(&storage, Records::Second).await;
    stage.world.settle().await;
    let id = crate::stage::id_of(&old);
    let task = stage.task(id).await;
    let found = (&task["title"], &task["jira_id"], &task["version"]);
    assert_eq!(found, (&json!("Mend the gate"), &json!("POP-1"), &json!(2)));
    assert_eq!(
        task["assignee"], old["assignee"],
        "nobody is assigned by it"
    );
    let all = stage.get(manager(), "/api/tasks?all&q=pop-1").await.json;
    assert_eq!(
        all.as_array().unwrap().len(),
        1,
        "it is found by its number"
    );
    // Brackets that hold no number belong to the title, and stay.
    let other = stage.get(manager(), "/api/tasks?all&q=urgent").await.json;
    assert_eq!(
        (&other[0]["title"], &other[0]["version"]),
        (&json!("[urgent] Ring the bell"), &json!(1))
    );
    assert_eq!(stage.complete(holder_of(&task), id).await.status, 200);
    let refused = stage
        .post(manager(), "/api/tasks", json!({ "title": "[POP-2] x" }))
        .await;
    assert_eq!(refused.refusal(), (422, "title_has_brackets"));
    stage.world.settle().await;
    let replica = stage.world.service("replica");
    assert!(dead::events(&replica, 10).await.unwrap().is_empty());
    assert_eq!(kept(&stage).await["Mend the gate"]["status"], "completed");
    // A second start finds nothing to do.
    drop(stage);
    let mut stage = open(&storage, Records::Second).await;
    stage.world.settle().await;
    assert_eq!(stage.task(id).await["version"], 3);
}
