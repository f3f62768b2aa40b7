//! Which jobs are next: those of the highest priority that are due and within their limits.

use std::collections::{HashMap, HashSet};

use super::kind::Kinds;
use super::table::JobRow;
use crate::db::Conn;
use crate::{Dialect, Error, Timestamp, Uuid, Value, params};

/// How many more jobs this process can run side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Jobs that are one transaction: more would only wait for the database.
    pub(super) transactional: usize,
    /// Jobs that mostly wait for somebody outside.
    pub(super) outside: usize,
}

impl Room {
    pub(super) fn is_none(self) -> bool {
        self.transactional + self.outside == 0
    }
}

/// Takes due jobs: those whose time has come, and those whose worker has fallen silent.
/// A running job's `run_at` is the end of its lease, so both are the same condition.
pub(super) async fn claim(
    conn: &mut Conn,
    kinds: &Kinds,
    now: Timestamp,
    room: Room,
) -> Result<Vec<JobRow>, Error> {
    let mut turn = Turn::new(conn, kinds, now, room).await?;
    let mut level = level_below(conn, None).await?;
    while let Some(priority) = level {
        turn.take_level(conn, priority, now).await?;
        if turn.room.is_none() {
            break;
        }
        level = level_below(conn, Some(priority)).await?;
    }
    let mut rows = take(conn, &turn.taken, kinds.lease_most(), now).await?;
    // RETURNING keeps no order.
    let place: HashMap<Uuid, usize> = turn.taken.iter().copied().zip(0..).collect();
    rows.sort_by_key(|row| place.get(&row.id).copied());
    Ok(rows)
}

/// The next lower priority that unfinished jobs have. Each is one look at the index, and
/// a service has few; ordering all due jobs anew for every claim would read all of them.
async fn level_below(conn: &mut Conn, above: Option<i64>) -> Result<Option<i64>, Error> {
    // Not max(): PostgreSQL reads all rows for it while it believes that there are few.
    let sql = "SELECT priority FROM tidings_jobs
        WHERE state IN ('ready', 'running') AND priority < $1 ORDER BY priority DESC LIMIT 1";
    let above = above.unwrap_or(i64::MAX);
    let level: Option<(i64,)> = conn.query_opt(sql, params![above]).await?;
    Ok(level.map(|(level,)| level))
}

async fn take(
    conn: &mut Conn,
    ids: &[Uuid],
    lease: std::time::Duration,
    now: Timestamp,
) -> Result<Vec<JobRow>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // One text for any number of jobs; one for each number would be prepared anew each.
    let sql = conn.dialect().pick(
        "UPDATE tidings_jobs SET state = 'running', run_at = $2, started_at = $1,
            fence = fence + 1, attempts = attempts + 1
         WHERE id IN (SELECT value FROM json_each($3)) RETURNING *",
        "UPDATE tidings_jobs SET state = 'running', run_at = $2, started_at = $1,
            fence = fence + 1, attempts = attempts + 1
         WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($3::text::jsonb)))
         RETURNING *",
    );
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let ids = format!("[{}]", ids.join(","));
    conn.query(sql, params![now, now.plus(lease), ids]).await
}

/// One claim as it fills up.
struct Turn<'a> {
    kinds: &'a Kinds,
    room: Room,
    taken: Vec<Uuid>,
    running: HashMap<(String, Option<String>), u32>,
    /// Kinds, and keys of kinds, that have as many running as they may.
    full_kinds: HashSet<String>,
    full_keys: HashSet<String>,
}

