//! Schedules: each firing gives one job, however many instances run and whenever they start.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Error, Job, Missed, Schedule, Service, Timestamp, Tx, jobs, params};

use super::{MINUTE, NOTES, names};
use crate::bed::{Bed, Stage, on_both};

/// Notes for which moment it was made.
#[derive(Serialize, Deserialize)]
struct Report {
    due: Timestamp,
}

impl Job for Report {
    const KIND: &'static str = "report";
}

async fn report(job: Report, tx: &mut Tx) -> Result<(), Error> {
    let now = tx.now();
    let sql = "INSERT INTO notes (name, at) VALUES ($1, $2)";
    tx.execute(sql, params![job.due.to_string(), now]).await?;
    Ok(())
}

fn service(cron: &str, missed: Missed) -> Service {
    let schedule = Schedule::cron("report", cron).missed(missed);
    Service::new("noter")
        .migrations(NOTES)
        .job(report)
        .schedule(schedule, |due| Report { due })
}

const HOUR: Duration = Duration::from_secs(3600);

on_both!(
    two_instances_and_one_schedule_give_one_run,
    what_was_missed_while_nobody_ran_is_made_up_for_as_the_schedule_says,
    a_changed_expression_counts_from_the_next_start,
);

/// Both instances look at the same moment, in every order that their steps can take.
async fn two_instances_and_one_schedule_give_one_run(bed: Bed) {
    let clock = crate::bed::clock();
    let mut stages = Vec::new();
    for _ in 0..2 {
        let setup = bed
            .setup(&clock)
            .service(service("0 * * * *", Missed::Once));
        stages.push(Stage::open(setup, clock.clone()).await);
    }
    let (mut one, mut other) = (stages.remove(0), stages.remove(0));
    for hour in 1..=6 {
        clock.advance(HOUR);
        tokio::join!(one.settle(), other.settle());
        assert_eq!(names(&one.handle("noter")).await.len(), hour);
    }
    assert_eq!(names(&one.handle("noter")).await[0], "2026-01-01T13:00:00Z");
}

async fn what_was_missed_while_nobody_ran_is_made_up_for_as_the_schedule_says(bed: Bed) {
    for (missed, expected) in [
        (Missed::Skip, vec!["17:00"]),
        (Missed::Once, vec!["16:00", "17:00"]),
        (
            Missed::All,
            vec!["13:00", "14:00", "15:00", "16:00", "17:00"],
        ),
    ] {
        let name: &'static str = match missed {
            Missed::Skip => "skip",
            Missed::Once => "once",
            Missed::All => "all",
        };
        let clock = crate::bed::clock();
        let schedule = || Schedule::cron(name, "0 * * * *").missed(missed);
        let service = || {
            let service = Service::new("noter").migrations(NOTES).job(report);
            service.schedule(schedule(), |due| Report { due })
        };
        drop(Stage::open(bed.setup(&clock).service(service()), clock.clone()).await);
        clock.advance(4 * HOUR + 30 * MINUTE);
        let setup = bed.setup(&clock).service(service());
        let mut stage = Stage::open(setup, clock.clone()).await;
        stage.settle().await;
        stage.advance(30 * MINUTE).await;
        let handle = stage.handle("noter");
        let fired = names(&handle).await;
        let hours: Vec<_> = fired.iter().map(|due| &due[11..16]).collect();
        assert_eq!(hours, expected, "{missed:?}");
        let mut tx = handle.begin_own().await.unwrap();
        tx.execute("DELETE FROM notes", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn a_changed_expression_counts_from_the_next_start(bed: Bed) {
    let clock = crate::bed::clock();
    let opened = bed
        .setup(&clock)
        .service(service("0 0 * * *", Missed::Once));
    drop(Stage::open(opened, clock.clone()).await);
    clock.advance(MINUTE);
    let opened = bed
        .setup(&clock)
        .service(service("30 * * * *", Missed::Once));
    let mut stage = Stage::open(opened, clock.clone()).await;
    let row = jobs::schedules(&stage.handle("noter")).await.unwrap();
    let row = row.into_iter().find(|row| row.name == "report").unwrap();
    assert_eq!(row.spec, "30 * * * * UTC");
    assert_eq!(row.next_at.to_string(), "2026-01-01T12:30:00Z");
    stage.advance(HOUR).await;
    assert_eq!(names(&stage.handle("noter")).await.len(), 1);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_is_refused_when_the_installation_opens() {
    let bed = Bed::sqlite();
    for (cron, wrong) in [("every day", "every day"), ("0 0 30 2 *", "never fires")] {
        let setup = bed.setup(&crate::bed::clock());
        let opened = setup.service(service(cron, Missed::Once)).open().await;
        let error = opened.err().expect("refused").to_string();
        assert!(error.contains(wrong), "{error}");
    }
}
