//! Days that are closed, who was paid for them, and who was written to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Day, Exchange, Movement};
use crate::checker::Findings;
use crate::checker::snapshot::Snapshot;
use crate::{Books, Failure};

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let exchange = &snapshot.exchange;
    for (date, day) in &exchange.days {
        check_day(exchange, date, day, findings);
    }
    check_days_are_told(snapshot, findings);
    check_payouts(snapshot, findings);
    check_letters(books, exchange, findings).await
}

/// B-25, B-26, B-27: what a closed day says is what its entries still come to, and it has left
/// nobody anything.
fn check_day(exchange: &Exchange, date: &str, day: &Day, findings: &mut Findings) {
    findings.unless(day.status == "closed", "B-26", || {
        format!("{date} is closed half: {day:?}")
    });
    let [earned, paid, negative, total] = day.counts;
    let of_day = exchange.earned(Some(date));
    findings.unless(earned == of_day, "B-25", || {
        format!("{date} says that {earned} were earned, its entries come to {of_day}")
    });
    let amounts = exchange.payouts.values().filter(|one| one.day == date);
    let amounts: Vec<i64> = amounts.map(|one| one.amount).collect();
    let is_right = i64::try_from(amounts.len()) == Ok(paid) && amounts.iter().sum::<i64>() == total;
    findings.unless(is_right, "B-26", || {
        format!("{date} is {day:?}, and these were paid: {amounts:?}")
    });
    let mut at_end: BTreeMap<&str, i64> = BTreeMap::new();
    for one in exchange
        .ledger
        .iter()
        .filter(|one| one.day.as_str() <= date)
    {
        *at_end.entry(&one.account).or_default() += one.delta();
    }
    for (account, balance) in &at_end {
        findings.unless(*balance <= 0, "B-26", || {
            format!("{date} has left {balance} to {account}")
        });
    }
    let in_the_red = at_end.values().filter(|balance| **balance < 0).count();
    findings.unless(i64::try_from(in_the_red) == Ok(negative), "B-29", || {
        format!("{date} says that {negative} were in the red, and {in_the_red} are")
    });
}

/// Each day was told of once, as it is.
fn check_days_are_told(snapshot: &Snapshot, findings: &mut Findings) {
    let mut told: BTreeMap<&str, Vec<[i64; 4]>> = BTreeMap::new();
    for event in snapshot.events_of("billing_days") {
        let count = |name: &str| event.data[name].as_i64().unwrap_or_default();
        told.entry(event.text("date")).or_default().push([
            count("management_earned_minor"),
            count("accounts_paid"),
            count("accounts_negative"),
            count("total_paid_minor"),
        ]);
    }
    for (date, day) in &snapshot.exchange.days {
        let told = told.remove(date.as_str());
        findings.unless(
            told.as_deref() == Some([day.counts].as_slice()),
            "B-25",
            || format!("{date} is {day:?}, told was {told:?}"),
        );
    }
    findings.unless(told.is_empty(), "B-25", || {
        format!("days that are not closed: {told:?}")
    });
}

/// B-26: for each payout one entry and one event, and for each account and day one payout.
fn check_payouts(snapshot: &Snapshot, findings: &mut Findings) {
    let exchange = &snapshot.exchange;
    let of = |one: &Movement| (one.account.clone(), one.day.clone(), one.amount);
    let mut entries: Vec<_> = exchange
        .ledger
        .iter()
        .filter(|one| one.kind == "payout")
        .map(of)
        .collect();
    let paid = exchange.payouts.values();
    let mut paid: Vec<_> = paid
        .map(|one| (one.account.clone(), one.day.clone(), one.amount))
        .collect();
    let mut told = Vec::new();
    for event in snapshot.events_of("payouts") {
        let amount = event.data["amount_minor"].as_i64().unwrap_or_default();
        let text = |name: &str| event.text(name).to_owned();
        told.push((text("account_id"), text("billing_day"), amount));
    }
    for all in [&mut entries, &mut paid, &mut told] {
        all.sort();
    }
    findings.unless(entries == paid && told == paid, "B-26", || {
        format!("paid were {paid:?}, the ledger says {entries:?}, told was {told:?}")
    });
    let mut seen = BTreeSet::new();
    for (account, day, _) in &entries {
        findings.unless(seen.insert((account, day)), "B-26", || {
            format!("{account} was paid twice for {day}")
        });
    }
}

/// B-28: one letter for each payout, to whom it was paid.
async fn check_letters(
    books: &Books,
    exchange: &Exchange,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut letters = BTreeMap::new();
    let sql = "SELECT id, user_id, state FROM messages WHERE sender = 'accounting'";
    for line in books.read("notifications", sql).await? {
        letters.insert(line.text(0), (line.text(1), line.text(2)));
    }
    for (id, payout) in &exchange.payouts {
        let letter = letters.remove(id);
        let expected = (payout.account.clone(), "sent".to_owned());
        findings.unless(letter.as_ref() == Some(&expected), "B-28", || {
            format!("of {payout:?} was written {letter:?}")
        });
    }
    findings.unless(letters.is_empty(), "B-28", || {
        format!("letters about no payout: {letters:?}")
    });
    Ok(())
}
