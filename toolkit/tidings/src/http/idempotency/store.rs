//! The table of requests: all its SQL.

use std::time::Duration;

use super::Claim;
use crate::db::{Conn, Migration};
use crate::handle::Handle;
use crate::{Error, FromRow, Row, Timestamp, Tx, Value, params};

/// How long a request may be silent before a retry takes it over; the gateway gives up
/// after 30 seconds.
const LEASE: Duration = Duration::from_secs(60);
/// How long an answer is kept (P-13).
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
const SWEEP_ROWS: u32 = 1000;

/// `ends_at` is when a running request is given up; of one that has ended, when it did.
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0009_requests",
    "CREATE TABLE tidings_requests (
        key BYTEA PRIMARY KEY,
        fingerprint BYTEA NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'committed', 'answered')),
        fence BIGINT NOT NULL,
        started_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        status BIGINT, headers TEXT, body BYTEA
    );
    CREATE INDEX tidings_requests_ends ON tidings_requests (ends_at);",
);

/// What is stored of an answer.
pub(crate) struct Kept {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What becomes of a request.
pub(super) enum Turn {
    /// It is carried out, under this fence.
    Ours(i64),
    Answered(Kept),
    /// Its twin is being carried out.
    Running,
    OtherBody,
    NotKept,
    Lost,
}

struct Known {
    fingerprint: Vec<u8>,
    state: String,
    fence: i64,
    ends_at: Timestamp,
    answer: Option<Kept>,
}

impl FromRow for Known {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let status: Option<u16> = row.get("status")?;
        let answer = match status {
            Some(status) => Some(Kept {
                status,
                headers: read_headers(&row.get::<String>("headers")?)?,
                body: row.get("body")?,
            }),
            None => None,
        };
        Ok(Self {
            fingerprint: row.get("fingerprint")?,
            state: row.get("state")?,
            fence: row.get("fence")?,
            ends_at: row.get("ends_at")?,
            answer,
        })
    }
}

fn read_headers(text: &str) -> Result<Vec<(String, String)>, Error> {
    serde_json::from_str(text).map_err(|error| Error::Decode {
        what: "the headers of an answer".to_owned(),
        reason: error.to_string(),
    })
}

/// The columns of an answer; all NULL without one.
fn columns(kept: Option<Kept>) -> Result<[Value; 3], Error> {
    let Some(kept) = kept else {
        return Ok([Value::Null, Value::Null, Value::Null]);
    };
    let headers = serde_json::to_string(&kept.headers).map_err(|source| Error::Encode {
        what: "the headers of an answer".to_owned(),
        source,
    })?;
    Ok([kept.status.into(), headers.into(), kept.body.into()])
}

/// Takes the request, or says why not. Of any number at once one gets it: the table decides.
pub(super) async fn claim(service: &Handle, key: &[u8], fingerprint: &[u8]) -> Result<Turn, Error> {
    let mut conn = service.db().begin().await?;
    let now = service.now();
    let sql = "INSERT INTO tidings_requests (key, fingerprint, state, fence, started_at, ends_at)
        VALUES ($1, $2, 'running', 1, $3, $4) ON CONFLICT DO NOTHING";
    let row = params![key.to_vec(), fingerprint.to_vec(), now, now.plus(LEASE)];
    if conn.execute(sql, row).await? == 1 {
        service.db().commit(conn).await?;
        return Ok(Turn::Ours(1));
    }
    let sql = "SELECT * FROM tidings_requests WHERE key = $1";
    let known: Option<Known> = conn.query_opt(sql, params![key.to_vec()]).await?;
    // It was swept a moment ago; the next try finds the key new.
    let Some(known) = known else {
        return Ok(Turn::Running);
    };
    if known.fingerprint != fingerprint {
        return Ok(Turn::OtherBody);
    }
    match (known.state.as_str(), known.answer) {
        ("answered", Some(kept)) => Ok(Turn::Answered(kept)),
        ("answered", None) => Ok(Turn::NotKept),
        _ if known.ends_at > now => Ok(Turn::Running),
        ("committed", Some(given)) => Ok(Turn::Answered(given)),
        ("committed", None) => Ok(Turn::Lost),
        _ if !take_over(&mut conn, key, known.fence, now).await? => Ok(Turn::Running),
        _ => {
            service.db().commit(conn).await?;
            Ok(Turn::Ours(known.fence + 1))
        }
    }
}

