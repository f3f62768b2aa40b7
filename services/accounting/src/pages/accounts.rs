//! Everybody's accounts.

use askama::Template;
use axum::extract::State;
use contracts::UserId;
use contracts::calendar::Calendar;
use contracts::dollars;
use tidings::{Fragment, Handle, Paging, Problem, SignedIn};

use crate::access;
use crate::store::{self, Account, ByBalance};

#[derive(Template)]
#[template(path = "accounts.html")]
struct Accounts {
    rows: Vec<Row>,
    is_first_part: bool,
    next: Option<String>,
}

/// One account in a list.
pub(super) struct Row {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_shut: bool,
    pub(super) owes: bool,
    pub(super) balance: String,
}

impl From<Account> for Row {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            name: account.called(),
            email: account.email,
            is_shut: account.disabled,
            owes: account.balance_minor < 0,
            balance: dollars(account.balance_minor),
        }
    }
}

/// GET `/exchange/books/accounts`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging<ByBalance>,
) -> Result<Fragment, Problem> {
    access::books(&who)?;
    let today = service.resource::<Calendar>()?.day_of(service.now());
    let mut conn = service.read().await?;
    let revision = store::revision(&mut conn).await?;
    let accounts = store::accounts(&mut conn, false, &paging).await?;
    let (accounts, next) = paging.cut(accounts, ByBalance::of);
    let page = Accounts {
        rows: accounts.into_iter().map(Row::from).collect(),
        is_first_part: paging.after.is_none(),
        next,
    };
    let live = format!("/exchange/books/live?seen={}", today.seen(revision));
    Ok(Fragment::try_new("Accounts", page.render())?.live(live))
}
