//! Completes what falls to them, sometimes in two tabs, and sometimes what somebody else was
//! dealt meanwhile.

use std::time::Duration;

use rand::RngExt;

use super::Person;
use crate::office::complete_task;
use crate::pause;

const BETWEEN: Duration = Duration::from_millis(500);

pub(super) async fn work(mut person: Person) {
    let mut seen: Option<String> = None;
    while person.may_go_on() {
        let mine = person.read("/api/tasks?mine&status=open&limit=20").await;
        let mine = mine.as_array().map_or(&[][..], Vec::as_slice);
        let (history, account) = (&person.history, &person.account);
        if let Some(task) = seen.take() {
            // It was theirs a while ago; somebody may have it now.
            complete_task(history, account, &task).await;
        }
        if !mine.is_empty() {
            let place = person.random.random_range(0..mine.len());
            let task = mine[place]["id"].as_str().unwrap_or_default().to_owned();
            match person.random.random_range(0..10) {
                0 | 1 => seen = Some(task),
                2 => {
                    tokio::join!(
                        complete_task(history, account, &task),
                        complete_task(history, account, &task)
                    );
                }
                _ => {
                    complete_task(history, account, &task).await;
                }
            }
        }
        pause(BETWEEN).await;
    }
}
