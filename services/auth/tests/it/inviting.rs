//! Somebody is invited, comes by a link, and chooses a password.

use axum::http::StatusCode;
use contracts::notifications::LetterEvent;
use serde_json::{Value as Json, json};
use tidings::Storage;
use tidings_test::on_both;
use tower::ServiceExt;

use crate::browser::{Browser, code};
use crate::fixtures::{PASSWORD, heard, minutes, one, quick};
use crate::post::{Office, secret};

on_both!(
    an_invited_person_chooses_a_password_and_is_in,
    sec_09_of_eight_who_come_with_one_link_at_once_one_is_let_in,
    sec_09_a_link_that_was_used_replaced_or_has_ended_opens_nothing,
    sec_09_a_link_that_was_withdrawn_opens_nothing,
    whoever_was_shut_before_they_came_does_not_come,
);

const ANNA: &str = "anna@example.com";
const DAY: u64 = 24 * 60;
const GOOD: &str = "password=sparrow+lantern+42";

async fn an_invited_person_chooses_a_password_and_is_in(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    let body = json!({ "email": ANNA, "name": "Anna Ivanova", "roles": ["worker"] });
    let made = office.ask("POST", "/api/users", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&made.json["status"], &made.json["link"]),
        (&json!("invited"), &Json::Null)
    );
    // B-10: nobody is told of somebody who may never come, so nothing falls to them.
    let told = heard(&mut office.world).await;
    assert!(told.iter().all(|one| one["email"] != ANNA), "{told:?}");
    for password in ["", PASSWORD] {
        let refused = Browser::new().sign_in(&office.world, ANNA, password).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    }

    let letter = office.letter_to(ANNA).await;
    for part in [
        "Hello Anna Ivanova,",
        "Mia Manager has invited you",
        "as worker",
        "{link}",
    ] {
        assert!(
            letter.body.contains(part),
            "{part} is not in {}",
            letter.body
        );
    }
    let link = office.send(ANNA).await.unwrap();
    let mut anna = Browser::new();
    let seen = anna.get(&office.world, &link).await;
    assert_eq!(seen.status, 200);
    assert!(seen.text.contains("Welcome, Anna Ivanova") && seen.text.contains(ANNA));
    let came = anna.form(&office.world, &link, GOOD).await;
    assert_eq!(
        (came.status, &came.headers["location"]),
        (StatusCode::SEE_OTHER, &"/exchange/tasks".parse().unwrap())
    );
    assert_eq!(anna.who(&office.world).await.as_deref(), Some(ANNA));
    let back = Browser::new().sign_in(&office.world, ANNA, PASSWORD).await;
    assert_eq!(back.status, 200);
    let told = heard(&mut office.world).await;
    let own: Vec<&Json> = told.iter().filter(|one| one["email"] == ANNA).collect();
    let event = json!({
        "event": "created", "email": ANNA, "roles": ["worker"], "disabled": false, "version": 2,
    });
    assert_eq!(own, [&event]);
    let person = office.get(&format!("/api/users/{id}")).await;
    assert_eq!(person.json["status"], "active");
    assert!(
        office
            .get(&format!("/users/{id}"))
            .await
            .text
            .contains("Came and chose a password")
    );
}

/// 1. Eight requests find that the link holds. 2. All hash their password. 3. All use it up.
async fn sec_09_of_eight_who_come_with_one_link_at_once_one_is_let_in(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    office.invite(ANNA, "").await;
    let link = office.send(ANNA).await.unwrap();
    let mut sent = tokio::task::JoinSet::new();
    for number in 0..8 {
        let body =
            json!({ "token": secret(&link), "password": format!("sparrow lantern {number}") });
        let request = Browser::new().json("/api/users/accept", &body);
        let router = office.world.installation().router();
        sent.spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() });
    }
    let mut answers = sent.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 410, 410, 410, 410, 410, 410, 410]);
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM sessions").await,
        1
    );
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM link_secrets").await,
        0
    );
}

