//! What is asked wrongly.

use tidings::Storage;

use crate::stage::Stage;

tidings_test::on_both!(
    what_cannot_be_understood_is_refused_with_what_is_wrong,
    days_long_ago_and_far_ahead_are_empty,
);

const REFUSED: [(&str, &str); 12] = [
    ("from=2026-01-02&to=2026-01-01", "range_backwards"),
    (
        "period=week&from=2026-01-02&to=2026-01-01",
        "range_backwards",
    ),
    ("from=2020-01-01&to=2026-01-01", "range_too_long"),
    ("period=day&from=0001-01-01&to=9999-12-31", "range_too_long"),
    (
        "period=month&from=2025-01-31&to=2026-01-01",
        "range_too_long",
    ),
    ("from=01.01.2026", "bad_date"),
    ("to=2026-02-30", "bad_date"),
    ("to=2026-01-01T00:00:00Z", "bad_date"),
    ("from=2026-01-01%27%3B--", "bad_date"),
    ("period=year", "bad_period"),
    ("period=%27+OR+1%3D1--", "bad_period"),
    ("from=2026-01-01&from=2026-01-02", "bad_request"),
];

async fn what_cannot_be_understood_is_refused_with_what_is_wrong(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.reward(1, 1, 2_000, now).await;
    for (asked, code) in REFUSED {
        for path in ["/api/analytics/most-expensive", "/api/analytics/days"] {
            let path = format!("{path}?{asked}");
            let answer = stage.get(&["admin"], &path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert_eq!(answer.json["code"], code, "{path}");
        }
        let page = format!("/exchange/analytics?{asked}");
        assert_eq!(stage.get(&["admin"], &page).await.status, 400, "{page}");
    }
    assert_eq!(stage.figures().await["completions"].len(), 1);
    stage.ends_well().await;
}

async fn days_long_ago_and_far_ahead_are_empty(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.reward(1, 1, 2_000, now).await;
    for asked in [
        "from=0001-01-01&to=0001-01-03",
        "from=9999-12-30&to=9999-12-31",
        "period=week&from=9999-12-31",
        "period=month&from=0000-01-01",
        "from=2026-01-02&to=2026-01-03",
    ] {
        let path = format!("/api/analytics/most-expensive?{asked}");
        let answer = stage.look(&path).await;
        assert!(answer["overall"].is_null(), "{path}");
        let path = format!("/api/analytics/days?{asked}");
        assert_eq!(
            stage.look(&path).await["management_earned_minor"],
            0,
            "{path}"
        );
        let page = format!("/exchange/analytics?{asked}");
        assert_eq!(stage.get(&["admin"], &page).await.status, 200, "{page}");
    }
}
