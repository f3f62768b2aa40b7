//! The settings of a PostgreSQL server, as they are for the services' own user and database.

use std::time::Duration;

use tidings::inspect::POSTGRES_CONNECTIONS;
use tidings::{Clock, Conn, Db, Error, params};

use super::finding::{Findings, Grade};

const SECTION: &str = "database";
/// `pg_current_xact_id` and its snapshots, by which events are numbered.
const OLDEST: i64 = 130_000;
/// P-19: timers and leases are off by as much as clocks are.
const SKEW_MOST: Duration = Duration::from_secs(2);
/// A transaction that is open for longer keeps dead rows of everybody from being cleared away.
const LONG: &str = "5 minutes";

pub(super) async fn look(
    db: &Db,
    clock: &Clock,
    services: usize,
    findings: &mut Findings,
) -> Result<(), Error> {
    let mut conn = db.read().await?;
    version(&mut conn, findings).await?;
    commits(&mut conn, findings).await?;
    copies(&mut conn, findings).await?;
    clocks(&mut conn, clock, findings).await?;
    open_transactions(&mut conn, findings).await?;
    connections(&mut conn, services, findings).await
}

async fn setting(conn: &mut Conn, name: &str) -> Result<String, Error> {
    let sql = "SELECT coalesce(current_setting($1, true), '')";
    let (value,): (String,) = conn.query_one(sql, params![name]).await?;
    Ok(value)
}

async fn version(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT current_setting('server_version_num')::bigint,
        current_setting('server_version'), pg_is_in_recovery()";
    let (number, version, is_standby): (i64, String, bool) = conn.query_one(sql, &[]).await?;
    if number < OLDEST {
        let text = format!("{version} is too old: 13 is the oldest that will do");
        findings.problem(SECTION, "PostgreSQL", &text);
    } else {
        findings.ok(SECTION, "PostgreSQL", &version);
    }
    if is_standby {
        let text = "is a standby, which takes no writes: give the address of the primary";
        findings.problem(SECTION, "server", text);
    }
    Ok(())
}

/// What an acknowledged commit is worth (P-20).
async fn commits(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    let rules = [
        (
            "fsync",
            "commits reach the disk before they are acknowledged",
            "a power cut can lose commits and damage the database; services refuse to start",
        ),
        (
            "full_page_writes",
            "a page that was half written at a crash is repaired",
            "a power cut in mid-write can damage tables; services refuse to start",
        ),
        (
            "synchronous_commit",
            "a commit waits for the disk",
            "a crash loses what was acknowledged in the last moments; services refuse to start",
        ),
    ];
    for (name, good, bad) in rules {
        let value = setting(conn, name).await?;
        match value.as_str() {
            "off" => findings.problem(SECTION, name, &format!("is off: {bad}")),
            _ => findings.ok(SECTION, name, &format!("is {value}: {good}")),
        }
    }
    if setting(conn, "data_checksums").await? != "on" {
        let text = "is off: what a disk damages is read as if it were right";
        findings.warning(SECTION, "data_checksums", text);
    }
    if setting(conn, "autovacuum").await? == "off" {
        let text = "is off: tables grow for ever, and one day the server takes no writes";
        findings.problem(SECTION, "autovacuum", text);
    }
    Ok(())
}

/// What is left when the disk is lost.
async fn copies(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT (SELECT count(*) FROM pg_stat_replication),
        current_setting('archive_mode') <> 'off', current_setting('wal_level') <> 'minimal',
        (SELECT count(*) FROM pg_replication_slots WHERE NOT active)";
    let (standbys, archives, can_copy, idle_slots): (i64, bool, bool, i64) =
        conn.query_one(sql, &[]).await?;
    match (standbys, archives) {
        (0, false) if !can_copy => {
            let text = "none is possible with wal_level = minimal: a lost disk loses everything \
                since the last dump";
            findings.warning(SECTION, "copies", text);
        }
        (0, false) => {
            let text = "no standby is connected and archive_mode is off: a lost disk loses \
                everything since the last dump";
            findings.warning(SECTION, "copies", text);
        }
        _ => {
            let archive = if archives { "an archive" } else { "no archive" };
            let text = format!("{standbys} standbys and {archive} of the log");
            findings.ok(SECTION, "copies", &text);
        }
    }
    if idle_slots > 0 {
        let text =
            format!("{idle_slots} have no reader and keep the whole log on disk until it is full");
        findings.warning(SECTION, "replication slots", &text);
    }
    Ok(())
}

async fn clocks(conn: &mut Conn, clock: &Clock, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let before = clock.now().as_micros();
    let (there,): (i64,) = conn.query_one(sql, &[]).await?;
    let after = clock.now().as_micros();
    let micros = (there - after).max(before - there).max(0).unsigned_abs();
    let difference = Duration::from_micros(micros);
    let seconds = difference.as_secs_f64();
    if difference > SKEW_MOST {
        let text = format!(
            "differ by {seconds:.1} s between this machine and the database: holds, timers and \
             retries are off by as much; set both by NTP"
        );
        findings.warning(SECTION, "clocks", &text);
    } else {
        let text = format!("differ by less than {:.1} s", seconds.max(0.1));
        findings.ok(SECTION, "clocks", &text);
    }
    Ok(())
}

async fn open_transactions(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    let sql = "SELECT pid::bigint, coalesce(nullif(application_name, ''), usename, '?'),
            coalesce(state, '?'), extract(epoch FROM clock_timestamp() - xact_start)::bigint
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND xact_start < clock_timestamp() - $1::text::interval
        ORDER BY xact_start LIMIT 5";
    let open: Vec<(i64, String, String, i64)> = conn.query(sql, params![LONG]).await?;
    for (pid, who, state, seconds) in &open {
        let text = format!(
            "{who} (process {pid}, {state}) is open for {} minutes; until it ends, deleted rows \
             stay and every table grows",
            seconds / 60
        );
        findings.warning(SECTION, "transactions", &text);
    }
    let sql = "SELECT count(*) FROM pg_prepared_xacts";
    let (prepared,): (i64,) = conn.query_one(sql, &[]).await?;
    if prepared > 0 {
        let text = format!("{prepared} are prepared and not ended, and hold locks and old rows");
        findings.warning(SECTION, "transactions", &text);
    }
    if open.is_empty() && prepared == 0 {
        let text = format!("none is open for more than {LONG}");
        findings.ok(SECTION, "transactions", &text);
    }
    Ok(())
}

async fn connections(
    conn: &mut Conn,
    services: usize,
    findings: &mut Findings,
) -> Result<(), Error> {
    let sql = "SELECT current_setting('max_connections')::bigint
                - current_setting('superuser_reserved_connections')::bigint,
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";
    let (most, used): (i64, i64) = conn.query_one(sql, &[]).await?;
    let wanted = i64::try_from(services * POSTGRES_CONNECTIONS).unwrap_or(i64::MAX);
    let text =
        format!("{most} at the most, {used} in use; a process with all services may take {wanted}");
    let (grade, text) = if wanted <= most {
        (Grade::Ok, text)
    } else {
        (
            Grade::Warning,
            format!("{text}: under load some will have to wait; raise max_connections"),
        )
    };
    findings.add(grade, SECTION, "connections", &text);
    Ok(())
}