impl<'a> Turn<'a> {
    async fn new(
        conn: &mut Conn,
        kinds: &'a Kinds,
        now: Timestamp,
        room: Room,
    ) -> Result<Self, Error> {
        let mut running = HashMap::new();
        if kinds.has_limits() {
            // Two instances that counted at the same moment would both find room for the last.
            if conn.dialect() == Dialect::Postgres {
                let sql = "SELECT pg_advisory_xact_lock(hashtextextended(
                    current_schema() || '.tidings_jobs', 0))::text";
                conn.query::<(Option<String>,)>(sql, &[]).await?;
            }
            let sql = "SELECT kind, limit_key, count(*) FROM tidings_jobs
                WHERE state = 'running' AND run_at > $1 GROUP BY kind, limit_key";
            let rows: Vec<(String, Option<String>, u32)> = conn.query(sql, params![now]).await?;
            running.extend(
                rows.into_iter()
                    .map(|(kind, key, count)| ((kind, key), count)),
            );
        }
        let mut turn = Self {
            kinds,
            room,
            taken: Vec::new(),
            running,
            full_kinds: HashSet::new(),
            full_keys: HashSet::new(),
        };
        turn.shut_what_is_full();
        Ok(turn)
    }

    fn shut_what_is_full(&mut self) {
        for (name, kind) in self.kinds.iter() {
            let room = match kind.is_outside() {
                true => self.room.outside,
                false => self.room.transactional,
            };
            let of_kind = self.running.iter().filter(|((of, _), _)| of == name);
            let count: u32 = of_kind.map(|(_, count)| count).sum();
            if room == 0 || kind.limit().is_some_and(|limit| count >= limit) {
                self.full_kinds.insert((*name).to_owned());
            }
        }
        for ((kind, key), count) in &self.running {
            let limit = self.kinds.get(kind).and_then(|kind| kind.limit_per_key());
            if let (Some(key), Some(limit)) = (key, limit)
                && *count >= limit
            {
                self.full_keys.insert(key_of(kind, key));
            }
        }
    }

    /// Takes from one level of priority until there is no room or nothing that is due.
    /// Each look shuts at least one kind or key, or is the last.
    async fn take_level(
        &mut self,
        conn: &mut Conn,
        priority: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        loop {
            let wanted = self.room.transactional + self.room.outside;
            if wanted == 0 {
                return Ok(());
            }
            let shut = self.full_kinds.len() + self.full_keys.len();
            let rows = self.candidates(conn, priority, now, wanted).await?;
            for (id, kind, key) in rows {
                if self.is_open(&kind, key.as_deref()) {
                    self.add(id, kind, key);
                }
            }
            if self.full_kinds.len() + self.full_keys.len() == shut {
                return Ok(());
            }
        }
    }

    async fn candidates(
        &self,
        conn: &mut Conn,
        priority: i64,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Uuid, String, Option<String>)>, Error> {
        let mut row: Vec<Value> = params![priority, now, limit as i64].to_vec();
        let mut but = String::new();
        let mut leave_out = |expression: &str, values: Vec<Value>| {
            if !values.is_empty() {
                let list = places(row.len() + 1, values.len());
                but.push_str(&format!(" AND {expression} NOT IN ({list})"));
                row.extend(values);
            }
        };
        let text = |text: &String| Value::from(text.as_str());
        leave_out("kind", self.full_kinds.iter().map(text).collect());
        leave_out(
            "coalesce(kind || ' ' || limit_key, '')",
            self.full_keys.iter().map(text).collect(),
        );
        leave_out("id", self.taken.iter().map(|&id| Value::from(id)).collect());
        let skip = conn.dialect().pick("", "FOR UPDATE SKIP LOCKED");
        let sql = format!(
            "SELECT id, kind, limit_key FROM tidings_jobs
             WHERE state IN ('ready', 'running') AND priority = $1 AND run_at <= $2{but}
             ORDER BY run_at, id LIMIT $3 {skip}"
        );
        conn.query(&sql, &row).await
    }

    fn is_open(&self, kind: &str, key: Option<&str>) -> bool {
        let key_is_full = key.is_some_and(|key| self.full_keys.contains(&key_of(kind, key)));
        !self.full_kinds.contains(kind) && !key_is_full && !self.room_of(kind).eq(&0)
    }

    fn room_of(&self, kind: &str) -> usize {
        match self.kinds.get(kind).is_some_and(|kind| kind.is_outside()) {
            true => self.room.outside,
            false => self.room.transactional,
        }
    }

    fn add(&mut self, id: Uuid, kind: String, key: Option<String>) {
        match self.kinds.get(&kind).is_some_and(|kind| kind.is_outside()) {
            true => self.room.outside -= 1,
            false => self.room.transactional -= 1,
        }
        self.taken.push(id);
        *self.running.entry((kind, key)).or_default() += 1;
        self.shut_what_is_full();
    }
}

fn key_of(kind: &str, key: &str) -> String {
    format!("{kind} {key}")
}

/// `$3, $4, $5`.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|at| format!("${at}")).collect();
    places.join(", ")
}
