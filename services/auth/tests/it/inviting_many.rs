//! Many people are invited at once: all of them, or nobody.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value as Json, json};
use tidings::Storage;
use tidings_test::{Answer, on_both};

use crate::browser::{Browser, code};
use crate::fixtures::{one, quick};
use crate::post::{Office, secret};

on_both!(
    of_a_hundred_lines_with_mistakes_nobody_is_invited_and_every_mistake_is_named,
    of_two_who_invite_the_same_people_at_once_one_does,
);

async fn submit(office: &Office, path: &str, fields: &[(&str, &str)]) -> Answer {
    let encode =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", office.boss()))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.join("&")))
        .unwrap();
    office.world.call(request).await
}

fn hundred() -> Vec<String> {
    let line = |number| format!("Person {number} <person-{number}@example.com>");
    (1..=100).map(line).collect()
}

async fn of_a_hundred_lines_with_mistakes_nobody_is_invited_and_every_mistake_is_named(
    storage: Storage,
) {
    let mut office = Office::on(storage, quick()).await;
    office.invite("anna@example.com", "Anna").await;
    let mut lines = hundred();
    lines[9] = "Nobody at all".to_owned();
    lines[19] = "The boss <BOSS@example.com>".to_owned();
    lines[29] = "anna@example.com,".to_owned();
    lines[39] = "Somebody <Person-1@example.com>".to_owned();
    lines[49] = format!("{} <long@example.com>", "x".repeat(101));
    lines[59] = String::new();
    let text = lines.join("\r\n");
    let fields = [("people", text.as_str()), ("worker", "yes")];
    let refused = submit(&office, "/users/invitations", &fields).await;
    assert_eq!(refused.status, 400);
    for mistake in [
        "Line 10: Nobody at all: this is no e-mail address.",
        "Line 20: BOSS@example.com: there is an account already.",
        "Line 30: anna@example.com: an invitation is open already; send it again instead.",
        "Line 40: Person-1@example.com: the address stands on line 1, too.",
        "Line 50: long@example.com: the name is not one line of at most 100 letters.",
        "Person 100 &#60;person-100@example.com&#62;",
    ] {
        assert!(
            refused.text.contains(mistake),
            "{mistake} is not in {}",
            refused.text
        );
    }
    assert_eq!(refused.text.matches("<li><a href=\"#people\">").count(), 5);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM accounts").await,
        2
    );
    assert_eq!(office.letters().await.len(), 1);

    let text = hundred().join("\n");
    let fields = [("people", text.as_str()), ("worker", "yes")];
    let done = submit(&office, "/users/invitations", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(&done.headers["location"], "/users/invitations?done=invited");
    assert_eq!(office.letters().await.len(), 101);
    let first = office.get("/users/invitations").await;
    assert!(first.text.contains("Person 100") && first.text.contains("Older"));
    let link = office.send("person-77@example.com").await.unwrap();
    let came = Browser::new()
        .form(&office.world, &link, "password=sparrow+lantern+42")
        .await;
    assert_eq!(came.status, 303);
    let people = office.get("/api/users?status=active&q=person-77").await;
    assert_eq!(people.json[0]["roles"], json!(["worker"]));
}

/// 1. Both find all addresses free. 2. Both store the first account.
async fn of_two_who_invite_the_same_people_at_once_one_does(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    let people: Vec<Json> = (0..20)
        .map(|number| json!({ "email": format!("person-{number}@example.com") }))
        .collect();
    let body = json!({ "people": people, "roles": ["worker"] });
    let (one_answer, other) = tokio::join!(
        office.ask("POST", "/api/users/invitations", body.clone()),
        office.ask("POST", "/api/users/invitations", body.clone()),
    );
    let mut statuses = [one_answer.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400], "{} {}", one_answer.text, other.text);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM accounts").await,
        21
    );
    assert_eq!(office.letters().await.len(), 20);
}

#[tokio::test]
async fn nobody_and_too_many_are_refused() {
    let office = Office::new().await;
    let many: Vec<Json> = (0..501)
        .map(|number| json!({ "email": format!("person-{number}@example.com") }))
        .collect();
    for people in [json!([]), json!(many)] {
        let body = json!({ "people": people, "roles": [] });
        let refused = office.ask("POST", "/api/users/invitations", body).await;
        assert_eq!(
            (refused.status.as_u16(), code(&refused)),
            (400, "bad_number_of_people")
        );
    }
    let body = json!({ "people": [{ "email": "a@example.com" }], "roles": ["operator"] });
    let refused = office.ask("POST", "/api/users/invitations", body).await;
    assert_eq!(
        (refused.status.as_u16(), code(&refused)),
        (400, "unknown_role")
    );
}

#[tokio::test]
async fn without_a_mail_server_the_admin_sees_each_link_once() {
    let settings = auth::Settings {
        shows_links: true,
        ..quick()
    };
    let mut office = Office::on(Storage::Memory, settings).await;
    let text = "Anna <anna@example.com>\ncarl@example.com";
    let shown = submit(&office, "/users/invitations", &[("people", text)]).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert_eq!(shown.headers["cache-control"], "no-store");
    let links: Vec<String> = shown
        .text
        .split("http://127.0.0.1:8080")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(links.len(), 2);
    let page = office.get("/users/invitations").await.text;
    let list = office.get("/api/users").await.text;
    for link in &links {
        assert!(!page.contains(secret(link)) && !list.contains(secret(link)));
    }
    // What is kept for operators to read holds another secret, and is dead with the first.
    let kept = office.send("anna@example.com").await.unwrap();
    let form = "password=sparrow+lantern+42";
    assert_eq!(
        Browser::new()
            .form(&office.world, &links[0], form)
            .await
            .status,
        303
    );
    assert_eq!(
        Browser::new().form(&office.world, &kept, form).await.status,
        410
    );
    let alone = submit(&office, "/users", &[("email", "eve@example.com")]).await;
    assert!(alone.text.contains("/invitation/"), "{}", alone.text);
    let wrong = submit(&office, "/users", &[("email", "eve"), ("worker", "yes")]).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("value=\"eve\"") && wrong.text.contains("value=\"yes\" checked"));
}

#[tokio::test]
async fn only_admins_invite() {
    let mut office = Office::new().await;
    let id = office.invite("anna@example.com", "").await;
    let user = tidings::Uuid::from_u128(7);
    for roles in [&[][..], &["manager", "accountant", "worker", "operator"]] {
        let token = office.world.token(user, roles);
        for (method, path) in [
            ("POST", "/api/users/invitations".to_owned()),
            ("POST", format!("/api/users/{id}/invitation")),
            ("DELETE", format!("/api/users/{id}/invitation")),
        ] {
            let body = json!({ "people": [] });
            let answer = office
                .world
                .send(method, &path, Some(&token), body.clone())
                .await;
            assert_eq!(answer.status, 403, "{method} {path}");
            let answer = office.world.send(method, &path, None, body).await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
        for path in ["/users/new", "/users/invitations"] {
            assert_eq!(office.world.get(path, Some(&token)).await.status, 403);
        }
    }
}
