//! Pages for people, problems for programs.

use crate::door::Door;
use crate::services::SCRIPT;

#[tokio::test]
async fn a_fragment_is_shown_inside_the_shell_with_its_title_escaped() {
    let door = Door::open().await;
    let page = door.visit("/thing?a=1&b=2", "nobody").await;
    assert!(page.text.starts_with("<!doctype html>"));
    assert!(page.text.contains("<h1>Thing</h1>"));
    assert!(page.text.contains("data-live=\"/thing/live\""));
    assert!(
        page.text.contains("data-page=\"/thing?a=1&#38;b=2\""),
        "{}",
        page.text
    );
    assert!(!page.text.contains(SCRIPT));
    assert!(page.text.contains("&#60;script&#62;"), "{}", page.text);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn the_shell_shows_who_has_signed_in_and_what_they_may_open() {
    let door = Door::open().await;
    let nobody = door.visit("/thing", "").await.text;
    assert!(nobody.contains("href=\"/signin\"") && !nobody.contains("href=\"/console\""));
    let alice = door.visit("/thing", "alice").await.text;
    assert!(alice.contains("alice@example.com") && alice.contains("href=\"/my/orders\""));
    assert!(!alice.contains("href=\"/console\""));
    let olga = door.visit("/thing", "olga").await.text;
    assert!(olga.contains("href=\"/console\""));
}

#[tokio::test]
async fn a_page_after_a_failed_form_is_reloaded_from_the_page_of_the_form() {
    let door = Door::open().await;
    let page = door.submit("/form", "alice", "a=1").await;
    assert_eq!(page.status, 422);
    assert!(
        page.text.contains("data-page=\"/console?page=2\""),
        "{}",
        page.text
    );
    let headers = [
        "accept: text/html",
        "sec-fetch-site: same-origin",
        "host: tickets.example",
        "referer: http://evil.example/x",
    ];
    let page = door.call("POST /form", &headers, "").await;
    assert!(page.text.contains("data-page=\"/form\""));
}

#[tokio::test]
async fn a_problem_is_json_for_programs_and_a_page_for_people() {
    let door = Door::open().await;
    let json = door.get("/nowhere").await;
    assert_eq!(json.status, 404);
    assert_eq!(json.header("content-type"), "application/problem+json");
    assert_eq!(json.json()["code"], "not_found");
    assert_eq!(
        json.json()["correlation_id"],
        json.header("x-correlation-id")
    );
    let page = door.visit("/nowhere", "alice").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("Nothing here") && page.text.contains("alice@example.com"));
    assert!(page.text.contains(page.header("x-correlation-id")));
    let api = door.visit("/api/nowhere", "alice").await;
    assert_eq!(api.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_are_right() {
    let door = Door::open().await;
    for method in ["DELETE", "TRACE", "BREW"] {
        let answer = door.call(&format!("{method} /thing"), &[], "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.json()["code"], "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn an_error_without_words_gets_some() {
    let door = Door::open().await;
    let answer = door.get("/bare").await;
    assert_eq!(answer.status, 418);
    assert_eq!(answer.json()["errors"][0]["message"], "I'm a teapot.");
    assert!(
        door.visit("/bare", "")
            .await
            .text
            .starts_with("<!doctype html>")
    );
}

/// SEC-50
#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let door = Door::open().await;
    let answer = door.get("/api/panic").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text.contains("secret"));
    assert_eq!(answer.json()["code"], "internal");
}

#[tokio::test]
async fn somebody_who_must_sign_in_is_brought_back_afterwards() {
    let door = Door::open().await;
    for (page, next) in [
        ("/mine?tab=2&x=%26", "/mine%3Ftab%3D2%26x%3D%2526"),
        ("/mine?a%0Ab=%C3%BC", "/mine%3Fa%250Ab%3D%25C3%25BC"),
    ] {
        let page = door.visit(page, "nobody").await;
        assert_eq!(page.status, 303);
        assert_eq!(page.header("location"), format!("/signin?next={next}"));
    }
    let form = door.submit("/mine", "nobody", "").await;
    assert_eq!(form.status, 303);
    assert_eq!(form.header("location"), "/signin?next=/console%3Fpage%3D2");
    assert_eq!(door.get("/api/mine").await.status, 401);
}

/// SEC-28: a browser takes `//evil.example` in a link for another site.
#[tokio::test]
async fn no_page_links_to_an_address_that_leads_elsewhere() {
    let door = Door::open().await;
    for target in ["//evil.example/", "//evil.example/x?y=1"] {
        let page = door.visit(target, "alice").await;
        assert_eq!(page.status, 404, "{target}");
        assert!(page.text.contains("data-page=\"/\""), "{}", page.text);
        assert!(!page.text.contains("evil.example"), "{}", page.text);
    }
}