/// The fence only rises, so that whoever had the request before cannot commit any more.
async fn take_over(conn: &mut Conn, key: &[u8], fence: i64, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE tidings_requests SET fence = fence + 1, started_at = $3, ends_at = $4
        WHERE key = $1 AND fence = $2 AND state = 'running'";
    let row = params![key.to_vec(), fence, now, now.plus(LEASE)];
    Ok(conn.execute(sql, row).await? == 1)
}

/// Makes the request carried out, with the transaction of its effect.
pub(crate) async fn commit_in_tx(
    conn: &mut Conn,
    claim: &Claim,
    given: Option<Box<Kept>>,
) -> Result<(), Error> {
    let [status, headers, body] = columns(given.map(|given| *given))?;
    let sql = "UPDATE tidings_requests SET state = 'committed', status = coalesce($3, status),
            headers = coalesce($4, headers), body = coalesce($5, body)
        WHERE key = $1 AND fence = $2";
    let row = params![claim.key.clone(), claim.fence, status, headers, body];
    match conn.execute(sql, row).await? {
        0 => Err(Error::Overtaken),
        _ => Ok(()),
    }
}

/// Stores the answer; without one, that there was one and it is not kept.
pub(super) async fn answer(claim: &Claim, kept: Option<Kept>) -> Result<(), Error> {
    let [status, headers, body] = columns(kept)?;
    let sql = "UPDATE tidings_requests SET state = 'answered', status = coalesce($4, status),
            headers = coalesce($5, headers), body = coalesce($6, body), ends_at = $3
        WHERE key = $1 AND fence = $2";
    let now = claim.service.now();
    let row = params![claim.key.clone(), claim.fence, now, status, headers, body];
    end(claim, sql, row).await
}

/// Ends the request without an answer: a retry runs, unless it is carried out already.
pub(super) async fn release(claim: &Claim) -> Result<(), Error> {
    let sql = "UPDATE tidings_requests SET ends_at = $3
        WHERE key = $1 AND fence = $2 AND state <> 'answered'";
    let now = claim.service.now();
    end(claim, sql, params![claim.key.clone(), claim.fence, now]).await
}

async fn end(claim: &Claim, sql: &str, row: &[Value]) -> Result<(), Error> {
    let mut conn = claim.service.db().begin().await?;
    conn.execute(sql, row).await?;
    claim.service.db().commit(conn).await
}

/// Whether something was here before.
pub(crate) enum Noted {
    New,
    /// It was, and the same.
    Same,
    /// It was, with other content.
    Other,
}

/// Notes with a transaction what must have one effect only, for as long as answers are kept.
/// Of two at once the second waits here for the first to commit.
pub(crate) async fn note_in_tx(
    tx: &mut Tx,
    key: Vec<u8>,
    fingerprint: Vec<u8>,
) -> Result<Noted, Error> {
    let sql = "INSERT INTO tidings_requests (key, fingerprint, state, fence, started_at, ends_at)
        VALUES ($1, $2, 'answered', 1, $3, $3) ON CONFLICT DO NOTHING";
    let row = params![key.clone(), fingerprint.clone(), tx.now()];
    if tx.execute(sql, row).await? == 1 {
        return Ok(Noted::New);
    }
    let sql = "SELECT fingerprint FROM tidings_requests WHERE key = $1";
    let (known,): (Vec<u8>,) = tx.query_one(sql, params![key]).await?;
    Ok(match known == fingerprint {
        true => Noted::Same,
        false => Noted::Other,
    })
}

/// Forgets requests that ended long ago, some at a time.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    let before = tx.now().minus(KEPT_FOR);
    let sql = "DELETE FROM tidings_requests WHERE key IN
        (SELECT key FROM tidings_requests WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)";
    tx.execute(sql, params![before, SWEEP_ROWS]).await
}
