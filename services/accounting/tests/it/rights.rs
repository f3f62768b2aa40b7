//! B-31: who may see what, and that a refusal tells nothing.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, TODAY, user};

tidings_test::on_both!(
    b_31_every_route_lets_in_whom_it_is_for_and_nobody_else,
    b_31_a_refusal_is_the_same_whether_there_is_something_or_not,
    b_31_everybody_sees_their_own_account_and_log_and_nothing_else,
);

const ROLES: [&[&str]; 6] = [
    &[],
    &["worker"],
    &["manager"],
    &["accountant"],
    &["admin"],
    &["operator", "reader", "publisher"],
];

/// Whoever has a part in the exchange; accountants and administrators; administrators.
const EVERYBODY: [bool; 6] = [false, true, true, true, true, false];
const BOOKS: [bool; 6] = [false, false, false, true, true, false];
const CLOSE: [bool; 6] = [false, false, false, false, true, false];

fn routes() -> Vec<(&'static str, String, [bool; 6])> {
    let account = user(1);
    let page = |path: &str| format!("/exchange/books{path}");
    vec![
        ("GET", "/api/accounts/me".to_owned(), EVERYBODY),
        ("GET", "/api/accounts/me/log".to_owned(), EVERYBODY),
        ("GET", "/api/accounts/me/log.csv".to_owned(), EVERYBODY),
        ("GET", "/api/accounts".to_owned(), BOOKS),
        ("GET", format!("/api/accounts/{account}"), BOOKS),
        ("GET", format!("/api/accounts/{account}/log"), BOOKS),
        ("GET", format!("/api/accounts/{account}/log.csv"), BOOKS),
        ("GET", "/api/accounting/summary".to_owned(), BOOKS),
        ("GET", "/api/accounting/check".to_owned(), BOOKS),
        ("GET", format!("/api/accounting/days/{TODAY}"), BOOKS),
        ("GET", "/api/accounting/payouts".to_owned(), BOOKS),
        ("GET", "/api/accounting/payouts.csv".to_owned(), BOOKS),
        ("POST", format!("/api/accounting/days/{TODAY}/close"), CLOSE),
        ("GET", "/exchange/account".to_owned(), EVERYBODY),
        ("GET", "/exchange/account/live".to_owned(), EVERYBODY),
        ("GET", page(""), BOOKS),
        ("GET", page("?check=1"), BOOKS),
        ("GET", page("/live"), BOOKS),
        ("GET", page("/accounts"), BOOKS),
        ("GET", page(&format!("/accounts/{account}")), BOOKS),
        ("GET", page("/payouts"), BOOKS),
        ("GET", page(&format!("/days/{TODAY}")), BOOKS),
        ("POST", page(&format!("/days/{TODAY}/close")), CLOSE),
    ]
}

/// The status only: a live stream has no end.
async fn status(stage: &Stage, method: &str, path: &str, token: Option<&str>) -> u16 {
    use tower::ServiceExt;
    let mut request = axum::http::Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let router = stage.world.installation().router();
    let answer = router.oneshot(request).await.unwrap();
    answer.status().as_u16()
}

async fn b_31_every_route_lets_in_whom_it_is_for_and_nobody_else(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    for (method, path, let_in) in routes() {
        let nobody = status(&stage, method, &path, None).await;
        assert_eq!(nobody, 401, "{path}");
        for (roles, may) in ROLES.iter().zip(let_in) {
            let token = stage.token(50, roles);
            let status = status(&stage, method, &path, Some(&token)).await;
            let is_let_in = status < 400;
            assert_eq!(is_let_in, may, "{method} {path} as {roles:?}: {status}");
            assert!(
                may || status == 403,
                "{method} {path} as {roles:?}: {status}"
            );
        }
    }
}

async fn b_31_a_refusal_is_the_same_whether_there_is_something_or_not(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let (there, nowhere) = (user(1), user(777));
    for path in [
        "/api/accounts/ID",
        "/api/accounts/ID/log",
        "/api/accounts/ID/log.csv",
        "/exchange/books/accounts/ID",
        "/exchange/books/accounts/ID/live",
    ] {
        let mut told = Vec::new();
        for id in [there, nowhere] {
            let path = path.replace("ID", &id.to_string());
            let answer = stage.get(2, &["worker", "manager"], &path).await;
            assert_eq!(answer.status, 403, "{path}");
            told.push(answer.text);
        }
        assert_eq!(told[0], told[1], "{path}");
        assert!(!told[0].contains("Ann"), "{}", told[0]);
    }
    // Nor does bad input tell whether it was looked at.
    let day = "/api/accounting/days/nonsense";
    assert_eq!(stage.get(2, &["worker"], day).await.status, 403);
    // Whoever may look is told that there is nothing.
    let path = format!("/api/accounts/{nowhere}");
    assert_eq!(stage.get(2, &["accountant"], &path).await.status, 404);
}

async fn b_31_everybody_sees_their_own_account_and_log_and_nothing_else(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    stage.work(2, 2, false).await;
    let log = stage.get(2, &["worker"], "/api/accounts/me/log").await;
    let (fee, _) = stage.price(2).await;
    let lines = log.json.as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["debit_minor"], fee);
    // By the own id, too.
    let path = format!("/api/accounts/{}/log", user(2));
    assert_eq!(stage.get(2, &["worker"], &path).await.json, log.json);
    // Somebody new has an account with nothing in it.
    let mine = stage.get(60, &["accountant"], "/api/accounts/me").await;
    assert_eq!(
        json!([mine.json["account_id"], mine.json["balance_minor"]]),
        json!([user(60), 0])
    );
    // A stranger to the exchange has none, not even by the own id.
    for path in ["me".to_owned(), user(61).to_string()] {
        let refused = stage.get(61, &[], &format!("/api/accounts/{path}")).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text.contains("no part in the task exchange") || path != "me");
    }
    let page = stage.get(61, &[], "/exchange/account").await;
    assert!(
        page.text.contains("You have no part in the task exchange."),
        "{}",
        page.text
    );
    stage
        .meet(crate::stage::person(3, "Ida", "accountant", 1))
        .await;
    let list = stage.look("/api/accounts").await;
    let names = |list: &Value| {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert!(
        !names(&list).contains(&json!("Mia")),
        "managers have no account until one is used"
    );
    assert!(
        names(&list).contains(&json!("Ida")),
        "tasks fall to accountants"
    );
    assert_eq!(list.as_array().unwrap().len(), 3);
}
