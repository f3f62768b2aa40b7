//! Lists of tasks, narrowed and in parts.

use contracts::UserId;
use contracts::tasks::TaskStatus;
use tidings::{Conn, Error, FromRow, Row, Timestamp, Uuid, Value};

use super::prices::Price;
use crate::task::Task;

/// Words that a search looks for, at the most; the rest is left out.
const WORDS_MAX: usize = 8;

/// What narrows a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrowed {
    /// Whose tasks; everybody's if nobody is said.
    pub(crate) assignee_id: Option<UserId>,
    pub(crate) status: Option<TaskStatus>,
    /// Words that all must be there.
    pub(crate) q: String,
}

/// A task with what a list shows beside it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) task: Task,
    /// What its holder is called, once that was heard.
    pub(crate) holder: Option<String>,
    /// What it costs and brings, once that is known.
    pub(crate) price: Option<Price>,
    /// Whether a task may fall to its holder.
    pub(crate) eligible: bool,
}

impl Listed {
    /// Where it stands in a list.
    pub(crate) fn place(&self) -> (Timestamp, Uuid) {
        (self.task.created_at, self.task.id.uuid())
    }
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let fee: Option<i64> = row.get("assign_fee_minor")?;
        let reward: Option<i64> = row.get("reward_minor")?;
        Ok(Self {
            task: Task::from_row(row)?,
            holder: row.get("holder")?,
            price: fee.zip(reward).map(|(fee, reward)| Price {
                assign_fee_minor: fee,
                reward_minor: reward,
            }),
            eligible: row.get::<Option<bool>>("eligible")?.unwrap_or(false),
        })
    }
}

/// A statement under construction.
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    fn of(columns: &str, from: &str, narrowed: &Narrowed) -> Self {
        let mut statement = Self {
            sql: format!("SELECT {columns} FROM {from} WHERE 1 = 1"),
            values: Vec::new(),
        };
        if let Some(id) = narrowed.assignee_id {
            statement.also("t.assignee_id =", id, "");
        }
        if let Some(status) = narrowed.status {
            statement.also("t.status =", status.as_str(), "");
        }
        let words = narrowed.q.to_lowercase();
        for word in words.split_whitespace().take(WORDS_MAX) {
            statement.also("t.words LIKE", like(word), r" ESCAPE '\'");
        }
        statement
    }

    fn also(&mut self, before: &str, value: impl Into<Value>, after: &str) {
        let place = self.value(value);
        self.sql += &format!(" AND {before} {place}{after}");
    }

    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }
}

fn like(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

/// Part of what matches, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    narrowed: &Narrowed,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let columns = "t.*, coalesce(nullif(p.name, ''), p.email) AS holder, p.eligible,
        r.assign_fee_minor, r.reward_minor";
    let from = "tasks t LEFT JOIN people p ON p.id = t.assignee_id
        LEFT JOIN prices r ON r.task_id = t.id";
    let mut statement = Statement::of(columns, from, narrowed);
    if let Some((time, id)) = after {
        let (time, id) = (statement.value(time), statement.value(id));
        statement.sql += &format!(" AND (t.created_at, t.id) < ({time}, {id})");
    }
    let limit = statement.value(limit);
    statement.sql += &format!(" ORDER BY t.created_at DESC, t.id DESC LIMIT {limit}");
    conn.query(&statement.sql, &statement.values).await
}

/// How many match.
pub(crate) async fn count(conn: &mut Conn, narrowed: &Narrowed) -> Result<i64, Error> {
    let statement = Statement::of("count(*)", "tasks t", narrowed);
    let (count,) = conn.query_one(&statement.sql, &statement.values).await?;
    Ok(count)
}

/// How many open tasks somebody holds to whom none may fall any more (B-32).
pub(crate) async fn count_misplaced(conn: &mut Conn) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM tasks t LEFT JOIN people p ON p.id = t.assignee_id
        WHERE t.status = 'open' AND coalesce(p.eligible, FALSE) = FALSE";
    let (count,) = conn.query_one(sql, &[]).await?;
    Ok(count)
}
