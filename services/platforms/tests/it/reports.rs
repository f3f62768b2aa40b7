//! What reports say: costs by group, licences that end, what has no owner.

mod expiring;

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Person, Stage, accountant, admin, buyer, engineer, infra, on_both, path_of, refusal, support,
};

on_both!(
    a_19_costs_are_summed_by_group_and_currency,
    a_19_totals_equal_rows_whatever_is_asked_for,
);

async fn look(stage: &Stage, by: Person, path: &str) -> Value {
    let answer = stage.get(by, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json
}

async fn costs(stage: &Stage, query: &str) -> Value {
    let path = format!("/api/platforms/reports/costs{query}");
    look(stage, accountant(), &path).await
}

/// A platform that costs something; in production, so that it has an owner.
async fn used(stage: &Stage, name: &str, cost: &str, owner: &str) -> Value {
    let body = json!({
        "name": name,
        "publisher": "Acme",
        "cost": cost,
        "owner": owner,
        "lifecycle": "production",
    });
    stage.create(body).await
}

async fn a_few(stage: &Stage) {
    for team in ["Data", "Web"] {
        stage.team(team).await;
    }
    used(stage, "Vault", "$120.00 a year", "Data").await;
    used(stage, "Wiki", "€10.00 a month", "Data").await;
    used(stage, "Mail", "$99.99 a month", "Web").await;
    used(stage, "Switch", "$3600.00 once", "Web").await;
    used(stage, "Linux", "Free", "Web").await;
    let proposed = json!({"name": "Dream", "publisher": "Acme", "cost": "$1.00 a year"});
    stage.create(proposed).await;
    let gone = used(stage, "Gone", "$7.00 a year", "Web").await;
    let archive = format!("{}/archive", path_of(&gone["id"]));
    let answer = stage.post(infra(), &archive, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Group, currency, amount, platforms of each row.
fn rows(report: &Value) -> Vec<(Value, String, i64, i64)> {
    let row = |row: &Value| {
        let currency = row["currency"].as_str().unwrap().to_owned();
        let minor = row["amount_minor"].as_i64().unwrap();
        (
            row["group"].clone(),
            currency,
            minor,
            row["platforms"].as_i64().unwrap(),
        )
    };
    report["rows"].as_array().unwrap().iter().map(row).collect()
}

fn totals(report: &Value) -> Vec<(String, i64, i64)> {
    let total = |total: &Value| {
        let currency = total["currency"].as_str().unwrap().to_owned();
        let minor = total["amount_minor"].as_i64().unwrap();
        (currency, minor, total["platforms"].as_i64().unwrap())
    };
    let totals = report["totals"].as_array().unwrap();
    totals.iter().map(total).collect()
}

async fn a_19_costs_are_summed_by_group_and_currency(storage: Storage) {
    let stage = Stage::on(storage).await;
    a_few(&stage).await;
    let usd = "usd".to_owned();
    let eur = "eur".to_owned();
    let report = costs(&stage, "").await;
    let expected = [
        (json!("Data"), eur.clone(), 12_000, 1),
        (json!("Web"), usd.clone(), 119_988, 1),
        (json!("Data"), usd.clone(), 12_000, 1),
    ];
    assert_eq!(rows(&report), expected);
    let expected = [(eur.clone(), 12_000, 1), (usd.clone(), 131_988, 2)];
    assert_eq!(totals(&report), expected);
    let about = ["group_by", "normalise", "one_time", "months"];
    let about = about.map(|name| report[name].clone());
    assert_eq!(
        about,
        [
            json!("owner"),
            json!("annual"),
            json!("exclude"),
            Value::Null
        ]
    );
    assert_eq!(report["platforms_free"], 1);
    assert_eq!(report["platforms_left_out"], 1);
    assert_eq!(
        report["rows"][1]["owner_team_id"],
        look(&stage, infra(), "/api/platforms/3").await["owner_team_id"]
    );

    let query = "?group_by=publisher&normalise=monthly&one_time=amortise&months=36";
    let report = costs(&stage, query).await;
    let acme = json!("Acme");
    let expected = [
        (acme.clone(), eur.clone(), 1_000, 1),
        // 10.00 of the year, 99.99, and 100.00 of what was paid once.
        (acme.clone(), usd.clone(), 20_999, 3),
    ];
    assert_eq!(rows(&report), expected);

    // What nobody has put into a group is one of its own.
    let report = costs(&stage, "?group_by=cost_centre").await;
    assert_eq!(rows(&report)[0].0, Value::Null);
    // The filters of the list count, also those that let in what does not count by itself.
    let report = costs(&stage, "?lifecycle=proposed&group_by=lifecycle").await;
    assert_eq!(rows(&report), [(json!("proposed"), usd.clone(), 100, 1)]);
    let report = costs(&stage, "?owner=Data&group_by=kind").await;
    assert_eq!(rows(&report).len(), 2);
    let report = costs(&stage, "?q=gone&archived=true").await;
    assert_eq!(rows(&report), [(json!("Web"), usd, 700, 1)]);
    assert_eq!(rows(&costs(&stage, "?q=nothing").await), []);
}

/// What the list says of each platform, added up here, is what the report says.
async fn a_19_totals_equal_rows_whatever_is_asked_for(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Data").await;
    let periods = ["once", "a month", "a year"];
    for number in 0_i64..30 {
        let sign = if number % 4 == 0 { "€" } else { "$" };
        let cents = (number * 7_919 + 13) % 100_000;
        let period = periods[usize::try_from(number).unwrap() % 3];
        let cost = format!("{sign}{}.{:02} {period}", cents / 100, cents % 100);
        let name = format!("Thing {number}");
        used(&stage, &name, &cost, "Data").await;
    }
    let all = look(&stage, accountant(), "/api/platforms?limit=200").await;
    for (normalise, months) in [
        ("monthly", 7),
        ("monthly", 36),
        ("annual", 36),
        ("annual", 600),
    ] {
        let query = format!("?normalise={normalise}&one_time=amortise&months={months}");
        let share = |charge: &Value| {
            let minor = charge["amount_minor"].as_i64().unwrap();
            let (times, over) = match (charge["period"].as_str().unwrap(), normalise) {
                ("one_time", "monthly") => (1, months),
                ("one_time", _) => (12, months),
                ("monthly", "annual") => (12, 1),
                ("annual", "monthly") => (1, 12),
                _ => (1, 1),
            };
            // To the nearest, half a unit upwards.
            (minor * times * 2 + over) / (over * 2)
        };
        for group in ["owner", "publisher", "budget_code", "lifecycle", "kind"] {
            let report = costs(&stage, &format!("{query}&group_by={group}")).await;
            for (currency, total, platforms) in totals(&report) {
                let of_rows = rows(&report).into_iter().filter(|row| row.1 == currency);
                let of_rows = of_rows.fold((0, 0), |sum, row| (sum.0 + row.2, sum.1 + row.3));
                assert_eq!(of_rows, (total, platforms), "{query} {group}");
                let charges = all.as_array().unwrap().iter().map(|one| &one["charge"]);
                let charges = charges.filter(|charge| charge["currency"] == currency.as_str());
                assert_eq!(charges.map(share).sum::<i64>(), total, "{query} {group}");
            }
        }
    }
}

#[tokio::test]
async fn a_21_sums_are_for_accounting_infrastructure_and_administrators() {
    let stage = Stage::new().await;
    let all = [
        "costs",
        "costs.csv",
        "expiring",
        "expiring.csv",
        "unowned",
        "unowned.csv",
    ];
    let all = all.into_iter().chain(["unreviewed"]);
    for report in all {
        let path = format!("/api/platforms/reports/{report}");
        let answer = stage.world.get(&path, None).await;
        assert_eq!(answer.status, 401, "{path}");
        for who in [infra(), admin(), accountant()] {
            assert_eq!(stage.get(who, &path).await.status, 200, "{path} {who:?}");
        }
        let proposers = if report.starts_with("costs") {
            403
        } else {
            200
        };
        for who in [support(), engineer()] {
            assert_eq!(
                stage.get(who, &path).await.status,
                proposers,
                "{path} {who:?}"
            );
        }
        assert_eq!(stage.get(buyer(), &path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let stage = Stage::new().await;
    for (asked, code) in [
        ("costs?group_by=colour", "bad_group_by"),
        ("costs?normalise=weekly", "bad_normalise"),
        ("costs?one_time=maybe", "bad_one_time"),
        ("costs?months=0", "bad_months"),
        ("costs?months=601", "bad_months"),
        ("costs?months=-1", "bad_months"),
        ("costs?months=99999999999999999999", "bad_months"),
        ("costs?lifecycle=dead", "bad_filter"),
        ("costs.csv?group_by=%00", "bad_group_by"),
        ("expiring?within=soon", "bad_within"),
        ("expiring?quarter=2026-Q9", "bad_quarter"),
        ("expiring?from=2026-02-30", "bad_date"),
        ("expiring?from=2026-03-02&to=2026-03-01", "range_backwards"),
        ("expiring?within=30d&quarter=next", "bad_span"),
        ("expiring?cursor=2026-01-01_x", "bad_cursor"),
        ("expiring?cursor=%F0%9F%92%A9_1", "bad_cursor"),
        ("expiring?limit=0", "bad_limit"),
        ("expiring.csv?within=1e3", "bad_within"),
        ("unowned?sort=-colour", "bad_filter"),
        ("unowned?cursor=name_1_61&sort=cost", "bad_cursor"),
        ("unreviewed?since=never", "bad_date"),
        ("unreviewed?cursor=x", "bad_cursor"),
    ] {
        let answer = stage
            .get(infra(), &format!("/api/platforms/reports/{asked}"))
            .await;
        assert_eq!(refusal(&answer), (400, code), "{asked}: {}", answer.text);
    }
    // What a form sends of fields that nobody has filled in is no question at all.
    let empty = "costs?group_by=&normalise=&one_time=&months=&lifecycle=&q=";
    look(&stage, infra(), &format!("/api/platforms/reports/{empty}")).await;
    let empty = "expiring?within=&from=&to=&quarter=&cursor=";
    look(&stage, infra(), &format!("/api/platforms/reports/{empty}")).await;
}
