//! An account: what is in it, what today has brought, and every entry by day.

use askama::Template;
use axum::extract::State;
use contracts::UserId;
use contracts::accounting::TransactionKind;
use contracts::calendar::{BillingDay, Calendar};
use contracts::{dollars, signed_dollars};
use serde::Deserialize;
use tidings::{Conn, Fragment, Handle, Paging, Path, Problem, Query, SignedIn, Uuid};

use super::adjust::AdjustForm;
use crate::access;
use crate::error::Error;
use crate::http::DayAsked;
use crate::ledger::Entry;
use crate::store::{self, Account, ByTime, Totals};

/// A statement with more lines is read as a table.
const STATEMENT_LINES: u32 = 1_000;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    is_own: bool,
    name: String,
    email: String,
    is_shut: bool,
    /// Where this page is.
    path: String,
    /// Where its table is.
    csv: String,
    balance: String,
    owes: Option<String>,
    earned_today: String,
    rewards_today: String,
    fees_today: String,
    today: BillingDay,
    zone: String,
    statement: Option<Statement>,
    days: Vec<DayOfLog>,
    is_first_part: bool,
    next: Option<String>,
    /// For whoever may set the account right.
    adjust: Option<AdjustForm>,
    is_adjusted: bool,
}

/// One day from beginning to end.
struct Statement {
    day: BillingDay,
    opening: String,
    closing: String,
    lines: Vec<Line>,
    is_cut: bool,
}

/// The entries of a day, or the part of them that is on this page.
struct DayOfLog {
    day: BillingDay,
    /// What the whole day brought, whatever of it is on this page.
    earned: String,
    lines: Vec<Line>,
}

struct Line {
    what: String,
    /// In place of a title.
    heading: &'static str,
    title: Option<String>,
    jira_id: Option<String>,
    time: String,
    stamp: String,
    /// The day in which it happened, if it counts for another.
    late: bool,
    amount: String,
}

impl Line {
    fn of(entry: &Entry, calendar: &Calendar) -> Self {
        Self {
            what: entry.in_words(),
            heading: match entry.kind {
                TransactionKind::Payout => "Payout",
                _ => "Correction",
            },
            title: entry.title(),
            jira_id: entry.jira_id().map(ToOwned::to_owned),
            time: calendar.time_of_day(entry.at),
            stamp: entry.at.to_string(),
            late: entry.late,
            amount: signed_dollars(entry.delta_minor()),
        }
    }
}

/// What is told above an account.
#[derive(Default, Deserialize)]
pub(super) struct Told {
    /// What has just been done.
    done: Option<String>,
}

/// GET `/exchange/account`
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<DayAsked>,
    paging: Paging<ByTime>,
) -> Result<Fragment, Problem> {
    access::exchange(&who)?;
    let id = UserId::from(who.user_id);
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, id).await?;
    let account = account.unwrap_or_else(|| Account::new(id, who.email));
    let place = Place {
        is_own: true,
        page: "/exchange/account".to_owned(),
        csv: "/api/accounts/me/log.csv".to_owned(),
    };
    let page = fill(
        &service,
        &mut conn,
        (account, &place),
        asked.day()?,
        &paging,
    )
    .await?;
    page.live(&place)
}

/// GET `/exchange/books/accounts/{id}`
pub(super) async fn somebodys(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Query(asked): Query<DayAsked>,
    Query(told): Query<Told>,
    paging: Paging<ByTime>,
) -> Result<Fragment, Problem> {
    let id = UserId::from(id);
    let place = Place::of(id);
    access::books(&who)?;
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, id).await?;
    let account = account.ok_or(Error::NoAccount(id))?;
    let mut page = fill(
        &service,
        &mut conn,
        (account, &place),
        asked.day()?,
        &paging,
    )
    .await?;
    page.page.adjust = access::may_adjust(&who, id).then(|| AdjustForm::blank(service.now()));
    page.page.is_adjusted = told.done.as_deref() == Some("adjusted");
    page.live(&place)
}

/// Somebody's account with a form that was not taken. It does not follow changes, which would
/// take away what was typed.
pub(super) async fn with_form(
    service: &Handle,
    id: UserId,
    form: AdjustForm,
    paging: &Paging<ByTime>,
) -> Result<Fragment, Problem> {
    let place = Place::of(id);
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, id).await?;
    let account = account.ok_or(Error::NoAccount(id))?;
    let mut filled = fill(service, &mut conn, (account, &place), None, paging).await?;
    // The next part is not at the form's address.
    filled.page.next = None;
    filled.page.adjust = Some(form);
    filled.still()
}

