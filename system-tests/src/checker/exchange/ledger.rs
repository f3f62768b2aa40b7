//! The ledger against an oracle, which knows what has happened to tasks and what they cost.

use std::collections::BTreeMap;

use super::tasks::Fact;
use super::{Exchange, MANAGEMENT, Movement};
use crate::checker::Findings;
use crate::checker::snapshot::Snapshot;

const FEE: std::ops::RangeInclusive<i64> = 1_000..=2_000;
const REWARD: std::ops::RangeInclusive<i64> = 2_000..=4_000;
const DOLLAR: i64 = 100;

pub(super) fn check(snapshot: &Snapshot, facts: &[Fact], findings: &mut Findings) {
    let exchange = &snapshot.exchange;
    check_prices(snapshot, facts, findings);
    check_each_fact_has_its_entry(exchange, facts, findings);
    check_sides(exchange, findings);
    check_balances(exchange, findings);
    check_told(snapshot, findings);
}

/// B-19: one for each task that somebody was charged for, in whole dollars, told once.
fn check_prices(snapshot: &Snapshot, facts: &[Fact], findings: &mut Findings) {
    let prices = &snapshot.exchange.prices;
    for (task, price) in prices {
        let (fee, reward) = *price;
        let is_right = FEE.contains(&fee)
            && REWARD.contains(&reward)
            && fee % DOLLAR == 0
            && reward % DOLLAR == 0;
        findings.unless(is_right, "B-19", || format!("{task} costs {price:?}"));
    }
    for fact in facts {
        findings.unless(prices.contains_key(&fact.task), "B-19", || {
            format!("{fact:?} has no price")
        });
    }
    let mut told: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for event in snapshot.events_of("prices") {
        let minor = |name: &str| event.data[name].as_i64().unwrap_or_default();
        let price = (minor("assign_fee_minor"), minor("reward_minor"));
        told.entry(&event.key).or_default().push(price);
    }
    for (task, price) in prices {
        let told = told.remove(task.as_str());
        findings.unless(told.as_deref() == Some([*price].as_slice()), "B-19", || {
            format!("{task} costs {price:?}, told was {told:?}")
        });
    }
    findings.unless(told.is_empty(), "B-19", || {
        format!("prices that are not there: {told:?}")
    });
}

/// B-20: exactly one entry for each assignment and each completion, and no other.
fn check_each_fact_has_its_entry(exchange: &Exchange, facts: &[Fact], findings: &mut Findings) {
    let mut entries: BTreeMap<(&str, &str, i64), Vec<&Movement>> = BTreeMap::new();
    let of_tasks = |one: &&Movement| ["assign_fee", "task_reward"].contains(&one.kind.as_str());
    for one in exchange.ledger.iter().filter(of_tasks) {
        let of = (one.kind.as_str(), one.task.as_str(), one.assignment_no);
        entries.entry(of).or_default().push(one);
    }
    for fact in facts {
        let of = (fact.kind, fact.task.as_str(), fact.assignment_no);
        let found = entries.remove(&of).unwrap_or_default();
        let [one] = found.as_slice() else {
            findings.add("B-20", format!("{fact:?} has the entries {found:?}"));
            continue;
        };
        let price = exchange.prices.get(&fact.task).copied().unwrap_or_default();
        let amount = match fact.kind {
            "assign_fee" => price.0,
            _ => price.1,
        };
        findings.unless(one.account == fact.account, "B-20", || {
            format!("{fact:?} has the entry {one:?}")
        });
        findings.unless(one.amount == amount, "B-19", || {
            format!("{fact:?} is {amount}, and has the entry {one:?}")
        });
        check_day(exchange, fact, one, findings);
    }
    findings.unless(entries.is_empty(), "B-20", || {
        format!("entries of nothing that has happened: {entries:?}")
    });
}

/// B-34, and B-27: on its own day, or, if that is closed, late on a later one.
fn check_day(exchange: &Exchange, fact: &Fact, one: &Movement, findings: &mut Findings) {
    if !one.late {
        findings.unless(one.day == fact.day, "B-34", || {
            format!("{fact:?} counts on another day: {one:?}")
        });
        return;
    }
    let was_closed = exchange
        .days
        .keys()
        .any(|day| *day >= fact.day && *day < one.day);
    findings.unless(one.day > fact.day && was_closed, "B-27", || {
        format!("{fact:?} is not late: {one:?}")
    });
}

/// What is charged leaves the person's account, what is earned enters it; nobody else has a part.
fn check_sides(exchange: &Exchange, findings: &mut Findings) {
    for one in &exchange.ledger {
        let person = one.account.as_str();
        let expected = match one.kind.as_str() {
            "task_reward" => [MANAGEMENT, person],
            "adjustment" if one.sides[0] == MANAGEMENT => [MANAGEMENT, person],
            _ => [person, MANAGEMENT],
        };
        findings.unless(one.sides == expected && one.amount > 0, "B-20", || {
            format!("the wrong way round: {one:?}")
        });
    }
}

/// B-21: every balance is the sum of its entries, and all together are nothing.
fn check_balances(exchange: &Exchange, findings: &mut Findings) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for one in &exchange.ledger {
        *sums.entry(&one.sides[0]).or_default() -= one.amount;
        *sums.entry(&one.sides[1]).or_default() += one.amount;
    }
    for (account, balance) in &exchange.balances {
        let sum = sums.remove(account.as_str()).unwrap_or_default();
        findings.unless(*balance == sum, "B-21", || {
            format!("{account} has {balance}, and its entries come to {sum}")
        });
    }
    findings.unless(sums.is_empty(), "B-21", || {
        format!("entries of accounts that are not there: {sums:?}")
    });
    let all: i64 = exchange.balances.values().sum();
    findings.unless(all == 0, "B-21", || {
        format!("all balances together are {all}")
    });
}

/// Each entry was told once, as it is, and with the balance that it led to.
fn check_told(snapshot: &Snapshot, findings: &mut Findings) {
    let ledger = &snapshot.exchange.ledger;
    let mut by_id: BTreeMap<&str, &Movement> =
        ledger.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut balances: BTreeMap<&str, i64> = BTreeMap::new();
    for event in snapshot.events_of("transactions") {
        let minor = |name: &str| event.data[name].as_i64().unwrap_or_default();
        let delta = minor("credit_minor") - minor("debit_minor");
        let is_so = by_id
            .remove(event.text("transaction_id"))
            .is_some_and(|one| {
                one.account == event.text("account_id")
                    && one.kind == event.text("kind")
                    && one.task == event.text("task_id")
                    && one.day == event.text("billing_day")
                    && one.delta() == delta
                    && event.data["late"] == one.late
            });
        findings.unless(is_so, "I-01", || {
            format!("{event:?} is not what the ledger says")
        });
        let balance = balances.entry(&event.key).or_default();
        *balance += delta;
        findings.unless(minor("balance_after_minor") == *balance, "B-21", || {
            format!("{event:?} leads to {balance}")
        });
    }
    findings.unless(by_id.is_empty(), "I-01", || {
        format!("entries that nobody was told of: {by_id:?}")
    });
}
