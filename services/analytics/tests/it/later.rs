//! Analytics come to an installation that others have used for long.

use contracts::calendar::Calendar;
use contracts::tasks::TaskEvent;
use contracts::users::UserEvent;
use tidings::Storage;
use tidings_test::World;

use crate::stage::{DAY, Stage, TODAY, others, person, record, services};

tidings_test::on_both!(a_new_analytics_service_added_later_begins_at_the_beginning);

async fn history(stage: &mut Stage) {
    let ann = person(1, "Ann", "worker");
    stage.tell("auth", vec![UserEvent::Created(ann)]).await;
    let gate = record(1, "Mend the gate", 1);
    stage.tell("tasks", vec![TaskEvent::Created(gate)]).await;
    let now = stage.now();
    stage.fee(1, 1_500, now).await;
    stage.reward(1, 1, 3_000, now).await;
    stage.close(TODAY, -1_500).await;
    let tomorrow = now.plus(DAY);
    stage.fee(1, 1_200, tomorrow).await;
}

async fn a_new_analytics_service_added_later_begins_at_the_beginning(storage: Storage) {
    let mut before = Stage::in_world(World::on(storage.clone(), others()).await);
    history(&mut before).await;
    drop(before);
    let mut since = Stage::in_world(World::on(storage, services(&Calendar::utc())).await);
    since.world.settle().await;

    let mut always = Stage::on(Storage::Memory).await;
    history(&mut always).await;
    assert_eq!(since.figures().await, always.figures().await);
    let today = since.look("/api/analytics/today").await;
    assert_eq!(today["popugs"][0]["name"], "Ann");
    assert_eq!(today["most_expensive"]["title"], "Mend the gate");
    since.ends_well().await;
}
