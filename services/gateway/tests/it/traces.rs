//! the flow that a request belongs to, by what its sender says.

use tidings::Uuid;

use crate::door::Door;

const SENT: &str = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn flow_of(door: &Door, headers: &[&str]) -> String {
    let answer = door.call("GET /thing", headers, "").await;
    answer.header("x-correlation-id").to_owned()
}

#[tokio::test]
async fn x_22_a_flow_is_a_part_of_the_trace_that_the_browser_has_begun() {
    let door = Door::open().await;
    let flow = flow_of(&door, &[SENT]).await;
    assert_eq!(flow, "0af76519-16cd-43dd-8448-eb211c80319c");
    // A correlation id says it outright.
    let flow = flow_of(&door, &[SENT, "x-correlation-id: order-7"]).await;
    assert_eq!(flow, "order-7");
}

#[tokio::test]
async fn x_22_what_is_no_trace_is_as_if_it_was_not_sent() {
    let door = Door::open().await;
    let long = format!("traceparent: {}", "00-".repeat(2_000));
    for wrong in [
        &*SENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        &*SENT.to_uppercase().replace("TRACEPARENT", "traceparent"),
        "traceparent: <script>alert(1)</script>",
        "traceparent: 00-../../../../etc/passwd-b7ad6b7169203331-01",
        &*long,
    ] {
        let flow = flow_of(&door, &[wrong]).await;
        let id: Uuid = flow.parse().unwrap();
        assert_eq!(id.get_version_num(), 7, "{wrong}: {flow}");
    }
    let twice = flow_of(&door, &[SENT, SENT]).await;
    assert_ne!(twice, flow_of(&door, &[SENT]).await);
}

/// Whoever asks can make up paths and methods, but no labels of numbers.
#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_what_was_asked() {
    let door = Door::open().await;
    for line in [
        "GET /thing",
        "GET /thing?who=me",
        "GET /no/such/path",
        "BREW /thing",
    ] {
        door.call(line, &[], "").await;
    }
    let page = door.ops("GET /metrics").await.text;
    let counted = |labels: &str| {
        let line = format!("http_server_request_duration_seconds_count{{{labels}}} ");
        page.lines().find_map(|found| found.strip_prefix(&*line))
    };
    let thing =
        "http_request_method=\"GET\",http_route=\"/thing\",http_response_status_code=\"200\"";
    assert_eq!(counted(thing), Some("2"), "{page}");
    let nothing = "http_request_method=\"GET\",http_route=\"\",http_response_status_code=\"404\"";
    assert_eq!(counted(nothing), Some("1"), "{page}");
    assert!(page.contains("http_request_method=\"_OTHER\""), "{page}");
    assert!(
        !page.contains("no/such/path") && !page.contains("BREW"),
        "{page}"
    );
}
