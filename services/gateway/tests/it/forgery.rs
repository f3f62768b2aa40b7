//! Requests that another site makes a browser send.

use crate::door::Door;

const COOKIE: &str = "cookie: __Host-session=alice";
const HOST: &str = "host: tickets.example";

/// SEC-19, SEC-21: with and without a cookie, so that signing in cannot be forged either.
#[tokio::test]
async fn an_unsafe_request_from_another_origin_is_refused() {
    let door = Door::open().await;
    let forgeries: [&[&str]; 8] = [
        &["sec-fetch-site: cross-site"],
        &["sec-fetch-site: same-site"],
        &[
            "sec-fetch-site: cross-site",
            "origin: http://tickets.example",
        ],
        &["origin: http://evil.example"],
        &["origin: http://tickets.example.evil.example"],
        &["origin: http://tickets.example:81"],
        &["origin: null"],
        &["origin: https://tickets.example:8443"],
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for forged in forgeries {
            for cookie in [None, Some(COOKIE)] {
                let mut headers = vec![HOST];
                headers.extend(cookie);
                headers.extend_from_slice(forged);
                let answer = door
                    .call(&format!("{method} /api/things"), &headers, "")
                    .await;
                assert_eq!(answer.status, 403, "{method} {headers:?}");
                assert_eq!(
                    answer.json()["code"],
                    "cross_origin",
                    "{method} {headers:?}"
                );
            }
        }
    }
}

/// SEC-19
#[tokio::test]
async fn an_unsafe_request_from_our_own_pages_passes() {
    let door = Door::open().await;
    for own in [
        "sec-fetch-site: same-origin",
        "origin: http://tickets.example",
    ] {
        let answer = door
            .call("POST /api/things", &[HOST, COOKIE, own], "")
            .await;
        assert_eq!(answer.status, 201, "{own}");
    }
}

/// SEC-19: a program without a cookie has nothing that could be forged with.
#[tokio::test]
async fn a_program_passes_with_a_token_or_nothing_but_not_with_a_bare_cookie() {
    let door = Door::open().await;
    let token = format!("authorization: Bearer {}", door.token("alice"));
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    assert_eq!(
        door.call("POST /api/things", &[&token], "").await.status,
        201
    );
    let bare = door.call("POST /api/things", &[COOKIE], "").await;
    assert_eq!(bare.json()["code"], "origin_missing");
    assert_eq!(bare.status, 403);
    for empty in ["origin: ", "sec-fetch-site: "] {
        let answer = door.call("POST /api/things", &[COOKIE, empty], "").await;
        assert_eq!(answer.status, 403, "{empty}");
    }
}

#[tokio::test]
async fn reading_is_open_to_links_from_anywhere() {
    let door = Door::open().await;
    let answer = door
        .call("GET /thing", &[COOKIE, "sec-fetch-site: cross-site"], "")
        .await;
    assert_eq!(answer.status, 200);
}

/// SEC-19: what a form of another site could send never reaches a JSON route.
#[tokio::test]
async fn a_json_route_refuses_what_a_form_can_send() {
    let door = Door::open().await;
    let kinds = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ];
    for kind in kinds {
        let kind = format!("content-type: {kind}");
        let answer = door.call("POST /api/echo", &[&kind], "{}").await;
        assert_eq!(answer.status, 415, "{kind}");
    }
    assert_eq!(door.call("POST /api/echo", &[], "{}").await.status, 415);
    let json = door
        .call("POST /api/echo", &["content-type: application/json"], "{}")
        .await;
    assert_eq!(json.status, 200);
}
