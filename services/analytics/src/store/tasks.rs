//! Which finished task was worth most (B-30).

use contracts::TaskId;
use contracts::calendar::{BillingDay, Calendar};
use tidings::{Conn, Error, Timestamp, Value};

/// A task that somebody has done.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Finished {
    pub(crate) task_id: TaskId,
    /// None until its record has come.
    pub(crate) title: Option<String>,
    pub(crate) jira_id: Option<String>,
    pub(crate) reward_minor: i64,
    pub(crate) completed_at: Timestamp,
}

impl Finished {
    /// What it is called, as far as it is known.
    pub(crate) fn called(&self) -> &str {
        let title = self.title.as_deref();
        title.unwrap_or("A task whose title has not come yet")
    }
}

/// A day, and which of the tasks done on it was worth most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BestOfDay {
    pub(crate) date: BillingDay,
    /// None where none was done.
    pub(crate) task: Option<Finished>,
}

/// Of those worth the same, the one that was done first.
const BEST: &str = "SELECT best.task_id, t.title, t.jira_id, best.reward_minor,
        best.completed_at
    FROM (
        SELECT d.begins_at, c.*, ROW_NUMBER() OVER (PARTITION BY d.begins_at
            ORDER BY c.reward_minor DESC, c.completed_at, c.task_id) AS place
        FROM days d JOIN completions c ON c.completed_at BETWEEN d.begins_at AND d.ends_at
    ) best LEFT JOIN tasks t ON t.id = best.task_id
    WHERE best.place = 1";

/// The most expensive task of every day of a range, newest day first.
pub(crate) async fn most_expensive(
    conn: &mut Conn,
    calendar: &Calendar,
    from: BillingDay,
    to: BillingDay,
) -> Result<Vec<BestOfDay>, Error> {
    let days: Vec<BillingDay> = to.back_to(from).collect();
    if days.is_empty() {
        return Ok(Vec::new());
    }
    // The text depends on how many days there are and on nothing else, so that few texts are
    // prepared.
    let rows: Vec<String> = (0..days.len())
        .map(|place| {
            let (begins, ends) = (2 * place + 1, 2 * place + 2);
            format!("(CAST(${begins} AS BIGINT), CAST(${ends} AS BIGINT))")
        })
        .collect();
    let sql = format!(
        "WITH days (begins_at, ends_at) AS (VALUES {}) {BEST}",
        rows.join(", ")
    );
    let bounds = days.iter().flat_map(|&day| {
        let (first, last) = (calendar.first_moment_of(day), calendar.last_moment_of(day));
        [Value::from(first), Value::from(last)]
    });
    let bounds: Vec<Value> = bounds.collect();
    let mut best: Vec<Finished> = conn.query(&sql, &bounds).await?;
    let of_day = |date: BillingDay| {
        let mut tasks = best.iter();
        let at = tasks.position(|task| calendar.day_of(task.completed_at) == date);
        let task = at.map(|at| best.swap_remove(at));
        BestOfDay { date, task }
    };
    Ok(days.into_iter().map(of_day).collect())
}

/// The most expensive of several days: that of all tasks done in them.
pub(crate) fn overall(days: &[BestOfDay]) -> Option<&Finished> {
    let all = days.iter().filter_map(|day| day.task.as_ref());
    all.min_by_key(|task| (-task.reward_minor, task.completed_at, task.task_id.uuid()))
}
