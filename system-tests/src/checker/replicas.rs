//! I-42: what one service knows of another's things is what they are.

use super::Findings;
use crate::{Books, Failure, Line};

pub(super) async fn check(books: &Books, findings: &mut Findings) -> Result<(), Failure> {
    let listings = "SELECT id, seller_id, title, price_minor, currency, status, version
        FROM listings ORDER BY id";
    let tickets = "SELECT id, seller_id, title, price_minor, currency, status, version
        FROM tickets ORDER BY id";
    compare(books, ("tickets", listings), ("orders", tickets), findings).await?;

    let orders = "SELECT id, buyer_id, price_minor, currency, expires_at,
        CASE WHEN cancel_reason = 'expired' THEN 'expired' ELSE status END, version
        FROM orders ORDER BY id";
    let known = "SELECT id, buyer_id, price_minor, currency, expires_at, status, version
        FROM orders ORDER BY id";
    compare(books, ("orders", orders), ("payments", known), findings).await?;

    let accounts = "SELECT id, email, version FROM accounts ORDER BY id";
    let users = "SELECT id, email, version FROM users ORDER BY id";
    let (auth, notifications) = (("auth", accounts), ("notifications", users));
    compare(books, auth, notifications, findings).await?;
    check_exchange(books, findings).await?;
    check_register(books, findings).await
}

/// What the services of the task exchange know of people and of each other's things.
async fn check_exchange(books: &Books, findings: &mut Findings) -> Result<(), Failure> {
    let accounts = "SELECT id, email, name, roles, disabled, version FROM accounts ORDER BY id";
    let people = "SELECT id, email, name, roles, disabled, version FROM people ORDER BY id";
    compare(books, ("auth", accounts), ("tasks", people), findings).await?;

    let accounts = "SELECT id, email, name, disabled, version FROM accounts ORDER BY id";
    let owners = "SELECT id, email, name, disabled, user_version FROM accounts ORDER BY id";
    compare(books, ("auth", accounts), ("accounting", owners), findings).await?;

    let tasks = "SELECT id, title, jira_id, version FROM tasks ORDER BY id";
    compare(books, ("tasks", tasks), ("accounting", tasks), findings).await?;

    let prices = "SELECT task_id, assign_fee_minor, reward_minor FROM prices ORDER BY task_id";
    compare(books, ("accounting", prices), ("tasks", prices), findings).await
}

/// what the register knows of people, and the repository of people and platforms.
async fn check_register(books: &Books, findings: &mut Findings) -> Result<(), Failure> {
    let accounts = "SELECT id, email, name, roles, disabled, version FROM accounts ORDER BY id";
    let people = "SELECT id, email, name, roles, disabled, version FROM people ORDER BY id";
    compare(books, ("auth", accounts), ("platforms", people), findings).await?;

    let accounts = "SELECT id, email, name, version FROM accounts ORDER BY id";
    let people = "SELECT id, email, name, version FROM people ORDER BY id";
    compare(books, ("auth", accounts), ("commands", people), findings).await?;

    let register = "SELECT id, number, name, publisher, lifecycle, archived_at IS NOT NULL, version
        FROM platforms ORDER BY id";
    let replica = "SELECT id, number, name, publisher, lifecycle, archived, version
        FROM platforms ORDER BY id";
    let (platforms, commands) = (("platforms", register), ("commands", replica));
    compare(books, platforms, commands, findings).await
}

async fn compare(
    books: &Books,
    (source, of_source): (&str, &str),
    (replica, of_replica): (&str, &str),
    findings: &mut Findings,
) -> Result<(), Failure> {
    let there = books.read(source, of_source).await?;
    let here = books.read(replica, of_replica).await?;
    let only = |one: &[Line], other: &[Line]| -> Vec<Line> {
        one.iter()
            .filter(|line| !other.contains(line))
            .take(5)
            .cloned()
            .collect()
    };
    findings.unless(there == here, "I-42", || {
        let (of_source, of_replica) = (only(&there, &here), only(&here, &there));
        format!("{source} has {of_source:?} where {replica} has {of_replica:?}")
    });
    Ok(())
}
