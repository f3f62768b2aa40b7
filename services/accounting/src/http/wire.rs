//! The books as the API writes them.

use contracts::calendar::BillingDay;
use serde::Serialize;
use tidings::{Timestamp, Uuid};
use utoipa::ToSchema;

use crate::ledger::Entry;
use crate::store::{Account, Payout, Totals};

/// Whose money, and how much.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountBody {
    account_id: Uuid,
    /// Empty until the person has been told of.
    name: String,
    email: String,
    /// Whether the person's account has been shut. What is in it stays.
    disabled: bool,
    /// What is owed to the person; less than zero is owed by them.
    balance_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        Self {
            account_id: account.id.uuid(),
            name: account.name,
            email: account.email,
            disabled: account.disabled,
            balance_minor: account.balance_minor,
            currency: USD,
        }
    }
}

pub(super) const USD: &str = "usd";

/// An account with what the day has brought so far.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandingBody {
    #[serde(flatten)]
    account: AccountBody,
    today: TodayBody,
}

/// What a day has brought so far.
#[derive(Debug, Serialize, ToSchema)]
struct TodayBody {
    #[schema(example = "2026-03-14")]
    date: String,
    /// The time zone in which the day begins and ends.
    zone: String,
    /// Rewards less fees.
    earned_minor: i64,
    rewards_minor: i64,
    fees_minor: i64,
}

impl StandingBody {
    pub(super) fn new(account: Account, (date, zone): (BillingDay, &str), totals: &Totals) -> Self {
        Self {
            account: account.into(),
            today: TodayBody {
                date: date.to_string(),
                zone: zone.to_owned(),
                earned_minor: totals.earned_minor(),
                rewards_minor: totals.rewards_minor,
                fees_minor: totals.fees_minor,
            },
        }
    }
}

/// One entry of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryBody {
    id: Uuid,
    /// `assign_fee`, `task_reward`, `payout`, `adjustment`.
    kind: &'static str,
    /// What was taken.
    debit_minor: i64,
    /// What was given.
    credit_minor: i64,
    /// The task that it is about, if it is about one.
    task: Option<TaskBody>,
    /// `created` or `shuffle`, of a fee.
    reason: Option<String>,
    /// The dealing that a fee comes from.
    shuffle_id: Option<Uuid>,
    /// The name of whoever did it, or their address, if it is known.
    by: Option<String>,
    /// What was written about it, of an adjustment.
    note: Option<String>,
    /// For people.
    description: String,
    /// The day that it counts for.
    #[schema(example = "2026-03-14")]
    billing_day: String,
    /// When what it is for happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether it belongs to an earlier day that was closed already.
    late: bool,
}

/// What an entry is about.
#[derive(Debug, Serialize, ToSchema)]
struct TaskBody {
    id: Uuid,
    /// None until the task's record has come.
    title: Option<String>,
    jira_id: Option<String>,
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        let description = entry.in_words();
        Self {
            id: entry.id.uuid(),
            kind: entry.kind.as_str(),
            debit_minor: entry.debit_minor,
            credit_minor: entry.credit_minor,
            task: entry.task.map(|task| TaskBody {
                id: task.id.uuid(),
                title: task.title,
                jira_id: task.jira_id,
            }),
            reason: entry.why.reason,
            shuffle_id: entry.why.shuffle_id.map(contracts::ShuffleId::uuid),
            by: entry.why.actor,
            note: entry.why.note,
            description,
            billing_day: entry.billing_day.to_string(),
            at: entry.at,
            late: entry.late,
        }
    }
}

/// A payout.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayoutBody {
    id: Uuid,
    account_id: Uuid,
    name: String,
    email: String,
    #[schema(example = "2026-03-14")]
    billing_day: String,
    amount_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// What has become of the e-mail: `asked`, `taken`, `refused`, `unanswered`.
    mail: &'static str,
}

impl From<Payout> for PayoutBody {
    fn from(payout: Payout) -> Self {
        Self {
            id: payout.id.uuid(),
            account_id: payout.account_id.uuid(),
            name: payout.name,
            email: payout.email,
            billing_day: payout.billing_day.to_string(),
            amount_minor: payout.amount_minor,
            currency: USD,
            made_at: payout.made_at,
            mail: payout.mail.as_str(),
        }
    }
}
