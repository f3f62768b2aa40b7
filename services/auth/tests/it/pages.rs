//! The pages to sign in and up (SEC-14, SEC-28).

use axum::http::{StatusCode, header};

use crate::browser::Browser;
use crate::fixtures::{PASSWORD, world};

#[tokio::test]
async fn sec_14_password_managers_find_their_way() {
    let world = world().await;
    let signin = world.get("/signin", None).await.text;
    let signup = world.get("/signup", None).await.text;
    for page in [&signin, &signup] {
        assert!(page.contains(r#"type="email""#) && page.contains(r#"autocomplete="username""#));
        assert!(page.contains(r#"<label for="password">"#));
        // Nothing keeps anybody from pasting, and nothing cuts what is pasted.
        let password = page.split(r#"<input id="password""#).nth(1).unwrap();
        let password = password.split('>').next().unwrap();
        assert!(!password.contains("maxlength") && !page.contains("onpaste"));
    }
    assert!(signin.contains(r#"autocomplete="current-password""#));
    assert!(signup.contains(r#"autocomplete="new-password""#));
}

#[tokio::test]
async fn the_forms_work_without_a_script() {
    let world = world().await;
    let mut anna = Browser::new();
    let typed = "email=anna%40example.com&password=sparrow+lantern+42&next=%2Ftickets%2F1";
    let up = anna.form(&world, "/signup", typed).await;
    assert_eq!(
        (up.status, &up.headers[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/tickets/1".parse().unwrap())
    );
    assert_eq!(anna.who(&world).await.as_deref(), Some("anna@example.com"));

    let out = anna.form(&world, "/signout?next=%2Fsignin", "").await;
    assert_eq!(
        (out.status, &out.headers[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/signin".parse().unwrap())
    );
    assert!(out.headers.contains_key("clear-site-data"));
    assert_eq!(anna.who(&world).await, None);

    let back = anna.form(&world, "/signin", typed).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert_eq!(anna.who(&world).await.as_deref(), Some("anna@example.com"));
}

/// Who wants no page in particular goes where their day begins.
#[tokio::test]
async fn whoever_signs_in_lands_where_they_have_most_to_do() {
    let world = world().await;
    let auth = world.service("auth");
    for (name, roles, home) in [
        ("buyer", &[][..], "/"),
        ("operator", &["operator"], "/"),
        ("worker", &["worker"], "/exchange/tasks"),
        ("manager", &["manager", "support"], "/exchange/team"),
        ("accountant", &["accountant"], "/exchange/books"),
        ("infrastructure", &["infrastructure"], "/platforms"),
        ("support", &["support"], "/commands"),
        ("engineering", &["engineering"], "/commands"),
        ("admin", &["admin", "worker"], "/exchange/team"),
    ] {
        let email = format!("{name}@example.com");
        auth::create_account(&auth, &email, PASSWORD).await.unwrap();
        for role in roles {
            auth::grant_role(&auth, &email, role).await.unwrap();
        }
        for (wanted, lands) in [("", home), ("&next=%2F", home), ("&next=%2Fsell", "/sell")] {
            let typed = format!("email={name}%40example.com&password={PASSWORD}{wanted}");
            let inside = Browser::new().form(&world, "/signin", &typed).await;
            assert_eq!(inside.status, StatusCode::SEE_OTHER, "{}", inside.text);
            assert_eq!(inside.headers[header::LOCATION], lands, "{name} {wanted}");
        }
    }
}

#[tokio::test]
async fn a_failed_form_comes_back_with_what_was_typed_but_the_password() {
    let world = world().await;
    let typed = "email=%22%3E%3Cscript%3E%40example.com&password=not+the+right+one&next=%2Ftickets";
    let page = Browser::new().form(&world, "/signup", typed).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains(r#"role="alert""#) && page.text.contains(r#"aria-invalid="true""#));
    assert!(
        page.text.contains(r#"name="next" value="/tickets""#),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<script>") && !page.text.contains("not the right one"));

    let typed = "email=anna%40example.com&password=not+the+right+one";
    let page = Browser::new().form(&world, "/signin", typed).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("do not belong together") && page.text.contains("anna@example.com"));
}

#[tokio::test]
async fn a_form_that_came_too_often_says_when_to_come_back() {
    let world = world().await;
    let typed = "email=anna%40example.com&password=not+the+right+one";
    let mut last = Browser::new().form(&world, "/signin", typed).await;
    for _ in 0..10 {
        last = Browser::new().form(&world, "/signin", typed).await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(last.headers[header::RETRY_AFTER], "2");
    assert!(
        last.text.contains("Please try again in 2 seconds"),
        "{}",
        last.text
    );
}

/// Everything that some browser, proxy or library reads as another host, or as a script.
const FOREIGN: [&str; 36] = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "//evil.example/%2f..",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/%252fevil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "/%09/evil.example",
    "/%0d%0aSet-Cookie:a=b",
    "\t//evil.example",
    " //evil.example",
    " /ok",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/a//evil.example",
    "",
    "?next=/",
    "#",
    "/\u{2215}evil.example",
    "/\0",
];

#[test]
fn sec_28_next_leads_nowhere_else() {
    for next in FOREIGN {
        assert_eq!(auth::same_origin_path(next), "/", "{next:?}");
    }
    let long = format!("/{}", "a".repeat(2_000));
    assert_eq!(auth::same_origin_path(&long), "/");
    for own in [
        "/",
        "/tickets/1",
        "/?q=a%20b&city=K%C3%B6ln",
        "/orders/1?next=//x#part",
        "/a.b/~c",
    ] {
        assert_eq!(auth::same_origin_path(own), own);
    }
}

#[tokio::test]
async fn sec_28_no_redirect_leads_nowhere_else() {
    let world = world().await;
    Browser::new()
        .sign_up(&world, "anna@example.com", PASSWORD)
        .await;
    for next in FOREIGN {
        let encoded: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let typed = format!("email=anna%40example.com&password=sparrow+lantern+42&next={encoded}");
        let mut anna = Browser::new();
        let answer = anna.form(&world, "/signin", &typed).await;
        assert_eq!(answer.headers[header::LOCATION], "/", "{next:?}");
        let answer = anna
            .form(&world, &format!("/signout?next={encoded}"), "")
            .await;
        assert_eq!(answer.headers[header::LOCATION], "/", "{next:?}");
        let page = world.get(&format!("/signin?next={encoded}"), None).await;
        assert!(!page.text.contains("evil"), "{next:?}");
    }
}
