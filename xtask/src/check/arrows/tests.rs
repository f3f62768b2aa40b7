//! The rules on made-up workspaces.

use serde_json::{Value, json};

use super::forbidden;

/// A workspace in which the crate in `from` depends on the crate in `to`.
fn workspace(from: &str, to: &str, kind: Option<&str>) -> Value {
    json!({
        "workspace_root": "/somewhere",
        "packages": [{
            "name": "one",
            "manifest_path": format!("/somewhere/{from}/Cargo.toml"),
            "dependencies": [
                { "name": "serde", "kind": null },
                { "name": "other", "kind": kind, "path": format!("/somewhere/{to}") },
            ],
        }],
    })
}

fn is_allowed(from: &str, to: &str, kind: Option<&str>) -> bool {
    forbidden(&workspace(from, to, kind)).unwrap().is_empty()
}

#[test]
fn arrows_along_the_architecture_are_allowed() {
    for (from, to) in [
        ("app", "services/orders"),
        ("app", "transports/tidings-nats"),
        ("services/orders", "contracts"),
        ("services/orders", "toolkit/tidings"),
        ("contracts", "toolkit/tidings"),
        ("transports/tidings-nats", "toolkit/tidings"),
        ("toolkit/tidings", "toolkit/tidings-derive"),
        ("toolkit/tidings-test", "toolkit/tidings"),
        ("bench", "toolkit/tidings-test"),
        ("system-tests", "app"),
        ("system-tests", "services/orders"),
    ] {
        assert!(is_allowed(from, to, None), "{from} -> {to}");
    }
}

#[test]
fn arrows_against_the_architecture_are_forbidden() {
    for (from, to) in [
        ("services/orders", "services/tickets"),
        ("services/orders", "transports/tidings-nats"),
        ("services/orders", "app"),
        ("services/orders", "toolkit/tidings-derive"),
        ("contracts", "services/orders"),
        ("contracts", "toolkit/tidings-derive"),
        ("transports/tidings-nats", "contracts"),
        ("toolkit/tidings", "contracts"),
        ("toolkit/tidings", "toolkit/tidings-test"),
        ("toolkit/tidings-derive", "toolkit/tidings"),
        ("app", "system-tests"),
        ("app", "bench"),
        ("services/orders", "xtask"),
        ("xtask", "toolkit/tidings"),
    ] {
        assert!(!is_allowed(from, to, None), "{from} -> {to}");
        assert!(!is_allowed(from, to, Some("build")), "{from} -> {to}");
    }
}

#[test]
fn a_service_is_kept_from_other_services_in_its_tests_too() {
    assert!(!is_allowed(
        "services/orders",
        "services/tickets",
        Some("dev")
    ));
    assert!(is_allowed("system-tests", "services/tickets", Some("dev")));
}

#[test]
fn the_test_kit_is_for_tests_only() {
    let (service, kit) = ("services/orders", "toolkit/tidings-test");
    assert!(is_allowed(service, kit, Some("dev")));
    assert!(!is_allowed(service, kit, None));
}

#[test]
fn a_forbidden_arrow_is_named_with_both_ends() {
    let wrong = forbidden(&workspace(
        "services/orders",
        "services/tickets",
        Some("dev"),
    ));
    assert_eq!(
        wrong.unwrap(),
        ["one (a service) -> other (a service), for its tests"]
    );
}

#[test]
fn a_crate_in_a_folder_without_a_rule_fails_instead_of_passing() {
    assert!(forbidden(&workspace("plugins/new", "toolkit/tidings", None)).is_err());
    assert!(forbidden(&workspace("app", "plugins/new", None)).is_err());
}