/// Whether a link opens nothing: neither as a page, nor as a form, nor in the API.
async fn is_dead(office: &Office, link: &str) -> bool {
    let page = Browser::new().get(&office.world, link).await;
    let form = Browser::new().form(&office.world, link, GOOD).await;
    let body = json!({ "token": secret(link), "password": PASSWORD });
    let api = Browser::new()
        .post(&office.world, "/api/users/accept", body)
        .await;
    for page in [&page, &form] {
        let told = page.text.contains("This link is not good");
        assert_eq!(told, page.status == StatusCode::GONE, "{}", page.text);
        assert!(!page.text.contains(ANNA) || !told);
    }
    assert_eq!(code(&api) == "link_dead", api.status == StatusCode::GONE);
    [page, form, api]
        .iter()
        .all(|one| one.status == StatusCode::GONE)
}

async fn sec_09_a_link_that_was_used_replaced_or_has_ended_opens_nothing(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    let nothing = "/invitation/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(is_dead(&office, nothing).await && is_dead(&office, "/invitation/x").await);

    let id = office.invite(ANNA, "").await;
    let first = office.send(ANNA).await.unwrap();
    // A letter that is tried twice has two secrets, because the first was kept nowhere.
    let also_first = office.send(ANNA).await.unwrap();
    assert_ne!(first, also_first);
    office.world.advance(minutes(6 * DAY)).await;
    let again = office
        .ask("POST", &format!("/api/users/{id}/invitation"), Json::Null)
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    let second = office.send(ANNA).await.unwrap();
    assert!(is_dead(&office, &first).await && is_dead(&office, &also_first).await);
    // A link for one thing is none for another.
    let as_reset = second.replace("/invitation/", "/reset/");
    assert_eq!(
        Browser::new().get(&office.world, &as_reset).await.status,
        StatusCode::GONE
    );

    office.world.advance(minutes(7 * DAY)).await;
    assert!(is_dead(&office, &second).await);
    assert_eq!(
        office.send(ANNA).await,
        Err(410),
        "a letter that comes too late is not sent"
    );
    let listed = office.get("/users/invitations").await;
    assert!(
        listed.text.contains(ANNA) && listed.text.contains("Ended"),
        "{}",
        listed.text
    );

    office
        .ask("POST", &format!("/api/users/{id}/invitation"), Json::Null)
        .await;
    let third = office.send(ANNA).await.unwrap();
    assert_eq!(
        Browser::new()
            .form(&office.world, &third, GOOD)
            .await
            .status,
        303
    );
    assert!(is_dead(&office, &third).await);
    for method in ["POST", "DELETE"] {
        let path = format!("/api/users/{id}/invitation");
        let refused = office.ask(method, &path, Json::Null).await;
        let found = (refused.status.as_u16(), code(&refused));
        assert_eq!(found, (409, "not_invited"));
    }
}

async fn sec_09_a_link_that_was_withdrawn_opens_nothing(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    let carl = office.invite("carl@example.com", "").await;
    let link = office.send("carl@example.com").await.unwrap();
    let path = format!("/api/users/{carl}/invitation");
    assert_eq!(office.ask("DELETE", &path, Json::Null).await.status, 204);
    assert!(is_dead(&office, &link).await);
    assert_eq!(office.send("carl@example.com").await, Err(410));
    assert_eq!(office.ask("DELETE", &path, Json::Null).await.status, 404);
    // As if nothing had been: the address is free.
    office.invite("carl@example.com", "").await;
}

async fn whoever_was_shut_before_they_came_does_not_come(storage: Storage) {
    let mut office = Office::on(storage, quick()).await;
    let id = office.invite(ANNA, "").await;
    let link = office.send(ANNA).await.unwrap();
    let path = format!("/api/users/{id}");
    let shut = office
        .ask("PATCH", &path, json!({ "status": "disabled" }))
        .await;
    assert_eq!(shut.json["status"], "disabled");
    assert!(is_dead(&office, &link).await);
    assert_eq!(office.send(ANNA).await, Err(410));
    let opened = office
        .ask("PATCH", &path, json!({ "status": "active" }))
        .await;
    assert_eq!(
        opened.json["status"], "invited",
        "only its owner makes it an active one"
    );
    assert!(
        is_dead(&office, &link).await,
        "a link that is dead stays dead"
    );
    let told = heard(&mut office.world).await;
    assert!(told.iter().all(|one| one["email"] != ANNA), "{told:?}");
    let again = office
        .ask("POST", &format!("{path}/invitation"), Json::Null)
        .await;
    assert_eq!(again.status, 200);
    let link = office.send(ANNA).await.unwrap();
    assert_eq!(
        Browser::new().form(&office.world, &link, GOOD).await.status,
        303
    );
}

