//! A flow as a tree, as text.

use std::io::{self, Write};

use serde_json::Value;
use tidings::Timestamp;

use super::table::{field, time};

/// States that need no word.
const USUAL: [&str; 2] = ["applied", "done"];

/// Prints every flow of a trace, and what it has to do with others.
pub(super) fn print(out: &mut dyn Write, trace: &Value) -> io::Result<()> {
    for flow in array(trace, "flows") {
        let root = flow.get("root").unwrap_or(&Value::Null);
        writeln!(
            out,
            "{}  {}",
            field(flow, "correlation_id"),
            time(root, "at")
        )?;
        below(out, root, "", moment(root, "at"))?;
        if flow.get("is_cut").and_then(Value::as_bool) == Some(true) {
            writeln!(out, "There is more than can be shown.")?;
        }
    }
    let related = array(trace, "related");
    if !related.is_empty() {
        writeln!(out, "\nAbout the same:")?;
    }
    for one in related {
        let (flow, event) = (field(one, "correlation_id"), field(one, "event"));
        writeln!(
            out,
            "  {flow}  {}  {event} {}",
            time(one, "at"),
            field(one, "key")
        )?;
    }
    let silent = array(trace, "silent").iter().filter_map(Value::as_str);
    let silent: Vec<&str> = silent.collect();
    match silent.is_empty() {
        true => Ok(()),
        false => writeln!(out, "\nNot seen just now: {}.", silent.join(", ")),
    }
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let found = value.get(name).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

fn below(
    out: &mut dyn Write,
    node: &Value,
    before: &str,
    began: Option<Timestamp>,
) -> io::Result<()> {
    let children = array(node, "children");
    for (place, child) in children.iter().enumerate() {
        let (branch, under) = match place + 1 == children.len() {
            true => ("└─ ", "   "),
            false => ("├─ ", "│  "),
        };
        writeln!(out, "{before}{branch}{}", words(child, began))?;
        below(out, child, &format!("{before}{under}"), began)?;
    }
    Ok(())
}

/// `order.created orders.3.17 (orders) +12 ms`
fn words(node: &Value, began: Option<Timestamp>) -> String {
    let mut words = String::new();
    if let Some(count) = node.get("count").and_then(Value::as_u64)
        && count > 1
    {
        words += &format!("{count} × ");
    }
    let kind = field(node, "kind");
    if kind != "event" {
        words += &format!("{kind} ");
    }
    words += &field(node, "name");
    if let Some(id) = node.get("id").and_then(Value::as_str) {
        words += &format!(" {id}");
    }
    if let Some(service) = node.get("service").and_then(Value::as_str) {
        words += &format!(" ({service})");
    }
    let after = moment(node, "at").zip(began);
    if let Some((at, began)) = after {
        let millis = (at.as_micros() - began.as_micros()) / 1_000;
        words += &format!(" +{millis} ms");
    }
    let state = field(node, "state");
    let attempts = node.get("attempts").and_then(Value::as_u64);
    if node.get("state").is_some_and(Value::is_string) && !USUAL.contains(&state.as_str()) {
        words += &format!(" {state}");
    }
    if let Some(attempts) = attempts.filter(|attempts| *attempts > 1) {
        words += &format!(" after {attempts} tries");
    }
    if let Some(error) = node.get("error").and_then(Value::as_str) {
        words += &format!(": {error}");
    }
    words
}

fn moment(node: &Value, name: &str) -> Option<Timestamp> {
    serde_json::from_value(node.get(name)?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flow_is_a_tree_of_what_has_led_to_what() {
        let at = |millis: i64| Timestamp::from_micros(millis * 1_000);
        let trace = json!({ "flows": [{
            "correlation_id": "c", "is_cut": false,
            "root": { "kind": "root", "name": "request", "at": at(0), "children": [
                { "kind": "event", "service": "orders", "name": "order.created",
                  "id": "orders.3.17", "count": 1, "at": at(2), "children": [
                    { "kind": "handler", "service": "tickets", "name": "orders", "count": 1,
                      "state": "dead", "attempts": 3, "error": "no such ticket", "children": [] },
                    { "kind": "job", "service": "orders", "name": "sweep", "count": 12,
                      "state": "done", "at": at(20), "children": [] },
                ] },
            ] },
        }], "related": [], "silent": ["payments"] });
        let mut out = Vec::new();
        print(&mut out, &trace).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "c  1970-01-01 00:00:00\n\
             └─ order.created orders.3.17 (orders) +2 ms\n\
             \u{20}  ├─ handler orders (tickets) dead after 3 tries: no such ticket\n\
             \u{20}  └─ 12 × job sweep (orders) +20 ms\n\
             \nNot seen just now: payments.\n"
        );
    }
}
