//! Admins administer people: accounts, names, roles, standing.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value as Json, json};
use tidings::{Storage, Uuid};
use tidings_test::{Answer, World, on_both};

use crate::browser::{Browser, code};
use crate::fixtures::{PASSWORD, heard, quick, world};

on_both!(
    people_are_found_by_name_address_role_and_standing_in_parts,
    two_admins_who_demote_each_other_at_once_leave_one,
);

/// An admin of whom the database knows, and the token of one.
async fn admin(world: &World, email: &str) -> (String, String) {
    let auth = world.service("auth");
    let id = auth::create_account(&auth, email, PASSWORD).await.unwrap();
    auth::grant_role(&auth, email, "admin").await.unwrap();
    (id.to_string(), world.token(id.uuid(), &["admin"]))
}

async fn add(world: &World, token: &str, email: &str, name: &str, roles: Json) -> Answer {
    let body = json!({ "email": email, "name": name, "password": PASSWORD, "roles": roles });
    world.send("POST", "/api/users", Some(token), body).await
}

async fn change(world: &World, token: &str, id: &str, body: Json) -> Answer {
    let path = format!("/api/users/{id}");
    world.send("PATCH", &path, Some(token), body).await
}

fn emails(answer: &Answer) -> Vec<&str> {
    let list = answer.json.as_array().unwrap().iter();
    list.map(|one| one["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_admin_makes_an_account_whose_owner_signs_in_with_roles() {
    let mut world = world().await;
    let (_, token) = admin(&world, "boss@example.com").await;
    let made = add(
        &world,
        &token,
        "anna@example.com",
        " Anna  Ivanova ",
        json!(["worker"]),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap();
    assert_eq!(made.headers["location"], format!("/api/users/{id}"));
    let expected = json!({
        "id": id, "email": "anna@example.com", "name": "Anna Ivanova", "roles": ["worker"],
        "status": "active", "version": 1,
    });
    assert_eq!(made.json, expected);
    assert!(!made.text.contains(PASSWORD));
    let mut anna = Browser::new();
    let entered = anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    assert_eq!(entered.status, 200);
    assert_eq!(entered.json["name"], "Anna Ivanova");
    let told = heard(&mut world).await;
    let of_anna = told.iter().find(|one| one["email"] == "anna@example.com");
    assert_eq!(of_anna.unwrap()["roles"], json!(["worker"]));
    let again = add(&world, &token, "Anna@example.com", "", json!([])).await;
    assert_eq!((again.status.as_u16(), code(&again)), (400, "email_taken"));
}

#[tokio::test]
async fn a_change_is_told_once_audited_and_ends_the_sessions_of_who_is_shut() {
    let mut world = world().await;
    let (_, token) = admin(&world, "boss@example.com").await;
    let made = add(
        &world,
        &token,
        "anna@example.com",
        "Anna",
        json!(["worker"]),
    )
    .await;
    let id = made.json["id"].as_str().unwrap().to_owned();
    let mut anna = Browser::new();
    anna.sign_in(&world, "anna@example.com", PASSWORD).await;
    let wish =
        json!({ "name": "Anna I.", "roles": ["manager", "accountant"], "status": "disabled" });
    let changed = change(&world, &token, &id, wish.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let found = ["name", "roles", "status", "version"].map(|field| changed.json[field].clone());
    let expected = [
        json!("Anna I."),
        json!(["accountant", "manager"]),
        json!("disabled"),
        json!(2),
    ];
    assert_eq!(found, expected);
    assert_eq!(anna.who(&world).await, None);
    // The same again changes nothing and tells nothing.
    let again = change(&world, &token, &id, wish).await;
    assert_eq!(again.json["version"], 2);
    let told = heard(&mut world).await;
    assert_eq!(
        told.iter()
            .filter(|one| one["email"] == "anna@example.com")
            .count(),
        2
    );
    let page = world.get(&format!("/users/{id}"), Some(&token)).await;
    for line in [
        "Made",
        "Got the role worker",
        "Lost the role worker",
        "Got the role manager",
        "Shut",
        "Renamed",
    ] {
        assert!(page.text.contains(line), "{line} is not in {}", page.text);
    }
}

#[tokio::test]
async fn only_admins_see_and_change_people() {
    let world = world().await;
    let (id, _) = admin(&world, "boss@example.com").await;
    for roles in [
        &["worker"][..],
        &["manager"],
        &["accountant"],
        &["infrastructure", "support", "engineering"],
        &["operator"],
        &[],
    ] {
        let token = world.token(Uuid::from_u128(7), roles);
        let asked = [
            world.get("/api/users", Some(&token)).await,
            world.get(&format!("/api/users/{id}"), Some(&token)).await,
            add(&world, &token, "x@example.com", "", json!([])).await,
            change(&world, &token, &id, json!({ "roles": [] })).await,
            world.get("/users", Some(&token)).await,
            world.get("/users/new", Some(&token)).await,
            world.get(&format!("/users/{id}"), Some(&token)).await,
        ];
        for answer in asked {
            assert_eq!(answer.status, 403, "{roles:?}");
            assert!(!answer.text.contains("boss"), "{roles:?}");
        }
    }
    assert_eq!(world.get("/api/users", None).await.status, 401);
    assert_eq!(world.get("/users", None).await.status, 401);
}

/// Or an admin could become an operator.
#[tokio::test]
async fn an_admin_gives_the_roles_of_the_exchange_and_leaves_the_others_alone() {
    let world = world().await;
    let (id, token) = admin(&world, "boss@example.com").await;
    let auth = world.service("auth");
    auth::grant_role(&auth, "boss@example.com", "operator")
        .await
        .unwrap();
    for role in ["operator", "reader", "publisher", "king"] {
        let refused = add(&world, &token, "x@example.com", "", json!([role])).await;
        assert_eq!(
            (refused.status.as_u16(), code(&refused)),
            (400, "unknown_role")
        );
        let refused = change(&world, &token, &id, json!({ "roles": ["admin", role] })).await;
        assert_eq!(
            (refused.status.as_u16(), code(&refused)),
            (400, "unknown_role")
        );
    }
    let changed = change(
        &world,
        &token,
        &id,
        json!({ "roles": ["admin", "manager"] }),
    )
    .await;
    assert_eq!(
        changed.json["roles"],
        json!(["admin", "manager", "operator"])
    );
}

#[tokio::test]
async fn the_last_admin_can_neither_step_down_nor_be_shut() {
    let world = world().await;
    let (id, token) = admin(&world, "boss@example.com").await;
    // One that is shut cannot administer, and does not count.
    let (shut, _) = admin(&world, "former@example.com").await;
    let auth = world.service("auth");
    auth::disable_account(&auth, "former@example.com")
        .await
        .unwrap();
    for wish in [json!({ "roles": [] }), json!({ "status": "disabled" })] {
        let refused = change(&world, &token, &id, wish).await;
        assert_eq!(
            (refused.status.as_u16(), code(&refused)),
            (409, "last_admin")
        );
    }
    let opened = change(&world, &token, &shut, json!({ "status": "active" })).await;
    assert_eq!(opened.status, 200);
    let gone = change(&world, &token, &id, json!({ "roles": ["worker"] })).await;
    assert_eq!(gone.json["roles"], json!(["worker"]));
}

async fn people_are_found_by_name_address_role_and_standing_in_parts(storage: Storage) {
    let world = World::on(storage, [auth::service(quick())]).await;
    let (_, token) = admin(&world, "boss@example.com").await;
    for (email, name, roles) in [
        ("anna@example.com", "Anna Ivanova", json!(["worker"])),
        (
            "boris@example.com",
            "Борис Чайка",
            json!(["worker", "accountant"]),
        ),
        ("carl@example.com", "Carl 100%", json!([])),
    ] {
        world.clock().advance(std::time::Duration::from_secs(1));
        assert_eq!(add(&world, &token, email, name, roles).await.status, 201);
    }
    let auth = world.service("auth");
    auth::disable_account(&auth, "carl@example.com")
        .await
        .unwrap();
    let asked = async |query: &str| world.get(&format!("/api/users{query}"), Some(&token)).await;
    let (anna, boris, carl) = ("anna@example.com", "boris@example.com", "carl@example.com");
    assert_eq!(
        emails(&asked("").await),
        [carl, boris, anna, "boss@example.com"]
    );
    assert_eq!(emails(&asked("?q=IVANOVA%20anna").await), [anna]);
    assert_eq!(
        emails(&asked("?q=%D1%87%D0%B0%D0%B9%D0%BA%D0%B0").await),
        [boris]
    );
    assert_eq!(emails(&asked("?q=%25").await), [carl]);
    assert_eq!(emails(&asked("?role=worker").await), [boris, anna]);
    assert_eq!(emails(&asked("?role=admin").await), ["boss@example.com"]);
    assert_eq!(emails(&asked("?status=disabled").await), [carl]);
    let first = asked("?limit=3").await;
    let link = first.headers["link"].to_str().unwrap();
    let next = link.split(['<', '>']).nth(1).unwrap();
    let rest = world.get(next, Some(&token)).await;
    assert_eq!(emails(&rest), ["boss@example.com"]);
    for (query, name) in [
        ("?role=king", "unknown_role"),
        ("?status=lost", "bad_status"),
    ] {
        let refused = asked(query).await;
        assert_eq!((refused.status.as_u16(), code(&refused)), (400, name));
    }
    let page = world.get("/users?role=worker", Some(&token)).await;
    assert!(page.text.contains("Борис Чайка") && !page.text.contains("Carl"));
}

/// 1. Two admins are all there are. 2. Each takes the role from the other at the same moment.
async fn two_admins_who_demote_each_other_at_once_leave_one(storage: Storage) {
    use tower::ServiceExt;

    let world = World::on(storage, [auth::service(quick())]).await;
    let (one, one_token) = admin(&world, "one@example.com").await;
    let (two, two_token) = admin(&world, "two@example.com").await;
    let demote = |token: &str, id: &str| {
        let request = Request::patch(format!("/api/users/{id}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"roles":[]}"#))
            .unwrap();
        let router = world.installation().router();
        tokio::spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() })
    };
    let (first, second) = (demote(&one_token, &two), demote(&two_token, &one));
    let mut statuses = [first.await.unwrap(), second.await.unwrap()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn the_pages_change_people() {
    let world = world().await;
    let (boss, token) = admin(&world, "boss@example.com").await;
    let submit = async |path: &str, form: &str| {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        world.call(request).await
    };
    let own = format!("/users/{boss}");
    let refused = submit(&own, "name=Boss&status=active").await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("This is the last admin."));
    let saved = submit(&own, "name=Boss&admin=yes&manager=yes&status=active").await;
    assert_eq!(saved.status, 303);
}
