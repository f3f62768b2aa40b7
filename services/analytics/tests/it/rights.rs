//! B-31: administrators, and nobody else.

use tidings::Storage;
use tower::ServiceExt;

use crate::stage::Stage;

tidings_test::on_both!(
    b_31_every_route_lets_administrators_in_and_nobody_else,
    b_31_a_refusal_tells_nothing,
);

const ROLES: [&[&str]; 7] = [
    &["admin"],
    &[],
    &["worker"],
    &["manager"],
    &["accountant"],
    &["worker", "manager", "accountant"],
    &["operator", "reader", "publisher"],
];

const ROUTES: [&str; 5] = [
    "/api/analytics/today",
    "/api/analytics/most-expensive",
    "/api/analytics/days",
    "/exchange/analytics",
    "/exchange/analytics/live",
];

/// The status only: a live stream has no end.
async fn status(stage: &Stage, path: &str, token: Option<&str>) -> u16 {
    let mut request = axum::http::Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let router = stage.world.installation().router();
    router.oneshot(request).await.unwrap().status().as_u16()
}

async fn b_31_every_route_lets_administrators_in_and_nobody_else(storage: Storage) {
    let stage = Stage::with_people(storage).await;
    for path in ROUTES {
        let nobody = status(&stage, path, None).await;
        assert_eq!(nobody, 401, "{path}");
        for roles in ROLES {
            let token = stage.token(50, roles);
            let expected = if roles == ["admin"] { 200 } else { 403 };
            let found = status(&stage, path, Some(&token)).await;
            assert_eq!(found, expected, "{path} as {roles:?}");
        }
    }
}

async fn b_31_a_refusal_tells_nothing(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let roles = ["worker", "manager", "accountant"];
    let mut before = Vec::new();
    for path in &ROUTES[..4] {
        before.push(stage.get(&roles, path).await.text);
    }
    let now = stage.now();
    stage.fee(1, 1_234, now).await;
    stage.reward(2, 1, 4_000, now).await;
    for (path, before) in ROUTES.iter().zip(before) {
        let refused = stage.get(&roles, path).await;
        assert_eq!((refused.status.as_u16(), &refused.text), (403, &before));
        assert!(!refused.text.contains("Ann"), "{}", refused.text);
    }
    // Nor whether what was asked could be understood.
    let nonsense = "/api/analytics/most-expensive?period=aeon&from=x";
    assert_eq!(stage.get(&roles, nonsense).await.status, 403);
}
