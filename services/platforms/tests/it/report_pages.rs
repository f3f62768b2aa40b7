//! The pages of reports, without a script.

use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{
    Stage, accountant, admin, assert_shows, buyer, engineer, everybody, form, infra, on_both,
    submit, support,
};

on_both!(costs_are_bars_and_a_table_of_the_same_numbers);

const COSTS: &str = "/platforms/reports/costs";
const EXPIRING: &str = "/platforms/reports/expiring";
const UNOWNED: &str = "/platforms/reports/unowned";
const EOL: &str = "/platforms/reports/eol";
const UNREVIEWED: &str = "/platforms/reports/unreviewed";

async fn platform(stage: &Stage, name: &str, cost: &str, more: Value) {
    let mut body = json!({
        "name": name, "publisher": "Acme", "cost": cost, "lifecycle": "experimental",
    });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    stage.create(body).await;
}

#[tokio::test]
async fn the_hub_leads_accounting_to_the_next_quarter_in_one_step() {
    let stage = Stage::new().await;
    platform(
        &stage,
        "Vault",
        "Free",
        json!({"licence_expires_on": "2026-02-01", "eol_on": "2026-03-01"}),
    )
    .await;
    let hub = "/platforms/reports";
    for who in [accountant(), infra(), admin()] {
        let page = stage.get(who, hub).await;
        assert_shows(
            &page,
            200,
            &[
                "/api/platforms/reports/expiring.csv?quarter=next",
                "href=\"/platforms/reports/costs\"",
                "One ends within 90 days",
                "One platform loses the support of its maker within 90 days.",
                "/api/platforms/changes.csv?about=costs",
                "One platform has no owner.",
            ],
        );
    }
    for who in [support(), engineer()] {
        let page = stage.get(who, hub).await;
        let parts = [
            "Licences that end",
            "Without an owner",
            "Support ends",
            "Not reviewed",
        ];
        assert_shows(&page, 200, &parts);
        assert!(!page.text.contains("/costs"), "{}", page.text);
        assert_eq!(stage.get(who, COSTS).await.status, 403);
    }
    for path in [hub, COSTS, EXPIRING, UNOWNED, EOL, UNREVIEWED] {
        assert_eq!(stage.get(buyer(), path).await.status, 403, "{path}");
        assert_eq!(stage.world.get(path, None).await.status, 401, "{path}");
    }
}

async fn costs_are_bars_and_a_table_of_the_same_numbers(storage: Storage) {
    let stage = Stage::on(storage).await;
    let page = stage.get(accountant(), COSTS).await;
    assert_shows(&page, 200, &["Nothing costs anything"]);
    stage.team("Data <b>").await;
    let owner = json!({"owner": "Data <b>"});
    platform(&stage, "Vault", "$1200.00 a year", owner).await;
    platform(&stage, "Wiki", "€5.00 a month", json!({})).await;
    platform(&stage, "Switch", "$360.00 once", json!({})).await;
    let page = stage.get(accountant(), COSTS).await;
    assert_shows(
        &page,
        200,
        &[
            "Data &#60;b&#62;",
            "$1,200.00",
            "€60.00",
            "No owner",
            "By owner, in US dollars a year",
            "By owner, in euros a year",
            "<title id=\"chart-usd\">",
            "<desc id=\"about-usd\">$1,200.00 a year in all",
            "the one-time costs of 1 are left out",
            "/api/platforms/reports/costs.csv\"",
        ],
    );
    assert!(!page.text.contains("Data <b>"), "{}", page.text);
    let query = "?group_by=lifecycle&normalise=monthly&one_time=amortise&months=36";
    let page = stage.get(accountant(), &format!("{COSTS}{query}")).await;
    assert_shows(
        &page,
        200,
        &[
            "experimental",
            "$110.00",
            "value=\"lifecycle\" selected",
            "value=\"monthly\" selected",
            "value=\"amortise\" selected",
            "costs.csv?group_by=lifecycle&#38;normalise=monthly",
        ],
    );
    // What else was asked for stays when the form is sent, and what is in the form is in it once.
    let query = "?kind=other&tag=&q=%3Cb%3E&months=12&lifecycle=production";
    let page = stage.get(accountant(), &format!("{COSTS}{query}")).await;
    let (_, form) = page.text.split_once("<form").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    let hidden: Vec<_> = form.split("<input type=\"hidden\" ").skip(1).collect();
    assert!(
        hidden[0].starts_with("name=\"kind\" value=\"other\">"),
        "{form}"
    );
    assert!(
        hidden[1].starts_with("name=\"q\" value=\"&#60;b&#62;\">"),
        "{form}"
    );
    assert_eq!(hidden.len(), 2, "{form}");
}

#[tokio::test]
async fn what_is_typed_wrongly_is_told_and_the_page_is_there() {
    let stage = Stage::new().await;
    let page = stage
        .get(infra(), &format!("{COSTS}?months=%3Ci%3E&lifecycle=x"))
        .await;
    assert_eq!(page.status, 400);
    for part in [
        "months must be a number from 1 to 600",
        "value=\"&#60;i&#62;\"",
    ] {
        assert!(page.text.contains(part), "{part:?} is not in {}", page.text);
    }
    let page = stage
        .get(
            infra(),
            &format!("{EXPIRING}?from=2026-02-02&to=2026-02-01"),
        )
        .await;
    assert_eq!(page.status, 400);
    for part in ["Those days cannot be shown", "value=\"2026-02-02\""] {
        assert!(page.text.contains(part), "{part:?} is not in {}", page.text);
    }
}

