//! What reports say: costs by group, licences that end, what has no owner.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Answer;

use crate::stage::{
    Person, Stage, accountant, admin, buyer, engineer, infra, on_both, path_of, refusal, support,
};

on_both!(
    a_19_costs_are_summed_by_group_and_currency,
    a_19_totals_equal_rows_whatever_is_asked_for,
    licences_that_end_come_in_order_and_in_parts,
    licences_that_end_are_asked_for_by_days,
    accounting_has_the_renewals_of_the_next_quarter_as_a_table,
    a_11_what_has_no_owner_is_listed,
    what_nobody_has_reviewed_is_listed,
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

async fn licensed(stage: &Stage, name: &str, expires_on: &str, owner: Option<&str>) -> Value {
    let body = json!({
        "name": name,
        "publisher": "Acme, Inc.",
        "owner": owner,
        "cost": "$10.00 a month",
        "cost_centre": "CC-1",
        "licence": {
            "type": "subscription",
            "renewal": "manual",
            "reference": "=C-12",
            "expires_on": expires_on,
        },
    });
    stage.create(body).await
}

fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

/// The address of the next part.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().unwrap();
    let (address, _) = link.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

/// What ends in the 90 days from today on, 1 January 2026, in its order.
const SOON: [&str; 4] = ["Same day, higher number", "Today as well", "Second", "Last"];
const EXPIRING: &str = "/api/platforms/reports/expiring";

/// Those, and others that end on other days, not at all, or are silent.
async fn ending(stage: &Stage) {
    stage.team("Data").await;
    licensed(stage, "Later", "2026-04-02", None).await;
    licensed(stage, "Last", "2026-04-01", None).await;
    licensed(stage, "Same day, higher number", "2026-01-01", None).await;
    licensed(stage, "Second", "2026-02-28", Some("Data")).await;
    licensed(stage, "Ended", "2025-12-31", None).await;
    licensed(stage, "Leap", "2028-02-29", None).await;
    licensed(stage, "Today as well", "2026-01-01", None).await;
    stage.create_named("For ever").await;
    let gone = licensed(stage, "Gone", "2026-01-05", None).await;
    let archive = format!("{}/archive", path_of(&gone["id"]));
    let answer = stage.post(infra(), &archive, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let retired = json!({
        "name": "Relic", "publisher": "Acme", "lifecycle": "retired",
        "licence_expires_on": "2026-01-05",
    });
    stage.create(retired).await;
}

async fn licences_that_end_come_in_order_and_in_parts(storage: Storage) {
    let stage = Stage::on(storage).await;
    ending(&stage).await;
    assert_eq!(names(&look(&stage, support(), EXPIRING).await), SOON);
    let mut path = format!("{EXPIRING}?within=90d&limit=1");
    let mut found = Vec::new();
    loop {
        let answer = stage.get(engineer(), &path).await;
        found.extend(names(&answer.json).iter().map(|name| (*name).to_owned()));
        match next(&answer) {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(found, SOON);
}

async fn licences_that_end_are_asked_for_by_days(storage: Storage) {
    let stage = Stage::on(storage).await;
    ending(&stage).await;
    for (query, expected) in [
        ("?within=0d", &SOON[..2]),
        ("?from=2025-01-01&to=2025-12-31", &["Ended"]),
        ("?quarter=this", &SOON[..3]),
        ("?quarter=next", &["Last", "Later"]),
        ("?from=2028-02-29&to=2028-02-29", &["Leap"]),
        ("?from=2028-02-28&to=2028-02-28", &[]),
    ] {
        let list = look(&stage, accountant(), &format!("{EXPIRING}{query}")).await;
        assert_eq!(names(&list), expected, "{query}");
    }
    let list = look(&stage, accountant(), &format!("{EXPIRING}?within=60d")).await;
    let second = &list[2];
    let parts = [
        "expires_on",
        "days_left",
        "owner",
        "renewal",
        "reference",
        "cost",
    ];
    let parts = parts.map(|name| second[name].clone());
    let expected = [
        json!("2026-02-28"),
        json!(58),
        json!("Data"),
        json!("manual"),
        json!("=C-12"),
        json!("$10.00 a month"),
    ];
    assert_eq!(parts, expected);
    assert_eq!(second["annual_minor"], 12_000);
    let list = look(
        &stage,
        accountant(),
        &format!("{EXPIRING}?from=2025-12-31&to=2025-12-31"),
    )
    .await;
    assert_eq!(list[0]["days_left"], -1);
}

async fn accounting_has_the_renewals_of_the_next_quarter_as_a_table(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Data").await;
    licensed(&stage, "\"Vault\"", "2026-06-30", Some("Data")).await;
    licensed(&stage, "Early", "2026-03-31", None).await;
    let path = "/api/platforms/reports/expiring.csv?quarter=next";
    let answer = stage.get(accountant(), path).await;
    let header = |name| answer.headers.get(name).unwrap().to_str().unwrap();
    assert!(header(header::CONTENT_TYPE).starts_with("text/csv"));
    let saved = "attachment; filename=\"licences.csv\"";
    assert_eq!(header(header::CONTENT_DISPOSITION), saved);
    let expected = "licence_expires_on,number,name,publisher,owner,lifecycle,licence_renewal,\
         licence_type,licence_reference,cost_amount,cost_currency,cost_period,cost_a_year,\
         cost_centre,budget_code,purchase_order\r\n\
         2026-06-30,1,\"\"\"Vault\"\"\",\"Acme, Inc.\",Data,proposed,manual,subscription,\
         \"'=C-12\",10.00,usd,monthly,120.00,CC-1,,\r\n";
    assert_eq!(answer.text.trim_start_matches('\u{feff}'), expected);

    let path = "/api/platforms/reports/costs.csv?lifecycle=proposed&group_by=cost_centre";
    let answer = stage.get(accountant(), path).await;
    let expected = "line,cost_centre,currency,cost,period,platforms\r\n\
         group,CC-1,usd,240.00,annual,2\r\n\
         total,,usd,240.00,annual,2\r\n";
    assert_eq!(answer.text.trim_start_matches('\u{feff}'), expected);
}

async fn a_11_what_has_no_owner_is_listed(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Data").await;
    used(&stage, "Vault", "Free", "Data").await;
    for (name, lifecycle) in [
        ("Wiki", "proposed"),
        ("Mail", "deprecated"),
        ("Relic", "retired"),
    ] {
        let body = json!({"name": name, "publisher": "=Acme", "lifecycle": lifecycle});
        stage.create(body).await;
    }
    let path = "/api/platforms/reports/unowned";
    let list = look(&stage, engineer(), path).await;
    assert_eq!(names(&list), ["Mail", "Wiki"]);
    let list = look(&stage, engineer(), &format!("{path}?lifecycle=retired")).await;
    assert_eq!(names(&list), ["Relic"]);
    let part = stage
        .get(support(), &format!("{path}?sort=-number&limit=1"))
        .await;
    assert_eq!(names(&part.json), ["Mail"]);
    let rest = look(&stage, support(), &next(&part).unwrap()).await;
    assert_eq!(names(&rest), ["Wiki"]);
    let answer = stage.get(support(), &format!("{path}.csv")).await;
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", answer.text);
    assert_eq!(lines[1], "3,Mail,\"'=Acme\",other,deprecated,low,Free,");
}

async fn what_nobody_has_reviewed_is_listed(storage: Storage) {
    let stage = Stage::on(storage).await;
    for name in ["Vault", "Wiki", "Mail"] {
        stage.create_named(name).await;
    }
    let mut tx = stage.world.service("platforms").begin_own().await.unwrap();
    let reviewed = "UPDATE platforms SET last_reviewed_at = $1 WHERE name = 'Wiki'";
    let now = tx.now();
    tx.execute(reviewed, tidings::params![now]).await.unwrap();
    tx.commit().await.unwrap();
    let path = "/api/platforms/reports/unreviewed";
    let part = stage.get(support(), &format!("{path}?limit=1")).await;
    assert_eq!(names(&part.json), ["Vault"]);
    let rest = look(&stage, support(), &next(&part).unwrap()).await;
    assert_eq!(names(&rest), ["Mail"]);
    let list = look(&stage, support(), &format!("{path}?since=2026-01-02")).await;
    assert_eq!(names(&list), ["Vault", "Wiki", "Mail"]);
}
