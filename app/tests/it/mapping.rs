//! `tidings map`.

use crate::program::run;

/// There is no server, and there are no data; both would be elsewhere.
#[test]
fn the_map_tells_who_reacts_to_a_paid_order_and_warns_of_what_nobody_reads() {
    let told = run(&["map", "--data", "there/is/no/such/folder"]);
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    let orders =
        "order.created                tickets/orders, expiration/orders, payments/orders\n";
    assert!(told.out.contains(orders), "{}", told.out);
    let warnings = told.out.lines().filter(|line| line.starts_with("warning"));
    assert_eq!(
        warnings.collect::<Vec<_>>(),
        [
            "warning: nobody reads the stream shuffles, which tasks publishes",
            "warning: nobody reads the stream payouts, which accounting publishes",
            "warning: nobody reads the stream register, which platforms publishes",
            "warning: nobody reads the stream platform_imports, which platforms publishes",
            "warning: nobody reads the stream commands, which commands publishes",
            "warning: nobody reads the stream usages, which commands publishes",
        ]
    );
}

#[test]
fn the_map_of_one_service_has_its_neighbours_and_no_others() {
    let told = run(&["map", "--format", "mermaid", "--service", "expiration"]).out;
    assert!(told.starts_with("flowchart LR\n"), "{told}");
    assert!(told.contains("stream_orders --> service_expiration"));
    assert!(told.contains("service_payments[payments]"));
    assert!(!told.contains("analytics") && !told.contains("stream_tasks"));
    let none = run(&["map", "--service", "expirations"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("there are auth, tickets"), "{}", none.err);
}

#[test]
fn the_map_is_a_drawing_and_json_too() {
    let drawing = run(&["map", "--format", "svg"]).out;
    assert!(drawing.starts_with("<svg xmlns=") && drawing.ends_with("</svg>\n"));
    assert!(drawing.contains(">commands</text>") && drawing.contains("auth → notifications"));
    let json: serde_json::Value =
        serde_json::from_str(&run(&["map", "--format", "json"]).out).unwrap();
    assert_eq!(json["services"][0]["name"], "auth");
}
