//! All the SQL of tasks.

pub(crate) mod list;
pub(crate) mod people;
pub(crate) mod prices;
pub(crate) mod pulse;
pub(crate) mod shuffles;

use contracts::tasks::{AssignmentReason, TaskStatus};
use contracts::{ShuffleId, TaskId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, params};

use crate::draft::Told;
use crate::task::Task;

impl FromRow for Task {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            told: Told {
                title: row.get("title")?,
                description: row.get("description")?,
                jira_id: row.get("jira_id")?,
            },
            status: read_status(&row.get::<String>("status")?)?,
            assignee_id: row.get("assignee_id")?,
            created_by: row.get("created_by")?,
            created_at: row.get("created_at")?,
            completed_at: row.get("completed_at")?,
            assignment_no: row.get("assignment_no")?,
            assigned_at: row.get("assigned_at")?,
            version: row.get("version")?,
        })
    }
}

fn read_status(word: &str) -> Result<TaskStatus, Error> {
    let all = [TaskStatus::Open, TaskStatus::Completed];
    let found = all.into_iter().find(|status| status.as_str() == word);
    found.ok_or_else(|| Error::Decode {
        what: "column status".to_owned(),
        reason: format!("{word} is not a status"),
    })
}

/// Counted in steps of one from 1; no task comes near the end of `i64`.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Stores a new task.
pub(crate) async fn insert(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let sql = "INSERT INTO tasks (id, title, description, words, jira_id, status, assignee_id,
            created_by, created_at, completed_at, assignment_no, assigned_at, version, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let row = params![
        task.id,
        &task.told.title,
        &task.told.description,
        task.told.words(),
        task.told.jira_id.clone(),
        task.status.as_str(),
        task.assignee_id,
        task.created_by,
        task.created_at,
        task.completed_at,
        count(task.assignment_no),
        task.assigned_at,
        count(task.version),
        tx.now(),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Stores what has changed of a task that was loaded for it.
pub(crate) async fn update(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let sql = "UPDATE tasks SET title = $2, words = $3, jira_id = $4, status = $5,
            assignee_id = $6, completed_at = $7, assignment_no = $8, assigned_at = $9,
            version = $10, changed_at = $11
        WHERE id = $1 AND version = $12";
    let row = params![
        task.id,
        &task.told.title,
        task.told.words(),
        task.told.jira_id.clone(),
        task.status.as_str(),
        task.assignee_id,
        task.completed_at,
        count(task.assignment_no),
        task.assigned_at,
        count(task.version),
        tx.now(),
        count(task.version - 1),
    ];
    match tx.execute(sql, row).await? {
        1 => Ok(()),
        _ => Err(Error::Overtaken),
    }
}

/// Loads a task to show it.
pub(crate) async fn load(conn: &mut Conn, id: TaskId) -> Result<Option<Task>, Error> {
    let sql = "SELECT * FROM tasks WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// Loads a task that is about to be changed; on PostgreSQL others wait for this transaction.
pub(crate) async fn load_for_update(tx: &mut Tx, id: TaskId) -> Result<Option<Task>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM tasks WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// Tasks whose number still stands in their title, in the order of their ids.
pub(crate) async fn with_brackets(
    tx: &mut Tx,
    after: &str,
    limit: u32,
) -> Result<Vec<Task>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!(
        "SELECT * FROM tasks WHERE id > $1 AND jira_id IS NULL AND title LIKE '%[%'
         ORDER BY id LIMIT $2 {lock}"
    );
    tx.query(&sql, params![after, limit]).await
}

/// One assignment of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) task_id: TaskId,
    pub(crate) assignment_no: u64,
    pub(crate) assignee_id: UserId,
    pub(crate) previous_assignee_id: Option<UserId>,
    pub(crate) shuffle_id: Option<ShuffleId>,
    pub(crate) at: Timestamp,
}

impl Assignment {
    pub(crate) fn reason(&self) -> AssignmentReason {
        match self.shuffle_id {
            None => AssignmentReason::Created,
            Some(_) => AssignmentReason::Shuffle,
        }
    }
}

/// Writes the last assignment of a task into its history.
pub(crate) async fn insert_assignment(
    tx: &mut Tx,
    task: &Task,
    previous: Option<UserId>,
    shuffle_id: Option<ShuffleId>,
) -> Result<(), Error> {
    let sql = "INSERT INTO assignments
            (task_id, assignment_no, assignee_id, previous_assignee_id, reason, shuffle_id, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let reason = match shuffle_id {
        None => AssignmentReason::Created,
        Some(_) => AssignmentReason::Shuffle,
    };
    let row = params![
        task.id,
        count(task.assignment_no),
        task.assignee_id,
        previous,
        reason.as_str(),
        shuffle_id,
        task.assigned_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// How a task went from hand to hand, oldest first, with the names of the hands.
pub(crate) async fn history(
    conn: &mut Conn,
    id: TaskId,
) -> Result<Vec<(Assignment, Option<String>)>, Error> {
    let sql = "SELECT a.*, coalesce(nullif(p.name, ''), p.email) AS holder FROM assignments a
        LEFT JOIN people p ON p.id = a.assignee_id
        WHERE a.task_id = $1 ORDER BY a.assignment_no";
    let rows: Vec<Row> = conn.query(sql, params![id]).await?;
    rows.iter()
        .map(|row| {
            let assignment = Assignment {
                task_id: row.get("task_id")?,
                assignment_no: row.get("assignment_no")?,
                assignee_id: row.get("assignee_id")?,
                previous_assignee_id: row.get("previous_assignee_id")?,
                shuffle_id: row.get("shuffle_id")?,
                at: row.get("at")?,
            };
            Ok((assignment, row.get("holder")?))
        })
        .collect()
}
