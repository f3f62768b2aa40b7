//! Statements as tables for spreadsheets.

use axum::response::Response;
use contracts::UserId;
use tidings::{Handle, Problem};

use crate::csv::{Cell, Csv};
use crate::ledger::Entry;
use crate::store;
use contracts::calendar::{BillingDay, Calendar};

/// More lines than a spreadsheet takes help nobody; of a day there are never so many.
const LINES_MAX: u32 = 100_000;

const COLUMNS: [&str; 9] = [
    "day",
    "time",
    "kind",
    "jira_id",
    "task",
    "why",
    "debit_usd",
    "credit_usd",
    "late",
];

/// Somebody's entries of one day or of all, oldest first.
pub(crate) async fn file(
    service: &Handle,
    account_id: UserId,
    day: Option<BillingDay>,
) -> Result<Response, Problem> {
    let calendar = service.resource::<Calendar>()?;
    let mut conn = service.read().await?;
    let entries = store::entries_of_day(&mut conn, account_id, day, LINES_MAX).await?;
    let mut csv = Csv::new(&COLUMNS);
    for entry in &entries {
        csv.line(&cells(entry, &calendar));
    }
    let name = match day {
        Some(day) => format!("account-{day}"),
        None => "account".to_owned(),
    };
    Ok(csv.file(&name))
}

fn cells(entry: &Entry, calendar: &Calendar) -> [Cell; 9] {
    let money = |minor| match minor {
        0 => Cell::Nothing,
        minor => Cell::Money(minor),
    };
    [
        Cell::text(entry.billing_day.to_string()),
        Cell::text(calendar.stamp(entry.at)),
        Cell::text(entry.kind.as_str()),
        Cell::maybe(entry.jira_id()),
        Cell::maybe(entry.title()),
        Cell::text(entry.in_words()),
        money(entry.debit_minor),
        money(entry.credit_minor),
        Cell::text(if entry.late { "yes" } else { "no" }),
    ]
}
