//! The routes that there are: those of the API's description and those of the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use system_tests::Failure;

/// A method and a path with its parameters' names.
pub(crate) type Named = (String, String);

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Those that the document describes.
pub(crate) fn described(document: &Value) -> BTreeSet<Named> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut found = BTreeSet::new();
    for (path, operations) in paths {
        for method in METHODS {
            if operations.get(method).is_some() {
                found.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    found
}

/// Those that the services' sources add to a router by hand: pages have no description.
pub(crate) fn written() -> Result<BTreeSet<Named>, Failure> {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut found = BTreeSet::new();
    for service in fs::read_dir(services)? {
        let sources = service?.path().join("src");
        if sources.is_dir() {
            look_into(&sources, &mut found)?;
        }
    }
    Ok(found)
}

fn look_into(folder: &Path, found: &mut BTreeSet<Named>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            look_into(&path, found)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&path)?;
            for call in source.split(".route(").skip(1) {
                let call = argument(call);
                let named = understood(call);
                found.extend(named.ok_or_else(|| format!("{}: {call}", path.display()))?);
            }
        }
    }
    Ok(())
}

/// What stands between the parentheses of a call.
fn argument(call: &str) -> &str {
    let mut depth = 1;
    for (at, char) in call.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &call[..at];
        }
    }
    call
}

fn understood(call: &str) -> Option<Vec<Named>> {
    let mut parts = call.splitn(3, '"');
    let start = parts.next()?;
    let (path, handlers) = (parts.next()?.to_owned(), parts.next()?);
    // The console puts the same ends after its two beginnings.
    let path = if start.contains("format!") {
        path.replace("{event}", "/dead/{service}/{subscription}/{event_id}")
            .replace("{job}", "/jobs/{service}/{job_id}")
            .replace("{run}", "/workflows/{service}/{run_id}")
            .replace("{operation}", "/operations/{service}/{operation_id}")
            .replace("{callback}", "/callbacks/{service}/{callback_id}")
            .replace("{reader}", "/subscriptions/{service}/{subscription}")
            .replace("{settle}", "/settle/{service}/{subscription}/{stream}")
            .replace("{{position}}", "{position}")
    } else {
        path
    };
    let methods = METHODS.iter().filter(|method| {
        let calls = [format!(" {method}("), format!(".{method}(")];
        calls.iter().any(|call| handlers.contains(call.as_str()))
    });
    let named: Vec<Named> = methods
        .map(|method| (method.to_uppercase(), path.clone()))
        .collect();
    (!named.is_empty()).then_some(named)
}
