//! Written by `accounting`: what tasks cost and bring, and every movement of money.
//!
//! Money is in minor units of the US dollar.

use serde::{Deserialize, Serialize};
use tidings::schemars::JsonSchema;
use tidings::{Stream, Timestamp};

use crate::calendar::BillingDay;
use crate::{PayoutId, TaskId, TransactionId, UserId};

/// What tasks cost and bring. Each event holds the whole record.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "prices", key = "task_id", state, schemas)]
pub enum PriceEvent {
    /// A task has its price, the same for everybody and for ever (B-19).
    #[event("task.priced")]
    Priced {
        /// The task.
        task_id: TaskId,
        /// What somebody pays each time when it falls to them.
        assign_fee_minor: i64,
        /// What whoever does it gets.
        reward_minor: i64,
        /// Rises by one with every event of the task on this stream, from 1.
        version: u64,
    },
}

/// What a movement of money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// A task has fallen to somebody.
    AssignFee,
    /// Somebody has done a task.
    TaskReward,
    /// What was earned went to its owner at the end of a day.
    Payout,
    /// A person has set something right.
    Adjustment,
}

impl TransactionKind {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TransactionKind::AssignFee => "assign_fee",
            TransactionKind::TaskReward => "task_reward",
            TransactionKind::Payout => "payout",
            TransactionKind::Adjustment => "adjustment",
        }
    }
}

/// What happens to the accounts of people.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "transactions", key = "account_id", schemas)]
pub enum TransactionEvent {
    /// An entry was written into somebody's account, once (B-20).
    #[event("transaction.applied")]
    Applied {
        /// The entry.
        transaction_id: TransactionId,
        /// Whose account.
        account_id: UserId,
        /// What for.
        kind: TransactionKind,
        /// What was taken; zero when something was given.
        debit_minor: i64,
        /// What was given; zero when something was taken.
        credit_minor: i64,
        /// The task that it is about, if it is about one.
        task_id: Option<TaskId>,
        /// The day that it counts for, in the time zone of the books: `2026-03-14`.
        billing_day: BillingDay,
        /// When what it tells of happened.
        at: Timestamp,
        /// Whether it belongs to an earlier day that was closed already (B-27).
        late: bool,
        /// What was in the account afterwards; less than zero is owed.
        balance_after_minor: i64,
    },
}

/// What becomes of the days of the books.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "billing_days", key = "date", schemas)]
pub enum BillingDayEvent {
    /// A day is over: what was earned was paid, and nothing is written into it any more.
    #[event("billing_day.closed")]
    Closed {
        /// The day: `2026-03-14`.
        date: BillingDay,
        /// Fees less rewards of the day (B-25); may be less than zero.
        management_earned_minor: i64,
        /// How many people were paid.
        accounts_paid: u64,
        /// How many people owed something when it was closed (B-29).
        accounts_negative: u64,
        /// What they were paid together.
        total_paid_minor: i64,
    },
}

/// What becomes of payouts.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "payouts", key = "account_id", schemas)]
pub enum PayoutEvent {
    /// What somebody had earned was paid; their account is at zero (B-26).
    #[event("payout.made")]
    Made {
        /// The payout.
        payout_id: PayoutId,
        /// To whom.
        account_id: UserId,
        /// How much.
        amount_minor: i64,
        /// The day that was closed: `2026-03-14`.
        billing_day: BillingDay,
    },
}
