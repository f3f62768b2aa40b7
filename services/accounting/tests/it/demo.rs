//! Days that are over at the first start.

use tidings::Storage;

use crate::stage::{DAY, Stage, TODAY, at};

tidings_test::on_both!(days_before_today_are_closed_once_their_tasks_have_come_in);

async fn days_before_today_are_closed_once_their_tasks_have_come_in(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    for _ in 0..2 {
        accounting::close_demo_days(&stage.service()).await.unwrap();
    }
    let first = at("2025-12-30T10:00:00Z");
    for number in 0..3 {
        stage
            .work_at(u128::from(number), 1, true, first.plus(DAY * number))
            .await;
    }
    stage.rest().await;
    let closed = stage.heard("billing_day.closed").await;
    // Days are told of side by side.
    let mut dates: Vec<_> = closed
        .iter()
        .map(|day| day["date"].as_str().unwrap())
        .collect();
    dates.sort_unstable();
    assert_eq!(dates, ["2025-12-30", "2025-12-31"]);
    let today = stage.look(&format!("/api/accounting/days/{TODAY}")).await;
    assert_eq!(today["status"], "open");
    assert!(
        stage.lines(1).await.iter().all(|line| !line.3),
        "nothing is late"
    );
    stage.ends_well().await;
}
