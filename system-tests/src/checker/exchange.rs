//! The task exchange: tasks and their lives, the ledger, the days.
//!
//! Rules: B-10 each task has one holder, B-15 a run deals a task once, B-17 what is done is
//! done, B-19 one price a task and in range, B-20 one entry for each assignment and each
//! completion, B-21 balances are the sums of their entries and all together nothing, B-25 what
//! a day has earned, B-26 paid once and to nothing, B-27 late entries, B-28 one letter for each
//! payout, B-34 the day of an entry is the day of what it is for.

mod days;
mod ledger;
mod tasks;

use std::collections::BTreeMap;
use std::fmt;

use super::Findings;
use super::snapshot::Snapshot;
use crate::{Books, Failure, Line};

/// The account on the other side of every movement.
const MANAGEMENT: &str = "management";

/// A task of `tasks`.
#[derive(Clone, Debug)]
pub struct Task {
    /// What is to be done.
    pub title: String,
    /// `open`, `completed`.
    pub status: String,
    /// Whose it is.
    pub assignee: String,
    /// How often it has fallen to somebody.
    pub assignment_no: i64,
    /// How often it has changed.
    pub version: i64,
}

/// A shuffle of `tasks`.
#[derive(Clone, Debug)]
pub struct Shuffle {
    /// Who asked for it.
    pub by: String,
    /// `completed`, or why not.
    pub status: String,
    /// How many tasks were open when it began, were dealt, and were not.
    pub counts: [i64; 3],
}

/// A row of the ledger of `accounting`.
#[derive(Clone, Debug)]
pub struct Movement {
    /// Its id.
    pub id: String,
    /// `assign_fee`, `task_reward`, `payout`.
    pub kind: String,
    /// The person's account.
    pub account: String,
    /// Which account loses, and which gains.
    pub sides: [String; 2],
    /// How much.
    pub amount: i64,
    /// For which task.
    pub task: String,
    /// For which assignment of it; 0 if for none.
    pub assignment_no: i64,
    /// The day on which it counts.
    pub day: String,
    /// Whether it was for an earlier one, which was closed.
    pub late: bool,
}

impl Movement {
    /// What the person's account gains.
    fn delta(&self) -> i64 {
        match self.sides[0] == self.account {
            true => -self.amount,
            false => self.amount,
        }
    }
}

/// A day that is being closed, or is.
#[derive(Clone, Debug)]
pub struct Day {
    /// `closing`, `closed`.
    pub status: String,
    /// What management earned, how many were paid, how many were in the red, what was paid.
    pub counts: [i64; 4],
}

/// Money that was paid out.
#[derive(Clone, Debug)]
pub struct Payout {
    /// To whom.
    pub account: String,
    /// For which day.
    pub day: String,
    /// How much.
    pub amount: i64,
}

/// Everything of the exchange, by id.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// All tasks.
    pub tasks: BTreeMap<String, Task>,
    /// To whom each task has fallen, by task and number, and in which shuffle.
    pub assignments: BTreeMap<(String, i64), (String, String)>,
    /// All shuffles.
    pub shuffles: BTreeMap<String, Shuffle>,
    /// Fee and reward of each task.
    pub prices: BTreeMap<String, (i64, i64)>,
    /// The whole ledger.
    pub ledger: Vec<Movement>,
    /// What is in each account, management's among them.
    pub balances: BTreeMap<String, i64>,
    /// Days that are not open any more, by date.
    pub days: BTreeMap<String, Day>,
    /// All payouts.
    pub payouts: BTreeMap<String, Payout>,
}

impl Exchange {
    pub(super) async fn read(books: &Books) -> Result<Self, Failure> {
        let mut exchange = Self::default();
        exchange.read_tasks(books).await?;
        exchange.read_ledger(books).await?;
        exchange.read_days(books).await?;
        Ok(exchange)
    }

