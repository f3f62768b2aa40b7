//! What every answer carries.

use crate::door::Door;

const EVERYWHERE: [&str; 12] = [
    "GET /thing",
    "GET /away",
    "GET /bare",
    "GET /nowhere",
    "DELETE /thing",
    "GET /mine",
    "GET /api/mine",
    "GET /api/panic",
    "POST /api/echo",
    "GET /assets/tidings.css",
    "GET /healthz",
    "GET /console",
];

/// SEC-18, SEC-22, SEC-23: on pages, JSON, redirects, assets and errors.
#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let door = Door::open().await;
    for line in EVERYWHERE {
        for accept in ["accept: text/html", "accept: application/json"] {
            let answer = door.call(line, &[accept], "").await;
            let policy = answer.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none';"),
                "{line}: {policy}"
            );
            assert!(policy.contains("frame-ancestors 'none'"), "{line}");
            assert!(!policy.contains("unsafe"), "{line}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{line}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{line}");
            assert_eq!(
                answer.header("cross-origin-opener-policy"),
                "same-origin",
                "{line}"
            );
            assert!(
                answer.header("permissions-policy").contains("camera=()"),
                "{line}"
            );
            assert!(
                answer
                    .header("strict-transport-security")
                    .contains("31536000"),
                "{line}"
            );
            assert!(!answer.headers.contains_key("server"), "{line}");
            assert!(
                !answer.headers.contains_key("access-control-allow-origin"),
                "{line}"
            );
            assert!(!answer.header("x-correlation-id").is_empty(), "{line}");
        }
    }
}

/// SEC-24: nothing but an asset may be kept by anybody.
#[tokio::test]
async fn only_assets_may_be_stored() {
    let door = Door::open().await;
    for line in EVERYWHERE {
        let answer = door.call(line, &[], "").await;
        let stored = answer.header("cache-control") != "no-store";
        assert_eq!(stored, line.contains("/assets/"), "{line}");
    }
    let missing = door.get("/assets/missing.css").await;
    assert_eq!(missing.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_plain_correlation_id_is_kept_and_any_other_is_replaced() {
    let door = Door::open().await;
    let kept = door
        .call("GET /nowhere", &["x-correlation-id: order-7.a_B"], "")
        .await;
    assert_eq!(kept.header("x-correlation-id"), "order-7.a_B");
    assert_eq!(kept.json()["correlation_id"], "order-7.a_B");
    let long = "x".repeat(65);
    for bad in ["<b>", "a b", "", &long] {
        let line = format!("x-correlation-id: {bad}");
        let answer = door.call("GET /nowhere", &[&line], "").await;
        assert_ne!(answer.header("x-correlation-id"), bad);
        assert_eq!(answer.header("x-correlation-id").len(), 36);
    }
}
