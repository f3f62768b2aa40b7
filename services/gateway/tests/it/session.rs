//! From the cookie to the access token.

use std::time::Duration;

use crate::door::Door;

#[tokio::test]
async fn a_session_is_an_identity_for_every_service() {
    let door = Door::open().await;
    assert!(
        door.visit("/whoami", "alice")
            .await
            .text
            .starts_with("alice@example.com")
    );
    assert!(
        door.visit("/whoami", "stranger")
            .await
            .text
            .starts_with("anonymous")
    );
    assert!(door.get("/whoami").await.text.starts_with("anonymous"));
}

#[tokio::test]
async fn two_session_cookies_in_one_request_are_nobody() {
    let door = Door::open().await;
    let both = "cookie: __Host-session=alice; __Host-session=olga";
    let answer = door.call("GET /whoami", &[both], "").await;
    assert!(answer.text.starts_with("anonymous"), "{}", answer.text);
}

#[tokio::test]
async fn a_token_counts_and_the_cookie_beside_it_does_not() {
    let door = Door::open().await;
    let token = format!("authorization: Bearer {}", door.token("alice"));
    let cookie = "cookie: theme=dark; __Host-session=olga";
    let answer = door.call("GET /whoami", &[&token, cookie], "").await;
    assert_eq!(answer.text, "alice@example.com cookie=theme=dark");
    let console = door.call("GET /ops/streams", &[&token, cookie], "").await;
    assert_eq!(console.status, 403);
}

#[tokio::test]
async fn a_bad_token_is_refused_and_not_replaced_by_the_cookie() {
    let door = Door::open().await;
    let cookie = "cookie: __Host-session=alice";
    let answer = door
        .call(
            "GET /api/mine",
            &["authorization: Bearer x.y.z", cookie],
            "",
        )
        .await;
    assert_eq!(answer.status, 401);
}

/// the last token is good until it expires by itself.
#[tokio::test]
async fn who_has_signed_in_goes_on_working_while_auth_is_down() {
    let door = Door::open().await;
    door.visit("/mine", "alice").await;
    door.break_auth();
    assert_eq!(door.visit("/mine", "alice").await.text, "alice@example.com");
    door.clock.advance(Duration::from_secs(61));
    assert_eq!(door.visit("/mine", "alice").await.status, 503);
}

#[tokio::test]
async fn nobody_is_told_to_sign_in_while_nobody_can() {
    let door = Door::open().await;
    door.break_auth();
    let page = door.visit("/mine", "alice").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Not available just now"));
    assert_eq!(door.visit("/thing", "alice").await.status, 200);
}

#[tokio::test]
async fn who_has_signed_out_is_out_even_while_auth_is_down() {
    let door = Door::open().await;
    door.visit("/mine", "alice").await;
    door.submit("/signout", "alice", "").await;
    door.break_auth();
    assert_eq!(door.visit("/mine", "alice").await.status, 503);
}