#[tokio::test]
async fn licences_that_end_are_shown_to_everybody_with_a_part_in_the_register() {
    let stage = Stage::new().await;
    let page = stage.get(support(), EXPIRING).await;
    assert_shows(&page, 200, &["No licence ends in these days"]);
    stage.team("Data").await;
    for number in 1..=51 {
        let name = format!("Vault <{number}>");
        let licence = json!({
            "licence_expires_on": "2026-01-31", "licence_renewal": "auto", "owner": "Data",
            "licence_reference": "C <12>",
        });
        platform(&stage, &name, "€5.00 a month", licence).await;
    }
    for who in everybody().into_iter().filter(|who| *who != buyer()) {
        let page = stage.get(who, EXPIRING).await;
        assert_shows(
            &page,
            200,
            &[
                "Vault &#60;50&#62;",
                "Sat 31 January 2026",
                "in 30 days",
                "C &#60;12&#62;",
                "€5.00 a month",
                "?within=90d\" title=\"The next 90 days\" aria-current=\"page\"",
                "rel=\"next\"",
            ],
        );
        assert!(
            !page.text.contains("Vault &#60;51&#62;"),
            "it is on the next page"
        );
    }
    let page = stage
        .get(accountant(), &format!("{EXPIRING}?quarter=next"))
        .await;
    assert_shows(
        &page,
        200,
        &[
            "1 April – 30 June 2026",
            "No licence ends",
            "expiring.csv?quarter=next",
        ],
    );
    let next = "?within=90d&limit=50&cursor=2026-01-31_50";
    let page = stage.get(accountant(), &format!("{EXPIRING}{next}")).await;
    assert_shows(&page, 200, &["Vault &#60;51&#62;"]);
}

#[tokio::test]
async fn what_has_no_owner_is_shown_the_most_critical_first() {
    let stage = Stage::new().await;
    let page = stage.get(engineer(), UNOWNED).await;
    assert_shows(&page, 200, &["Every platform has an owner"]);
    for (name, criticality) in [("Low", "low"), ("Worst", "critical"), ("Middle", "medium")] {
        platform(&stage, name, "Free", json!({"criticality": criticality})).await;
    }
    let page = stage.get(engineer(), &format!("{UNOWNED}?limit=2")).await;
    assert_shows(
        &page,
        200,
        &["href=\"/platforms/2\"", "Free", "rel=\"next\""],
    );
    let place = |name: &str| page.text.find(&format!(">{name}</a>"));
    assert!(place("Worst").unwrap() < place("Middle").unwrap());
    assert_eq!(place("Low"), None);
}

#[tokio::test]
async fn platforms_whose_support_ends_are_shown_beside_the_licences() {
    let stage = Stage::new().await;
    let page = stage.get(support(), EOL).await;
    assert_shows(&page, 200, &["No support ends in these days"]);
    for (name, day) in [
        ("Debian <11>", "2026-01-31"),
        ("Old", "2025-12-31"),
        ("Far", "2031-01-01"),
    ] {
        let known = json!({"eol_on": day, "version_label": "11.9", "criticality": "high"});
        platform(&stage, name, "Free", known).await;
    }
    for who in everybody().into_iter().filter(|who| *who != buyer()) {
        let page = stage.get(who, EOL).await;
        let shown = [
            "Debian &#60;11&#62;",
            "href=\"/platforms/1\"",
            "Sat 31 January 2026",
            "in 30 days",
            "11.9",
            "data-status=\"high\"",
            "?within=90d\" title=\"The next 90 days\" aria-current=\"page\"",
            "href=\"/platforms/reports/expiring\"",
        ];
        assert_shows(&page, 200, &shown);
        assert!(!page.text.contains(">Old<") && !page.text.contains(">Far<"));
    }
    let days = "?from=2025-12-01&to=2026-02-01&limit=1";
    let page = stage.get(infra(), &format!("{EOL}{days}")).await;
    let shown = [
        ">Old<",
        "rel=\"next\"",
        "eol.csv?from=2025-12-01&#38;to=2026-02-01\"",
    ];
    assert_shows(&page, 200, &shown);
    let next = format!("{EOL}{days}&cursor=2025-12-31_2");
    assert_shows(&stage.get(infra(), &next).await, 200, &["Debian"]);
    let wrong = stage.get(infra(), &format!("{EOL}?from=x")).await;
    assert_shows(&wrong, 400, &["Those days cannot be shown", "Debian"]);
}

#[tokio::test]
async fn what_nobody_has_reviewed_is_shown_until_a_review_confirms_it() {
    let stage = Stage::new().await;
    for name in ["Vault", "Wiki"] {
        platform(&stage, name, "Free", json!({})).await;
    }
    let page = stage
        .get(engineer(), &format!("{UNREVIEWED}?limit=1"))
        .await;
    let shown = [
        "Vault",
        "never",
        "rel=\"next\"",
        "unreviewed.csv?since=2025-01-01",
    ];
    assert_shows(&page, 200, &shown);
    let draft = json!({"name": "All", "due_on": "2026-02-01"});
    let review = stage.post(infra(), "/api/platforms/reviews", draft).await;
    let id = review.json["id"].as_str().unwrap();
    let path = format!("/platforms/reviews/{id}/items/1");
    let found = submit(&stage, infra(), &path, &form(&[("outcome", "confirmed")])).await;
    assert_eq!(found.status, 303, "{}", found.text);
    let page = stage.get(engineer(), UNREVIEWED).await;
    assert_shows(&page, 200, &["Wiki"]);
    assert!(!page.text.contains("Vault"), "{}", page.text);
    let wrong = stage
        .get(engineer(), &format!("{UNREVIEWED}?since=%3Ci%3E"))
        .await;
    assert_shows(
        &wrong,
        400,
        &["That day cannot be shown", "value=\"&#60;i&#62;\""],
    );
}
