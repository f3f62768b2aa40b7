//! Infrastructure, engineering and accounting at the register of platforms: E.2, product A.

use crate::browser::Scripts;
use crate::office::downloaded;
use crate::stage::Stage;

/// Platforms whose licence ends in the next quarter, as the register tells them one by one.
const NEXT_RENEWALS: &str = "
    const now = new Date();
    const first = new Date(Date.UTC(now.getUTCFullYear(), 3 * Math.floor(now.getUTCMonth() / 3) + 3, 1));
    const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 3, 0));
    const [from, to] = [first, last].map((day) => day.toISOString().slice(0, 10));
    return fetch('/api/platforms?limit=200')
        .then((answer) => answer.json())
        .then((all) => all
            .filter((one) => one.lifecycle !== 'retired')
            .map((one) => [one.licence.expires_on, one.name])
            .filter(([day]) => day && day >= from && day <= to)
            .map(([day, name]) => day + ' ' + name)
            .sort());
";

/// A file as somebody has it: semicolons, and a platform whose kind nobody knows.
const FILE: &str = "name;publisher;kind;owner;lifecycle;licence_expires_on\n\
    Grafana;Grafana Labs;saas;Platform Engineering;experimental;2031-03-31\n\
    Loki;Grafana Labs;other;;proposed;\n\
    Tempo;Grafana Labs;tracer;;proposed;\n";

/// A list in a file as a spreadsheet reads it: no cell of these reports holds a line's end.
fn rows(file: &str) -> Vec<Vec<&str>> {
    let lines = file.trim_start_matches('\u{FEFF}').lines();
    lines.map(|line| line.split(',').collect()).collect()
}

#[tokio::test]
async fn accounting_has_the_renewals_of_the_next_quarter_as_a_file_in_three_clicks() {
    let stage = Stage::with_demonstration().await;
    let downloads = stage.folder("downloads");
    let accountant = stage.browser_of("accountant", Scripts::On).await;
    accountant.downloads_into(&downloads).await;

    accountant.follow("Platforms").await;
    accountant.arrives_at("Platforms").await;
    accountant.follow("Reports").await;
    accountant.arrives_at("Reports").await;
    accountant.follow("Next quarter (CSV)").await;
    let file = downloaded(&downloads, "licences.csv").await;

    let expected = accountant.script(NEXT_RENEWALS).await;
    let expected = expected.expect("the register");
    let expected: Vec<&str> = expected
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str())
        .collect();
    assert!(!expected.is_empty(), "the demonstration has renewals");
    let rows = rows(&file);
    let at = |name: &str| rows[0].iter().position(|one| *one == name).expect(name);
    let (day, name) = (at("licence_expires_on"), at("name"));
    let mut told: Vec<String> = rows[1..]
        .iter()
        .map(|row| format!("{} {}", row[day], row[name]))
        .collect();
    told.sort();
    assert_eq!(told, expected);

    // What platforms cost, by owner and by publisher, as a chart and as a file.
    accountant.follow("Costs").await;
    accountant.arrives_at("Costs").await;
    accountant.shows(".tiles", "€").await;
    accountant
        .click("#group_by option[value='publisher']")
        .await;
    accountant
        .click("#filters button, form.filters button")
        .await;
    accountant.shows("figure.chart", "publisher").await;
    accountant.arrives_at("Costs").await;

    // what a licence costs is theirs to say, and nothing else.
    accountant.open("/platforms/slack").await;
    accountant.follow("Edit").await;
    accountant.fill("#cost_amount", "one hundred").await;
    accountant.click("main form .button-primary").await;
    accountant.is_refused("Edit Slack", 422).await;
    accountant
        .shows(".error-summary", "Nothing was saved")
        .await;
    accountant.fill("#cost_amount", "8123.50").await;
    accountant.click("main form .button-primary").await;
    accountant.shows(".notice", "Saved.").await;
    accountant.arrives_at("Slack").await;
    accountant.shows("main", "8,123.50").await;
}

