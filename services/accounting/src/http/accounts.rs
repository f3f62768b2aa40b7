//! Accounts and what is in them.

use axum::extract::State;
use axum::response::Response;
use contracts::UserId;
use contracts::calendar::Calendar;
use serde::Deserialize;
use tidings::{Handle, Json, List, Paging, Path, Problem, Query, SignedIn, Uuid};
use utoipa::IntoParams;

use super::DayAsked;
use super::wire::{AccountBody, EntryBody, StandingBody};
use crate::error::Error;
use crate::store::{self, ByBalance, ByTime};
use crate::{access, statement};

/// One's own account: the balance, and what today has brought.
#[utoipa::path(get, path = "/api/accounts/me", tag = "accounting", responses(
    (status = 200, description = "The account", body = StandingBody),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the task exchange"),
))]
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<StandingBody>, Problem> {
    access::exchange(&identity)?;
    let account_id = UserId::from(identity.user_id);
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, account_id).await?;
    // Whoever has been told of a moment ago may ask before the books have heard of it.
    let account = account.unwrap_or_else(|| store::Account::new(account_id, identity.email));
    standing(&service, &mut conn, account).await
}

/// Somebody's account, for accountants and administrators.
#[utoipa::path(get, path = "/api/accounts/{id}", tag = "accounting",
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = StandingBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Somebody else's account"),
        (status = 404, description = "No such account"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<StandingBody>, Problem> {
    let id = UserId::from(id);
    access::account(&identity, id)?;
    let mut conn = service.read().await?;
    let account = store::account(&mut conn, id).await?;
    let account = account.ok_or(Error::NoAccount(id))?;
    standing(&service, &mut conn, account).await
}

async fn standing(
    service: &Handle,
    conn: &mut tidings::Conn,
    account: store::Account,
) -> Result<Json<StandingBody>, Problem> {
    let calendar = service.resource::<Calendar>()?;
    let today = calendar.day_of(service.now());
    let totals = store::totals(conn, account.id, today).await?;
    let body = StandingBody::new(account, (today, calendar.zone()), &totals);
    Ok(Json(body))
}

/// What narrows the list of accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Narrow {
    /// `true`: only of people who owe something.
    negative: Option<bool>,
}

/// Everybody's accounts, those who owe most first; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounts", tag = "accounting", params(
    Narrow,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The accounts; a Link header leads to the next part", body = [AccountBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Neither an accountant nor an administrator"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(narrow): Query<Narrow>,
    paging: Paging<ByBalance>,
) -> Result<List<AccountBody>, Problem> {
    access::books(&identity)?;
    let mut conn = service.read().await?;
    let negative = narrow.negative.unwrap_or_default();
    let accounts = store::accounts(&mut conn, negative, &paging).await?;
    let (accounts, next) = paging.cut(accounts, ByBalance::of);
    let items = accounts.into_iter().map(AccountBody::from).collect();
    Ok(List { items, next })
}

/// What came into one's own account and what left it, newest first.
#[utoipa::path(get, path = "/api/accounts/me/log", tag = "accounting", params(
    DayAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The entries; a Link header leads to the next part", body = [EntryBody]),
    (status = 400, description = "bad_date, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the task exchange"),
))]
pub(super) async fn my_log(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<DayAsked>,
    paging: Paging<ByTime>,
) -> Result<List<EntryBody>, Problem> {
    access::exchange(&identity)?;
    part_of_log(&service, identity.user_id.into(), &asked, &paging).await
}

/// What came into somebody's account and what left it; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounts/{id}/log", tag = "accounting", params(
    ("id" = Uuid, Path, description = "The account"),
    DayAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The entries; a Link header leads to the next part", body = [EntryBody]),
    (status = 400, description = "bad_date, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Somebody else's account"),
    (status = 404, description = "No such account"),
))]
pub(super) async fn log(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(asked): Query<DayAsked>,
    paging: Paging<ByTime>,
) -> Result<List<EntryBody>, Problem> {
    let id = UserId::from(id);
    access::account(&identity, id)?;
    there_is(&service, id).await?;
    part_of_log(&service, id, &asked, &paging).await
}

async fn part_of_log(
    service: &Handle,
    account_id: UserId,
    asked: &DayAsked,
    paging: &Paging<ByTime>,
) -> Result<List<EntryBody>, Problem> {
    let day = asked.day()?;
    let mut conn = service.read().await?;
    let entries = store::entries(&mut conn, account_id, day, paging).await?;
    let (entries, next) = paging.cut(entries, ByTime::of);
    let items = entries.into_iter().map(EntryBody::from).collect();
    Ok(List { items, next })
}

async fn there_is(service: &Handle, id: UserId) -> Result<(), Problem> {
    let found = store::account(&mut service.read().await?, id).await?;
    match found {
        Some(_) => Ok(()),
        None => Err(Error::NoAccount(id).into()),
    }
}

/// One's own statement as a table, of one day or of all, oldest first.
#[utoipa::path(get, path = "/api/accounts/me/log.csv", tag = "accounting", params(DayAsked),
    responses(
        (status = 200, description = "The entries", content_type = "text/csv", body = String),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the task exchange"),
    ))]
pub(super) async fn my_csv(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<DayAsked>,
) -> Result<Response, Problem> {
    access::exchange(&identity)?;
    let day = asked.day()?;
    statement::file(&service, identity.user_id.into(), day).await
}

/// Somebody's statement as a table; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounts/{id}/log.csv", tag = "accounting",
    params(("id" = Uuid, Path, description = "The account"), DayAsked),
    responses(
        (status = 200, description = "The entries", content_type = "text/csv", body = String),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Somebody else's account"),
        (status = 404, description = "No such account"),
    ))]
pub(super) async fn csv(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(asked): Query<DayAsked>,
) -> Result<Response, Problem> {
    let id = UserId::from(id);
    access::account(&identity, id)?;
    there_is(&service, id).await?;
    let day = asked.day()?;
    statement::file(&service, id, day).await
}
