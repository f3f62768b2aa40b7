//! What was paid out, and what has become of the e-mails.

use askama::Template;
use axum::extract::State;
use contracts::UserId;
use contracts::calendar::{BillingDay, Calendar};
use contracts::dollars;
use contracts::users::called;
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::words;
use crate::access;
use crate::http::DayAsked;
use crate::store::{self, Payout};

#[derive(Template)]
#[template(path = "payouts.html")]
struct Payouts {
    day: Option<BillingDay>,
    payouts: Vec<Row>,
    is_first_part: bool,
    next: Option<String>,
}

/// One payout in a list.
pub(super) struct Row {
    pub(super) account_id: UserId,
    pub(super) name: String,
    pub(super) day: BillingDay,
    pub(super) amount: String,
    pub(super) mail: &'static str,
    pub(super) mail_label: &'static str,
}

impl From<Payout> for Row {
    fn from(payout: Payout) -> Self {
        let (mail, mail_label) = words::mail(payout.mail);
        Self {
            account_id: payout.account_id,
            name: called(&payout.name, &payout.email, payout.account_id),
            day: payout.billing_day,
            amount: dollars(payout.amount_minor),
            mail,
            mail_label,
        }
    }
}

/// GET `/exchange/books/payouts`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<DayAsked>,
    paging: Paging,
) -> Result<Fragment, Problem> {
    access::books(&who)?;
    let day = asked.day()?;
    let today = service.resource::<Calendar>()?.day_of(service.now());
    let mut conn = service.read().await?;
    let revision = store::revision(&mut conn).await?;
    let payouts = store::payouts(&mut conn, day, paging.after, paging.fetch()).await?;
    let (payouts, next) = paging.cut(payouts, |payout| (payout.made_at, payout.id.uuid()));
    let page = Payouts {
        day,
        payouts: payouts.into_iter().map(Row::from).collect(),
        is_first_part: paging.after.is_none(),
        next,
    };
    let live = format!("/exchange/books/live?seen={}", today.seen(revision));
    Ok(Fragment::try_new("Payouts", page.render())?.live(live))
}