#[tokio::test]
async fn infrastructure_imports_owns_reviews_and_archives() {
    let stage = Stage::with_demonstration().await;
    let file = stage.folder("files").join("observability.csv");
    std::fs::write(&file, FILE).expect("a file");
    let keeper = stage.browser_of("infrastructure", Scripts::On).await;
    keeper.arrives_at("Platforms").await;

    // rehearsed first; the row that is wrong is told, and keeps nobody out.
    keeper.follow("Import").await;
    keeper.arrives_at("Import platforms").await;
    keeper.choose("#file", &file).await;
    // a row goes back in its life, which needs a reason.
    keeper.fill("#comment", "Grafana is tried anew").await;
    keeper.click("#rehearse").await;
    keeper.shows("main table", "Row 4").await;
    keeper.shows("main table", "kind").await;
    keeper.arrives_at("observability.csv").await;
    keeper.click("#import-for-real").await;
    keeper.sees("2 platforms are new or changed.").await;
    keeper.arrives_at("observability.csv").await;
    keeper.follow("What it has changed").await;
    keeper.shows("main", "Grafana").await;
    keeper.shows("main", "Loki").await;
    keeper.arrives_at("Changes").await;

    // nobody owns one of them, which the register can tell.
    keeper.follow("Reports").await;
    keeper.follow("Without an owner").await;
    keeper.arrives_at("Without an owner").await;
    keeper.follow("Loki").await;
    keeper.arrives_at("Loki").await;
    keeper.follow("Edit").await;
    keeper.arrives_at("Edit Loki").await;
    keeper
        .fill("#comment", "Platform Engineering takes it on")
        .await;
    keeper
        .click_by_words(
            "//select[@id='owner_team_id']/option[normalize-space()='Platform Engineering']",
        )
        .await;
    keeper.click("main form .button-primary").await;
    keeper.shows(".notice", "Saved.").await;
    // one step at a time.
    keeper.click("#to-experimental").await;
    keeper.sees("It stands at experimental now.").await;
    keeper.arrives_at("Loki").await;

    // A stock-take of this publisher.
    keeper.follow("Reviews").await;
    keeper.arrives_at("Reviews").await;
    keeper.fill("#name", "What Grafana Labs makes").await;
    keeper
        .script("document.querySelector('#due_on').value = '2031-01-31'")
        .await
        .expect("a day");
    keeper.fill("#publisher", "Grafana Labs").await;
    keeper.click("main form .button-primary").await;
    keeper.sees("Opened.").await;
    keeper.arrives_at("What Grafana Labs makes").await;
    keeper.click("button[aria-label='Loki: confirmed']").await;
    keeper.shows(".tiles", "Confirmed\n1").await;
    keeper.arrives_at("What Grafana Labs makes").await;

    keeper.open("/platforms?q=loki").await;
    keeper.follow("Loki").await;
    keeper.click("#archive").await;
    keeper.confirm().await;
    keeper.sees("Its commands stay readable.").await;
    keeper.arrives_at("Loki").await;
}

#[tokio::test]
async fn engineering_proposes_a_platform_and_drafts_a_command_that_support_publishes() {
    let stage = Stage::with_demonstration().await;
    let engineer = stage.browser_of("engineering", Scripts::On).await;
    engineer.follow("Platforms").await;
    engineer.arrives_at("Platforms").await;
    engineer.follow("Propose a platform").await;
    engineer.arrives_at("Propose a platform").await;
    engineer.fill("#name", "Valkey").await;
    engineer.fill("#publisher", "Linux Foundation").await;
    engineer.click("main form .button-primary").await;
    engineer
        .sees("Infrastructure decides whether it is tried.")
        .await;
    engineer.arrives_at("Valkey").await;
    assert_eq!(engineer.text("#archive").await.ok(), None);

    // The repository has heard of it.
    engineer.follow("Commands").await;
    engineer.arrives_at("Find a command").await;
    engineer.follow("New command").await;
    engineer.arrives_at("New command").await;
    engineer.fill("#platform", "Valkey").await;
    engineer
        .fill("#how-to", "Count the keys of a database")
        .await;
    engineer
        .fill("#command-line", "valkey-cli -n {{database}} dbsize")
        .await;
    engineer.click("#places").await;
    engineer.shows("main", "Remove database").await;
    engineer.click("#save").await;
    engineer
        .shows(
            ".notice",
            "until support or infrastructure has published it",
        )
        .await;
    engineer.arrives_at("Count the keys of a database").await;

    let support = stage.browser_of("support", Scripts::On).await;
    support.follow("Drafts").await;
    support.arrives_at("Drafts").await;
    support
        .click_by_words("//tr[contains(., 'Count the keys')]//button[normalize-space()='Publish']")
        .await;
    support.shows(".notice", "Published.").await;
    support.arrives_at("Drafts").await;
    engineer.open("/commands?q=count+keys+valkey").await;
    engineer.arrives_at("Count the keys of a database").await;
    engineer.shows("main", "Fill it in").await;
}
