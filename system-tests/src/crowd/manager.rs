//! Writes tasks down, and now and then has all open ones dealt anew.

use std::time::Duration;

use rand::RngExt;

use super::Person;
use crate::office::{create_task, shuffle};
use crate::pause;

/// More would only be dealt again and again.
const OPEN_MAX: usize = 16;
const BETWEEN: Duration = Duration::from_millis(400);

pub(super) async fn manage(mut person: Person) {
    let mut count = 0;
    while person.may_go_on() {
        let open = person.read("/api/tasks?all&status=open&limit=50").await;
        let open = open.as_array().map_or(OPEN_MAX, Vec::len);
        if person.random.random_range(0..8) == 0 {
            shuffle(&person.history, &person.account).await;
        } else if open < OPEN_MAX {
            count += 1;
            let title = format!("Task {count} of {}", person.account.email);
            create_task(&person.history, &person.account, &title).await;
        }
        pause(BETWEEN).await;
    }
}
