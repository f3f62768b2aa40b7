//! What operators are shown of events, jobs and records: nothing that is marked as sensitive
//! (E-25), wherever it stands.

use serde_json::Value;
use tidings::acts::ActRow;
use tidings::callback::Attempt;
use tidings::dead::DryRun;
use tidings::operation::OperationRow;
use tidings::workflow::{StepRow, WorkflowRow};
use tidings::{DeadEvent, JobRow, Mask};

/// An event that was put aside. A key may be somebody's address, and an error may name it.
pub(crate) fn event(mask: &Mask, mut of: DeadEvent) -> DeadEvent {
    let data = std::mem::take(&mut of.event.data);
    of.event.key = mask.text(&of.event.key, &data);
    of.error = of.error.map(|error| mask.text(&error, &data));
    of.event.data = mask.data(&data);
    of
}

pub(crate) fn job(mask: &Mask, mut of: JobRow) -> JobRow {
    of.error = of.error.map(|error| mask.text(&error, &of.data));
    of.limit_key = of.limit_key.map(|key| mask.text(&key, &of.data));
    of.data = mask.data(&of.data);
    of
}

/// A run of a workflow. Its key may be what it hides.
pub(crate) fn workflow(mask: &Mask, mut of: WorkflowRow) -> WorkflowRow {
    let texts = [&mut of.error, &mut of.stuck_by, &mut of.waiting_for];
    for text in texts.into_iter().flatten() {
        *text = mask.text(text, &of.input);
    }
    of.key = mask.text(&of.key, &of.input);
    of.input = mask.data(&of.input);
    of
}

/// A step of a run that was started with this input.
pub(crate) fn step(mask: &Mask, mut of: StepRow, input: &str) -> StepRow {
    of.error = of.error.map(|error| mask.text(&error, input));
    of.result = of.result.map(|result| {
        // Not only fields: a step may give an address by itself.
        mask.text(&mask.data(&result), input)
    });
    of
}

pub(crate) fn operation(mask: &Mask, mut of: OperationRow) -> OperationRow {
    of.result = of.result.map(|result| mask.data(&result));
    of
}

/// A try of a callback. Whoever answers may answer in JSON, and with what he was sent.
pub(crate) fn attempt(mask: &Mask, mut of: Attempt) -> Attempt {
    of.answer = of
        .answer
        .map(|answer| match answer.starts_with(['{', '[']) {
            true => mask.data(&answer),
            false => answer,
        });
    of
}

/// What a dry run of an event with these data has shown.
pub(crate) fn run(mask: &Mask, mut of: DryRun, data: &str) -> DryRun {
    of.error = of.error.map(|error| mask.text(&error, data));
    for row in of.tables.iter_mut().flat_map(|table| &mut table.rows) {
        let both = [&mut row.before, &mut row.after];
        both.into_iter()
            .flatten()
            .for_each(|row| value(mask, row, data));
    }
    for one in &mut of.published {
        one.key = mask.text(&one.key, &one.data);
        one.data = mask.data(&one.data);
    }
    for one in &mut of.jobs {
        one.data = mask.data(&one.data);
    }
    of
}

/// Fields by their names, what is JSON inside of a text by its own, and of all other texts what
/// the event hides.
fn value(mask: &Mask, of: &mut Value, data: &str) {
    mask.value(of);
    leaves(of, &mut |text| {
        *text = match text.starts_with(['{', '[']) {
            true => mask.data(text),
            false => mask.text(text, data),
        };
    });
}

fn leaves(of: &mut Value, change: &mut impl FnMut(&mut String)) {
    match of {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What was done, with what it was done to.
pub(crate) fn act(mask: &Mask, mut of: ActRow) -> ActRow {
    let detail = of.detail.as_deref().map(serde_json::from_str::<Value>);
    of.detail = detail.map(|detail| {
        // Nobody knows what is in what cannot be read.
        let mut detail = detail.unwrap_or_default();
        let data = detail["event"]["data"].as_str().unwrap_or("").to_owned();
        value(mask, &mut detail, &data);
        detail.to_string()
    });
    of
}
