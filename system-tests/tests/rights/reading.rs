//! SEC-20: reading changes nothing.

use std::time::Duration;

use system_tests::{Failure, checker, pause};

use crate::market::Market;
use crate::person::Sent;
use crate::{routes, rows};

/// SEC-20: whoever reads whatever there is to read, no row of any service is different
/// afterwards, but for the time at which a session was last used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_changes_nothing() -> Result<(), Failure> {
    let market = Market::open().await?;
    let books = market.site.books();
    let before = rows::of(&books).await?;
    assert!(!before["orders.orders"].is_empty() && !before["auth.accounts"].is_empty());

    let mut read = 0;
    for person in market.everybody() {
        for route in routes::read() {
            for path in route.of_all(&market) {
                for method in ["GET", "HEAD"] {
                    let answer = person
                        .ask(method, &path, route.reader, &Sent::Nothing)
                        .await?;
                    assert!(answer.status < 500, "{method} {path} {}", answer.status);
                    read += usize::from(answer.status == 200);
                }
            }
        }
    }
    assert!(read > 150, "only {read} answers held something");

    // A change that reading had asked for would be made a moment later.
    pause(Duration::from_millis(500)).await;
    checker::come_to_rest(&books, Duration::from_secs(30)).await?;
    let found = rows::differences(&before, &rows::of(&books).await?);
    assert!(found.is_empty(), "{}", found.join("\n"));
    market.close().await
}