/// Where somebody's account is, for whoever sees all.
pub(super) fn path_of(id: UserId) -> String {
    format!("/exchange/books/accounts/{id}")
}

/// Where the page is, and for whom.
struct Place {
    is_own: bool,
    page: String,
    csv: String,
}

impl Place {
    fn of(id: UserId) -> Self {
        Self {
            is_own: false,
            page: path_of(id),
            csv: format!("/api/accounts/{id}/log.csv"),
        }
    }
}

/// A page, and what it has seen of the books.
struct Filled {
    page: AccountPage,
    seen: u64,
}

impl Filled {
    fn live(self, place: &Place) -> Result<Fragment, Problem> {
        let live = format!("{}/live?seen={}", place.page, self.seen);
        Ok(self.still()?.live(live))
    }

    fn still(self) -> Result<Fragment, Problem> {
        let title = match self.page.is_own {
            true => "My account".to_owned(),
            false => self.page.name.clone(),
        };
        Fragment::try_new(title, self.page.render())
    }
}

async fn fill(
    service: &Handle,
    conn: &mut Conn,
    (account, place): (Account, &Place),
    day: Option<BillingDay>,
    paging: &Paging<ByTime>,
) -> Result<Filled, Problem> {
    let calendar = service.resource::<Calendar>()?;
    let today = calendar.day_of(service.now());
    // Before the rest: a change in between is then told once too often, not missed.
    let revision = store::revision_of(conn, account.id).await?;
    let totals = store::totals(conn, account.id, today).await?;
    let mut page = page(&account, place, &totals, (today, calendar.zone()));
    match day {
        Some(day) => page.statement = Some(statement(conn, &account, day, &calendar).await?),
        None => {
            let entries = store::entries(conn, account.id, None, paging).await?;
            let (entries, next) = paging.cut(entries, ByTime::of);
            page.days = by_day(conn, account.id, &entries, &calendar).await?;
            (page.is_first_part, page.next) = (paging.after.is_none(), next);
        }
    }
    let seen = today.seen(revision);
    Ok(Filled { page, seen })
}

fn page(
    account: &Account,
    place: &Place,
    totals: &Totals,
    (today, zone): (BillingDay, &str),
) -> AccountPage {
    AccountPage {
        is_own: place.is_own,
        name: account.called(),
        email: account.email.clone(),
        is_shut: account.disabled,
        path: place.page.clone(),
        csv: place.csv.clone(),
        balance: dollars(account.balance_minor),
        owes: (account.balance_minor < 0).then(|| dollars(-account.balance_minor)),
        earned_today: signed_dollars(totals.earned_minor()),
        rewards_today: dollars(totals.rewards_minor),
        fees_today: dollars(totals.fees_minor),
        today,
        zone: zone.to_owned(),
        statement: None,
        days: Vec::new(),
        is_first_part: true,
        next: None,
        adjust: None,
        is_adjusted: false,
    }
}

async fn statement(
    conn: &mut Conn,
    account: &Account,
    day: BillingDay,
    calendar: &Calendar,
) -> Result<Statement, Problem> {
    let opening_minor = store::opening(conn, account.id, day).await?;
    let closing_minor = store::opening(conn, account.id, day.next()).await?;
    let entries = store::entries_of_day(conn, account.id, Some(day), STATEMENT_LINES + 1).await?;
    let shown = entries.iter().take(STATEMENT_LINES as usize);
    Ok(Statement {
        day,
        opening: dollars(opening_minor),
        closing: dollars(closing_minor),
        is_cut: entries.len() > STATEMENT_LINES as usize,
        lines: shown.map(|entry| Line::of(entry, calendar)).collect(),
    })
}

async fn by_day(
    conn: &mut Conn,
    account_id: UserId,
    entries: &[Entry],
    calendar: &Calendar,
) -> Result<Vec<DayOfLog>, Problem> {
    let mut days = Vec::new();
    for entries in entries.chunk_by(|one, next| one.billing_day == next.billing_day) {
        let day = entries[0].billing_day;
        let totals = store::totals(conn, account_id, day).await?;
        let lines = entries.iter().map(|entry| Line::of(entry, calendar));
        days.push(DayOfLog {
            day,
            earned: signed_dollars(totals.earned_minor()),
            lines: lines.collect(),
        });
    }
    Ok(days)
}