/// Mail programs open links before their readers do.
#[tokio::test]
async fn sec_20_looking_at_a_link_does_not_use_it_up() {
    let mut office = Office::new().await;
    office.invite(ANNA, "").await;
    let link = office.send(ANNA).await.unwrap();
    for method in ["GET", "HEAD", "GET"] {
        let request = Browser::new().request(method, &link);
        let answer = office
            .world
            .call(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    assert_eq!(
        Browser::new().form(&office.world, &link, GOOD).await.status,
        303
    );
}

#[tokio::test]
async fn a_password_that_cannot_be_taken_leaves_the_link_good() {
    let mut office = Office::new().await;
    office.invite(ANNA, "").await;
    let link = office.send(ANNA).await.unwrap();
    for (password, words) in [
        ("", "Enter a password"),
        ("short", "at least 8 characters"),
        ("password123", "among the first"),
        ("anna1234", "Words of your address"),
    ] {
        let answer = Browser::new()
            .form(&office.world, &link, &format!("password={password}"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{password}");
        assert!(
            answer.text.contains(words),
            "{words} is not in {}",
            answer.text
        );
    }
    assert_eq!(
        Browser::new().form(&office.world, &link, GOOD).await.status,
        303
    );
}

#[tokio::test]
async fn the_admin_sees_whether_the_letter_has_gone() {
    let mut office = Office::new().await;
    let id = office.invite(ANNA, "").await;
    let message_id = office.letter_to(ANNA).await.id;
    let seen = async |office: &Office| {
        let person = office.get(&format!("/api/users/{id}")).await;
        let page = office.get("/users/invitations").await.text;
        let word = person.json["invitation"]["letter"]
            .as_str()
            .unwrap()
            .to_owned();
        (word, page)
    };
    let (word, page) = seen(&office).await;
    assert_eq!(word, "asked");
    assert!(page.contains("Not gone yet"), "{page}");
    let reason = "550 nobody <here>".to_owned();
    office
        .tell(LetterEvent::Failed { message_id, reason })
        .await;
    let (word, page) = seen(&office).await;
    assert_eq!(word, "failed");
    assert!(
        page.contains("Cannot be sent") && page.contains("550 nobody &#60;here&#62;"),
        "{page}"
    );
    office.tell(LetterEvent::Sent { message_id }).await;
    let (word, page) = seen(&office).await;
    assert_eq!(word, "sent");
    assert!(page.contains("Gone") && !page.contains("550 nobody"));
}

/// SEC-34: what a letter is told, nobody else is.
#[tokio::test]
async fn only_who_sends_the_letters_gets_their_links() {
    let mut office = Office::new().await;
    office.invite(ANNA, "").await;
    let path = office.letter_to(ANNA).await.link_from.unwrap();
    let nobody = office.world.send("POST", &path, None, Json::Null).await;
    let boss = office.ask("POST", &path, Json::Null).await;
    assert_eq!([nobody.status, boss.status], [401, 401]);
    let other = office.world.service("listener").client("auth").unwrap();
    let refused = other.post(&path).send().await.unwrap_err();
    assert_eq!(refused.status(), Some(StatusCode::FORBIDDEN));
    assert_eq!(
        one::<i64>(&office.world, "SELECT count(*) FROM link_secrets").await,
        0
    );
}

#[tokio::test]
async fn an_admin_who_has_not_come_yet_is_none() {
    let mut office = Office::new().await;
    let body = json!({ "email": ANNA, "roles": ["admin"] });
    assert_eq!(office.ask("POST", "/api/users", body).await.status, 201);
    let people = office.get("/api/users?role=admin&status=active").await;
    let boss = people.json[0]["id"].as_str().unwrap();
    let path = format!("/api/users/{boss}");
    let refused = office.ask("PATCH", &path, json!({ "roles": [] })).await;
    assert_eq!(
        (refused.status.as_u16(), code(&refused)),
        (409, "last_admin")
    );
    let link = office.send(ANNA).await.unwrap();
    Browser::new().form(&office.world, &link, GOOD).await;
    let gone = office.ask("PATCH", &path, json!({ "roles": [] })).await;
    assert_eq!(gone.status, 200);
}
