//! What can be done with tasks, one file a use case.

mod complete_task;
mod create_task;
mod move_numbers;
mod request_shuffle;

pub(crate) use complete_task::complete_task;
pub(crate) use create_task::{add_in_tx, create_task_in_tx};
pub(crate) use move_numbers::{begin_move_numbers, move_numbers};
pub(crate) use request_shuffle::request_shuffle_in_tx;