    async fn read_tasks(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT id, title, status, assignee_id, assignment_no, version FROM tasks";
        for line in books.read("tasks", sql).await? {
            let task = Task {
                title: line.text(1),
                status: line.text(2),
                assignee: line.text(3),
                assignment_no: line.number(4)?,
                version: line.number(5)?,
            };
            self.tasks.insert(line.text(0), task);
        }
        let sql = "SELECT task_id, assignment_no, assignee_id, shuffle_id FROM assignments";
        for line in books.read("tasks", sql).await? {
            let of = (line.text(0), line.number(1)?);
            self.assignments.insert(of, (line.text(2), line.text(3)));
        }
        let sql = "SELECT id, requested_by, status, total, reassigned, skipped FROM shuffles";
        for line in books.read("tasks", sql).await? {
            let shuffle = Shuffle {
                by: line.text(1),
                status: line.text(2),
                counts: [line.number(3)?, line.number(4)?, line.number(5)?],
            };
            self.shuffles.insert(line.text(0), shuffle);
        }
        Ok(())
    }

    async fn read_ledger(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT task_id, assign_fee_minor, reward_minor FROM prices";
        for line in books.read("accounting", sql).await? {
            let price = (line.number(1)?, line.number(2)?);
            self.prices.insert(line.text(0), price);
        }
        let sql = "SELECT id, kind, account_id, debit_account, credit_account, amount_minor,
            task_id, coalesce(assignment_no, 0), billing_day, late FROM ledger ORDER BY id";
        for line in books.read("accounting", sql).await? {
            self.ledger.push(Movement {
                id: line.text(0),
                kind: line.text(1),
                account: line.text(2),
                sides: [line.text(3), line.text(4)],
                amount: line.number(5)?,
                task: line.text(6),
                assignment_no: line.number(7)?,
                day: line.text(8),
                late: is_true(&line, 9),
            });
        }
        let sql = "SELECT id, balance_minor FROM accounts
            UNION ALL SELECT 'management', management_minor FROM books";
        for line in books.read("accounting", sql).await? {
            self.balances.insert(line.text(0), line.number(1)?);
        }
        Ok(())
    }

    async fn read_days(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT date, status, management_earned_minor, accounts_paid,
            accounts_negative, total_paid_minor FROM billing_days";
        for line in books.read("accounting", sql).await? {
            let day = Day {
                status: line.text(1),
                counts: [
                    line.number(2)?,
                    line.number(3)?,
                    line.number(4)?,
                    line.number(5)?,
                ],
            };
            self.days.insert(line.text(0), day);
        }
        let sql = "SELECT id, account_id, billing_day, amount_minor FROM payouts";
        for line in books.read("accounting", sql).await? {
            let payout = Payout {
                account: line.text(1),
                day: line.text(2),
                amount: line.number(3)?,
            };
            self.payouts.insert(line.text(0), payout);
        }
        Ok(())
    }

    /// Fees less rewards of a day, or of all of them (B-25).
    #[must_use]
    pub fn earned(&self, day: Option<&str>) -> i64 {
        let counts = |one: &&Movement| {
            let is_of_task = ["assign_fee", "task_reward"].contains(&one.kind.as_str());
            is_of_task && day.is_none_or(|day| one.day == day)
        };
        -self
            .ledger
            .iter()
            .filter(counts)
            .map(Movement::delta)
            .sum::<i64>()
    }

    /// How many rows the ledger has of a kind.
    #[must_use]
    pub fn entries(&self, kind: &str) -> usize {
        self.ledger.iter().filter(|one| one.kind == kind).count()
    }
}

/// For a line of evidence.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fees, rewards) = (self.entries("assign_fee"), self.entries("task_reward"));
        write!(
            f,
            "{} tasks dealt in {} shuffles, {fees} fees, {rewards} rewards, all balances together {}",
            self.tasks.len(),
            self.shuffles.len(),
            self.balances.values().sum::<i64>(),
        )
    }
}

/// SQLite says 1, PostgreSQL says t.
fn is_true(line: &Line, column: usize) -> bool {
    ["1", "t"].contains(&line.text(column).as_str())
}

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let facts = tasks::check(snapshot, findings);
    ledger::check(snapshot, &facts, findings);
    days::check(books, snapshot, findings).await
}
