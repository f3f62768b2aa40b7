//! The page: what it says, and that it says it to those who do not see charts, too.

use contracts::tasks::TaskEvent;
use contracts::users::UserEvent;
use tidings::Storage;

use crate::stage::{DAY, Stage, TODAY, at, person, record, user};

const PAGE: &str = "/exchange/analytics";

async fn page(stage: &Stage, path: &str) -> String {
    let answer = stage.get(&["admin"], path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

/// The example of the course, with a day on which more was paid than taken.
async fn first_days_of_march() -> Stage {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.world.advance(61 * DAY).await;
    stage.fee(1, 1_500, at("2026-03-01T08:00:00Z")).await;
    stage.fee(2, 1_900, at("2026-03-01T08:00:00Z")).await;
    stage.reward(1, 1, 2_300, at("2026-03-01T09:00:00Z")).await;
    stage.close("2026-03-01", 1_100).await;
    stage.reward(1, 2, 3_800, at("2026-03-02T09:00:00Z")).await;
    stage.close("2026-03-02", -3_800).await;
    stage.reward(1, 3, 2_800, at("2026-03-03T09:00:00Z")).await;
    let mut gate = record(2, "Mend the gate of the loading bay in the north", 1);
    gate.jira_id = Some("POP-42".to_owned());
    stage.tell("tasks", vec![TaskEvent::Created(gate)]).await;
    stage
}

#[tokio::test]
async fn an_empty_page_says_what_will_be_there() {
    let stage = Stage::with_people(Storage::Memory).await;
    let empty = page(&stage, PAGE).await;
    has(
        &empty,
        &[
            "<h2>Nothing happened in these days</h2>",
            "0 <span class=\"tile-of\">of 2</span>",
            "None is completed yet",
            "Nobody owes anything.",
        ],
    );
    assert!(!empty.contains("<svg"));
    let ahead = page(&stage, "/exchange/analytics?from=2026-02-01&to=2026-02-02").await;
    has(&ahead, &["<h2>These days have not come yet</h2>"]);
}

#[tokio::test]
async fn the_page_shows_today_each_day_the_range_and_who_is_in_the_red() {
    let stage = first_days_of_march().await;
    let shown = page(&stage, "/exchange/analytics?from=2026-03-01&to=2026-03-03").await;
    has(
        &shown,
        &[
            // Today is the third.
            "data-announce>-$28.00</dd>",
            "1 <span class=\"tile-of\">of 2</span>",
            &format!("href=\"/exchange/books/accounts/{}\">Ben</a>", user(2)),
            "<dd class=\"money\">-$19.00</dd>",
            // The course's output: 28, 38, 23, and 38 in all.
            "<h2 id=\"days\">1–3 March 2026</h2>",
            "<tr id=\"day-2026-03-02\">",
            "Mend the gate of the loading bay in the north <code>POP-42</code>",
            "<td data-label=\"Worth\" class=\"num money\">$28.00</td>",
            "<td data-label=\"Worth\" class=\"num money\">$38.00</td>",
            "<td data-label=\"Worth\" class=\"num money\">$23.00</td>",
            "<strong>$38.00</strong>",
            "<dd class=\"money\">-$55.00</dd>",
            "A task whose title has not come yet",
            "<td data-label=\"In the red\" class=\"num\">1 <span class=\"muted\">now</span></td>",
        ],
    );
}

#[tokio::test]
async fn every_chart_says_in_words_what_it_draws() {
    let stage = first_days_of_march().await;
    let shown = page(&stage, "/exchange/analytics?from=2026-03-01&to=2026-03-03").await;
    assert_eq!(shown.matches("<figure class=\"panel chart\">").count(), 3);
    has(
        &shown,
        &[
            "role=\"img\" aria-label=\"Management earned by day, 1–3 March 2026: -$55.00 in all.",
            "role=\"img\" aria-label=\"People in the red when each day was closed, 1–3 March 2026: 1 at",
            "role=\"group\" aria-label=\"The most expensive task completed on each day, 1–3 March \
             2026: $38.00 at",
            "<title>Mon 2 March 2026: -$38.00</title>",
            "<title>Now: 1 in the red</title>",
            "<title>Mon 2 March 2026: $38.00, Mend the gate of the loading bay in the north</title>",
            "2 Mar: $38.00 · Mend the gate of the…</text>",
            "class=\"chart-day\" id=\"best-2026-03-02\" href=\"#day-2026-03-02\"",
            "class=\"chart-bar is-bad\"",
            "class=\"chart-bar is-bad is-open\"",
        ],
    );
    // One day is no chart.
    let day = page(&stage, "/exchange/analytics?period=day").await;
    assert!(!day.contains("<figure") && !day.contains("<table"), "{day}");
    has(&day, &["<h2 id=\"days\">Tue 3 March 2026</h2>", "$28.00"]);
}

#[tokio::test]
async fn the_picker_leads_to_other_days_and_keeps_what_was_typed_wrongly() {
    let stage = first_days_of_march().await;
    let week = page(&stage, "/exchange/analytics?period=week").await;
    has(
        &week,
        &[
            "<h2 id=\"days\">2–8 March 2026</h2>",
            "href=\"/exchange/analytics?period=week\" aria-current=\"page\">Week</a>",
            "<a rel=\"prev\" href=\"/exchange/analytics?period=week&#38;from=2026-03-01\"",
        ],
    );
    // Days that are still to come are left out.
    assert!(!week.contains("day-2026-03-04") && !week.contains("rel=\"next\""));
    let usual = page(&stage, PAGE).await;
    has(
        &usual,
        &[
            "href=\"/exchange/analytics\" aria-current=\"page\">14 days</a>",
            "<h2 id=\"days\">18 February – 3 March 2026</h2>",
        ],
    );
    let path = "/exchange/analytics?from=2026-03-03&to=2026-03-01";
    let refused = stage.get(&["admin"], path).await;
    assert_eq!(refused.status, 400);
    has(
        &refused.text,
        &[
            "<h2>Those days cannot be shown</h2>",
            "from is after to.",
            "id=\"other-days\" open>",
            "name=\"from\" type=\"date\" value=\"2026-03-03\"",
            "name=\"to\" type=\"date\" value=\"2026-03-01\"",
            "18 February – 3 March 2026",
        ],
    );
}

#[tokio::test]
async fn the_page_is_for_those_who_have_signed_in() {
    let stage = Stage::with_people(Storage::Memory).await;
    let answer = stage.world.get(PAGE, None).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn nothing_that_people_wrote_becomes_markup() {
    let mut stage = Stage::on(Storage::Memory).await;
    let evil = person(1, "<script>alert(1)</script>", "worker");
    stage.tell("auth", vec![UserEvent::Created(evil)]).await;
    let mut named = record(1, "<img src=x onerror=alert(2)>\"'&</title></text>", 1);
    named.jira_id = Some("<b>".to_owned());
    stage.tell("tasks", vec![TaskEvent::Created(named)]).await;
    let now = stage.now();
    stage.reward(2, 1, 2_000, now).await;
    stage.fee(1, 1_000, now).await;
    for path in [PAGE.to_owned(), format!("{PAGE}?from={TODAY}&to={TODAY}")] {
        let page = page(&stage, &path).await;
        for bad in ["<script", "<img", "<b>"] {
            assert!(!page.contains(bad), "{path}: {page}");
        }
        has(&page, &["alert(1)", "alert(2)"]);
    }
}
