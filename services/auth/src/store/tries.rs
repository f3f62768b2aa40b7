//! The counts of failed tries; see `throttle` for what they mean.

use tidings::{Error, FromRow, Timestamp, Tx, params};

use crate::settings::Settings;
use crate::throttle::{Limit, Scope, ScopeKind};

/// A count that a try has raised.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    scope: Scope,
    /// What the count was with this try.
    failures: u32,
}

/// Whether a try may be made.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It may, and is counted as a failure until it turns out not to be one.
    Open(Vec<Counted>),
    /// Not before then; nothing was counted, so waiting is never made longer by trying.
    ClosedUntil(Timestamp),
}

#[derive(FromRow)]
struct Row {
    failures: u32,
    closed_until: Timestamp,
    forget_at: Timestamp,
}

fn limit(settings: &Settings, kind: ScopeKind) -> Limit {
    match kind {
        ScopeKind::Address => settings.address,
        ScopeKind::Network => settings.network,
        ScopeKind::Account => settings.account,
        ScopeKind::Browser => settings.browser,
        ScopeKind::SignUp => settings.sign_up,
        ScopeKind::ForgotFrom => settings.forgot_from,
        ScopeKind::ForgotTo => settings.forgot_to,
    }
}

/// Asks whether a try may be made, and counts it.
pub(crate) async fn count_in_tx(
    tx: &mut Tx,
    settings: &Settings,
    scopes: Vec<Scope>,
) -> Result<Outcome, Error> {
    let now = tx.now();
    let mut open = Vec::new();
    let mut closed_until = None;
    for scope in scopes {
        let row = lock(tx, &scope).await?;
        if row.closed_until > now {
            closed_until = closed_until.max(Some(row.closed_until));
        }
        let failures = if row.forget_at <= now {
            0
        } else {
            row.failures
        };
        let failures = failures.saturating_add(1);
        open.push(Counted { scope, failures });
    }
    if let Some(until) = closed_until {
        return Ok(Outcome::ClosedUntil(until));
    }
    for counted in &open {
        store(tx, settings, counted).await?;
    }
    Ok(Outcome::Open(open))
}

/// Reads a count and keeps others from reading it until the transaction has ended. An
/// update that changes nothing does both in one statement on both databases.
async fn lock(tx: &mut Tx, scope: &Scope) -> Result<Row, Error> {
    let sql = "INSERT INTO tries (scope, failures, closed_until, forget_at)
        VALUES ($1, 0, 0, 0) ON CONFLICT (scope) DO UPDATE SET scope = excluded.scope
        RETURNING failures, closed_until, forget_at";
    tx.query_one(sql, params![scope.name.as_str()]).await
}

async fn store(tx: &mut Tx, settings: &Settings, counted: &Counted) -> Result<(), Error> {
    let limit = limit(settings, counted.scope.kind);
    let closed_until = tx.now().plus(limit.closed_for(counted.failures));
    let sql = "UPDATE tries SET failures = $1, closed_until = $2, forget_at = $3 WHERE scope = $4";
    let values = params![
        counted.failures,
        closed_until,
        closed_until.plus(limit.memory),
        counted.scope.name.as_str()
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Takes a try back that was no failure, and opens what it alone had closed.
pub(crate) async fn take_back_in_tx(
    tx: &mut Tx,
    settings: &Settings,
    counted: &[Counted],
) -> Result<(), Error> {
    // While something is closed nobody else is counted, so if the count is still ours
    // it was our try that closed it.
    let sql = "UPDATE tries SET failures = failures - 1,
        closed_until = CASE WHEN failures <= $1 THEN 0 ELSE closed_until END
        WHERE scope = $2 AND failures > 0";
    for Counted { scope, failures } in counted {
        let free = limit(settings, scope.kind).free;
        let ours = free.max(*failures);
        tx.execute(sql, params![ours, scope.name.as_str()]).await?;
    }
    Ok(())
}

/// After a success: the account's own counts begin anew, those of addresses and
/// networks lose this try only.
pub(crate) async fn clear_in_tx(
    tx: &mut Tx,
    settings: &Settings,
    counted: &[Counted],
) -> Result<(), Error> {
    for one in counted {
        if one.scope.kind.is_of_account() {
            let sql = "DELETE FROM tries WHERE scope = $1";
            tx.execute(sql, params![one.scope.name.as_str()]).await?;
        } else {
            take_back_in_tx(tx, settings, std::slice::from_ref(one)).await?;
        }
    }
    Ok(())
}
