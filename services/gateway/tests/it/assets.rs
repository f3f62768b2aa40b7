//! The stylesheet, the script, and the templates that rely on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::door::Door;

const CSS: &str = include_str!("../../assets/tidings.css");
const CONSOLE_CSS: &str = include_str!("../../assets/console.css");
const REGISTER_CSS: &str = include_str!("../../assets/register.css");
const JS: &str = include_str!("../../assets/tidings.js");

#[tokio::test]
async fn an_asset_is_kept_for_ever_under_the_address_of_its_version() {
    let door = Door::open().await;
    let page = door.visit("/thing", "").await.text;
    let start = page.find("/assets/tidings.css").unwrap();
    let address = page[start..].split('"').next().unwrap();
    let asset = door.get(address).await;
    assert_eq!(asset.text, CSS);
    assert_eq!(asset.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        asset.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let unversioned = door.get("/assets/tidings.css").await;
    assert_eq!(unversioned.header("cache-control"), "no-cache");
    let known = format!("if-none-match: {}", asset.header("etag"));
    let again = door.call("GET /assets/tidings.css", &[&known], "").await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
}

#[test]
fn the_page_weighs_little() {
    assert!(CSS.len() < 22_000, "{}", CSS.len());
    assert!(JS.len() < 7_000, "{}", JS.len());
}

/// A class that the stylesheet does not know is a mistake or a leftover.
#[test]
fn every_class_in_a_template_exists_in_the_stylesheet() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut unknown = BTreeSet::new();
    for template in templates(services) {
        let text = fs::read_to_string(&template).unwrap();
        for class in classes(&text) {
            let class_there = format!(".{class}");
            if ![CSS, CONSOLE_CSS, REGISTER_CSS]
                .iter()
                .any(|css| css.contains(&class_there))
            {
                unknown.insert(format!("{class} in {}", template.display()));
            }
        }
    }
    assert_eq!(unknown, BTreeSet::new());
}

/// SEC-22: the content security policy would refuse them, and the page would be broken.
#[test]
fn no_template_has_inline_script_or_style_or_prints_unescaped() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for template in templates(services) {
        let text = fs::read_to_string(&template).unwrap();
        for bad in [
            "style=\"",
            "<style",
            " onclick=",
            " onsubmit=",
            "javascript:",
            "<script>",
        ] {
            assert!(!text.contains(bad), "{bad} in {}", template.display());
        }
        let is_shell = template.ends_with("gateway/templates/shell.html");
        assert!(
            is_shell || !text.contains("|safe"),
            "{}",
            template.display()
        );
    }
}

fn templates(services: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for service in fs::read_dir(services).unwrap() {
        let mut folders = vec![service.unwrap().path().join("templates")];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).into_iter().flatten();
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path);
                }
            }
        }
    }
    assert!(found.len() >= 5, "{found:?}");
    found
}

/// The words of all class attributes, without those that a template computes.
fn classes(text: &str) -> BTreeSet<String> {
    let attributes = text.split(" class=\"").skip(1);
    let values = attributes.filter_map(|rest| rest.split('"').next());
    values
        .map(|value| without(&without(value, "{%", "%}", " "), "{{", "}}", "?"))
        .flat_map(|plain| {
            let words = plain.split_whitespace().map(ToOwned::to_owned);
            words.collect::<Vec<_>>()
        })
        .filter(|class| !class.contains('?'))
        .collect()
}

/// A text in which everything from `open` to `close` is replaced.
fn without(text: &str, open: &str, close: &str, by: &str) -> String {
    let mut parts = text.split(open);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(by);
        plain.push_str(part.split_once(close).map_or("", |(_, after)| after));
    }
    plain
}
