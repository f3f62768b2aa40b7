//! Arrows between our crates point one way: app → services → contracts → tidings, and
//! transports → tidings. Read from `cargo metadata`, so no manifest can hide one.

mod layer;

use std::path::Path;

use serde_json::Value;

use super::Options;
use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;
use layer::{Kind, Layer};

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let wrong = forbidden(&workspace.metadata()?)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "arrows that the architecture forbids:\n  {}",
        wrong.join("\n  ")
    )))
}

/// One line for each dependency between two of our crates that the rules do not allow.
fn forbidden(metadata: &Value) -> Outcome<Vec<String>> {
    let root = Path::new(text(metadata, "workspace_root")?);
    let mut wrong = Vec::new();
    for package in list(metadata, "packages")? {
        let name = text(package, "name")?;
        let manifest = Path::new(text(package, "manifest_path")?);
        let from = layer_of(manifest.parent().unwrap_or(manifest), root)?;
        for dependency in list(package, "dependencies")? {
            // Only what lies in this workspace has a path.
            let Some(path) = dependency["path"].as_str() else {
                continue;
            };
            // A crate may use itself in its tests, with another feature.
            if Some(Path::new(path)) == manifest.parent() {
                continue;
            }
            let to = layer_of(Path::new(path), root)?;
            let kind = Kind::from_metadata(dependency["kind"].as_str());
            if !from.may_use(to, kind) {
                let target = text(dependency, "name")?;
                wrong.push(format!("{name} ({from}) -> {target} ({to}){kind}"));
            }
        }
    }
    Ok(wrong)
}

fn layer_of(folder: &Path, root: &Path) -> Outcome<Layer> {
    let inside = folder.strip_prefix(root).ok();
    inside.and_then(Layer::of_folder).ok_or_else(|| {
        Failure::new(format!(
            "no rule knows the folder {}: give it a layer in check/arrows/layer.rs",
            folder.display()
        ))
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Outcome<&'a str> {
    value[field].as_str().ok_or_else(|| lacks(field))
}

fn list<'a>(value: &'a Value, field: &str) -> Outcome<&'a Vec<Value>> {
    value[field].as_array().ok_or_else(|| lacks(field))
}

fn lacks(field: &str) -> Failure {
    Failure::new(format!("cargo metadata has no `{field}` where it should"))
}

#[cfg(test)]
mod tests;
