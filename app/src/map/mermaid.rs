//! The map as a diagram that Markdown pages draw.

use std::collections::BTreeSet;
use std::fmt::Write;

use tidings::Catalog;

pub(super) fn of(catalog: &Catalog) -> String {
    let mut lines = BTreeSet::new();
    let mut told = String::from("flowchart LR\n");
    let mut line = |text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "  {text}");
    };
    for service in &catalog.services {
        line(format!("{}[{}]", id("service", service.name), service.name));
    }
    for stream in &catalog.streams {
        let own = id("stream", stream.name);
        line(format!("{own}([{}])", stream.name));
        if let Some(producer) = stream.producer {
            lines.insert(format!("{} --> {own}", id("service", producer)));
        }
        for reader in &stream.readers {
            lines.insert(format!("{own} --> {}", id("service", reader.service)));
        }
    }
    for service in &catalog.services {
        for target in &service.calls {
            let (from, to) = (id("service", service.name), id("service", target));
            lines.insert(format!("{from} -. calls .-> {to}"));
        }
    }
    lines.into_iter().for_each(line);
    told
}

/// Names have characters that mean something else there.
fn id(kind: &str, name: &str) -> String {
    format!("{kind}_{}", name.replace(['.', '-'], "_"))
}
