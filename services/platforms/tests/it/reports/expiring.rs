//! What is about to be missing: licences that end, owners, reviews.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Answer;

use super::{look, used};
use crate::stage::{Stage, accountant, engineer, infra, on_both, path_of, support};

on_both!(
    licences_that_end_come_in_order_and_in_parts,
    licences_that_end_are_asked_for_by_days,
    accounting_has_the_renewals_of_the_next_quarter_as_a_table,
    a_11_what_has_no_owner_is_listed,
    what_nobody_has_reviewed_is_listed,
    platforms_whose_support_ends_come_by_their_last_day,
);

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
    assert_eq!(answer.text.strip_prefix('\u{feff}'), Some(expected));

    let path = "/api/platforms/reports/costs.csv?lifecycle=proposed&group_by=cost_centre";
    let answer = stage.get(accountant(), path).await;
    let expected = "line,cost_centre,currency,cost,period,platforms\r\n\
         group,CC-1,usd,240.00,annual,2\r\n\
         total,,usd,240.00,annual,2\r\n";
    assert_eq!(answer.text.strip_prefix('\u{feff}'), Some(expected));
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
    let table = stage.get(support(), &format!("{path}.csv")).await;
    let expected = "\u{feff}number,name,publisher,owner,lifecycle,criticality,last_reviewed_at\r\n\
         1,Vault,Acme,,proposed,low,\r\n3,Mail,Acme,,proposed,low,\r\n";
    assert_eq!(table.text, expected);
}

async fn platforms_whose_support_ends_come_by_their_last_day(storage: Storage) {
    let stage = Stage::on(storage).await;
    stage.team("Data").await;
    for (name, eol_on, lifecycle) in [
        ("Later", "2026-04-02", "proposed"),
        ("Second", "2026-02-28", "deprecated"),
        ("First", "2026-01-01", "proposed"),
        ("Relic", "2026-01-05", "retired"),
    ] {
        let body = json!({"name": name, "publisher": "Acme", "eol_on": eol_on, "owner": "Data",
            "lifecycle": lifecycle, "version_label": "=9", "technical_contact": "Ada"});
        stage.create(body).await;
    }
    stage.create_named("For ever").await;
    let path = "/api/platforms/reports/eol";
    let list = look(&stage, support(), path).await;
    assert_eq!(names(&list), ["First", "Second"]);
    assert_eq!(
        (&list[1]["days_left"], &list[1]["owner"]),
        (&json!(58), &json!("Data"))
    );
    let part = stage
        .get(engineer(), &format!("{path}?quarter=next&limit=1"))
        .await;
    assert_eq!((names(&part.json), next(&part)), (vec!["Later"], None));
    let part = stage.get(engineer(), &format!("{path}?limit=1")).await;
    let rest = look(&stage, engineer(), &next(&part).unwrap()).await;
    assert_eq!(names(&rest), ["Second"]);
    let table = stage
        .get(support(), &format!("{path}.csv?within=30d"))
        .await;
    let saved = "attachment; filename=\"support.csv\"";
    assert_eq!(table.headers[header::CONTENT_DISPOSITION], saved);
    let expected = "\u{feff}eol_on,number,name,publisher,kind,version_label,lifecycle,criticality,\
         owner,technical_contact\r\n\
         2026-01-01,3,First,Acme,other,\"'=9\",proposed,low,Data,Ada\r\n";
    assert_eq!(table.text, expected);

    // The list is narrowed and sorted by it, too.
    let list = look(&stage, support(), "/api/platforms?sort=eol").await;
    assert_eq!(
        names(&list),
        ["First", "Relic", "Second", "Later", "For ever"]
    );
    let list = look(
        &stage,
        support(),
        "/api/platforms?sort=-eol&eol_before=2026-02-28",
    )
    .await;
    assert_eq!(names(&list), ["Relic", "First"]);
    let moved = json!({"eol_on": "2030-01-01"});
    assert_eq!(
        stage.patch(infra(), "/api/platforms/3", moved).await.status,
        200
    );
    let list = look(&stage, support(), "/api/platforms?eol_before=2026-02-28").await;
    assert_eq!(names(&list), ["Relic"]);
}
